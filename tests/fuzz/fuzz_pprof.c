/* fk_pprof_read on any bytes: whatever it accepts can be walked, and what it
 * accepts is written and read again with the same samples. */
#include "common/check.h"
#include "common/pprof.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20, FRAMES = 4096 };

static size_t frames_of(const struct fk_pprof *p,
    const struct fk_pprof_sample *s, struct fk_pprof_frame *frames)
{
    size_t n = 0;
    for (uint32_t i = 0; i < s->num_locations; i++) {
        FK_ASSERT(s->locations[i] < p->num_locations);
        const struct fk_pprof_location *l = &p->locations[s->locations[i]];
        FK_ASSERT(l->mapping == FK_PPROF_NONE || l->mapping < p->num_mappings);
        for (uint32_t k = 0; k < l->num_lines && n < FRAMES; k++) {
            FK_ASSERT(l->lines[k].function < p->num_functions);
            const struct fk_pprof_function *f =
                &p->functions[l->lines[k].function];
            frames[n++] = (struct fk_pprof_frame){.name = f->name,
                .file = f->file,
                .line = l->lines[k].line,
                .address = l->address};
        }
    }
    return n;
}

static void write_again(const struct fk_pprof *p, struct fk_pprof_writer *w)
{
    static struct fk_pprof_frame frames[FRAMES];
    for (uint32_t i = 0; i < p->num_types; i++)
        fk_pprof_add_type(w, p->types[i].type, p->types[i].unit);
    for (uint32_t i = 0; i < p->num_samples; i++) {
        const struct fk_pprof_sample *s = &p->samples[i];
        fk_pprof_add_sample(w, frames, frames_of(p, s, frames), s->values,
            p->num_types, s->labels, s->num_labels);
    }
}

static void check_same(const struct fk_pprof *a, const struct fk_pprof *b)
{
    FK_ASSERT(a->num_samples == b->num_samples);
    FK_ASSERT(a->num_types == b->num_types);
    FK_ASSERT(a->time_ns == b->time_ns && a->period == b->period);
    for (uint32_t i = 0; i < a->num_samples; i++) {
        const struct fk_pprof_sample *s = &a->samples[i], *t = &b->samples[i];
        FK_ASSERT(s->num_labels == t->num_labels);
        for (uint32_t k = 0; k < s->num_labels; k++)
            FK_ASSERT(fk_slice_eq(s->labels[k].key, t->labels[k].key));
        for (uint32_t k = 0; k < a->num_types; k++)
            FK_ASSERT(s->values[k] == t->values[k]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fk_arena arena, again;
    struct fk_pprof_writer w;
    struct fk_pprof p, q;
    struct fk_diag diag = {0};
    const struct fk_slice body = {(const char *)data, size};
    fk_arena_init(&arena, MEMORY);
    fk_arena_init(&again, MEMORY);
    fk_pprof_writer_init(&w, MEMORY);
    enum fk_err err = fk_pprof_read(body, NULL, &arena, &p, &diag);
    FK_ASSERT(!err == !diag.text[0]);
    if (!err) {
        write_again(&p, &w);
        err = fk_pprof_finish(&w, p.time_ns, p.duration_ns, p.period_type,
            p.period, p.default_type);
        if (!err)
            err = fk_pprof_read(fk_buf_slice(&w.body), NULL, &again, &q, &diag);
        FK_ASSERT(!err || err == FK_ERR_LIMIT);
        if (!err)
            check_same(&p, &q);
    }
    fk_pprof_writer_fini(&w);
    fk_arena_fini(&again);
    fk_arena_fini(&arena);
    return 0;
}
