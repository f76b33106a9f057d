#include "common/pprof_merge.h"

#include <inttypes.h>

#include "common/hash.h"

/* Lines in the order they were first seen: where each begins, and its sum. */
struct fold {
    struct fk_buf names; /* the stacks, one after the other */
    struct fk_map at;    /* hash -> index */
    struct fk_arena arena;

    struct line {
        size_t from, len;
        int64_t value;
    } * lines;

    size_t count;
};

static void add_name(struct fk_buf *out, struct fk_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        fk_buf_addc(out, c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c);
    }
}

/* A function nobody could name is at least a place in a file. */
static void add_address(struct fk_buf *out, const struct fk_pprof *p,
    const struct fk_pprof_location *l)
{
    if (l->mapping == FK_PPROF_NONE) {
        fk_buf_printf(out, "0x%" PRIx64, l->address);
        return;
    }
    const struct fk_pprof_mapping *m = &p->mappings[l->mapping];
    ptrdiff_t slash = fk_slice_rfind(m->file, '/');
    add_name(out, fk_slice_sub(m->file, (size_t)(slash + 1), m->file.len));
    fk_buf_printf(out, "+0x%" PRIx64, l->address - m->start + m->offset);
}

static void add_stack(struct fk_buf *out, const struct fk_pprof *p,
    const struct fk_pprof_sample *s)
{
    size_t before = out->len;
    for (uint32_t i = s->num_locations; i-- > 0;) {
        const struct fk_pprof_location *l = &p->locations[s->locations[i]];
        for (uint32_t k = l->num_lines; k-- > 0;) {
            if (out->len > before)
                fk_buf_addc(out, ';');
            add_name(out, p->functions[l->lines[k].function].name);
        }
        if (l->num_lines > 0)
            continue;
        if (out->len > before)
            fk_buf_addc(out, ';');
        add_address(out, p, l);
    }
}

static enum fk_err add_sample(struct fold *f, const struct fk_pprof *p,
    const struct fk_pprof_sample *s, int64_t value)
{
    size_t from = f->names.len;
    add_stack(&f->names, p, s);
    if (f->names.err != FK_OK)
        return f->names.err;
    size_t len = f->names.len - from;
    struct fk_slice text = {f->names.ptr + from, len};
    uint64_t hash = fk_hash_bytes(0, text.ptr, len), i;
    size_t at = 0;
    while ((i = fk_map_next(&f->at, hash, &at)) != FK_MAP_NONE) {
        struct line *known = &f->lines[i];
        struct fk_slice other = {f->names.ptr + known->from, known->len};
        if (fk_slice_eq(other, text)) {
            known->value += value;
            f->names.len = from;
            return FK_OK;
        }
    }
    f->lines[f->count] = (struct line){from, len, value};
    return fk_map_add(&f->at, hash, f->count++);
}

static void write_lines(const struct fold *f, struct fk_buf *out)
{
    for (size_t i = 0; i < f->count; i++) {
        fk_buf_add(out, f->names.ptr + f->lines[i].from, f->lines[i].len);
        fk_buf_printf(out, " %" PRId64 "\n", f->lines[i].value);
    }
}

enum fk_err fk_pprof_fold(
    const struct fk_pprof *profile, uint32_t type, struct fk_buf *out)
{
    struct fold f = {.count = 0};
    if (type >= profile->num_types)
        return FK_ERR_ARG;
    fk_buf_init(&f.names, out->limit);
    fk_map_init(&f.at, UINT32_MAX);
    fk_arena_init(&f.arena, SIZE_MAX);
    f.lines = fk_arena_array(&f.arena, profile->num_samples, sizeof(*f.lines));
    enum fk_err err = f.lines != NULL ? FK_OK : FK_ERR_NOMEM;
    for (uint32_t i = 0; i < profile->num_samples && err == FK_OK; i++) {
        const struct fk_pprof_sample *s = &profile->samples[i];
        if (s->values[type] != 0)
            err = add_sample(&f, profile, s, s->values[type]);
    }
    if (err == FK_OK)
        write_lines(&f, out);
    fk_arena_fini(&f.arena);
    fk_map_fini(&f.at);
    fk_buf_fini(&f.names);
    return err != FK_OK ? err : out->err;
}
