/*
 * A JSON writer that streams onto a fk_buf: no tree, no allocation per
 * value. Commas are its business; nesting errors are caught by FK_ASSERT.
 * Bytes that are not UTF-8 are written as U+FFFD. Depth up to 32.
 */
#ifndef FK_COMMON_JSON_H
#define FK_COMMON_JSON_H

#include "common/buf.h"

struct fk_json {
    struct fk_buf *out;
    int depth;
    bool first[33];  /* is the next value the first at this depth? */
    bool object[33]; /* does this depth hold an object? else an array */
    bool after_key;
};

void fk_json_init(struct fk_json *j, struct fk_buf *out);
void fk_json_object(struct fk_json *j);
void fk_json_array(struct fk_json *j);
void fk_json_end(struct fk_json *j); /* closes the innermost */
void fk_json_key(struct fk_json *j, const char *key);
void fk_json_key_slice(struct fk_json *j, struct fk_slice key);
void fk_json_str(struct fk_json *j, struct fk_slice s);
void fk_json_strz(struct fk_json *j, const char *z);
void fk_json_i64(struct fk_json *j, int64_t v);
void fk_json_u64(struct fk_json *j, uint64_t v);
/* 64-bit integers as decimal strings, as proto-JSON wants them. */
void fk_json_i64_str(struct fk_json *j, int64_t v);
void fk_json_double(struct fk_json *j, double v); /* NaN, inf -> null */
void fk_json_bool(struct fk_json *j, bool v);
/* A member: its key and its value. */
void fk_json_put_strz(struct fk_json *j, const char *key, const char *z);
void fk_json_put_i64(struct fk_json *j, const char *key, int64_t v);
void fk_json_null(struct fk_json *j);
void fk_json_raw(struct fk_json *j, struct fk_slice json); /* trusted JSON */

#endif
