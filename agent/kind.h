/*
 * What kinds of profile there are: the name of the series and the numbers of
 * each sample. One row a kind, in kind.c.
 */
#ifndef FK_AGENT_KIND_H
#define FK_AGENT_KIND_H

#include "common/pprof.h"

#define FK_KIND_VALUES 4

struct fk_kind {
    const char *name; /* __name__ of the series */
    uint32_t num_types;
    struct fk_pprof_type types[FK_KIND_VALUES];
    struct fk_pprof_type period;
    struct fk_slice shown; /* the type a page shows first */
};

extern const struct fk_kind fk_kind_cpu, fk_kind_wall, fk_kind_memory,
    fk_kind_mutex;

#endif
