/* Objects across time: found by the loader, given a table, published in
 * snapshots, kept a while after they are gone. */
#include "agent/objects.h"

#include "agent/elf.h"
#include "agent/frames.h"
#include "agent/lines.h"
#include "agent/loader.h"
#include "agent/lookup.h"
#include "agent/peek.h"
#include "agent/symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    /* .eh_frame of the largest browsers is 30 MB. */
    IMAGE_BYTES_MAX = 128 << 20,
    NOTE_BYTES_MAX = 4096,
    GRACE = 2, /* generations that may still mention an old snapshot */
};

/* All of it belongs to the agent thread. */
static struct {
    struct fk_loader loader;
    struct fk_object *all; /* live and recently unloaded */
    struct fk_objects *newest, *retired;
    unsigned answers;
    uint16_t epoch;
    size_t table_bytes, limit;
} state = {.limit = FK_CFI_BYTES_MAX};

void fk_objects_limit(size_t table_bytes)
{
    state.limit = table_bytes;
}

/* ---- one object
 * --------------------------------------------------------------- */

static void read_build_id(struct fk_object *object, uintptr_t at, size_t size)
{
    uint8_t notes[NOTE_BYTES_MAX];
    size_t have = fk_peek(notes, at, size < sizeof notes ? size : sizeof notes);
    object->build_id_len = (unsigned)fk_elf_note_build_id(
        notes, have, object->build_id, FK_BUILD_ID_MAX);
}

static char *path_of(const char *name)
{
    static const char gone[] = " (deleted)";
    char path[4096];
    if (*name)
        return strdup(name);
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len <= 0)
        return strdup("[program]");
    path[len] = '\0';
    size_t tail = sizeof gone - 1;
    if ((size_t)len > tail && !strcmp(path + len - tail, gone))
        path[(size_t)len - tail] = '\0';
    return strdup(path);
}

/* The bytes of .eh_frame_hdr and .eh_frame, copied: the object may be unloaded
 * while we read. NULL when there are none or they are out of reach; the caller
 * frees. */
static uint8_t *read_image(const struct fk_loaded *l, struct fk_image *image)
{
    uint8_t head[16];
    if (!l->hdr_hi || fk_peek(head, l->hdr, sizeof head) < sizeof head)
        return NULL;
    struct fk_image front = {head, sizeof head, l->hdr};
    struct fk_cursor c = fk_cursor_at(&front, l->hdr + 4);
    uintptr_t frames = fk_cursor_pointer(&c, head[1], l->hdr);
    if (c.bad || frames < l->hdr_lo || frames >= l->hdr_hi)
        return NULL;
    uintptr_t start = frames < l->hdr ? frames : l->hdr;
    size_t size = l->hdr_hi - start;
    uint8_t *bytes = size <= IMAGE_BYTES_MAX ? malloc(size) : NULL;
    if (bytes)
        *image = (struct fk_image){bytes, fk_peek(bytes, start, size), start};
    return bytes;
}

static void build_table(struct fk_object *object, const struct fk_loaded *l)
{
    struct fk_image image;
    struct fk_range code = {l->lo, l->hi};
    uintptr_t hdr = l->hdr;
    uint8_t *bytes = hdr ? read_image(l, &image) : NULL;
    if (!hdr) {
        bytes = fk_frames_image(object, &image);
        hdr = bytes ? image.address : 0;
    }
    if (!bytes)
        return;
    size_t left =
        state.limit > state.table_bytes ? state.limit - state.table_bytes : 0;
    if (!fk_cfi_build(&object->cfi, &image, hdr, code, left))
        state.table_bytes += object->cfi.bytes;
    free(bytes);
}

static void free_object(struct fk_object *object)
{
    if (!object)
        return;
    state.table_bytes -= object->cfi.bytes;
    fk_cfi_free(&object->cfi);
    fk_symbols_free(object->symbols);
    fk_lines_free(object->lines);
    free(object->path);
    free(object);
}

/* Everything but the table. */
static struct fk_object *new_object(
    const struct fk_loaded *l, const char *loaded_name)
{
    struct fk_object *object = calloc(1, sizeof *object);
    if (!object)
        return NULL;
    object->lo = l->lo;
    object->hi = l->hi;
    object->base = l->base;
    object->lo_offset = l->lo_offset;
    object->program = !*loaded_name;
    for (size_t i = 0; i < FK_NOTES_MAX && !object->build_id_len; i++)
        if (l->notes[i].size)
            read_build_id(object, l->notes[i].at, l->notes[i].size);
    object->path = path_of(loaded_name);
    if (!object->path) {
        free(object);
        return NULL;
    }
    const char *slash = strrchr(object->path, '/');
    object->name = slash ? slash + 1 : object->path;
    return object;
}

/* The same code at the same place? Without build ids we cannot know once
 * anything was unloaded. */
static bool same_object(const struct fk_object *a, const struct fk_object *b)
{
    return a->lo == b->lo && a->hi == b->hi && a->base == b->base &&
           a->build_id_len == b->build_id_len &&
           !memcmp(a->build_id, b->build_id, a->build_id_len) &&
           (a->build_id_len || !state.loader.unloaded || a->program) &&
           !strcmp(a->path, b->path);
}

/* The known object that `l` is, or a new one with its table. */
static struct fk_object *find_or_build(const struct fk_loaded *l)
{
    struct fk_object *fresh = new_object(l, state.loader.names + l->name);
    if (!fresh)
        return NULL;
    for (struct fk_object *o = state.all; o; o = o->next) {
        if (!same_object(o, fresh))
            continue;
        free_object(fresh);
        return o;
    }
    build_table(fresh, l);
    fresh->next = state.all;
    state.all = fresh;
    return fresh;
}

/* ---- snapshots
 * -------------------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    const struct fk_span *x = a, *y = b;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

static int fill(struct fk_objects *objects)
{
    const struct fk_loader *loader = &state.loader;
    for (size_t i = 0; i < loader->count; i++) {
        const struct fk_loaded *l = &loader->list[i];
        if (l->lo == l->hi)
            continue;
        struct fk_object *object = find_or_build(l);
        if (!object)
            return -ENOMEM;
        object->seen = state.answers + 1;
        object->reclaims = 0;
        objects->spans[objects->count++] =
            (struct fk_span){object->lo, object->hi, object};
    }
    qsort(objects->spans, objects->count, sizeof *objects->spans, by_address);
    return 0;
}

static void publish(struct fk_objects *objects)
{
    if (++state.epoch == 0)
        state.epoch = 1;
    objects->epoch = state.epoch;
    fk_objects_publish(objects);
    if (state.newest) {
        state.newest->next = state.retired;
        state.retired = state.newest;
    }
    state.newest = objects;
}

int fk_objects_refresh(void)
{
    int asked = fk_loader_ask(&state.loader);
    if (asked <= 0)
        return asked;
    struct fk_objects *objects = calloc(
        1, sizeof *objects + state.loader.count * sizeof(struct fk_span));
    int err = objects ? fill(objects) : -ENOMEM;
    if (err) {
        free(objects);
        fk_loader_forget(&state.loader);
        return err;
    }
    state.answers++;
    publish(objects);
    return 1;
}

static void reclaim_snapshots(void)
{
    for (struct fk_objects **at = &state.retired; *at;) {
        struct fk_objects *s = *at;
        if (++s->reclaims < GRACE) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        free(s);
    }
}

/* Also true for one that a failed refresh has already seen. */
static bool is_live(const struct fk_object *object)
{
    return object->seen >= state.answers;
}

void fk_objects_reclaim(void)
{
    reclaim_snapshots();
    for (struct fk_object **at = &state.all; *at;) {
        struct fk_object *o = *at;
        if (is_live(o) || ++o->reclaims < GRACE) {
            at = &o->next;
            continue;
        }
        *at = o->next;
        free_object(o);
    }
}

struct fk_object *fk_objects_locate(uintptr_t pc)
{
    struct fk_object *found = NULL;
    for (struct fk_object *o = state.all; o; o = o->next) {
        if (pc < o->lo || pc >= o->hi)
            continue;
        if (found)
            return NULL;
        found = o;
    }
    return found;
}

void fk_objects_stats(struct fk_objects_stats *stats)
{
    *stats = (struct fk_objects_stats){.table_bytes = state.table_bytes};
    for (const struct fk_object *o = state.all; o; o = o->next) {
        if (!is_live(o))
            continue;
        stats->objects++;
        stats->rows += o->cfi.row_count;
        stats->without_table += !o->cfi.row_count;
    }
}

void fk_objects_fini(void)
{
    fk_objects_publish(NULL);
    while (state.all) {
        struct fk_object *next = state.all->next;
        free_object(state.all);
        state.all = next;
    }
    for (unsigned i = 0; i < GRACE; i++)
        reclaim_snapshots();
    free(state.newest);
    fk_loader_fini(&state.loader);
    state.newest = NULL;
}
