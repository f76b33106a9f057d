#include "server/jfr.h"

#include "common/hash.h"
#include "server/jfr_file.h"

#include <string.h>

enum handler { NO_EVENT, EXECUTION, WALL_CLOCK, ONCE, SETTING };

static const struct {
    const char *name;
    enum handler handler;
    enum jfr_kind kind;
    enum jfr_slot amount;
} events[] = {
    {"", NO_EVENT, JFR_CPU, JFR_NO_SLOT},
    {"jdk.ExecutionSample", EXECUTION, JFR_CPU, JFR_NO_SLOT},
    {"profiler.WallClockSample", WALL_CLOCK, JFR_WALL, JFR_SAMPLES},
    {"jdk.ObjectAllocationInNewTLAB", ONCE, JFR_IN_TLAB, JFR_TLAB_SIZE},
    {"jdk.ObjectAllocationOutsideTLAB", ONCE, JFR_OUTSIDE_TLAB,
        JFR_ALLOCATION_SIZE},
    {"jdk.ObjectAllocationSample", ONCE, JFR_ALLOCATION, JFR_WEIGHT},
    {"jdk.JavaMonitorEnter", ONCE, JFR_LOCK, JFR_DURATION},
    {"jdk.ThreadPark", ONCE, JFR_PARK, JFR_DURATION},
    {"profiler.LiveObject", ONCE, JFR_LIVE, JFR_NO_SLOT},
    {"profiler.Malloc", ONCE, JFR_MALLOC, JFR_SIZE},
    {"jdk.ActiveSetting", SETTING, JFR_CPU, JFR_NO_SLOT},
};

enum { NUM_EVENTS = sizeof(events) / sizeof(events[0]) };

/* One chunk on its way into the recording. */
struct reading {
    struct jfr *j;
    struct jfr_chunk chunk;
    uint8_t *event; /* row of events[] by class */
    bool *wanted;   /* by class */

    /* Stacks of this chunk, by index + 1 in their constants. */
    struct stack {
        const uint32_t *locations;
        uint32_t depth;
    } * stacks;

    uint32_t num_stacks, cap_stacks;
};

static void full(struct reading *r, const char *what)
{
    if (!r->chunk.err)
        r->chunk.err =
            fk_diag_set(r->chunk.diag, FK_ERR_LIMIT, "JFR: %s", what);
}

static const char memory[] = "the file needs too much memory";

/* Room for one more element; NULL and an error when there is none. */
static void *grown(
    struct reading *r, void *array, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    uint32_t more = *cap ? *cap * 2 : 256;
    void *copy = fk_arena_array(r->j->arena, more, size);
    if (!copy) {
        full(r, memory);
        return NULL;
    }
    if (count > 0)
        memcpy(copy, array, count * size);
    *cap = more;
    return copy;
}

/* ---- stacks ------------------------------------------------------------ */

static uint32_t add_function(struct reading *r, struct fk_slice name)
{
    struct jfr *j = r->j;
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), name.ptr, name.len), hit;
    size_t at = 0;

    while ((hit = fk_map_next(&j->by_name, hash, &at)) != FK_MAP_NONE)
        if (fk_slice_eq(j->functions[hit].name, name))
            return (uint32_t)hit;
    struct fk_pprof_function *functions = grown(r, j->functions,
        j->num_functions, &j->cap_functions, sizeof(*functions));
    if (!functions)
        return 0;
    j->functions = functions;
    functions[j->num_functions] = (struct fk_pprof_function){.name = name};
    if (fk_map_add(&j->by_name, hash, j->num_functions) != FK_OK)
        full(r, memory);
    return j->num_functions++;
}

static uint32_t add_location(
    struct reading *r, uint32_t function, uint32_t line)
{
    struct jfr *j = r->j;
    uint64_t key = (uint64_t)function << 32 | line;
    uint64_t hit = fk_map_get(&j->by_line, key);

    if (hit != FK_MAP_NONE)
        return (uint32_t)hit;
    struct fk_pprof_location *locations = grown(r, j->locations,
        j->num_locations, &j->cap_locations, sizeof(*locations));
    struct fk_pprof_line *one = fk_arena_alloc(j->arena, sizeof(*one));
    if (!locations || !one) {
        full(r, memory);
        return 0;
    }
    *one = (struct fk_pprof_line){function, line};
    j->locations = locations;
    locations[j->num_locations] = (struct fk_pprof_location){
        .mapping = FK_PPROF_NONE, .lines = one, .num_lines = 1};
    if (fk_map_put(&j->by_line, key, j->num_locations) != FK_OK)
        full(r, memory);
    return j->num_locations++;
}

static bool frame_location(
    struct reading *r, const struct jfr_value *frame, uint32_t *location)
{
    struct jfr_constant *method =
        jfr_constant_of(&r->chunk, &frame[JFR_METHOD]);

    if (!method)
        return false;
    if (method->index == 0) {
        struct fk_slice name = jfr_text(&r->chunk, &frame[JFR_METHOD]);
        if (name.len == 0)
            name = FK_SLICE("unknown");
        method->index = add_function(r, fk_slice_tail(name, 65535)) + 1;
    }
    *location =
        add_location(r, method->index - 1, (uint32_t)frame[JFR_LINE].number);
    return !r->chunk.err;
}

/* The frames of a stack trace; those nearest to the leaf go when it is too
 * deep. */
static void read_stack(
    struct reading *r, struct jfr_value *frames, struct stack *out)
{
    struct jfr_value frame[JFR_SLOTS];
    size_t n = jfr_list_open(&r->chunk, frames);
    size_t skipped = n > JFR_MAX_STACK ? n - JFR_MAX_STACK : 0;
    uint32_t *at = fk_arena_array(r->j->arena, n - skipped + 1, sizeof(*at));

    *out = (struct stack){at, 0};
    if (!at)
        full(r, memory);
    for (size_t i = 0; i < n && !r->chunk.err; i++) {
        jfr_list_next(&r->chunk, frames, frame);
        if (i >= skipped && frame_location(r, frame, &at[out->depth]))
            out->depth++;
    }
}

/* Its number within the chunk; false when the event has none. */
static bool stack_of(
    struct reading *r, const struct jfr_value *trace, uint32_t *stack)
{
    struct jfr_constant *k = jfr_constant_of(&r->chunk, trace);
    struct jfr_value v[JFR_SLOTS];

    if (!k)
        return false;
    if (k->index == 0) {
        struct stack *stacks =
            grown(r, r->stacks, r->num_stacks, &r->cap_stacks, sizeof(*stacks));
        if (!stacks)
            return false;
        r->stacks = stacks;
        jfr_constant_fields(&r->chunk, k, v);
        read_stack(r, &v[JFR_FRAMES], &stacks[r->num_stacks]);
        k->index = ++r->num_stacks;
    }
    *stack = k->index - 1;
    return !r->chunk.err && r->stacks[*stack].depth > 0;
}

/* ---- samples ----------------------------------------------------------- */

static bool same(const struct jfr_sample *a, const struct jfr_sample *b)
{
    return a->kind == b->kind && a->locations == b->locations &&
           a->tags.context == b->tags.context && a->tags.span == b->tags.span &&
           a->tags.span_name == b->tags.span_name;
}

/* Values only grow, up to the largest number. */
static int64_t sum(int64_t a, int64_t b)
{
    int64_t s;

    return __builtin_add_overflow(a, b, &s) ? INT64_MAX : s;
}

static void add_sample(struct reading *r, const struct jfr_sample *s)
{
    struct jfr *j = r->j;
    const uint64_t parts[] = {(uint64_t)s->kind, (uintptr_t)s->locations,
        s->tags.context, s->tags.span, s->tags.span_name};
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), parts, sizeof(parts)), hit;
    size_t at = 0;

    while ((hit = fk_map_next(&j->by_sample, hash, &at)) != FK_MAP_NONE) {
        struct jfr_sample *known = &j->samples[hit];
        if (!same(known, s))
            continue;
        known->value[0] = sum(known->value[0], s->value[0]);
        known->value[1] = sum(known->value[1], s->value[1]);
        return;
    }
    struct jfr_sample *samples =
        grown(r, j->samples, j->num_samples, &j->cap_samples, sizeof(*samples));
    if (!samples)
        return;
    j->samples = samples;
    if (fk_map_add(&j->by_sample, hash, j->num_samples) != FK_OK) {
        full(r, "more than 262144 different samples; send more often");
        return;
    }
    samples[j->num_samples++] = *s;
}

static int64_t amount_of(const struct jfr_value *v)
{
    return v->number > INT64_MAX ? 0 : (int64_t)v->number;
}

static void read_sample(struct reading *r, const struct jfr_event *e, int row)
{
    const struct jfr_value *v = e->value;
    struct jfr_sample s = {.kind = events[row].kind,
        .tags = {v[JFR_CONTEXT].number, v[JFR_SPAN].number,
            v[JFR_SPAN_NAME].number},
        .value = {1, amount_of(&v[events[row].amount])}};
    bool wall = fk_slice_eqz(r->j->event, "wall");
    uint32_t stack;

    if (!stack_of(r, &v[JFR_STACK_TRACE], &stack))
        return;
    s.locations = r->stacks[stack].locations;
    s.depth = r->stacks[stack].depth;
    struct fk_slice state = jfr_text(&r->chunk, &v[JFR_STATE]);
    struct jfr_sample other = s;
    if (events[row].handler == WALL_CLOCK) {
        s.value[0] = s.value[1];
        other = s;
        other.kind = JFR_CPU;
        if (wall && fk_slice_eqz(state, "STATE_RUNNABLE"))
            add_sample(r, &other);
    } else if (events[row].handler == EXECUTION) {
        other.kind = JFR_WALL;
        if (wall)
            add_sample(r, &other);
        if (fk_slice_eqz(state, "STATE_SLEEPING"))
            return;
    }
    add_sample(r, &s);
}

/* ---- chunks ------------------------------------------------------------ */

static bool find_events(struct reading *r)
{
    uint32_t n = r->chunk.num_classes;

    r->event = fk_arena_array(&r->chunk.scratch, n + 1, sizeof(*r->event));
    r->wanted = fk_arena_array(&r->chunk.scratch, n + 1, sizeof(*r->wanted));
    if (!r->event || !r->wanted)
        return false;
    for (uint32_t i = 0; i < n; i++)
        for (int e = 1; e < NUM_EVENTS; e++)
            if (fk_slice_eqz(r->chunk.classes[i].name, events[e].name))
                r->event[i] = (uint8_t)e;
    return true;
}

/* Either the settings, or all else: the samples depend on them. */
static void read_events(struct reading *r, bool settings)
{
    struct jfr_cursor at = {NULL, NULL};
    struct jfr_event e;

    for (uint32_t i = 0; i < r->chunk.num_classes; i++) {
        enum handler handler = events[r->event[i]].handler;
        r->wanted[i] = handler != NO_EVENT && (handler == SETTING) == settings;
    }
    while (jfr_next_event(&r->chunk, &at, r->wanted, &e)) {
        int row = r->event[e.class - r->chunk.classes];
        if (!settings)
            read_sample(r, &e, row);
        else if (fk_slice_eqz(jfr_text(&r->chunk, &e.value[JFR_NAME]), "event"))
            r->j->event = jfr_text(&r->chunk, &e.value[JFR_VALUE]);
    }
}

static enum fk_err read_chunk(
    struct reading *r, struct fk_slice body, size_t *at, struct fk_diag *diag)
{
    enum fk_err err = jfr_chunk_open(&r->chunk, body, at, r->j->arena, diag);

    r->stacks = NULL;
    r->num_stacks = r->cap_stacks = 0;
    if (!err) {
        if (!find_events(r))
            full(r, memory);
        else
            read_events(r, true);
        if (!r->chunk.err)
            read_events(r, false);
        err = r->chunk.err;
    }
    if (!err && r->j->arena->failed)
        err = fk_diag_set(diag, FK_ERR_LIMIT, "JFR: %s", memory);
    jfr_chunk_close(&r->chunk);
    return err;
}

enum fk_err jfr_open(struct jfr *j, struct fk_slice body,
    struct fk_arena *arena, struct fk_diag *diag)
{
    struct reading r = {.j = j};
    enum fk_err err = FK_OK;
    size_t at = 0;

    *j = (struct jfr){.arena = arena};
    fk_map_init(&j->by_name, JFR_MAX_CONSTANTS);
    fk_map_init(&j->by_line, JFR_MAX_CONSTANTS);
    fk_map_init(&j->by_sample, JFR_MAX_SAMPLES);
    do
        err = read_chunk(&r, body, &at, diag);
    while (!err && at < body.len);
    return err;
}

void jfr_close(struct jfr *j)
{
    fk_map_fini(&j->by_name);
    fk_map_fini(&j->by_line);
    fk_map_fini(&j->by_sample);
}
