/*
 * Files of the speedscope viewer (speedscope.app/file-format-schema.json), as
 * many profilers export them: frames by name, and profiles that are "sampled"
 * (stacks and weights) or "evented" (frames that open and close).
 *
 *   if (speedscope_open(&s, body, arena, diag) == FK_OK)
 *       for (i < s.num_profiles)
 *           speedscope_profile(&s, i, &p, diag) ...
 *           speedscope_stacks(&s, i, scale, fn, arg, diag) ...
 *   speedscope_close(&s);                            always
 *
 * One thread; the body may go after open. Limits: those of request_json.h,
 * 1,000 profiles, 1,000 frames of a stack.
 */
#ifndef SERVER_SPEEDSCOPE_H
#define SERVER_SPEEDSCOPE_H

#include "server/request_json.h"
#include "server/stacks.h"

#define SPEEDSCOPE_MAX_PROFILES 1000

enum speedscope_unit {
    SPEEDSCOPE_NONE,
    SPEEDSCOPE_NANOSECONDS,
    SPEEDSCOPE_MICROSECONDS,
    SPEEDSCOPE_MILLISECONDS,
    SPEEDSCOPE_SECONDS,
    SPEEDSCOPE_BYTES,
    SPEEDSCOPE_UNITS,
};

struct speedscope {
    struct request_json json;
    struct fk_slice *frames; /* names */
    size_t num_frames;
    const struct json_t *profiles;
    size_t num_profiles;
    struct fk_arena *arena;
};

struct speedscope_profile {
    struct fk_slice name;
    bool evented;
    enum speedscope_unit unit;
    double start;
};

FK_MUST_USE enum fk_err speedscope_open(struct speedscope *s,
    struct fk_slice body, struct fk_arena *arena, struct fk_diag *diag);
void speedscope_close(struct speedscope *s);
FK_MUST_USE enum fk_err speedscope_profile(struct speedscope *s, size_t i,
    struct speedscope_profile *out, struct fk_diag *diag);
/* Weights times `scale`, to the nearest whole number. */
FK_MUST_USE enum fk_err speedscope_stacks(struct speedscope *s, size_t i,
    double scale, stacks_fn fn, void *arg, struct fk_diag *diag);
/* "nanoseconds" and so on. */
const char *speedscope_unit_name(enum speedscope_unit unit);

#endif
