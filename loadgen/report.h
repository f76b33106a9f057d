/*
 * What a run came to: taken from the run, read from a JSON report of an
 * earlier one, or the sum of several. Every form of a summary is written from
 * it. Histograms are added bucket by bucket, so the percentiles of a sum are
 * those of all requests; percentiles themselves are never averaged.
 *
 * Owned by its reader; not thread-safe. Limits: those of a plan, and
 * REPORT_MAX_TEXT of JSON.
 */
#ifndef FK_LOADGEN_REPORT_H
#define FK_LOADGEN_REPORT_H

#include "loadgen/threshold.h"

enum {
    REPORT_MAX_TEXT = 16 * 1024 * 1024,
    REPORT_MAX_ROWS = PLAN_MAX_PHASES,
    REPORT_MAX_NAME = 96,
};

struct report_row {
    char name[REPORT_MAX_NAME];
    struct tally *tally;
    /* Of a phase, else 0. Seconds are those in which something was sent; with
     * `planned` 0 there was no rate to keep. */
    int64_t from_ms, sent_until_ms, until_ms;
    double seconds, planned;
};

struct report_rows {
    struct report_row row[REPORT_MAX_ROWS];
    uint32_t num;
};

struct report_threshold {
    char text[256];
    char measured[128];
    bool held;
};

struct report {
    char id[160], plan[REPORT_MAX_NAME], target[512];
    char engine[16], priority[16], stopped[512];
    uint64_t seed, digest, posts_failed;
    uint64_t runs;   /* it is the sum of so many */
    uint64_t untold; /* phases of which the server does not know the end */
    bool interrupted;
    double sender_cpu_s, sender_wait_s, resolve_ms;
    struct report_row all;
    struct report_rows phases, endpoints, regions;
    struct report_threshold thresholds[THRESHOLD_MAX_ROWS];
    uint32_t num_thresholds;
};

struct report *report_new(void);
void report_free(struct report *r);
/* A row of that name, made where there is none; NULL when there are too many.
 */
struct report_row *report_row(struct report_rows *rows, const char *name);
double report_rate(const struct report_row *phase);

struct report *report_of_run(
    const struct run *run, const struct threshold_row *rows, int num_rows);
/* JSON of version 1; FK_ERR_FORMAT with a sentence. */
FK_MUST_USE enum fk_err report_read(
    struct fk_slice json, struct report **out, struct fk_diag *diag);
/* Adds a run that began later. FK_ERR_ARG: it is not of the same plan. */
FK_MUST_USE enum fk_err report_merge(
    struct report *into, const struct report *from, struct fk_diag *diag);

#endif
