#include "server/speedscope.h"

#include <math.h>

static const char schema[] =
    "https://www.speedscope.app/file-format-schema.json";

static const char *const unit_names[SPEEDSCOPE_UNITS] = {
    [SPEEDSCOPE_NONE] = "none",
    [SPEEDSCOPE_NANOSECONDS] = "nanoseconds",
    [SPEEDSCOPE_MICROSECONDS] = "microseconds",
    [SPEEDSCOPE_MILLISECONDS] = "milliseconds",
    [SPEEDSCOPE_SECONDS] = "seconds",
    [SPEEDSCOPE_BYTES] = "bytes",
};

/* The profile whose stacks are read. */
struct reading {
    struct speedscope *s;
    size_t profile;
    double scale;
    stacks_fn fn;
    void *arg;
    struct fk_diag *diag;
};

const char *speedscope_unit_name(enum speedscope_unit unit)
{
    return unit_names[unit];
}

static enum fk_err read_frames(struct speedscope *s, struct fk_diag *diag)
{
    const struct json_t *list =
        request_json_get(request_json_get(s->json.root, "shared"), "frames");

    if (request_json_kind(list) != REQUEST_JSON_LIST)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "shared.frames must be a list, [...]: the names that samples and "
            "events refer to");
    s->num_frames = request_json_size(list);
    s->frames = fk_arena_array(s->arena, s->num_frames + 1, sizeof(*s->frames));
    if (!s->frames)
        return fk_diag_set(
            diag, FK_ERR_LIMIT, "the request needs too much memory");
    for (size_t i = 0; i < s->num_frames; i++)
        if (!request_json_to_str(
                request_json_get(request_json_at(list, i), "name"),
                &s->frames[i]))
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "shared.frames[%zu].name must be a string", i);
    return FK_OK;
}

enum fk_err speedscope_open(struct speedscope *s, struct fk_slice body,
    struct fk_arena *arena, struct fk_diag *diag)
{
    struct fk_slice text = {0};

    *s = (struct speedscope){.arena = arena};
    if (request_json_open(&s->json, body) != FK_OK)
        return fk_diag_set(diag, s->json.err, "%s", s->json.diag.text);
    request_json_to_str(request_json_get(s->json.root, "$schema"), &text);
    if (!fk_slice_eqz(text, schema))
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "$schema must be \"%s\"", schema);
    s->profiles = request_json_get(s->json.root, "profiles");
    if (request_json_kind(s->profiles) != REQUEST_JSON_LIST)
        return fk_diag_set(
            diag, FK_ERR_FORMAT, "profiles must be a list, [...]");
    s->num_profiles = request_json_size(s->profiles);
    if (s->num_profiles > SPEEDSCOPE_MAX_PROFILES)
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the file has %zu profiles; limit %d", s->num_profiles,
            SPEEDSCOPE_MAX_PROFILES);
    return read_frames(s, diag);
}

void speedscope_close(struct speedscope *s)
{
    request_json_close(&s->json);
}

enum fk_err speedscope_profile(struct speedscope *s, size_t i,
    struct speedscope_profile *out, struct fk_diag *diag)
{
    const struct json_t *p = request_json_at(s->profiles, i);
    struct fk_slice type = {0}, unit = {0};
    int u = 0;

    *out = (struct speedscope_profile){0};
    request_json_to_str(request_json_get(p, "name"), &out->name);
    request_json_to_str(request_json_get(p, "type"), &type);
    request_json_to_str(request_json_get(p, "unit"), &unit);
    request_json_to_double(request_json_get(p, "startValue"), &out->start);
    out->evented = fk_slice_eqz(type, "evented");
    if (!out->evented && !fk_slice_eqz(type, "sampled"))
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "profiles[%zu].type must be \"evented\" or \"sampled\"", i);
    while (u < SPEEDSCOPE_UNITS && !fk_slice_eqz(unit, unit_names[u]))
        u++;
    if (u == SPEEDSCOPE_UNITS)
        return fk_diag_set(diag, FK_ERR_FORMAT,
            "profiles[%zu].unit must be none, nanoseconds, microseconds, "
            "milliseconds, seconds or bytes",
            i);
    out->unit = (enum speedscope_unit)u;
    return FK_OK;
}

/* A frame of the file by its number, as it stands in the body. */
static bool frame_of(
    const struct reading *r, const struct json_t *value, uint32_t *frame)
{
    int64_t n;

    if (!request_json_to_i64(value, &n) || n < 0 ||
        (uint64_t)n >= r->s->num_frames)
        return false;
    *frame = (uint32_t)n;
    return true;
}

static enum fk_err tell(struct reading *r, const uint32_t *stack, size_t depth,
    double weight, const char *where, size_t i)
{
    struct fk_slice frames[STACKS_MAX_DEPTH];
    double count = weight * r->scale;
    size_t n = 0;

    if (!(count >= 0 && count < 0x1p63))
        return fk_diag_set(r->diag, FK_ERR_FORMAT,
            "profiles[%zu].%s[%zu]: the weight is negative or too large",
            r->profile, where, i);
    for (size_t k = 0; k < depth && n < STACKS_MAX_DEPTH; k++)
        if (r->s->frames[stack[k]].len > 0)
            frames[n++] = r->s->frames[stack[k]];
    int64_t whole = (int64_t)llround(count);
    return n > 0 && whole > 0 ? r->fn(r->arg, frames, n, whole) : FK_OK;
}

/* ---- sampled ----------------------------------------------------------- */

static enum fk_err read_sampled(struct reading *r, const struct json_t *profile)
{
    const struct json_t *samples = request_json_get(profile, "samples");
    const struct json_t *weights = request_json_get(profile, "weights");
    uint32_t stack[STACKS_MAX_DEPTH];
    enum fk_err err = FK_OK;

    if (request_json_kind(samples) != REQUEST_JSON_LIST ||
        request_json_kind(weights) != REQUEST_JSON_LIST ||
        request_json_size(samples) != request_json_size(weights))
        return fk_diag_set(r->diag, FK_ERR_FORMAT,
            "profiles[%zu].samples and .weights must be lists of the same "
            "length",
            r->profile);
    for (size_t i = 0; i < request_json_size(samples) && !err; i++) {
        const struct json_t *one = request_json_at(samples, i);
        size_t depth = request_json_size(one);
        double weight;
        if (depth > STACKS_MAX_DEPTH)
            depth = STACKS_MAX_DEPTH;
        for (size_t k = 0; k < depth; k++)
            if (!frame_of(r, request_json_at(one, k), &stack[k]))
                return fk_diag_set(r->diag, FK_ERR_FORMAT,
                    "profiles[%zu].samples[%zu][%zu] is not the number of one "
                    "of the %zu frames",
                    r->profile, i, k, r->s->num_frames);
        if (!request_json_to_double(request_json_at(weights, i), &weight))
            return fk_diag_set(r->diag, FK_ERR_FORMAT,
                "profiles[%zu].weights[%zu] must be a number", r->profile, i);
        err = tell(r, stack, depth, weight, "weights", i);
    }
    return err;
}

/* ---- evented ----------------------------------------------------------- */

struct open_frames {
    uint32_t *stack;
    size_t depth;
    double since; /* of the last event */
};

static enum fk_err bad_event(struct reading *r, size_t i, const char *what)
{
    return fk_diag_set(r->diag, FK_ERR_FORMAT, "profiles[%zu].events[%zu] %s",
        r->profile, i, what);
}

static enum fk_err read_event(struct reading *r, struct open_frames *open,
    size_t i, const struct json_t *event)
{
    struct fk_slice type = {0};
    uint32_t frame;
    double at;

    request_json_to_str(request_json_get(event, "type"), &type);
    bool opens = fk_slice_eqz(type, "O");
    if (!opens && !fk_slice_eqz(type, "C"))
        return bad_event(r, i, "must have the type \"O\" or \"C\"");
    if (!frame_of(r, request_json_get(event, "frame"), &frame))
        return bad_event(r, i, "must have the number of a frame");
    if (!request_json_to_double(request_json_get(event, "at"), &at))
        return bad_event(r, i, "must have a number \"at\"");
    if (i > 0 && at < open->since)
        return bad_event(r, i, "is earlier than the event before it");
    if (!opens && (open->depth == 0 || open->stack[open->depth - 1] != frame))
        return bad_event(
            r, i, "closes a frame that is not the one opened last");
    double took = i > 0 ? at - open->since : 0;
    enum fk_err err = tell(r, open->stack, open->depth, took, "events", i);
    open->since = at;
    if (opens)
        open->stack[open->depth++] = frame;
    else
        open->depth--;
    return err;
}

/* What is still open at the end lasts until endValue. */
static enum fk_err read_evented(struct reading *r, const struct json_t *profile)
{
    const struct json_t *events = request_json_get(profile, "events");
    size_t n = request_json_size(events);
    struct open_frames open = {0};
    double end;
    enum fk_err err = FK_OK;

    if (request_json_kind(events) != REQUEST_JSON_LIST)
        return fk_diag_set(r->diag, FK_ERR_FORMAT,
            "profiles[%zu].events must be a list, [...]", r->profile);
    open.stack = fk_arena_array(r->s->arena, n + 1, sizeof(*open.stack));
    if (!open.stack)
        return fk_diag_set(
            r->diag, FK_ERR_LIMIT, "the request needs too much memory");
    for (size_t i = 0; i < n && !err; i++)
        err = read_event(r, &open, i, request_json_at(events, i));
    if (!err && open.depth > 0 &&
        request_json_to_double(request_json_get(profile, "endValue"), &end) &&
        end > open.since)
        err = tell(r, open.stack, open.depth, end - open.since, "events", n);
    return err;
}

enum fk_err speedscope_stacks(struct speedscope *s, size_t i, double scale,
    stacks_fn fn, void *arg, struct fk_diag *diag)
{
    struct reading r = {s, i, scale, fn, arg, diag};
    struct speedscope_profile p;
    const struct json_t *profile = request_json_at(s->profiles, i);
    enum fk_err err = speedscope_profile(s, i, &p, diag);

    if (err)
        return err;
    return p.evented ? read_evented(&r, profile) : read_sampled(&r, profile);
}
