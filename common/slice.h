/*
 * A borrowed view of bytes: valid until the owner changes. Never NUL
 * terminated by promise. `ptr` may be NULL only when `len` is 0.
 */
#ifndef FK_COMMON_SLICE_H
#define FK_COMMON_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fk_slice {
    const char *ptr;
    size_t len;
};

#define FK_SLICE(literal) ((struct fk_slice){"" literal, sizeof(literal) - 1})
/* For printf: FK_SLICE_FMT with FK_SLICE_ARG(s). */
#define FK_SLICE_FMT    "%.*s"
#define FK_SLICE_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

struct fk_slice fk_slice_of(const char *z);
struct fk_slice fk_slice_sub(struct fk_slice s, size_t from, size_t to);
struct fk_slice fk_slice_trim(struct fk_slice s);
/* The last n bytes or a little fewer, beginning with a whole character. */
struct fk_slice fk_slice_tail(struct fk_slice s, size_t n);
bool fk_slice_eq(struct fk_slice a, struct fk_slice b);
bool fk_slice_eqz(struct fk_slice a, const char *z);
bool fk_slice_starts(struct fk_slice s, struct fk_slice prefix);
/* Byte order, shorter first on a tie: the order of labels and frames. */
int fk_slice_cmp(struct fk_slice a, struct fk_slice b);
/* Position of the first or last `c`, or -1. */
ptrdiff_t fk_slice_find(struct fk_slice s, char c);
ptrdiff_t fk_slice_rfind(struct fk_slice s, char c);
bool fk_slice_contains(struct fk_slice s, struct fk_slice needle);
/* The part before `sep` (all of it if there is none); `*rest` gets what
 * follows. Loop: while (fk_slice_split(&rest, ',', &part)) ... A text of n
 * separators has n + 1 parts, some perhaps empty; a NULL `rest` has none. */
bool fk_slice_split(struct fk_slice *rest, char sep, struct fk_slice *part);
/* Whole-slice decimal numbers; false on anything else or on overflow. */
bool fk_slice_i64(struct fk_slice s, int64_t *value);
bool fk_slice_u64(struct fk_slice s, uint64_t *value);
/* Well-formed UTF-8 (no surrogates, no overlong forms)? */
bool fk_slice_utf8(struct fk_slice s);
/* Bytes of the character at the front of n bytes; 0 when it is malformed. */
size_t fk_utf8_len(const char *text, size_t n);
/* Every byte that belongs to no well-formed character becomes a '?'. */
void fk_utf8_repair(char *text, size_t n);

#endif
