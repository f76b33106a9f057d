/*
 * For jfr_*.c only: numbers, texts and values of a chunk. After an error they
 * return zero and leave the cursor where it is.
 */
#ifndef SERVER_JFR_PARTS_H
#define SERVER_JFR_PARTS_H

#include "server/jfr_file.h"

/* Sticky; both return or set c->err. */
enum fk_err jfr_broken(
    struct jfr_chunk *c, const uint8_t *at, const char *what);
void jfr_too_much(struct jfr_chunk *c, const char *what);

uint64_t jfr_varint(struct jfr_chunk *c, struct jfr_cursor *in);
struct fk_slice jfr_take(
    struct jfr_chunk *c, struct jfr_cursor *in, uint64_t n);
/* A java.lang.String; a reference to a constant leaves the text empty. */
void jfr_read_text(
    struct jfr_chunk *c, struct jfr_cursor *in, struct jfr_value *v);
/* One value of a field, without its list. */
void jfr_skip_one(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_field *f, int depth);
void jfr_read_fields(struct jfr_chunk *c, struct jfr_cursor *in,
    const struct jfr_class *k, struct jfr_value values[JFR_SLOTS]);

/* jfr_metadata.c: `in` is the metadata event behind its type. */
void jfr_read_metadata(struct jfr_chunk *c, struct jfr_cursor in);

#endif
