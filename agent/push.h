/*
 * One HTTP request at a time to the server, without ever waiting for it: the
 * caller starts a request and then turns the crank. The only file of the
 * agent that knows libcurl. Agent thread only.
 */
#ifndef FK_AGENT_PUSH_H
#define FK_AGENT_PUSH_H

#include "agent/flamekit.h"
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

struct fk_push;

enum fk_push_state {
    FK_PUSH_IDLE,    /* nothing under way */
    FK_PUSH_BUSY,    /* go on cranking */
    FK_PUSH_TAKEN,   /* the server has it */
    FK_PUSH_RETRY,   /* away, overloaded or broken: the same again, later */
    FK_PUSH_REFUSED, /* it will never take this one */
};

struct fk_push_result {
    enum fk_push_state state;
    int64_t retry_after_ns; /* asked for by the server, or 0 */
    char reason[256];       /* of RETRY and REFUSED, for people */
};

/* NULL and a reason when libcurl or the address is unusable. `config` must
 * outlive it. */
struct fk_push *fk_push_new(
    const flamekit_config *config, struct fk_diag *diag);
void fk_push_free(struct fk_push *push);

struct fk_push_body {
    const char *bytes; /* gzip; borrowed until the state is no longer BUSY */
    size_t len;
    const char *status; /* a header line of this request alone; copied */
};

void fk_push_begin(struct fk_push *push, const struct fk_push_body *body);
/* At most wait_ms, until there is something to crank for. */
void fk_push_wait(struct fk_push *push, int wait_ms);
/* Turn the crank, without waiting. TAKEN, RETRY and REFUSED are reported
 * once. */
void fk_push_crank(struct fk_push *push, struct fk_push_result *result);
bool fk_push_busy(const struct fk_push *push);
void fk_push_cancel(struct fk_push *push);

#endif
