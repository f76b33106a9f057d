#include "server/limits.h"

#include "common/clock.h"

void limits_init(struct limits *l)
{
    *l = (struct limits){
        .label_names = 30,
        .label_name_bytes = 1024,
        .label_value_bytes = 2048,
        .profile_bytes = 4 << 20,
        .profile_samples = 16000,
        .sample_labels = 100,
        .stack_depth = 1000,
        .symbol_bytes = 65535,
        .older_than_ns = 168 * 3600 * FK_NS_PER_S,
        .newer_than_ns = 600 * FK_NS_PER_S,
        .burst_mb = 2,
        .nodes_default = 8192,
        .nodes_max = 1 << 20,
    };
}
