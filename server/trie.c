#include "server/trie.h"

#include "common/hash.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The frame and the text of ids 0 and 1 belong to the root and to "other". */
enum { FRAME_ROOT, FRAME_OTHER };

static void *reserve(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

static void unreserve(void *p, size_t bytes)
{
    if (p)
        munmap(p, bytes);
}

static bool add_text(struct trie *t, struct fk_slice text, uint64_t hash)
{
    uint32_t id = t->num_texts;
    if (id == t->limits.max_nodes)
        return false;
    struct fk_slice copy = fk_arena_dup(&t->arena, text);
    if (text.len && !copy.ptr)
        return false;
    if (fk_map_add(&t->text_ids, hash, id))
        return false;
    t->texts[id] = copy;
    atomic_store_explicit(&t->num_texts, id + 1, memory_order_release);
    return true;
}

static uint32_t intern_text(struct trie *t, struct fk_slice text)
{
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), text.ptr, text.len), id;
    size_t at = 0;
    while ((id = fk_map_next(&t->text_ids, hash, &at)) != FK_MAP_NONE)
        if (fk_slice_eq(t->texts[id], text))
            return (uint32_t)id;
    return add_text(t, text, hash) ? t->num_texts - 1 : TRIE_NONE;
}

/* Of both texts apart, so that ("ab", "c") and ("a", "bc") differ, and that
 * neither has to wait for the other. */
static uint64_t frame_hash(const struct store_frame *f)
{
    uint64_t seed = fk_hash_seed();
    uint64_t name = fk_hash_bytes(seed, f->name.ptr, f->name.len);
    uint64_t file = fk_hash_bytes(~seed, f->file.ptr, f->file.len);
    return fk_hash_mix((name + 3 * file) ^ (uint64_t)f->line);
}

static bool add_frame(struct trie *t, const struct trie_frame *f, uint64_t hash)
{
    uint32_t id = t->num_frames;
    if (id == t->limits.max_nodes || fk_map_add(&t->frame_ids, hash, id))
        return false;
    t->frames[id] = *f;
    atomic_store_explicit(&t->num_frames, id + 1, memory_order_release);
    return true;
}

uint32_t trie_intern_frame(struct trie *t, const struct store_frame *f)
{
    uint64_t hash = frame_hash(f), id;
    size_t at = 0;
    while ((id = fk_map_next(&t->frame_ids, hash, &at)) != FK_MAP_NONE) {
        const struct trie_frame *known = &t->frames[id];
        if (known->line == f->line &&
            fk_slice_eq(t->texts[known->name], f->name) &&
            fk_slice_eq(t->texts[known->file], f->file))
            return (uint32_t)id;
    }
    struct trie_frame new = {
        intern_text(t, f->name), intern_text(t, f->file), f->line};
    if (new.name == TRIE_NONE || new.file == TRIE_NONE)
        return TRIE_NONE;
    return add_frame(t, &new, hash) ? t->num_frames - 1 : TRIE_NONE;
}

static bool add_node(struct trie *t, uint32_t parent, uint32_t frame)
{
    uint32_t id = t->num_nodes;
    uint64_t key = (uint64_t)parent << 32 | frame;
    if (id == t->limits.max_nodes || fk_map_put(&t->children, key, id))
        return false;
    t->parent[id] = parent;
    t->frame[id] = frame;
    atomic_store_explicit(&t->num_nodes, id + 1, memory_order_release);
    return true;
}

static uint32_t walk(struct trie *t, const uint32_t *frames, uint32_t depth)
{
    uint32_t node = TRIE_ROOT;
    for (uint32_t i = 0; i < depth; i++) {
        if (frames[i] == TRIE_NONE)
            return TRIE_OTHER;
        uint64_t key = (uint64_t)node << 32 | frames[i];
        uint64_t child = fk_map_get(&t->children, key);
        if (child != FK_MAP_NONE)
            node = (uint32_t)child;
        else if (add_node(t, node, frames[i]))
            node = t->num_nodes - 1;
        else
            return TRIE_OTHER;
    }
    return node;
}

static bool is_stack(
    const struct trie *t, uint32_t node, const uint32_t *frames, uint32_t depth)
{
    while (depth && node && t->frame[node] == frames[depth - 1]) {
        node = t->parent[node];
        depth--;
    }
    return !depth && !node;
}

static void note_overflow(struct trie *t)
{
    char app[80];
    if (t->overflows++)
        return;
    snprintf(app, sizeof app, "%.*s", (int)t->name.len, t->name.ptr);
    fk_log(FK_LOG_WARN, "stacks_full",
        "app=%s nodes=%u why=\"it has more different stacks than are kept "
        "apart; new ones are added up as 'other' until the next day\"",
        fk_log_quote(app), (unsigned)t->num_nodes);
}

/* A stack seen before costs one hash of all its frames, five to eight times
 * less than the walk. */
uint32_t trie_intern_stack(
    struct trie *t, const uint32_t *frames, uint32_t depth)
{
    uint64_t hash =
        fk_hash_bytes(fk_hash_seed(), frames, depth * sizeof frames[0]);
    uint64_t known;
    size_t at = 0;
    while ((known = fk_map_next(&t->stack_nodes, hash, &at)) != FK_MAP_NONE)
        if (is_stack(t, (uint32_t)known, frames, depth))
            return (uint32_t)known;
    uint32_t node = walk(t, frames, depth);
    if (node == TRIE_OTHER && !is_stack(t, node, frames, depth))
        note_overflow(t);
    else if (fk_map_add(&t->stack_nodes, hash, node))
        return node; /* found by walking next time as well */
    return node;
}

void trie_view(struct trie *t, struct store_trie *out)
{
    out->count = atomic_load_explicit(&t->num_nodes, memory_order_acquire);
    out->parent = t->parent;
    out->frame = t->frame;
    out->app = t->app;
    out->hold = t;
}

bool trie_frame_at(struct trie *t, uint32_t frame, struct store_frame *out)
{
    if (frame >= atomic_load_explicit(&t->num_frames, memory_order_acquire))
        return false;
    const struct trie_frame *f = &t->frames[frame];
    *out = (struct store_frame){t->texts[f->name], t->texts[f->file], f->line};
    return true;
}

enum fk_err trie_load_text(struct trie *t, struct fk_slice text)
{
    uint64_t hash = fk_hash_bytes(fk_hash_seed(), text.ptr, text.len);
    return add_text(t, text, hash) ? FK_OK : FK_ERR_CORRUPT;
}

enum fk_err trie_load_frame(struct trie *t, const struct trie_frame *f)
{
    if (f->name >= t->num_texts || f->file >= t->num_texts)
        return FK_ERR_CORRUPT;
    struct store_frame full = {t->texts[f->name], t->texts[f->file], f->line};
    return add_frame(t, f, frame_hash(&full)) ? FK_OK : FK_ERR_CORRUPT;
}

enum fk_err trie_load_node(struct trie *t, uint32_t parent, uint32_t frame)
{
    if (parent >= t->num_nodes || frame >= t->num_frames)
        return FK_ERR_CORRUPT;
    return add_node(t, parent, frame) ? FK_OK : FK_ERR_CORRUPT;
}

/* The root is its own parent and nobody's child, hence not in `children`. */
static bool add_fixed_nodes(struct trie *t)
{
    struct store_frame none = {{"", 0}, {"", 0}, 0};
    struct store_frame other = {FK_SLICE("other"), {"", 0}, 0};
    if (trie_intern_frame(t, &none) != FRAME_ROOT ||
        trie_intern_frame(t, &other) != FRAME_OTHER)
        return false;
    t->num_nodes = 1;
    return add_node(t, TRIE_ROOT, FRAME_OTHER);
}

struct trie *trie_new(
    uint32_t id, struct fk_slice name, const struct trie_limits *limits)
{
    struct trie *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    size_t max = limits->max_nodes;
    t->id = id;
    t->limits = *limits;
    pthread_mutex_init(&t->lock, NULL);
    fk_arena_init(&t->arena, limits->max_text_bytes);
    fk_map_init(&t->children, max);
    fk_map_init(&t->stack_nodes, max);
    fk_map_init(&t->frame_ids, max);
    fk_map_init(&t->text_ids, max);
    t->parent = reserve(max * sizeof *t->parent);
    t->frame = reserve(max * sizeof *t->frame);
    t->frames = reserve(max * sizeof *t->frames);
    t->texts = reserve(max * sizeof *t->texts);
    t->name = fk_arena_dup(&t->arena, name);
    t->app = id;
    if (t->parent && t->frame && t->frames && t->texts && add_fixed_nodes(t))
        return t;
    trie_free(t);
    return NULL;
}

void trie_free(struct trie *t)
{
    if (!t)
        return;
    size_t max = t->limits.max_nodes;
    unreserve(t->parent, max * sizeof *t->parent);
    unreserve(t->frame, max * sizeof *t->frame);
    unreserve(t->frames, max * sizeof *t->frames);
    unreserve(t->texts, max * sizeof *t->texts);
    fk_map_fini(&t->children);
    fk_map_fini(&t->stack_nodes);
    fk_map_fini(&t->frame_ids);
    fk_map_fini(&t->text_ids);
    fk_arena_fini(&t->arena);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
