/*
 * Which group of labels a series belongs to, for answers with one line a
 * group (totals over time, heatmaps). Made by one visit of the series of a
 * selection; not thread-safe.
 */
#ifndef SERVER_SERIES_GROUPS_H
#define SERVER_SERIES_GROUPS_H

#include "server/intern.h"
#include "server/label_bytes.h"
#include "server/query.h"

#define SERIES_GROUPS_MAX (1u << 20)

struct series_groups {
    struct intern labels; /* of groups, as label bytes */
    struct intern rest;   /* of series: what the group does not tell */
    struct fk_map of;     /* tenant and series -> numbers of both; tenant
                             and app -> number of the group, or MIXED */
};

struct series_groups_ask {
    const struct fk_slice *group_by;
    uint32_t num_group_by; /* 0: one group without labels */
    bool rest;             /* exemplars will be asked for */
    int64_t t0, t1;        /* ms */
};

/* A profile that stands for others. */
struct exemplar {
    int64_t value, time_ms;
    uint32_t tenant, series;
    uint32_t rest; /* number in series_groups.rest */
};

/* FK_ERR_LIMIT: too many groups. _fini always. */
FK_MUST_USE enum fk_err series_groups_init(struct series_groups *g,
    const struct query *q, const struct query_select *select,
    const struct series_groups_ask *ask);
void series_groups_fini(struct series_groups *g);
/* False: a series born since; the next answer has it. */
bool series_groups_find(const struct series_groups *g, uint32_t tenant,
    uint32_t series, uint32_t *group, uint32_t *rest);
/* False: the series of the app belong to several groups. */
bool series_groups_find_app(const struct series_groups *g, uint32_t tenant,
    uint32_t app, uint32_t *group);

#endif
