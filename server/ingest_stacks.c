/*
 * A profile of the formats that know frames by name only: its type follows
 * from the app's last word (spec/pyroscope-api 3.4).
 */
#include "common/clock.h"
#include "server/ingest.h"
#include "server/ingest_labels.h"
#include "server/stacks.h"
#include "server/uuid.h"

#include <string.h>

/* With the sample rate known, counts become nanoseconds. */
static void type_of(const struct ingest_kind *kind,
    const struct ingest_source *source, struct fk_pprof_type *type,
    struct fk_pprof_type *period)
{
    *type = (struct fk_pprof_type){
        fk_slice_of(kind->type), fk_slice_of(kind->unit)};
    *period = (struct fk_pprof_type){{0}, {0}};
    if (!kind->timed)
        return;
    if (source->sample_rate == 0)
        *type = (struct fk_pprof_type){FK_SLICE("samples"), FK_SLICE("count")};
    else
        *period =
            (struct fk_pprof_type){FK_SLICE("cpu"), FK_SLICE("nanoseconds")};
}

enum fk_err ingest_stacks_open(struct ingest_stacks *s, struct ingest *in,
    const struct ingest_source *source, const struct ingest_kind *kind,
    struct fk_diag *diag)
{
    struct fk_pprof_type type, period;
    enum fk_err err;

    *s = (struct ingest_stacks){.in = in, .weight = 1};
    s->profile.labels = *source->labels;
    s->profile.duration_ns = source->duration_ns;
    in->received++;
    type_of(kind, source, &type, &period);
    if (kind->timed && source->sample_rate > 0)
        s->weight = FK_NS_PER_S / source->sample_rate;
    err = ingest_labels_ready(in, &s->profile.labels, diag);
    if (err == FK_OK)
        err = ingest_time(
            in, source, source->fallback_ns, &s->profile.time_ms, diag);
    if (err == FK_OK)
        err = ingest_labels_private(
            &s->profile.labels, type, period, &in->request->arena, diag);
    if (err == FK_OK)
        in->reason = REJECTED_MALFORMED;
    return err;
}

static bool room_for_one(struct ingest_stacks *s)
{
    size_t cap = s->cap ? s->cap * 2 : 256;

    if (s->count < s->cap)
        return true;
    struct store_value *more =
        fk_arena_array(&s->in->request->arena, cap, sizeof(*more));
    if (!more)
        return false;
    if (s->count > 0)
        memcpy(more, s->values, s->count * sizeof(*more));
    s->values = more;
    s->cap = cap;
    return true;
}

enum fk_err ingest_stacks_add(
    void *arg, const struct fk_slice *frames, size_t num_frames, int64_t count)
{
    struct ingest_stacks *s = arg;
    uint32_t index[STACKS_MAX_DEPTH];
    int64_t value;

    for (size_t i = 0; i < num_frames; i++) {
        const struct store_frame frame = {.name = frames[i]};
        index[i] = batch_frame_copy(&s->in->batch, &frame);
        s->bytes += frames[i].len + 1;
    }
    if (__builtin_mul_overflow(count, s->weight, &value))
        return s->in->batch.err = FK_ERR_FORMAT;
    if (s->bytes > INGEST_MAX_STACK_BYTES || !room_for_one(s))
        return s->in->batch.err = FK_ERR_LIMIT;
    s->values[s->count++] = (struct store_value){
        batch_stack(&s->in->batch, index, num_frames), value};
    return s->in->batch.err;
}

enum fk_err ingest_stacks_close(
    struct ingest_stacks *s, enum fk_err err, struct fk_diag *diag)
{
    struct batch *b = &s->in->batch;

    if (err && diag->text[0])
        return err;
    if (!err) {
        s->profile.values = s->values;
        s->profile.num_values = batch_fold(b, s->values, s->count);
        uuid_make(s->profile.id);
        if (s->profile.num_values > 0)
            batch_profile(b, &s->profile);
    }
    return err || b->err ? ingest_full(s->in, diag) : FK_OK;
}
