/*
 * A report for a person (text, HTML), for a program (JSON, version 1) or for
 * a plotter of percentiles; and a run second by second for a spreadsheet.
 * Latencies are from the due time unless a column says "service".
 */
#ifndef FK_LOADGEN_SUMMARY_H
#define FK_LOADGEN_SUMMARY_H

#include "common/json.h"
#include "loadgen/report.h"

typedef void summary_writer(const struct report *r, struct fk_buf *out);

summary_writer summary_text, summary_html, summary_json;
/* The latencies from the due time as HdrHistogram writes them, for its
 * plotters: value in ms, share, count, 1/(1-share). */
summary_writer summary_hgrm;
/* A line for each second, phase, endpoint and region. */
void summary_csv(const struct run *run, struct fk_buf *out);

/* In words, one thing at a time: which failures there were, and what else
 * deserves a sentence (our own lateness, a service that cannot keep up, what
 * was left out). */
typedef void summary_say_fn(void *arg, const char *sentence);
void summary_failures(const struct tally *t, summary_say_fn *say, void *arg);
void summary_notes(const struct report *r, summary_say_fn *say, void *arg);

/* Milliseconds to about three digits: 0.12, 3.45, 67.8, 901. */
void summary_ms(struct fk_buf *out, int width, int64_t ns);

#endif
