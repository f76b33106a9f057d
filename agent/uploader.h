/*
 * Uploads from the moment they are packed: they wait in a queue, one at a
 * time is sent, a failed one is tried again later, and every outcome is
 * counted. Never waits, except in fk_uploader_crank. One thread, and those
 * that fork.
 */
#ifndef FK_AGENT_UPLOADER_H
#define FK_AGENT_UPLOADER_H

#include "agent/push.h"
#include "agent/queue.h"

struct fk_uploader {
    const flamekit_config *config;
    struct fk_push *push; /* NULL: nothing is uploaded */
    struct fk_queue queue;
    struct fk_backoff backoff;
    bool told_failure;
    int failed; /* -errno of an upload since fk_uploader_hurry */
};

/* `config` must outlive it. */
void fk_uploader_init(struct fk_uploader *u, const flamekit_config *config);
/* Until then, uploads only wait. A server address that makes no sense is told
 * to the log. */
void fk_uploader_open(struct fk_uploader *u, uint64_t seed);
/* What still waits counts as dropped. */
void fk_uploader_fini(struct fk_uploader *u);
/* Around a fork, by the thread that forks: it waits until the thread of the
 * uploads is out of the library, whose locks a child could not give back. */
void fk_uploader_fork_prepare(void);
void fk_uploader_fork_parent(void);
/* The request under way and its socket are the parent's. */
void fk_uploader_fork_child(struct fk_uploader *u);

/* Takes payload->bytes. */
void fk_uploader_put(struct fk_uploader *u, const struct fk_payload *payload);
/* Whatever went wrong, try again at once. */
void fk_uploader_hurry(struct fk_uploader *u);
/* Start the next request if there is one to start now. */
void fk_uploader_begin(struct fk_uploader *u, int64_t now_ns);
bool fk_uploader_busy(const struct fk_uploader *u); /* a request is under way */
/* The request under way: crank waits at most wait_ms for its socket and
 * touches nothing else of `u`; settle acts on what came out. */
void fk_uploader_crank(
    struct fk_uploader *u, int wait_ms, struct fk_push_result *result);
void fk_uploader_settle(
    struct fk_uploader *u, const struct fk_push_result *result);
/* When fk_uploader_begin has something to do; INT64_MAX: when there is more. */
int64_t fk_uploader_due_ns(const struct fk_uploader *u);
/* Nothing under way, and nothing waits unless a try has failed. */
bool fk_uploader_idle(const struct fk_uploader *u);
void fk_uploader_count(const struct fk_uploader *u); /* -> counters.h */

#endif
