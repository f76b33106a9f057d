#include "agent/perf/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/counters.h"
#include "agent/kind.h"
#include "agent/lines.h"
#include "agent/message.h"
#include "agent/perf/kernel.h"
#include "agent/profile.h"
#include "agent/symbols.h"
#include "common/clock.h"

#define TEXT_BYTES   (64u << 20)
#define KERNEL_START ((uintptr_t)1 << 63)
#define LABELS_MAX   3
#define FRAMES_MAX   (FK_TRACE_MAX + 256) /* with what was inlined */
#define MARKS_MAX    2
#define LINES_NS     (FK_NS_PER_S / 2) /* of CPU time, an interval */

static const struct fk_slice unknown = {"[unknown]", 9};

static void start_interval(struct perf_report *r, int64_t mono_ns)
{
    r->start_mono_ns = mono_ns;
    r->start_wall_ns = fk_wall_ns();
}

bool perf_report_init(struct perf_report *r, const flamekit_config *config)
{
    *r = (struct perf_report){.config = config};
    r->table = fk_stacktab_new();
    r->services = calloc(PERF_SERVICES_MAX, sizeof(*r->services));
    fk_arena_init(&r->text, TEXT_BYTES);
    start_interval(r, fk_mono_ns());
    return r->table != NULL && r->services != NULL;
}

void perf_report_fini(struct perf_report *r)
{
    free(r->services);
    fk_arena_fini(&r->text);
}

void perf_report_add(struct perf_report *r, const struct perf_process *process,
    const struct fk_trace *trace)
{
    struct fk_trace own = *trace;
    own.tid = process->id;
    uint32_t generation = fk_stacktab_enter(r->table);
    bool kept = fk_stacktab_add(r->table, generation, &own, 1);
    fk_stacktab_leave(r->table, generation);
    fk_count(kept ? &fk_counters.samples : &fk_counters.lost, 1);
    r->lost += !kept;
}

/* ---- services ----------------------------------------------------------- */

static const char *service_name(
    const struct perf_report *r, const struct perf_process *p)
{
    if (r->name != NULL)
        return r->name;
    return r->naming == PERF_BY_CGROUP ? p->group : p->program;
}

static void open_service(struct perf_service *s, const char *name)
{
    *s = (struct perf_service){.kernel = 0};
    snprintf(s->name, sizeof(s->name), "%s", name);
    fk_pprof_writer_init(&s->writer, FK_PROFILE_BYTES);
    fk_map_init(&s->mappings, PERF_IMAGES_MAX);
    for (uint32_t i = 0; i < fk_kind_cpu.num_types; i++)
        fk_pprof_add_type(
            &s->writer, fk_kind_cpu.types[i].type, fk_kind_cpu.types[i].unit);
}

static struct perf_service *service_of(
    struct perf_report *r, const struct perf_process *p)
{
    const char *name = service_name(r, p);
    for (size_t i = 0; i < r->num_services; i++)
        if (strcmp(r->services[i].name, name) == 0)
            return &r->services[i];
    if (r->num_services == PERF_SERVICES_MAX)
        return NULL;
    struct perf_service *s = &r->services[r->num_services++];
    open_service(s, name);
    return s;
}

/* ---- frames ------------------------------------------------------------- */

static uint32_t kernel_mapping(struct perf_service *s)
{
    const struct fk_pprof_mapping m = {.start = KERNEL_START,
        .limit = UINT64_MAX,
        .file = FK_SLICE("[kernel.kallsyms]"),
        .has_functions = true};
    if (s->kernel == 0)
        s->kernel = fk_pprof_add_mapping(&s->writer, &m);
    return s->kernel;
}

static struct fk_slice hex_of(struct fk_arena *a, const struct fk_object *o)
{
    char text[2 * FK_BUILD_ID_MAX + 1] = "";
    for (unsigned i = 0; i < o->build_id_len; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", o->build_id[i]);
    return fk_arena_dup(a, fk_slice_of(text));
}

/* At the file's own addresses, so that all processes share the frames. */
static uint32_t mapping_of(struct perf_report *r, struct perf_service *s,
    const struct perf_image *image)
{
    const struct fk_object *o = &image->object;
    uint64_t key = (uintptr_t)image, known = fk_map_get(&s->mappings, key);
    if (known != FK_MAP_NONE)
        return (uint32_t)known;
    const struct fk_pprof_mapping m = {
        .start = o->lo - PERF_IMAGE_BASE,
        .limit = o->hi - PERF_IMAGE_BASE,
        .offset = o->lo_offset,
        .file = fk_arena_dup(&r->text, fk_slice_of(image->file)),
        .build_id = hex_of(&r->text, o),
        .has_functions = true,
    };
    uint32_t number = fk_pprof_add_mapping(&s->writer, &m);
    return fk_map_put(&s->mappings, key, number) == FK_OK ? number : 0;
}

/* The frames of a stack as they come, innermost first; room for those that
 * are not inlined is always kept. */
struct frames {
    struct fk_pprof_frame list[FRAMES_MAX + MARKS_MAX];
    size_t n;
};

static void put_frame(struct frames *f, struct fk_pprof_frame frame)
{
    f->list[f->n++] = frame;
}

/* The function at an address of the image, behind those that the compiler
 * inlined into it there. */
static void put_function(struct perf_report *r, struct frames *f,
    struct fk_object *o, uintptr_t at, struct fk_pprof_frame frame, size_t left)
{
    struct fk_symbol symbol;
    const struct fk_line *lines;
    size_t n = r->lines ? fk_lines_of(o, at, &lines) : 0;
    for (size_t i = 0; i < n; i++) {
        frame.inlined = i + 1 < n;
        frame.name = lines[i].function;
        frame.file = lines[i].file;
        frame.line = lines[i].line;
        if (frame.inlined && f->n + left < FRAMES_MAX)
            put_frame(f, frame);
    }
    fk_symbols_name(o, at, &symbol);
    frame.name = fk_arena_dup(&r->text, fk_slice_of(symbol.name));
    put_frame(f, frame);
}

/* `left`: addresses of the stack, this one counted. */
static void put_address(struct perf_report *r, struct perf_service *s,
    const struct perf_process *p, struct frames *f, uintptr_t pc, size_t left)
{
    if (pc >= KERNEL_START) {
        put_frame(f, (struct fk_pprof_frame){.name = perf_kernel_name(pc),
                         .address = pc,
                         .mapping = kernel_mapping(s)});
        return;
    }
    const struct perf_code *code = perf_process_code(p, pc);
    if (code == NULL || !code->known) {
        put_frame(f, (struct fk_pprof_frame){.name = unknown});
        return;
    }
    uintptr_t at = pc - code->shift;
    struct fk_pprof_frame frame = {.address = at - PERF_IMAGE_BASE,
        .mapping = mapping_of(r, s, code->image)};
    put_function(r, f, &code->image->object, at, frame, left);
}

static size_t labels_of(const struct perf_process *p, char pid[16],
    struct fk_pprof_label labels[LABELS_MAX])
{
    const char *const texts[LABELS_MAX][2] = {
        {"pid", pid}, {"comm", p->comm}, {"container", p->container}};
    size_t n = 0;
    snprintf(pid, 16, "%d", (int)p->pid);
    for (size_t i = 0; i < LABELS_MAX; i++)
        if (texts[i][1][0] != '\0')
            labels[n++] =
                (struct fk_pprof_label){.key = fk_slice_of(texts[i][0]),
                    .str = fk_slice_of(texts[i][1])};
    return n;
}

/* A fk_trace_fn. */
static void add_trace(void *arg, const struct fk_trace *trace, uint64_t weight)
{
    struct perf_report *r = arg;
    const struct perf_process *p = perf_process_of(trace->tid);
    struct perf_service *s = p != NULL ? service_of(r, p) : NULL;
    if (s == NULL || s->writer.num_samples == PERF_STACKS_MAX) {
        r->lost += weight;
        fk_count(&fk_counters.weight_unpacked, weight);
        return;
    }
    struct frames f = {.n = 0};
    struct fk_pprof_label labels[LABELS_MAX];
    char pid[16];
    for (size_t i = 0; i < trace->depth; i++)
        put_address(r, s, p, &f, trace->pcs[i], trace->depth - i);
    if (trace->flags & FK_TRACE_CUT)
        put_frame(&f, (struct fk_pprof_frame){.name = FK_SLICE("[truncated]")});
    if (r->program_root)
        put_frame(&f, (struct fk_pprof_frame){.name = fk_slice_of(p->program)});
    const int64_t values[] = {(int64_t)weight,
        (int64_t)weight * (FK_NS_PER_S / r->config->sample_rate)};
    size_t num_labels = labels_of(p, pid, labels);
    fk_pprof_add_sample(&s->writer, f.list, f.n, values, 2, labels, num_labels);
    s->weight += weight;
}

/* ---- an interval -------------------------------------------------------- */

static enum fk_err finish(struct perf_report *r, struct perf_service *s,
    int64_t duration_ns, struct fk_outfile *file, struct fk_buf *message)
{
    flamekit_config config = *r->config;
    enum fk_err err = fk_pprof_finish(&s->writer, r->start_wall_ns, duration_ns,
        fk_kind_cpu.period, FK_NS_PER_S / r->config->sample_rate,
        fk_kind_cpu.shown);
    if (err != FK_OK)
        return err;
    struct fk_slice pprof = fk_buf_slice(&s->writer.body);
    if (file != NULL)
        return fk_outfile_add(file, pprof);
    config.application_name = s->name;
    fk_message_add(
        message, &config, &(struct fk_series){fk_kind_cpu.name, pprof});
    return FK_OK;
}

uint64_t perf_report_take(
    struct perf_report *r, struct fk_outfile *file, struct fk_buf *message)
{
    uint64_t lost = 0, weight = 0;
    int64_t now = fk_mono_ns();
    fk_lines_budget(LINES_NS);
    if (fk_stacktab_drain(r->table, 0, add_trace, r, &lost) != FK_OK)
        return 0;
    for (size_t i = 0; i < r->num_services; i++) {
        struct perf_service *s = &r->services[i];
        bool kept =
            finish(r, s, now - r->start_mono_ns, file, message) == FK_OK;
        weight += kept ? s->weight : 0;
        lost += kept ? 0 : s->weight;
        fk_pprof_writer_fini(&s->writer);
        fk_map_fini(&s->mappings);
    }
    fk_count(&fk_counters.weight_unpacked, lost);
    r->num_services = 0;
    r->lost += lost;
    r->delivered += weight;
    fk_arena_reset(&r->text);
    perf_processes_trim();
    perf_image_trim();
    start_interval(r, now);
    return weight;
}
