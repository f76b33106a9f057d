#include "server/adhoc.h"

#include "common/gzip.h"
#include "server/folded.h"
#include "server/perf_script.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SAMPLES = 1000000 };

/* ---- which format ------------------------------------------------------ */

static bool printable(struct fk_slice s)
{
    size_t n = s.len < 256 ? s.len : 256;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c < ' ' && c != '\n' && c != '\r' && c != '\t')
            return false;
    }
    return true;
}

static enum adhoc_format json_format(struct fk_slice bytes)
{
    return fk_slice_contains(bytes, FK_SLICE("speedscope.app/file-format"))
               ? ADHOC_SPEEDSCOPE
               : ADHOC_FLAMEBEARER;
}

static enum adhoc_format format_of(struct fk_slice name, struct fk_slice bytes)
{
    static const struct {
        const char *ending;
        enum adhoc_format format;
    } endings[] = {{"pprof", ADHOC_PPROF}, {"pb", ADHOC_PPROF},
        {"collapsed", ADHOC_COLLAPSED}, {"folded", ADHOC_COLLAPSED},
        {"perf_script", ADHOC_PERF_SCRIPT}};

    ptrdiff_t dot = fk_slice_rfind(name, '.');
    struct fk_slice ending = fk_slice_sub(name, (size_t)(dot + 1), name.len);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (fk_slice_eqz(ending, endings[i].ending))
            return endings[i].format;
    struct fk_slice text = fk_slice_trim(bytes);
    if (text.len && text.ptr[0] == '{')
        return json_format(text);
    if (!printable(bytes))
        return ADHOC_PPROF;
    return perf_script_is(bytes) ? ADHOC_PERF_SCRIPT : ADHOC_COLLAPSED;
}

/* ---- opening ----------------------------------------------------------- */

static void add_type(
    struct adhoc *a, struct fk_slice type, struct fk_slice unit)
{
    if (a->num_types < ADHOC_MAX_TYPES)
        a->type[a->num_types++] =
            (struct profile_type){.sample_type = type, .sample_unit = unit};
}

static enum fk_err open_pprof(struct adhoc *a, struct fk_diag *diag)
{
    const struct fk_pprof_limits limits = {.max_samples = MAX_SAMPLES};
    enum fk_err err =
        fk_pprof_read(a->bytes, &limits, a->arena, &a->pprof, diag);
    for (uint32_t i = 0; !err && i < a->pprof.num_types; i++) {
        const struct fk_pprof_type *t = &a->pprof.types[i];
        if (fk_slice_eq(t->type, a->pprof.default_type))
            a->default_type = i;
        add_type(a, t->type, t->unit);
    }
    return err;
}

static enum fk_err open_speedscope(struct adhoc *a, struct fk_diag *diag)
{
    enum fk_err err = speedscope_open(&a->speedscope, a->bytes, a->arena, diag);
    for (size_t i = 0; !err && i < a->speedscope.num_profiles; i++) {
        struct speedscope_profile p;
        err = speedscope_profile(&a->speedscope, i, &p, diag);
        bool timed = p.unit != SPEEDSCOPE_NONE && p.unit != SPEEDSCOPE_BYTES;
        if (!err)
            add_type(a, p.name.len ? p.name : FK_SLICE("samples"),
                timed                        ? FK_SLICE("nanoseconds")
                : p.unit == SPEEDSCOPE_BYTES ? FK_SLICE("bytes")
                                             : FK_SLICE("count"));
    }
    return err;
}

static enum fk_err open_doc(struct adhoc *a, struct fk_diag *diag)
{
    enum fk_err err = flamebearer_doc_open(&a->doc, a->bytes, diag);
    if (!err)
        add_type(a, a->doc.name.len ? a->doc.name : FK_SLICE("samples"),
            a->doc.units.len ? a->doc.units : FK_SLICE("samples"));
    return err;
}

static enum fk_err inflate(
    struct adhoc *a, struct fk_slice bytes, struct fk_diag *diag)
{
    struct fk_buf plain;
    enum fk_err err = FK_OK;
    a->bytes = bytes;
    if (!fk_gzip_is(bytes))
        return FK_OK;
    fk_buf_init(&plain, ADHOC_MAX_BYTES);
    err = fk_gzip_read(bytes, &plain, diag);
    a->bytes = fk_arena_dup(a->arena, fk_buf_slice(&plain));
    fk_buf_fini(&plain);
    if (!err && a->arena->failed)
        err = fk_diag_set(diag, FK_ERR_NOMEM, "the file needs too much memory");
    return err == FK_ERR_LIMIT ? FK_ERR_FORMAT : err;
}

enum fk_err adhoc_open(struct adhoc *a, struct fk_slice name,
    struct fk_slice bytes, struct fk_arena *arena, struct fk_diag *diag)
{
    *a = (struct adhoc){.arena = arena};
    enum fk_err err = inflate(a, bytes, diag);
    if (err)
        return err;
    if (!a->bytes.len)
        return fk_diag_set(diag, FK_ERR_FORMAT, "the file is empty");
    a->format = format_of(name, a->bytes);
    switch (a->format) {
    case ADHOC_PPROF:
        return open_pprof(a, diag);
    case ADHOC_FLAMEBEARER:
        return open_doc(a, diag);
    case ADHOC_SPEEDSCOPE:
        return open_speedscope(a, diag);
    case ADHOC_COLLAPSED:
    case ADHOC_PERF_SCRIPT:
        add_type(a, FK_SLICE("samples"), FK_SLICE("samples"));
        break;
    }
    return FK_OK;
}

void adhoc_close(struct adhoc *a)
{
    flamebearer_doc_close(&a->doc);
    speedscope_close(&a->speedscope);
}

enum fk_err adhoc_find(const struct adhoc *a, struct fk_slice name,
    uint32_t *type, struct fk_diag *diag)
{
    *type = a->default_type;
    for (uint32_t i = 0; i < a->num_types && name.len; i++)
        if (fk_slice_eq(a->type[i].sample_type, name)) {
            *type = i;
            return FK_OK;
        }
    if (a->num_types && !name.len)
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_NOT_FOUND,
        "the file has no profile of type \"%.*s\"",
        (int)(name.len < 64 ? name.len : 64), name.ptr ? name.ptr : "");
}

/* ---- stacks to a tree -------------------------------------------------- */

/* A stack is a trie with one branch. */
struct chain {
    struct tree *tree;
    int side;
    const struct fk_slice *frames;
    uint32_t parent[STACKS_MAX_DEPTH + 1], frame[STACKS_MAX_DEPTH + 1];
    int64_t self[STACKS_MAX_DEPTH + 1];
};

static enum fk_err chain_name(void *arg, uint32_t frame, struct fk_slice *name)
{
    const struct chain *c = arg;
    *name = c->frames[frame];
    return FK_OK;
}

static enum fk_err add_stack(
    void *arg, const struct fk_slice *frames, size_t n, int64_t count)
{
    struct chain *c = arg;
    struct tree_source source = {
        (uint32_t)n + 1, c->parent, c->frame, c->self, chain_name, c};
    if (!n)
        return FK_OK;
    c->frames = frames;
    c->self[n] = count;
    enum fk_err err = tree_add(c->tree, &source, c->side);
    c->self[n] = 0;
    return err;
}

/* ---- pprof ------------------------------------------------------------- */

static struct fk_slice function_name(
    const struct fk_pprof *p, const struct fk_pprof_line *line)
{
    const struct fk_pprof_function *f = &p->functions[line->function];
    return f->name.len          ? f->name
           : f->system_name.len ? f->system_name
                                : FK_SLICE("unknown");
}

/* Bare digits, as the page of Pyroscope shows them. */
static struct fk_slice address_name(struct adhoc *a, uint64_t address)
{
    char text[20];
    snprintf(text, sizeof text, "%" PRIx64, address);
    struct fk_slice name = fk_arena_dup(a->arena, fk_slice_of(text));
    return name.len ? name : FK_SLICE("unknown");
}

static size_t stack_of(struct adhoc *a, const struct fk_pprof_sample *s,
    struct fk_slice out[STACKS_MAX_DEPTH])
{
    const struct fk_pprof *p = &a->pprof;
    size_t n = 0;
    for (uint32_t i = s->num_locations; i-- > 0 && n < STACKS_MAX_DEPTH;) {
        const struct fk_pprof_location *l = &p->locations[s->locations[i]];
        for (uint32_t k = l->num_lines; k-- > 0 && n < STACKS_MAX_DEPTH;)
            out[n++] = function_name(p, &l->lines[k]);
        if (!l->num_lines)
            out[n++] = address_name(a, l->address);
    }
    return n;
}

static enum fk_err pprof_stacks(struct adhoc *a, uint32_t type, struct chain *c)
{
    struct fk_slice stack[STACKS_MAX_DEPTH];
    enum fk_err err = FK_OK;
    for (uint32_t i = 0; i < a->pprof.num_samples && !err; i++) {
        const struct fk_pprof_sample *s = &a->pprof.samples[i];
        if (s->values[type] > 0)
            err = add_stack(c, stack, stack_of(a, s, stack), s->values[type]);
    }
    return err;
}

/* ---- all formats ------------------------------------------------------- */

/* Whole nanoseconds, so that no weight is rounded away. */
static double scale_of(enum speedscope_unit unit)
{
    switch (unit) {
    case SPEEDSCOPE_MICROSECONDS:
        return 1e3;
    case SPEEDSCOPE_MILLISECONDS:
        return 1e6;
    case SPEEDSCOPE_SECONDS:
        return 1e9;
    case SPEEDSCOPE_NONE:
    case SPEEDSCOPE_NANOSECONDS:
    case SPEEDSCOPE_BYTES:
    case SPEEDSCOPE_UNITS:
        break;
    }
    return 1;
}

static enum fk_err speedscope_tree(
    struct adhoc *a, uint32_t type, struct chain *c, struct fk_diag *diag)
{
    struct speedscope_profile p;
    enum fk_err err = speedscope_profile(&a->speedscope, type, &p, diag);
    return err ? err
               : speedscope_stacks(&a->speedscope, type, scale_of(p.unit),
                     add_stack, c, diag);
}

static enum fk_err add_all(
    struct adhoc *a, uint32_t type, struct chain *c, struct fk_diag *diag)
{
    switch (a->format) {
    case ADHOC_PPROF:
        return pprof_stacks(a, type, c);
    case ADHOC_COLLAPSED:
        return folded_read_groups(a->bytes, add_stack, c, diag);
    case ADHOC_PERF_SCRIPT:
        return perf_script_read(a->bytes, add_stack, c, diag);
    case ADHOC_FLAMEBEARER:
        return flamebearer_doc_stacks(&a->doc, add_stack, c, diag);
    case ADHOC_SPEEDSCOPE:
        return speedscope_tree(a, type, c, diag);
    }
    return FK_ERR_FORMAT;
}

enum fk_err adhoc_tree(struct adhoc *a, uint32_t type, int side, struct tree *t,
    struct fk_diag *diag)
{
    struct chain c = {.tree = t, .side = side};
    for (uint32_t i = 1; i <= STACKS_MAX_DEPTH; i++)
        c.parent[i] = c.frame[i] = i - 1;
    enum fk_err err = add_all(a, type, &c, diag);
    if (err == FK_ERR_LIMIT)
        fk_diag_set(diag, err, "the file has too many different stacks");
    return err;
}
