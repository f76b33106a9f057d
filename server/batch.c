#include "server/batch.h"

#include "common/array.h"
#include "common/hash.h"

#include <stdlib.h>
#include <string.h>

void batch_init(struct batch *b, struct fk_arena *arena)
{
    *b = (struct batch){.arena = arena};
    fk_map_init(&b->frame_map, BATCH_MAX_FRAMES);
    fk_map_init(&b->stack_map, BATCH_MAX_STACKS);
}

void batch_fini(struct batch *b)
{
    fk_map_fini(&b->frame_map);
    fk_map_fini(&b->stack_map);
    free(b->frames);
    free(b->stacks);
    free(b->profiles);
}

static uint32_t fail(struct batch *b, enum fk_err err)
{
    if (b->err == FK_OK)
        b->err = err;
    return 0;
}

/* Room for one more element; NULL and the sticky error when there is none. */
static void *grow(struct batch *b, void *array, size_t *cap, size_t count,
    size_t size, size_t limit)
{
    void *more = count < limit ? fk_array_more(array, count, cap, size) : NULL;
    if (!more)
        fail(b, count < limit ? FK_ERR_NOMEM : FK_ERR_LIMIT);
    return more;
}

static bool frame_eq(const struct store_frame *a, const struct store_frame *b)
{
    return a->line == b->line && fk_slice_eq(a->name, b->name) &&
           fk_slice_eq(a->file, b->file);
}

uint32_t batch_frame(struct batch *b, const struct store_frame *f)
{
    uint64_t key = fk_hash_bytes(fk_hash_seed(), f->name.ptr, f->name.len);
    uint64_t hit;
    size_t at = 0;

    key = fk_hash_bytes(key ^ (uint64_t)f->line, f->file.ptr, f->file.len);
    while ((hit = fk_map_next(&b->frame_map, key, &at)) != FK_MAP_NONE)
        if (frame_eq(&b->frames[hit], f))
            return (uint32_t)hit;
    struct store_frame *frames = grow(b, b->frames, &b->cap_frames,
        b->num_frames, sizeof(*frames), BATCH_MAX_FRAMES);
    if (!frames)
        return 0;
    b->frames = frames;
    enum fk_err err = fk_map_add(&b->frame_map, key, b->num_frames);
    if (err)
        return fail(b, err);
    frames[b->num_frames] = *f;
    return (uint32_t)b->num_frames++;
}

uint32_t batch_frame_copy(struct batch *b, const struct store_frame *f)
{
    size_t known = b->num_frames;
    uint32_t index = batch_frame(b, f);

    if (b->num_frames > known) {
        struct store_frame *mine = &b->frames[index];
        mine->name = fk_arena_dup(b->arena, f->name);
        mine->file = fk_arena_dup(b->arena, f->file);
        if ((f->name.len > 0 && !mine->name.ptr) ||
            (f->file.len > 0 && !mine->file.ptr)) {
            *mine = (struct store_frame){0};
            return fail(b, FK_ERR_LIMIT);
        }
    }
    return index;
}

static bool stack_eq(
    const struct store_stack *s, const uint32_t *frames, size_t depth)
{
    return s->depth == depth &&
           (depth == 0 ||
               memcmp(s->frames, frames, depth * sizeof(*frames)) == 0);
}

uint32_t batch_stack(struct batch *b, const uint32_t *frames, size_t depth)
{
    uint64_t hit;
    size_t at = 0;

    if (depth > BATCH_MAX_DEPTH) {
        depth = BATCH_MAX_DEPTH;
        b->truncated++;
    }
    uint64_t key =
        fk_hash_bytes(fk_hash_seed(), frames, depth * sizeof(*frames));
    while ((hit = fk_map_next(&b->stack_map, key, &at)) != FK_MAP_NONE)
        if (stack_eq(&b->stacks[hit], frames, depth))
            return (uint32_t)hit;
    struct store_stack *stacks = grow(b, b->stacks, &b->cap_stacks,
        b->num_stacks, sizeof(*stacks), BATCH_MAX_STACKS);
    if (!stacks)
        return 0;
    b->stacks = stacks;
    uint32_t *copy = fk_arena_array(b->arena, depth + 1, sizeof(*copy));
    if (!copy)
        return fail(b, FK_ERR_LIMIT);
    enum fk_err err = fk_map_add(&b->stack_map, key, b->num_stacks);
    if (err)
        return fail(b, err);
    if (depth > 0)
        memcpy(copy, frames, depth * sizeof(*copy));
    stacks[b->num_stacks] = (struct store_stack){copy, (uint32_t)depth};
    return (uint32_t)b->num_stacks++;
}

static int by_stack(const void *left, const void *right)
{
    const struct store_value *a = left, *b = right;

    return (a->stack > b->stack) - (a->stack < b->stack);
}

size_t batch_fold(struct batch *b, struct store_value *values, size_t n)
{
    size_t kept = 0;

    if (n > 1)
        qsort(values, n, sizeof(*values), by_stack);
    for (size_t i = 0; i < n; i++) {
        struct store_value *last = kept ? &values[kept - 1] : NULL;
        if (values[i].value == 0)
            continue;
        if (!last || last->stack != values[i].stack)
            values[kept++] = values[i];
        else if (__builtin_add_overflow(
                     last->value, values[i].value, &last->value))
            fail(b, FK_ERR_FORMAT);
    }
    return kept;
}

void batch_profile(struct batch *b, const struct store_profile *profile)
{
    struct store_profile *profiles = grow(b, b->profiles, &b->cap_profiles,
        b->num_profiles, sizeof(*profiles), BATCH_MAX_PROFILES);

    if (!profiles)
        return;
    b->profiles = profiles;
    profiles[b->num_profiles++] = *profile;
}

struct store_batch batch_view(const struct batch *b)
{
    return (struct store_batch){b->frames, b->num_frames, b->stacks,
        b->num_stacks, b->profiles, b->num_profiles};
}
