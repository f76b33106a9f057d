/*
 * What happened to the requests for one endpoint in one phase. Latency is
 * kept twice: from the moment a request was due (what a user waits, the
 * headline) and from the moment it was sent (what the service took). Failed
 * requests do not mix into either. Not thread-safe.
 */
#ifndef FK_LOADGEN_TALLY_H
#define FK_LOADGEN_TALLY_H

#include "common/hist.h"
#include "loadgen/engine.h"

enum {
    TALLY_STATUSES = 600,
    TALLY_HISTS = 6,
    TALLY_LATE_MS = 10, /* sent this much after it was due counts as late */
};

struct tally {
    uint64_t sent, ok, late, failed;
    uint64_t aborted;  /* still under way when the drain ended; no failure */
    uint64_t dropped;  /* due, but no connection was free until then */
    uint64_t requests; /* sum of the digests of what was sent */
    uint64_t bytes;
    uint64_t new_connections, failed_connections;     /* opened; could not be */
    uint64_t wrong_status, wrong_content, wrong_size; /* failed checks */
    uint64_t error[ENGINE_NUM_ERRORS];
    uint32_t status[TALLY_STATUSES];

    union {
        struct fk_hist hist[TALLY_HISTS]; /* all of them, to be gone through */

        struct {
            struct fk_hist response; /* from due to answer */
            struct fk_hist service;  /* from send to answer */
            struct fk_hist lateness; /* from due to send */
            /* Of requests that opened a connection: what that took, TLS with
             * it, and from sending to the first byte. */
            struct fk_hist connect, tls, first_byte;
        };
    };
};

extern const char *const tally_hist_names[TALLY_HISTS];

struct tally *tally_new(void);
void tally_reset(struct tally *t);
void tally_merge(struct tally *into, const struct tally *from);
void tally_sent(struct tally *t, int64_t due_ns, int64_t sent_ns);

/* What an answer must look like; 0 and NULL = any 2xx, anything. */
struct tally_expect {
    int status;
    const char *content;
    uint64_t max_bytes;
};

void tally_answer(struct tally *t, int64_t due_ns,
    const struct engine_answer *a, const struct tally_expect *expect);
uint64_t tally_done(const struct tally *t); /* ok + failed */
/* Requests over connections that were kept. */
uint64_t tally_reuses(const struct tally *t);
double tally_share(uint64_t part, uint64_t whole); /* 0 when whole is 0 */

#endif
