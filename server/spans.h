/*
 * The spans of one profile as bytes (docs/storage.md): kept beside the
 * profile, because few have any.
 */
#ifndef SERVER_SPANS_H
#define SERVER_SPANS_H

#include "common/buf.h"
#include "server/store.h"

#define SPANS_VERSION 1

/* nodes[i] is the node of spans[i].stack. Nothing is added if no span has a
 * positive value. */
FK_MUST_USE enum fk_err spans_encode(struct fk_buf *out,
    const struct store_span *spans, const uint32_t *nodes, size_t n);
/* How many there are; SIZE_MAX: the bytes are damaged. */
size_t spans_count(struct fk_slice bytes);
/* `like` has trie, series and time. FK_ERR_CORRUPT, or what fn returned. */
FK_MUST_USE enum fk_err spans_visit(struct fk_slice bytes, uint32_t num_nodes,
    const struct store_span_item *like, store_span_fn fn, void *arg);

#endif
