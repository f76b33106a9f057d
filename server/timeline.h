/*
 * The timeline of /pyroscope/render (spec/pyroscope-api 10.1): one slot a
 * step from floor(from) to floor(until), zero where there is no data.
 */
#ifndef SERVER_TIMELINE_H
#define SERVER_TIMELINE_H

#include "common/err.h"
#include "common/json.h"

#define TIMELINE_MAX_SLOTS 100000

struct timeline {
    int64_t start_s, step_s;
    uint64_t *slot;
    size_t count;
};

/* The step that suits a range: round, at least 15 s. */
int64_t timeline_step_s(int64_t from_ms, int64_t until_ms);

/* All zero. FK_ERR_LIMIT past TIMELINE_MAX_SLOTS. _fini always. */
FK_MUST_USE enum fk_err timeline_init(
    struct timeline *t, int64_t from_ms, int64_t until_ms, int64_t step_s);
void timeline_fini(struct timeline *t);
/* Points outside are dropped; a later one replaces an earlier one. */
void timeline_set(struct timeline *t, int64_t time_ms, double value);
void timeline_write(const struct timeline *t, struct fk_json *out);

#endif
