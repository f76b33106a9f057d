#include "agent/profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/labels.h"
#include "agent/lines.h"
#include "agent/registry.h"
#include "agent/symbols.h"

#define TEXT_BYTES (16u << 20)
#define OWN_LABELS 3                    /* thread_id, thread_name, pid */
#define FRAMES_MAX (FK_TRACE_MAX + 256) /* with what was inlined */
#define MARKS_MAX  3

void fk_profile_init(struct fk_profile *p, const flamekit_config *config,
    const struct fk_kind *kind, int64_t period)
{
    *p = (struct fk_profile){.config = config, .kind = kind, .period = period};
    fk_pprof_writer_init(&p->writer, FK_PROFILE_BYTES);
    fk_arena_init(&p->text, TEXT_BYTES);
    fk_map_init(&p->pcs, FK_PROFILE_PCS);
    p->stack = calloc(FRAMES_MAX + MARKS_MAX, sizeof(*p->stack));
    for (uint32_t i = 0; i < kind->num_types; i++)
        fk_pprof_add_type(&p->writer, kind->types[i].type, kind->types[i].unit);
}

void fk_profile_fini(struct fk_profile *p)
{
    fk_pprof_writer_fini(&p->writer);
    fk_arena_fini(&p->text);
    fk_map_fini(&p->pcs);
    free(p->frames);
    free(p->stack);
}

/* ---- addresses ---------------------------------------------------------- */

static struct fk_slice hex_of(
    struct fk_arena *a, const uint8_t *bytes, unsigned n)
{
    char text[2 * FK_BUILD_ID_MAX + 1] = "";
    for (unsigned i = 0; i < n && i < FK_BUILD_ID_MAX; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
    return fk_arena_dup(a, fk_slice_of(text));
}

static uint32_t mapping_of(struct fk_profile *p, const struct fk_object *o)
{
    for (uint32_t i = 0; i < p->num_mapped; i++)
        if (p->mapped[i] == o)
            return p->mapping[i];
    if (p->num_mapped == FK_PROFILE_MAPPINGS)
        return 0;
    struct fk_pprof_mapping m = {
        .start = o->lo,
        .limit = o->hi,
        .offset = o->lo_offset,
        .file = fk_arena_dup(&p->text, fk_slice_of(o->path)),
        .build_id = hex_of(&p->text, o->build_id, o->build_id_len),
        .has_functions = p->config->symbolize != FLAMEKIT_SYMBOLIZE_NONE,
    };
    p->mapped[p->num_mapped] = o;
    p->mapping[p->num_mapped] = fk_pprof_add_mapping(&p->writer, &m);
    return p->mapping[p->num_mapped++];
}

/* The text of an address that nothing covers: code made at run time. */
static const struct fk_slice unknown = {"[unknown]", 9};

static struct fk_slice keep_text(struct fk_profile *p, struct fk_slice text)
{
    return text.len ? fk_arena_dup(&p->text, text) : (struct fk_slice){0};
}

static bool add_frame(struct fk_profile *p, struct fk_pprof_frame frame)
{
    if (p->num_frames == p->cap_frames) {
        uint32_t cap = p->cap_frames ? 2 * p->cap_frames : 1024;
        void *more = cap <= FK_PROFILE_PCS
                         ? realloc(p->frames, cap * sizeof(*p->frames))
                         : NULL;
        if (more == NULL)
            return false;
        p->frames = more;
        p->cap_frames = cap;
    }
    p->frames[p->num_frames++] = frame;
    return !p->text.failed;
}

/* The function at pc, behind those that were inlined into it there. */
static bool add_function(struct fk_profile *p, struct fk_object *object,
    uintptr_t pc, struct fk_pprof_frame frame)
{
    struct fk_symbol symbol;
    const struct fk_line *lines;
    size_t n = p->config->symbolize == FLAMEKIT_SYMBOLIZE_LINES
                   ? fk_lines_of(object, pc, &lines)
                   : 0;
    for (size_t i = 0; i < n; i++) {
        frame.inlined = i + 1 < n;
        frame.name = keep_text(p, lines[i].function);
        frame.file = keep_text(p, lines[i].file);
        frame.line = lines[i].line;
        if (frame.inlined && !add_frame(p, frame))
            return false;
    }
    fk_symbols_name(object, pc, &symbol);
    frame.name = keep_text(p, fk_slice_of(symbol.name));
    return add_frame(p, frame);
}

static bool add_address(struct fk_profile *p, uintptr_t pc)
{
    struct fk_pprof_frame frame = {.name = unknown, .address = pc};
    struct fk_object *object = fk_objects_locate(pc);
    if (object == NULL)
        return add_frame(p, frame);
    frame.mapping = mapping_of(p, object);
    if (p->config->symbolize != FLAMEKIT_SYMBOLIZE_NONE)
        return add_function(p, object, pc, frame);
    frame.name = (struct fk_slice){0};
    return add_frame(p, frame);
}

/* Its frames, innermost first: inlined ones up to and with one that is not.
 * NULL: no room. */
static const struct fk_pprof_frame *frames_of(
    struct fk_profile *p, uintptr_t pc)
{
    uint64_t at = fk_map_get(&p->pcs, pc);
    if (at != FK_MAP_NONE)
        return &p->frames[at];
    at = p->num_frames;
    if (!add_address(p, pc) || fk_map_put(&p->pcs, pc, at) != FK_OK)
        return NULL;
    return &p->frames[at];
}

/* Appends them; when there is little room, only the function itself. */
static bool put_frames(struct fk_profile *p, uintptr_t pc, size_t left,
    struct fk_pprof_frame *out, size_t *n)
{
    const struct fk_pprof_frame *f = frames_of(p, pc);
    if (f == NULL)
        return false;
    for (; f->inlined; f++)
        if (*n + left < FRAMES_MAX)
            out[(*n)++] = *f;
    out[(*n)++] = *f;
    return true;
}

/* ---- labels ------------------------------------------------------------- */

static void add_label(struct fk_pprof_label *labels, size_t *n, const char *key,
    const char *value)
{
    labels[(*n)++] = (struct fk_pprof_label){
        .key = fk_slice_of(key), .str = fk_slice_of(value)};
}

struct own_texts {
    char tid[16], pid[16], name[16];
};

static void add_own_labels(const struct fk_profile *p, pid_t tid,
    struct own_texts *text, struct fk_pprof_label *labels, size_t *n)
{
    if (p->config->report_thread_id) {
        snprintf(text->tid, sizeof(text->tid), "%d", (int)tid);
        add_label(labels, n, "thread_id", text->tid);
    }
    if (p->config->report_thread_name) {
        fk_registry_lock();
        const struct fk_thread *t = fk_registry_find(tid);
        memcpy(text->name, t ? t->name : "", t ? sizeof(text->name) : 1);
        fk_registry_unlock();
        add_label(labels, n, "thread_name", text->name);
    }
    if (p->config->report_pid) {
        snprintf(text->pid, sizeof(text->pid), "%d", (int)getpid());
        add_label(labels, n, "pid", text->pid);
    }
}

static size_t labels_of(const struct fk_profile *p,
    const struct fk_trace *trace, struct own_texts *text,
    struct fk_pprof_label *labels)
{
    size_t n = 0;
    for (uint32_t i = 0; trace->labels && i < trace->labels->count; i++)
        labels[n++] = (struct fk_pprof_label){.key = trace->labels->tags[i].key,
            .str = trace->labels->tags[i].value};
    add_own_labels(p, trace->tid, text, labels, &n);
    return n;
}

/* ---- traces ------------------------------------------------------------- */

/* How many frames on the leaf side belong to a call into this agent. */
static size_t own_frames(const struct fk_pprof_frame *frames, size_t n)
{
    static const size_t calls_deep = 12;
    for (size_t i = 0; i < n && i < calls_deep; i++)
        if (fk_slice_starts(frames[i].name, FK_SLICE("flamekit_")))
            return i + 1;
    return 0;
}

/* The frame between a thread's start and its function is the preload
 * library's. */
static size_t without_begin(struct fk_pprof_frame *frames, size_t n)
{
    static const size_t from_root = 3;
    for (size_t i = n; i > 0 && i + from_root > n; i--)
        if (fk_slice_eqz(frames[i - 1].name, "flamekit_thread_begin")) {
            memmove(&frames[i - 1], &frames[i], (n - i) * sizeof(*frames));
            return n - 1;
        }
    return n;
}

/* What is said in place of frames that nobody knows. */
static const struct {
    uint32_t flag;
    struct fk_slice name;
} marks[MARKS_MAX] = {
    {FK_TRACE_CUT, {"[truncated]", 11}},
    {FK_TRACE_WAITING, {"[waiting]", 9}},
    {FK_TRACE_RUNNING, {"[running]", 9}},
};

bool fk_profile_put(
    struct fk_profile *p, const struct fk_trace *trace, const int64_t *values)
{
    struct fk_pprof_frame *frames = p->stack;
    size_t n = 0;
    if (frames == NULL)
        return false;
    for (size_t i = 0; i < trace->depth; i++)
        if (!put_frames(p, trace->pcs[i], trace->depth - i, frames, &n))
            return false;
    for (size_t i = 0; i < MARKS_MAX; i++)
        if (trace->flags & marks[i].flag)
            frames[n++] = (struct fk_pprof_frame){.name = marks[i].name};
    n = without_begin(frames, n);
    size_t own = own_frames(frames, n);
    struct own_texts text;
    struct fk_pprof_label labels[FK_TAGS_MAX + OWN_LABELS];
    size_t num_labels = labels_of(p, trace, &text, labels);
    fk_pprof_add_sample(&p->writer, frames + own, n - own, values,
        p->kind->num_types, labels, num_labels);
    return p->writer.body.err == FK_OK;
}

void fk_profile_add(
    void *profile, const struct fk_trace *trace, uint64_t weight)
{
    struct fk_profile *p = profile;
    int64_t values[2] = {(int64_t)weight};
    if (p->kind->num_types > 1)
        values[1] = (int64_t)weight * p->period;
    if (fk_profile_put(p, trace, values))
        p->weight += weight;
    else
        p->lost += weight;
}

enum fk_err fk_profile_finish(
    struct fk_profile *p, int64_t time_ns, int64_t duration_ns)
{
    return fk_pprof_finish(&p->writer, time_ns, duration_ns, p->kind->period,
        p->period, p->kind->shown);
}
