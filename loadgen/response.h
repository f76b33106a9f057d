/*
 * One answer of HTTP/1.1 (RFC 9112), read as its bytes come in. Framing only:
 * status, where the body ends, and whether the connection may be used again;
 * other headers are skipped. Heads of 1xx answers are passed over.
 *
 * Limits: RESPONSE_MAX_HEAD bytes of head, trailers and chunk sizes. The body
 * is counted; its first bytes go to `kept`, as many as its limit allows.
 * What could be understood in two ways is refused.
 */
#ifndef FK_LOADGEN_RESPONSE_H
#define FK_LOADGEN_RESPONSE_H

#include "common/buf.h"

enum { RESPONSE_MAX_HEAD = 64 * 1024 };

enum response_state {
    RESPONSE_STATUS, /* at the start of the status line */
    RESPONSE_HEADER,
    RESPONSE_SIZED, /* in a body of known length */
    RESPONSE_CHUNK_SIZE,
    RESPONSE_CHUNK,
    RESPONSE_CHUNK_END,
    RESPONSE_TRAILER,
    RESPONSE_UNTIL_CLOSE, /* in a body that ends with the connection */
    RESPONSE_DONE,
    RESPONSE_BAD,
    RESPONSE_NUM_STATES,
};

struct response {
    enum response_state state;
    int status;
    bool keep_alive, chunked, has_length;
    bool started;       /* a byte has come */
    uint64_t left;      /* of the body or the chunk */
    uint64_t bytes;     /* of bodies, so far */
    size_t head_bytes;  /* so far */
    struct fk_buf line; /* of which the end has not come yet */
};

void response_init(struct response *r);
void response_fini(struct response *r);
void response_reset(struct response *r); /* for the next answer */

/* Takes from the front of *in until it is empty or the answer is DONE or BAD.
 * What is left after DONE belongs to no answer. */
enum response_state response_feed(
    struct response *r, struct fk_slice *in, struct fk_buf *kept);
/* For an engine that frames by itself: a line of a head, with its end. False
 * when the head is none; what comes after it, and what is not HTTP/1, passes.
 */
bool response_check_head(struct response *r, struct fk_slice line);
/* A head began and did not end. */
bool response_head_broken(const struct response *r);
/* The peer has closed: DONE when that was the body's end, else BAD. */
enum response_state response_close(struct response *r);

#endif
