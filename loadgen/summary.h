/*
 * What a run came to, for a person (text, HTML) or a program (JSON,
 * version 1).
 * Latencies are from the due time unless a column says "service".
 */
#ifndef FK_LOADGEN_SUMMARY_H
#define FK_LOADGEN_SUMMARY_H

#include "common/json.h"
#include "loadgen/threshold.h"

struct summary {
    const struct run *run;
    const struct threshold_row *rows;
    int num_rows;
};

void summary_text(const struct summary *s, struct fk_buf *out);
void summary_html(const struct summary *s, struct fk_buf *out);
void summary_json(const struct summary *s, struct fk_buf *out);
/* A line for each second, phase, endpoint and region. */
void summary_csv(const struct summary *s, struct fk_buf *out);
/* Opens an object with a name and what was counted; the caller ends it. */
void summary_json_tally(
    struct fk_json *j, const char *name, const struct tally *t);

/* The latencies from the due time as HdrHistogram writes them, for its
 * plotters: value in ms, share, count, 1/(1-share). */
void summary_hgrm(const struct summary *s, struct fk_buf *out);

#endif
