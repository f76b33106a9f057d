/*
 * Where reports go, by the options, and where they are read again.
 */
#ifndef FK_LOADGEN_OUTPUT_H
#define FK_LOADGEN_OUTPUT_H

#include "loadgen/options.h"
#include "loadgen/summary.h"

/* text, json or html; NULL for anything else. */
summary_writer *output_writer(const char *form);
/* In the wanted form to the wanted place, and percentiles where wanted. */
FK_MUST_USE enum fk_err output_report(
    const struct options *o, const struct report *r, struct fk_diag *diag);
/* Where wanted. */
FK_MUST_USE enum fk_err output_csv(
    const struct options *o, const struct run *run, struct fk_diag *diag);
/* A report that was written as JSON. */
FK_MUST_USE enum fk_err output_read(
    const char *path, struct report **out, struct fk_diag *diag);

#endif
