/*
 * A profile's values as bytes: ascending nodes and what each adds, about two
 * bytes a pair. docs/storage.md describes the format byte by byte; it is
 * checked by a CRC on every read, because SQLite's pages have none.
 */
#ifndef SERVER_BLOB_H
#define SERVER_BLOB_H

#include "common/buf.h"
#include "server/trie.h"

#define BLOB_VERSION 1

/* Bits of the flags byte. Others are reserved for columns to come: a reader
 * refuses what it does not know. */
enum {
    BLOB_SATURATED = 1, /* some sum was cut at 2^63-1 */
    BLOB_PACKED = 2,    /* the pairs are compressed */
};

/* What packing and unpacking keep between calls; one thread. */
struct blob_codec;
struct blob_codec *blob_codec_new(void);    /* NULL: no memory */
void blob_codec_free(struct blob_codec *c); /* NULL is fine */

/* Sort by node and add up equal ones, in place; returns how many are left.
 * Scratch has room for n. Sets BLOB_SATURATED in *flags where a sum is
 * cut. */
size_t blob_fold(struct trie_value *values, struct trie_value *scratch,
    size_t n, unsigned *flags);

/* Append a blob; nodes ascending without repetition, values positive. */
void blob_encode(struct fk_buf *out, const struct trie_value *values, size_t n,
    unsigned flags);

/* The same, compressed where that makes it smaller. */
void blob_encode_packed(struct blob_codec *c, struct fk_buf *out,
    const struct trie_value *values, size_t n, unsigned flags);

struct blob {
    unsigned flags;
    uint64_t scale; /* common factor of the values */
    size_t n;
    int64_t total;
    const uint8_t *body, *end;
};

/* Check and read the head; FK_ERR_CORRUPT. Borrows the bytes. n is no more
 * than the bytes can hold, or than a trie has nodes if they are packed. */
FK_MUST_USE enum fk_err blob_open(struct blob *b, struct fk_slice bytes);
/* Before blob_decode of what may be packed: the pairs then lie in the codec
 * until it is used again. */
FK_MUST_USE enum fk_err blob_unpack(struct blob_codec *c, struct blob *b);
/* Room for b->n of each. FK_ERR_CORRUPT: a node at or past num_nodes, or the
 * bytes do not hold n pairs exactly. */
FK_MUST_USE enum fk_err blob_decode(
    const struct blob *b, uint32_t num_nodes, uint32_t *nodes, int64_t *values);

/* Valid until the codec is used again. */
struct blob_pairs {
    const uint32_t *nodes;
    const int64_t *values;
    size_t n;
    unsigned flags;
    int64_t total;
};

/* All three of these. FK_ERR_CORRUPT, FK_ERR_NOMEM. */
FK_MUST_USE enum fk_err blob_read(struct blob_codec *c, struct fk_slice bytes,
    uint32_t num_nodes, struct blob_pairs *out);

#endif
