/*
 * What a tenant may send and ask for (spec/pyroscope-api 14), set by options
 * with Pyroscope's names. 0 = no limit, where nothing else is said.
 */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#include "server/profile_type.h"

#include <stdint.h>

struct limits {
    /* Of a profile; at least 1. */
    long label_names, label_name_bytes, label_value_bytes;
    long profile_bytes, profile_samples, sample_labels;
    long stack_depth, symbol_bytes;
    /* How far a profile's time may be from now. */
    int64_t older_than_ns, newer_than_ns;
    long rate_mb, burst_mb; /* uncompressed, a second */
    /* Of a query. */
    int64_t query_length_ns, query_lookback_ns;
    long nodes_default, nodes_max;
};

void limits_init(struct limits *l); /* the defaults */

#endif
