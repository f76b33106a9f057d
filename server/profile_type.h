/*
 * What a profile measures: __name__:type:unit:period type:period unit, the
 * ID by which queries name it (spec/pyroscope-api 5.1). The last two may be
 * empty.
 */
#ifndef SERVER_PROFILE_TYPE_H
#define SERVER_PROFILE_TYPE_H

#include "common/err.h"
#include "common/slice.h"

struct profile_type {
    struct fk_slice id; /* the five parts, without a ":delta" behind them */
    struct fk_slice name, sample_type, sample_unit, period_type, period_unit;
};

/* Views into `text`. */
FK_MUST_USE enum fk_err profile_type_parse(
    struct fk_slice text, struct profile_type *out, struct fk_diag *diag);
/* The period a merged pprof claims. */
int64_t profile_type_period(const struct profile_type *type);

/* How /pyroscope/render names the values. */
struct profile_type_units {
    struct fk_slice units;
    int64_t sample_rate;
};

struct profile_type_units profile_type_units(const struct profile_type *type);

#endif
