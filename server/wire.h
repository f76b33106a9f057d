/*
 * Messages described by tables, so that each is written down once:
 *
 * - a request arrives as protobuf or proto-JSON and is read into a C struct,
 *   whose members the table names by offset;
 * - an answer is written as protobuf, and if the client speaks JSON it is
 *   rewritten from those bytes with the table, without a tree in between.
 *
 * A table is an array of fields that ends with number 0. JSON names follow
 * from the proto names (max_nodes -> maxNodes); input takes both.
 */
#ifndef SERVER_WIRE_H
#define SERVER_WIRE_H

#include "common/arena.h"
#include "common/json.h"
#include "server/request_json.h"

#include <stddef.h>

#define WIRE_MAX_LIST 10000 /* elements of a repeated field of a request */

enum wire_kind {  /* member of the C struct:            */
    WIRE_STRING,  /* struct fk_slice                    */
    WIRE_INT64,   /* int64_t; a string in JSON          */
    WIRE_NUMBER,  /* int64_t; a number in JSON          */
    WIRE_BOOL,    /* bool                               */
    WIRE_DOUBLE,  /* double                             */
    WIRE_ENUM,    /* int                                */
    WIRE_BYTES,   /* struct fk_slice; base64 in JSON    */
    WIRE_MESSAGE, /* the struct itself                  */
};

/* A repeated field: `count` elements of the member type above. */
struct wire_list {
    void *items;
    uint32_t count, cap;
};

struct wire_field {
    uint32_t number;
    const char *name;
    enum wire_kind kind;
    bool repeated; /* requests: strings and messages only */
    const struct wire_field *message;
    size_t offset; /* in the C struct; size: of an element of a list */
    size_t size;
    const struct request_json_word *words; /* of an enum */
};

/* Zeroes nothing: absent fields leave `out` as it is. Strings are views of
 * `bytes`, or copies in the arena. */
FK_MUST_USE enum fk_err wire_read_proto(const struct wire_field *message,
    struct fk_slice bytes, struct fk_arena *arena, void *out,
    struct fk_diag *diag);
FK_MUST_USE enum fk_err wire_read_json(const struct wire_field *message,
    struct fk_slice text, struct fk_arena *arena, void *out,
    struct fk_diag *diag);

/* Protobuf to proto-JSON. The bytes are our own. */
void wire_write_json(const struct wire_field *message, struct fk_slice bytes,
    struct fk_json *out);

/* Fields with proto3's defaults left out. */
void wire_add_str(struct fk_buf *b, uint32_t field, struct fk_slice s);
void wire_add_i64(struct fk_buf *b, uint32_t field, int64_t v);
void wire_add_double(struct fk_buf *b, uint32_t field, double v);
void wire_add_packed(
    struct fk_buf *b, uint32_t field, const int64_t *v, size_t n);

#endif
