/* A picture of all percentiles, as SVG within a page. */
#ifndef FK_LOADGEN_SUMMARY_CHART_H
#define FK_LOADGEN_SUMMARY_CHART_H

#include "loadgen/tally.h"

/* From the due time (class "due") above from the sending ("sent"). Nothing
 * when nothing was answered. */
void summary_chart(const struct tally *t, struct fk_buf *out);

#endif
