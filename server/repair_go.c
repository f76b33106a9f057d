#include "server/repair_go.h"

#include "common/hash.h"

#include <string.h>

enum {
    GO_DEPTH = 32,  /* of a stack that may be cut */
    TOKEN = 16,     /* frames that must agree */
    MAX_JOINS = 32, /* of one stack */
    MAX_DEPTH = 1000,
};

/* ---- names ------------------------------------------------------------- */

/* Behind the bracket that closes the one at s[at], or 0. */
static size_t closing(struct fk_slice s, size_t at)
{
    int depth = 0;

    for (; at < s.len; at++) {
        depth += s.ptr[at] == '[';
        depth -= s.ptr[at] == ']';
        if (depth == 0)
            return at + 1;
    }
    return 0;
}

/* "f[go.shape.int].g" -> "f[...].g"; a view when nothing changes. */
static struct fk_slice drop_shapes(struct fk_slice name, struct fk_arena *arena)
{
    const struct fk_slice shape = FK_SLICE("[go.shape.");
    struct fk_buf out;

    if (!fk_slice_contains(name, shape))
        return name;
    fk_buf_init(&out, name.len + 8);
    for (size_t i = 0; i < name.len;) {
        size_t end = 0;
        if (fk_slice_starts(fk_slice_sub(name, i, name.len), shape))
            end = closing(name, i);
        if (end > 0)
            fk_buf_adds(&out, "[...]");
        else
            fk_buf_addc(&out, name.ptr[i]);
        i = end > 0 ? end : i + 1;
    }
    name = fk_arena_dup(arena, fk_buf_slice(&out));
    fk_buf_fini(&out);
    return name;
}

/* ---- stacks ------------------------------------------------------------ */

/* Where 16 frames in a row stand that are not the last of their stack. */
struct place {
    uint32_t sample, at;
};

struct tokens {
    struct fk_pprof *p;
    struct fk_map map; /* hash of the frames -> place */
    struct place *places;
    uint32_t num_places;
};

static bool is_heap(const struct fk_pprof *p)
{
    for (uint32_t i = 0; i < p->num_types; i++)
        if (fk_slice_eqz(p->types[i].type, "inuse_space") ||
            fk_slice_eqz(p->types[i].type, "alloc_space"))
            return true;
    return false;
}

static bool may_be_cut(const struct fk_pprof_sample *s)
{
    return s->num_locations == GO_DEPTH;
}

static uint64_t token_hash(const uint32_t *frames)
{
    return fk_hash_bytes(0, frames, TOKEN * sizeof(*frames));
}

/* Tokens of the stacks that are cut, or of those that are not. */
static enum fk_err add_tokens(struct tokens *t, bool cut)
{
    for (uint32_t i = 0; i < t->p->num_samples; i++) {
        const struct fk_pprof_sample *s = &t->p->samples[i];
        if (may_be_cut(s) != cut)
            continue;
        for (uint32_t at = 0; at + TOKEN < s->num_locations; at++) {
            uint64_t hash = token_hash(s->locations + at);
            if (fk_map_get(&t->map, hash) != FK_MAP_NONE)
                continue; /* whole stacks come first, and win */
            t->places[t->num_places] = (struct place){i, at};
            if (fk_map_put(&t->map, hash, t->num_places++) != FK_OK)
                return FK_ERR_LIMIT;
        }
    }
    return FK_OK;
}

static const struct place *find_token(
    const struct tokens *t, const uint32_t *frames)
{
    uint64_t i = fk_map_get(&t->map, token_hash(frames));

    if (i == FK_MAP_NONE)
        return NULL;
    const struct place *found = &t->places[i];
    const uint32_t *there = t->p->samples[found->sample].locations + found->at;
    return memcmp(there, frames, TOKEN * sizeof(*frames)) ? NULL : found;
}

/* Frames are added at the root side until a whole stack was reached; where
 * none is, as in a deep recursion, the stack stays as it is. */
static uint32_t extend(
    const struct tokens *t, const struct fk_pprof_sample *s, uint32_t *frames)
{
    uint32_t n = s->num_locations;
    bool cut = true;

    memcpy(frames, s->locations, n * sizeof(*frames));
    for (int joins = 0; cut && joins < MAX_JOINS; joins++) {
        const struct place *found = find_token(t, frames + n - TOKEN);
        if (!found)
            break;
        const struct fk_pprof_sample *other = &t->p->samples[found->sample];
        uint32_t from = found->at + TOKEN, more = other->num_locations - from;
        if (n + more > MAX_DEPTH)
            break;
        memcpy(frames + n, other->locations + from, more * sizeof(*frames));
        n += more;
        cut = may_be_cut(other);
    }
    return cut ? s->num_locations : n;
}

/* Into new samples, for the tokens refer to the old ones. */
static enum fk_err extend_all(const struct tokens *t,
    struct fk_pprof_sample *samples, struct fk_arena *arena)
{
    uint32_t frames[MAX_DEPTH];

    for (uint32_t i = 0; i < t->p->num_samples; i++) {
        samples[i] = t->p->samples[i];
        if (!may_be_cut(&samples[i]))
            continue;
        uint32_t n = extend(t, &samples[i], frames);
        if (n == samples[i].num_locations)
            continue;
        uint32_t *copy = fk_arena_array(arena, n, sizeof(*copy));
        if (!copy)
            return FK_ERR_LIMIT;
        memcpy(copy, frames, n * sizeof(*copy));
        samples[i].locations = copy;
        samples[i].num_locations = n;
    }
    return FK_OK;
}

static enum fk_err complete_stacks(struct fk_pprof *p, struct fk_arena *arena)
{
    struct tokens t = {.p = p};
    size_t refs = 0;
    bool any = false;

    for (uint32_t i = 0; i < p->num_samples; i++) {
        refs += p->samples[i].num_locations;
        any = any || may_be_cut(&p->samples[i]);
    }
    if (!any)
        return FK_OK;
    struct fk_pprof_sample *samples =
        fk_arena_array(arena, p->num_samples, sizeof(*samples));
    t.places = fk_arena_array(arena, refs, sizeof(*t.places));
    if (!samples || !t.places)
        return FK_ERR_LIMIT;
    fk_map_init(&t.map, refs);
    enum fk_err err = add_tokens(&t, false);
    if (err == FK_OK)
        err = add_tokens(&t, true);
    if (err == FK_OK)
        err = extend_all(&t, samples, arena);
    fk_map_fini(&t.map);
    if (err == FK_OK)
        p->samples = samples;
    return err;
}

enum fk_err repair_go(struct fk_pprof *p, struct fk_arena *arena)
{
    for (uint32_t i = 0; i < p->num_functions; i++)
        p->functions[i].name = drop_shapes(p->functions[i].name, arena);
    if (arena->failed)
        return FK_ERR_LIMIT;
    return is_heap(p) ? complete_stacks(p, arena) : FK_OK;
}
