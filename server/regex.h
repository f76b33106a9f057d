/*
 * Regular expressions in RE2's syntax, matched against a whole value.
 *
 * A pattern becomes a small program that is run for all threads of the match
 * at once (Thompson's construction): time is at most length of the value
 * times size of the program and memory is constant, whatever the pattern.
 * That is why strangers may send them; the C library's regcomp and regexec
 * promise neither.
 *
 * Understood: literals, `.` (any character, newline too), [classes] with
 * ranges and [:names:], \d \w \s and their opposites, | * + ? {n,m} and their
 * lazy forms, (groups), (?:...), (?P<name>...), flags i s m U, ^ $ \A \z \b
 * \B, \t \n \x41 \x{1F600}, \Q...\E. Not understood, and refused by name:
 * \p{...}, \C, back-references and look-around. Case-insensitive matching
 * folds ASCII letters only. Text is UTF-8; a stray byte is one character.
 *
 * Limits: pattern length is the caller's; REGEX_MAX_OPS after repetition
 * has been written out; groups nest up to REGEX_MAX_DEPTH.
 * Immutable after compiling; lives in the arena.
 */
#ifndef SERVER_REGEX_H
#define SERVER_REGEX_H

#include "common/arena.h"
#include "common/err.h"

#define REGEX_MAX_OPS   1000
#define REGEX_MAX_DEPTH 32

struct regex;

FK_MUST_USE enum fk_err regex_compile(struct fk_slice pattern,
    struct fk_arena *arena, const struct regex **out, struct fk_diag *diag);
/* Every step takes one of *work; false when none is left. A pattern of 1,000
 * steps may take as many for each character. */
bool regex_matches(
    const struct regex *re, struct fk_slice value, uint64_t *work);

#endif
