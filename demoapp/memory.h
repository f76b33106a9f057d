/*
 * Two ways to use memory: a report that is made and thrown away (churn), and
 * sessions that are kept. Sessions end after a while; with leaking on they
 * do not, up to a bound that keeps the machine alive. Thread-safe.
 */
#ifndef FK_DEMOAPP_MEMORY_H
#define FK_DEMOAPP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPORT_BYTES = 2 * 1024 * 1024,
    SESSION_BYTES = 4 * 1024,
    SESSIONS_KEPT = 256,
    SESSIONS_MAX = 32 * 1024, /* 128 MB */
};

struct sessions;

/* Fills 2 MB and frees them; a number that depends on all of it. */
uint64_t build_report(void);

struct sessions *sessions_new(void);
void sessions_free(struct sessions *s);
/* Keeps 4 KB for one more session and drops the oldest when there are too
 * many; how many there are then. */
size_t session_store(struct sessions *s, bool leaking);

#endif
