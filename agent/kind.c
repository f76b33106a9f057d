#include "agent/kind.h"

/* clang-format off */
#define TYPE(type, unit) {{type, sizeof(type) - 1}, {unit, sizeof(unit) - 1}}
#define WORD(text) {text, sizeof(text) - 1}

const struct fk_kind fk_kind_cpu = {
    .name = "process_cpu",
    .num_types = 2,
    .types = {TYPE("samples", "count"), TYPE("cpu", "nanoseconds")},
    .period = TYPE("cpu", "nanoseconds"),
    .shown = WORD("cpu"),
};

const struct fk_kind fk_kind_wall = {
    .name = "wall",
    .num_types = 1,
    .types = {TYPE("wall", "nanoseconds")},
    .period = TYPE("wall", "nanoseconds"),
    .shown = WORD("wall"),
};

const struct fk_kind fk_kind_memory = {
    .name = "memory",
    .num_types = 4,
    .types = {TYPE("alloc_objects", "count"), TYPE("alloc_space", "bytes"),
        TYPE("inuse_objects", "count"), TYPE("inuse_space", "bytes")},
    .period = TYPE("space", "bytes"),
    .shown = WORD("inuse_space"),
};

const struct fk_kind fk_kind_mutex = {
    .name = "mutex",
    .num_types = 2,
    .types = {TYPE("contentions", "count"), TYPE("delay", "nanoseconds")},
    .period = TYPE("contentions", "count"),
    .shown = WORD("delay"),
};
