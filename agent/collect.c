#include "agent/collect.h"

#include <stdlib.h>

#include "agent/demangle.h"
#include "agent/lines.h"
#include "agent/message.h"
#include "agent/objects.h"
#include "agent/symbols.h"
#include "common/clock.h"

#define DRAIN_WAIT_NS    (200 * FK_NS_PER_MS)
#define MESSAGE_OVERHEAD 65536
#define LINES_NS         (20 * FK_NS_PER_MS)  /* CPU time of an upload */
#define FILE_LINES_NS    (200 * FK_NS_PER_MS) /* somebody waits for lines */
#define CLOCK_JUMP_NS    (50 * FK_NS_PER_MS)

void fk_collect_init(struct fk_collect *c, const flamekit_config *config)
{
    *c = (struct fk_collect){.config = config};
    if (config->symbolize == FLAMEKIT_SYMBOLIZE_LINES)
        fk_demangle_may_load();
}

void fk_collect_add(struct fk_collect *c, const struct fk_source *source)
{
    if (c->num_sources < FK_SOURCES_MAX)
        c->sources[c->num_sources++] = *source;
}

static enum fk_err drain_table(void *arg, struct fk_profile *p, uint64_t *lost)
{
    return fk_stacktab_drain(arg, DRAIN_WAIT_NS, fk_profile_add, p, lost);
}

void fk_collect_add_table(struct fk_collect *c, const struct fk_kind *kind,
    int64_t period, struct fk_stacktab *table)
{
    fk_collect_add(
        c, &(struct fk_source){kind, period, drain_table, table, 0, 0});
}

void fk_collect_begin(struct fk_collect *c)
{
    for (size_t i = 0; i < c->num_sources; i++) {
        c->sources[i].start_mono_ns = fk_mono_ns();
        c->sources[i].start_wall_ns = fk_wall_ns();
    }
}

/* Durations come from the monotonic clock. The wall clock only says where the
 * timeline hangs, and is asked again when somebody has set it. */
static void next_interval(struct fk_source *s, int64_t end_mono_ns)
{
    int64_t wall = fk_wall_ns() - (fk_mono_ns() - end_mono_ns);
    int64_t expected = s->start_wall_ns + (end_mono_ns - s->start_mono_ns);
    bool jumped = llabs(wall - expected) > CLOCK_JUMP_NS;
    s->start_wall_ns = jumped ? wall : expected;
    s->start_mono_ns = end_mono_ns;
}

static void add_weight(
    struct fk_weight *sum, const struct fk_profile *p, uint64_t weight)
{
    if (p->kind == &fk_kind_cpu)
        sum->cpu += weight;
    else if (p->kind == &fk_kind_wall)
        sum->wall_ns += weight;
}

static void add_profile(struct fk_collect *c, struct fk_profile *p,
    const struct fk_source *s, int64_t end_mono_ns, struct fk_buf *message)
{
    if (p->writer.num_samples == 0)
        return;
    enum fk_err err =
        fk_profile_finish(p, s->start_wall_ns, end_mono_ns - s->start_mono_ns);
    struct fk_series series = {s->kind->name, fk_buf_slice(&p->writer.body)};
    if (err == FK_OK && c->file != NULL)
        err = fk_outfile_add(c->file, series.pprof);
    else if (err == FK_OK)
        fk_message_add(message, c->config, &series);
    if (err != FK_OK)
        add_weight(&c->dropped, p, p->weight);
}

/* False: the samplers are still at it. */
static bool take_source(struct fk_collect *c, struct fk_source *s,
    struct fk_buf *message, struct fk_weight *weight)
{
    struct fk_profile p;
    uint64_t lost = 0;
    fk_profile_init(&p, c->config, s->kind, s->period);
    int64_t end = fk_mono_ns();
    bool drained = s->drain(s->arg, &p, &lost) == FK_OK;
    if (drained) {
        size_t before = message->len;
        add_weight(&c->dropped, &p, lost + p.lost);
        add_profile(c, &p, s, end, message);
        if (message->len > before)
            add_weight(weight, &p, p.weight);
        next_interval(s, end);
    }
    fk_profile_fini(&p);
    return drained;
}

static bool pack(struct fk_collect *c, const struct fk_buf *message,
    const struct fk_weight *weight, struct fk_payload *payload)
{
    bool packed = fk_message_pack(message, weight->cpu, payload);
    if (packed) {
        payload->wall_ns = weight->wall_ns;
    } else {
        c->dropped.cpu += weight->cpu;
        c->dropped.wall_ns += weight->wall_ns;
    }
    return packed;
}

bool fk_collect_take(struct fk_collect *c, struct fk_payload *payload)
{
    struct fk_buf message;
    struct fk_weight weight = {0};
    bool all = true;
    fk_lines_budget(c->file != NULL ? FILE_LINES_NS : LINES_NS);
    fk_buf_init(&message, FK_PROFILE_BYTES + MESSAGE_OVERHEAD);
    for (size_t i = 0; i < c->num_sources; i++)
        all = take_source(c, &c->sources[i], &message, &weight) && all;
    if (all)
        fk_objects_reclaim();
    bool taken = (message.len > 0 || message.err != FK_OK) &&
                 pack(c, &message, &weight, payload);
    fk_buf_fini(&message);
    fk_symbols_trim();
    return taken;
}
