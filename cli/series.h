/* How much was burnt when: a profile type over time, in buckets. */
#ifndef CLI_SERIES_H
#define CLI_SERIES_H

#include "cli/profile.h"

enum { SERIES_STEP_S = 5, SERIES_MAX = 2000 };

/* Of the buckets, in cores; an empty bucket counts as 0. */
struct series {
    double peak, median;
};

FK_MUST_USE enum fk_err series_fetch(const char *server,
    const struct profile_query *query, struct series *out,
    struct fk_diag *diag);
/* From an answer of SelectSeries. */
void series_from_json(
    json_t *answer, const struct profile_query *query, struct series *out);

#endif
