/*
 * The times of /ingest and /pyroscope/render: epoch numbers whose unit
 * follows from their length, dates, and offsets from now such as now-1h
 * (spec/pyroscope-api 2.6). Every text means something: what is not a number
 * is "now" plus whatever offset it ends with.
 */
#ifndef SERVER_ATTIME_H
#define SERVER_ATTIME_H

#include "common/slice.h"

/* ns since 1970; saturates instead of overflowing. Empty = now. */
int64_t attime_parse(struct fk_slice text, int64_t now_ns);

#endif
