/*
 * Protocol Buffers wire format (protobuf.dev/programming-guides/encoding).
 *
 * Reading: a cursor with a sticky error. After the first violation (end of
 * input inside a value, varint over 10 bytes, wire type 3/4/6/7, field 0)
 * every reader returns zero and fk_pb_next returns false; check `err` once
 * per message. Strings are views into the input.
 *
 *   struct fk_pb pb; fk_pb_init(&pb, body);
 *   while (fk_pb_next(&pb))
 *       switch (pb.field) {
 *       case 1: name = fk_pb_bytes(&pb); break;
 *       default: fk_pb_skip(&pb);
 *       }
 *
 * A field read with a function for another wire type sets the error.
 * Writing: onto a fk_buf; nested messages by fk_pb_begin/fk_pb_end, which
 * keep one length byte free and move the message only if it needs more, so
 * nothing is encoded twice and lengths are minimal.
 */
#ifndef FK_COMMON_PB_H
#define FK_COMMON_PB_H

#include "common/buf.h"
#include "common/slice.h"

enum fk_pb_wire {
    FK_PB_VARINT = 0,
    FK_PB_FIXED64 = 1,
    FK_PB_BYTES = 2,
    FK_PB_FIXED32 = 5,
};

struct fk_pb {
    const uint8_t *at, *end, *start;
    uint32_t field;
    enum fk_pb_wire wire;
    bool err;
    size_t err_offset; /* of the violation, from the start of this message */
};

void fk_pb_init(struct fk_pb *pb, struct fk_slice message);
bool fk_pb_next(struct fk_pb *pb); /* false at the end or after an error */
void fk_pb_skip(struct fk_pb *pb);
uint64_t fk_pb_u64(struct fk_pb *pb);
int64_t fk_pb_i64(struct fk_pb *pb);
bool fk_pb_bool(struct fk_pb *pb);
double fk_pb_double(struct fk_pb *pb);
uint64_t fk_pb_fixed64(struct fk_pb *pb);
struct fk_slice fk_pb_bytes(struct fk_pb *pb);
/* Repeated scalars arrive packed or not. For either form call this; it puts
 * the values of the field at hand into *values one by one:
 *   while (fk_pb_repeated(&pb, &packed, &v)) use(v);
 * with struct fk_slice packed = {0} before the loop. */
bool fk_pb_repeated(struct fk_pb *pb, struct fk_slice *packed, uint64_t *v);

/* Raw unsigned LEB128 at *at (also used by the trie and blob formats).
 * False when it passes `end` or 64 bits. */
bool fk_varint_read(const uint8_t **at, const uint8_t *end, uint64_t *v);
/* At most 10 bytes are written; returns how many. */
size_t fk_varint_write(uint8_t *out, uint64_t v);

void fk_pb_add_varint(struct fk_buf *b, uint64_t v);
void fk_pb_add_u64(struct fk_buf *b, uint32_t field, uint64_t v);
void fk_pb_add_i64(struct fk_buf *b, uint32_t field, int64_t v);
void fk_pb_add_bool(struct fk_buf *b, uint32_t field, bool v);
void fk_pb_add_fixed64(struct fk_buf *b, uint32_t field, uint64_t v);
void fk_pb_add_double(struct fk_buf *b, uint32_t field, double v);
void fk_pb_add_bytes(struct fk_buf *b, uint32_t field, struct fk_slice s);
void fk_pb_add_string(struct fk_buf *b, uint32_t field, const char *z);
/* The mark returned by _begin goes to _end. Proto3 writers leave out default
 * values themselves: these functions always write. */
size_t fk_pb_begin(struct fk_buf *b, uint32_t field);
void fk_pb_end(struct fk_buf *b, size_t mark);

#endif
