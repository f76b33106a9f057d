/*
 * The bytes of a request in HTTP/1.1. What is the same for all requests to a
 * target is written once, and again when the header of the phase changes.
 */
#ifndef FK_LOADGEN_REQUEST_TEXT_H
#define FK_LOADGEN_REQUEST_TEXT_H

#include "loadgen/engine.h"

enum { REQUEST_TEXT_MAX = 2 * 1024 * 1024 };

struct request_text {
    const struct engine_target *targets; /* the caller's, which stay */
    unsigned num_targets;
    const char *header;         /* that the heads hold */
    struct request_head *heads; /* one a target */
};

void request_text_init(struct request_text *t,
    const struct engine_target *targets, unsigned num_targets);
void request_text_fini(struct request_text *t);
/* Resets *out first; `last` on its connection, which the service may close
 * then. False when the request cannot be sent as it is: a path
 * with blanks or control characters, or too long. */
bool request_text_write(struct request_text *t,
    const struct engine_request *request, bool last, struct fk_buf *out);

#endif
