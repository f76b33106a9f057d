#include "cli/stacks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/kit.h"
#include "common/gzip.h"
#include "common/hash.h"
#include "common/pprof_file.h"
#include "common/pprof_merge.h"

/* ---- the tree ------------------------------------------------------------
 */

static uint32_t add_node(
    struct stacks *s, uint32_t parent, struct fk_slice name)
{
    if (s->num_nodes == s->cap_nodes) {
        uint32_t cap = s->cap_nodes ? 2 * s->cap_nodes : 256;
        void *more = cap <= STACKS_MAX_NODES
                         ? realloc(s->nodes, cap * sizeof(*s->nodes))
                         : NULL;
        if (more == NULL)
            return STACKS_NONE;
        s->nodes = more;
        s->cap_nodes = cap;
    }
    uint32_t i = s->num_nodes++;
    s->nodes[i] = (struct stacks_node){.name = fk_arena_dup(&s->arena, name),
        .parent = parent,
        .first = STACKS_NONE,
        .next = STACKS_NONE};
    if (parent != STACKS_NONE) {
        struct stacks_node *above = &s->nodes[parent];
        s->nodes[i].next = above->first;
        s->nodes[i].depth = above->depth + 1;
        above->first = i;
    }
    if (s->nodes[i].depth > s->max_depth)
        s->max_depth = s->nodes[i].depth;
    return i;
}

static uint32_t child(struct stacks *s, uint32_t parent, struct fk_slice name)
{
    uint64_t hash = fk_hash_bytes(parent + 1, name.ptr, name.len), i;
    size_t at = 0;
    while ((i = fk_map_next(&s->children, hash, &at)) != FK_MAP_NONE)
        if (s->nodes[i].parent == parent && fk_slice_eq(s->nodes[i].name, name))
            return (uint32_t)i;
    uint32_t made = add_node(s, parent, name);
    if (made != STACKS_NONE && fk_map_add(&s->children, hash, made) != FK_OK)
        return STACKS_NONE;
    return made;
}

static bool add_stack(struct stacks *s, struct fk_slice stack, int64_t value)
{
    uint32_t at = 0;
    struct fk_slice name;
    while (at != STACKS_NONE && fk_slice_split(&stack, ';', &name))
        at = child(s, at, name);
    if (at == STACKS_NONE)
        return false;
    s->nodes[at].self += value;
    for (; at != STACKS_NONE; at = s->nodes[at].parent)
        s->nodes[at].total += value;
    return true;
}

/* ---- files ---------------------------------------------------------------
 */

static enum fk_err read_folded(struct stacks *s, const char *path,
    struct fk_slice text, struct fk_diag *diag)
{
    struct fk_slice line;
    for (unsigned n = 1; fk_slice_split(&text, '\n', &line); n++) {
        int64_t value;
        ptrdiff_t space = fk_slice_rfind(line, ' ');
        if (fk_slice_trim(line).len == 0)
            continue;
        if (space <= 0 ||
            !fk_slice_i64(
                fk_slice_sub(line, (size_t)space + 1, line.len), &value))
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "%s line %u is neither pprof nor folded text: want "
                "\"root;...;leaf NUMBER\"",
                path, n);
        if (!add_stack(s, fk_slice_sub(line, 0, (size_t)space), value))
            return fk_diag_set(diag, FK_ERR_LIMIT,
                "%s has more than %u different calls", path, STACKS_MAX_NODES);
    }
    return FK_OK;
}

static bool has_values(const struct fk_pprof *p, uint32_t type)
{
    for (uint32_t i = 0; i < p->num_samples; i++)
        if (p->samples[i].values[type] != 0)
            return true;
    return false;
}

static uint32_t choose_type(const struct fk_pprof *p, const char *wanted)
{
    if (wanted != NULL) {
        for (uint32_t i = 0; i < p->num_types; i++)
            if (fk_slice_eqz(p->types[i].type, wanted))
                return i;
        return p->num_types;
    }
    uint32_t shown = fk_pprof_default_type(p);
    for (uint32_t i = p->num_types; !has_values(p, shown) && i-- > 0;)
        if (has_values(p, i))
            return i;
    return shown;
}

static enum fk_err read_profile(struct stacks *s, const char *path,
    const struct fk_pprof *p, const char *wanted, struct fk_diag *diag)
{
    uint32_t type = choose_type(p, wanted);
    if (type >= p->num_types)
        return fk_diag_set(diag, FK_ERR_NOT_FOUND, "%s has no sample type %s",
            path, wanted ? wanted : "at all");
    s->type = fk_arena_dup(&s->arena, p->types[type].type);
    s->unit = fk_arena_dup(&s->arena, p->types[type].unit);
    struct fk_buf text;
    fk_buf_init(&text, STACKS_MAX_BYTES);
    enum fk_err err = fk_pprof_fold(p, type, &text);
    if (err != FK_OK)
        fk_diag_set(diag, err, "%s is too large", path);
    else
        err = read_folded(s, path, fk_buf_slice(&text), diag);
    fk_buf_fini(&text);
    return err;
}

static bool looks_folded(struct fk_slice bytes)
{
    for (size_t i = 0; i < bytes.len && i < 4096; i++)
        if ((unsigned char)bytes.ptr[i] < ' ' && bytes.ptr[i] != '\n' &&
            bytes.ptr[i] != '\t' && bytes.ptr[i] != '\r')
            return false;
    return true;
}

static enum fk_err read_plain(struct stacks *s, const char *path,
    struct fk_slice bytes, const char *wanted, struct fk_diag *diag)
{
    if (looks_folded(bytes))
        return read_folded(s, path, bytes, diag);
    const struct fk_pprof_limits limits = {.max_samples = UINT32_MAX};
    struct fk_arena arena;
    struct fk_pprof profile;
    struct fk_diag why = {""};
    fk_arena_init(&arena, 32 * STACKS_MAX_BYTES);
    enum fk_err err = fk_pprof_read(bytes, &limits, &arena, &profile, &why);
    if (err != FK_OK)
        fk_diag_set(diag, err, "%s is no profile: %s", path, why.text);
    else
        err = read_profile(s, path, &profile, wanted, diag);
    fk_arena_fini(&arena);
    return err;
}

static enum fk_err read_bytes(struct stacks *s, const char *path,
    const char *wanted, struct fk_diag *diag)
{
    struct fk_buf file, plain;
    fk_buf_init(&file, STACKS_MAX_BYTES);
    fk_buf_init(&plain, STACKS_MAX_BYTES);
    enum fk_err err = kit_read_file(path, STACKS_MAX_BYTES, &file, diag);
    struct fk_slice bytes = fk_buf_slice(&file);
    if (err == FK_OK && fk_gzip_is(bytes)) {
        err = fk_gzip_read(bytes, &plain, diag);
        bytes = fk_buf_slice(&plain);
    }
    if (err == FK_OK)
        err = read_plain(s, path, bytes, wanted, diag);
    fk_buf_fini(&file);
    fk_buf_fini(&plain);
    return err;
}

enum fk_err stacks_read(
    struct stacks *s, const char *path, const char *type, struct fk_diag *diag)
{
    *s = (struct stacks){.type = FK_SLICE("samples"), .unit = FK_SLICE("")};
    fk_arena_init(&s->arena, 2 * STACKS_MAX_BYTES);
    fk_map_init(&s->children, STACKS_MAX_NODES);
    enum fk_err err = add_node(s, STACKS_NONE, FK_SLICE("all")) == 0
                          ? read_bytes(s, path, type, diag)
                          : FK_ERR_NOMEM;
    if (err == FK_OK && s->arena.failed)
        err = fk_diag_set(diag, FK_ERR_LIMIT, "%s is too large", path);
    return err;
}

void stacks_fini(struct stacks *s)
{
    fk_arena_fini(&s->arena);
    fk_map_fini(&s->children);
    free(s->nodes);
}
