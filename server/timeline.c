#include "server/timeline.h"

#include <stdlib.h>

enum { MIN_STEP_S = 15, WANTED_SLOTS = 1500 };

int64_t timeline_step_s(int64_t from_ms, int64_t until_ms)
{
    /* Up to so many ms: so many seconds. */
    static const struct {
        int64_t up_to_ms, step_s;
    } rows[] = {
        {17500, 15},
        {25000, 20},
        {45000, 30},
        {90000, 60},
        {210000, 120},
        {450000, 300},
        {750000, 600},
        {1050000, 900},
        {1500000, 1200},
        {2700000, 1800},
        {5400000, 3600},
        {9000000, 7200},
        {16200000, 10800},
        {32400000, 21600},
        {86400000, 43200},
        {604800000, 86400},
        {1814400000, 604800},
        {3628800000, 2592000},
    };

    int64_t wanted_ms = (until_ms - from_ms) / WANTED_SLOTS;
    if (wanted_ms <= MIN_STEP_S * 1000)
        return MIN_STEP_S;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (wanted_ms <= rows[i].up_to_ms)
            return rows[i].step_s;
    return 31536000;
}

static int64_t floor_to(int64_t ms, int64_t step_ms)
{
    int64_t rest = ms % step_ms;
    return ms - (rest < 0 ? rest + step_ms : rest);
}

enum fk_err timeline_init(
    struct timeline *t, int64_t from_ms, int64_t until_ms, int64_t step_s)
{
    int64_t start = floor_to(from_ms, step_s * 1000);
    int64_t end = floor_to(until_ms, step_s * 1000);
    int64_t count = end > start ? (end - start) / (step_s * 1000) : 0;
    *t = (struct timeline){.start_s = start / 1000, .step_s = step_s};
    if (count > TIMELINE_MAX_SLOTS)
        return FK_ERR_LIMIT;
    t->slot = calloc((size_t)count + 1, sizeof *t->slot);
    t->count = t->slot ? (size_t)count : 0;
    return t->slot ? FK_OK : FK_ERR_NOMEM;
}

void timeline_fini(struct timeline *t)
{
    free(t->slot);
}

void timeline_set(struct timeline *t, int64_t time_ms, double value)
{
    int64_t i = (time_ms - t->start_s * 1000) / (t->step_s * 1000);
    if (time_ms < t->start_s * 1000 || i >= (int64_t)t->count)
        return;
    t->slot[i] = value <= 0       ? 0
                 : value < 0x1p63 ? (uint64_t)value
                                  : (uint64_t)INT64_MAX;
}

void timeline_write(const struct timeline *t, struct fk_json *out)
{
    fk_json_object(out);
    fk_json_key(out, "startTime");
    fk_json_i64(out, t->start_s);
    fk_json_key(out, "samples");
    fk_json_array(out);
    for (size_t i = 0; i < t->count; i++)
        fk_json_u64(out, t->slot[i]);
    fk_json_end(out);
    fk_json_key(out, "durationDelta");
    fk_json_i64(out, t->step_s);
    fk_json_key(out, "watermarks");
    fk_json_null(out);
    fk_json_end(out);
}
