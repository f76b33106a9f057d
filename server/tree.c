#include "server/tree.h"

#include "common/array.h"
#include "common/hash.h"
#include "common/pb.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_NAME_BYTES = 512 << 20,
    PENDING = 0,
    NODES_BETWEEN_LOOKS = 1 << 14,
};

static enum fk_err look(const struct tree *t)
{
    return t->given_up && t->given_up(t->given_up_arg) ? FK_ERR_CANCELLED
                                                       : FK_OK;
}

int64_t tree_sum(int64_t a, int64_t b)
{
    int64_t r;
    if (!__builtin_add_overflow(a, b, &r))
        return r;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

/* ---- adding ------------------------------------------------------------ */

static enum fk_err append(
    struct tree *t, uint32_t parent, uint32_t name, uint32_t *out)
{
    if (t->count == TREE_MAX_NODES)
        return FK_ERR_LIMIT;
    struct tree_node *node =
        fk_array_more(t->node, t->count, &t->cap, sizeof *node);
    if (!node)
        return FK_ERR_NOMEM;
    t->node = node;
    t->node[t->count] = (struct tree_node){.parent = parent, .name = name};
    *out = t->count++;
    return FK_OK;
}

enum fk_err tree_init(struct tree *t)
{
    uint32_t name = 0, root;
    memset(t, 0, sizeof *t);
    intern_init(&t->names, TREE_MAX_NODES, MAX_NAME_BYTES);
    fk_map_init(&t->children, TREE_MAX_NODES);
    enum fk_err err = intern_put(&t->names, FK_SLICE("total"), &name);
    return err ? err : append(t, TREE_NONE, name, &root);
}

void tree_fini(struct tree *t)
{
    intern_fini(&t->names);
    fk_map_fini(&t->children);
    free(t->node);
    t->node = NULL;
}

static enum fk_err child(
    struct tree *t, uint32_t parent, uint32_t name, uint32_t *out)
{
    /* The mix is a bijection: equal keys are equal pairs. */
    uint64_t key = fk_hash_mix((uint64_t)parent << 32 | name);
    uint64_t found = fk_map_get(&t->children, key);
    if (found != FK_MAP_NONE) {
        *out = (uint32_t)found;
        return FK_OK;
    }
    enum fk_err err = append(t, parent, name, out);
    return err ? err : fk_map_put(&t->children, key, *out);
}

/* Each frame is asked for its name once. */
static enum fk_err name_of(struct tree *t, struct fk_map *known,
    const struct tree_source *s, uint32_t frame, uint32_t *name)
{
    uint64_t key = fk_hash_mix(frame), found = fk_map_get(known, key);
    if (found != FK_MAP_NONE) {
        *name = (uint32_t)found;
        return FK_OK;
    }
    struct fk_slice text;
    enum fk_err err = s->name(s->arg, frame, &text);
    if (!err)
        err = intern_put(&t->names, text, name);
    return err ? err : fk_map_put(known, key, *name);
}

enum fk_err tree_add(struct tree *t, const struct tree_source *s, int side)
{
    struct fk_map known;
    fk_map_init(&known, TREE_MAX_NODES);
    enum fk_err err = FK_OK;
    /* Where each trie node goes: nowhere, or PENDING once a value at or below
     * it says that it is needed, which its ancestors learn going backwards.
     * PENDING is the root's number, so the root is in place already. */
    uint32_t *to = malloc(((size_t)s->count + 1) * sizeof *to);
    if (!to)
        return FK_ERR_NOMEM;
    memset(to, 0xff, s->count * sizeof *to);
    for (uint32_t i = s->count; i-- > 1;)
        if (s->self[i] || to[i] == PENDING)
            to[i] = to[s->parent[i]] = PENDING;
    for (uint32_t i = 1; i < s->count && !err; i++) {
        uint32_t name;
        if (i % NODES_BETWEEN_LOOKS == 0 && (err = look(t)))
            break;
        if (to[i] != PENDING)
            continue;
        err = name_of(t, &known, s, s->frame[i], &name);
        if (!err)
            err = child(t, to[s->parent[i]], name, &to[i]);
        if (err)
            break;
        int64_t *self = &t->node[to[i]].self[side];
        *self = tree_sum(*self, s->self[i]);
    }
    free(to);
    fk_map_fini(&known);
    return err;
}

/* ---- finishing --------------------------------------------------------- */

static void add_up(struct tree *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        memcpy(t->node[i].total, t->node[i].self, sizeof t->node[i].total);
    for (uint32_t i = t->count; i-- > 1;) {
        const struct tree_node *n = &t->node[i];
        int64_t *up = t->node[n->parent].total;
        for (int s = 0; s < TREE_SIDES; s++)
            up[s] = tree_sum(up[s], n->total[s]);
    }
}

/* `by[]` = all nodes but the root, stably sorted by key(node) < keys. */
static bool counting_sort(const struct tree *t, const uint32_t *from,
    const uint32_t *key_of_node, uint32_t keys, uint32_t *by)
{
    uint32_t *start = calloc((size_t)keys + 1, sizeof *start);
    if (!start)
        return false;
    for (uint32_t i = 1; i < t->count; i++)
        start[key_of_node[i] + 1]++;
    for (uint32_t k = 0; k < keys; k++)
        start[k + 1] += start[k];
    for (uint32_t i = 0; i + 1 < t->count; i++) {
        uint32_t node = from ? from[i] : i + 1;
        by[start[key_of_node[node]]++] = node;
    }
    free(start);
    return true;
}

/* All nodes grouped by parent, siblings in name order. */
static bool sort_siblings(
    const struct tree *t, uint32_t *scratch, uint32_t *siblings)
{
    uint32_t *key = calloc(t->count, sizeof *key);
    uint32_t *order = intern_sorted(&t->names, NULL);
    uint32_t *rank = malloc(t->names.count * sizeof *rank);
    bool ok = key && order && rank;
    if (ok) {
        for (uint32_t i = 0; i < t->names.count; i++)
            rank[order[i]] = i;
        for (uint32_t i = 1; i < t->count; i++)
            key[i] = rank[t->node[i].name];
        ok = counting_sort(t, NULL, key, t->names.count, scratch);
    }
    if (ok) {
        for (uint32_t i = 1; i < t->count; i++)
            key[i] = t->node[i].parent;
        ok = counting_sort(t, scratch, key, t->count, siblings);
    }
    free(rank);
    free(order);
    free(key);
    return ok;
}

/* Number the nodes level by level. `siblings` as above; where a parent's
 * start is found in old_first. */
static void renumber(struct tree *t, struct tree_node *out,
    const uint32_t *siblings, uint32_t *old_first, uint32_t *old_of)
{
    for (uint32_t i = t->count - 1; i-- > 0;) {
        uint32_t parent = t->node[siblings[i]].parent;
        old_first[parent] = i;
        t->node[parent].count++;
    }
    uint32_t tail = 1;
    old_of[0] = 0;
    out[0] = t->node[0];
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t old = old_of[i];
        out[i].first = tail;
        for (uint32_t k = 0; k < out[i].count; k++, tail++) {
            old_of[tail] = siblings[old_first[old] + k];
            out[tail] = t->node[old_of[tail]];
            out[tail].parent = i;
        }
    }
}

enum fk_err tree_finish(struct tree *t)
{
    if (look(t))
        return FK_ERR_CANCELLED;
    uint32_t *scratch = malloc(t->count * sizeof *scratch);
    uint32_t *siblings = malloc(t->count * sizeof *siblings);
    uint32_t *first = calloc(t->count, sizeof *first);
    struct tree_node *out = malloc(t->count * sizeof *out);
    bool ok = scratch && siblings && first && out &&
              sort_siblings(t, scratch, siblings);
    if (ok) {
        add_up(t);
        renumber(t, out, siblings, first, scratch);
        free(t->node);
        t->node = out;
        t->cap = t->count;
        fk_map_clear(&t->children);
    } else {
        free(out);
    }
    free(scratch);
    free(siblings);
    free(first);
    return ok ? FK_OK : FK_ERR_NOMEM;
}

/* ---- pruning ----------------------------------------------------------- */

static int64_t weight(const struct tree_node *n)
{
    return n->total[TREE_LEFT] > n->total[TREE_RIGHT] ? n->total[TREE_LEFT]
                                                      : n->total[TREE_RIGHT];
}

static void sift_down(int64_t *heap, size_t n, size_t i)
{
    int64_t v = heap[i];
    for (size_t kid; (kid = 2 * i + 1) < n; i = kid) {
        if (kid + 1 < n && heap[kid + 1] < heap[kid])
            kid++;
        if (heap[kid] >= v)
            break;
        heap[i] = heap[kid];
    }
    heap[i] = v;
}

/* The max_nodes-th largest weight from node `first` on, found with a heap of
 * that size; 0 when there are no more nodes than that. */
static enum fk_err threshold(
    const struct tree *t, int64_t max_nodes, uint32_t first, int64_t *least)
{
    *least = 0;
    if (max_nodes < 1 || t->count - first <= max_nodes)
        return FK_OK;
    size_t n = (size_t)max_nodes;
    int64_t *heap = malloc(n * sizeof *heap);
    if (!heap)
        return FK_ERR_NOMEM;
    for (size_t i = 0; i < n; i++)
        heap[i] = weight(&t->node[first + i]);
    for (size_t i = n / 2; i-- > 0;)
        sift_down(heap, n, i);
    for (size_t i = first + n; i < t->count; i++) {
        int64_t w = weight(&t->node[i]);
        if (w <= heap[0])
            continue;
        heap[0] = w;
        sift_down(heap, n, 0);
    }
    *least = heap[0];
    free(heap);
    return FK_OK;
}

/* Copy the children of a kept node that stay; sum up the rest. */
static uint32_t keep_children(const struct tree *t, uint32_t parent,
    int64_t least, uint32_t *kept, struct tree_node *other)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < t->node[parent].count; k++) {
        uint32_t i = t->node[parent].first + k;
        const struct tree_node *c = &t->node[i];
        if (weight(c) >= least && c->name != other->name) {
            kept[n++] = i;
            continue;
        }
        for (int s = 0; s < TREE_SIDES; s++)
            other->total[s] = tree_sum(other->total[s], c->total[s]);
    }
    memcpy(other->self, other->total, sizeof other->self);
    return n;
}

static uint32_t rebuild(const struct tree *t, int64_t least,
    uint32_t other_name, struct tree_node *out, uint32_t *old_of)
{
    uint32_t tail = 1;
    out[0] = t->node[0];
    old_of[0] = 0;
    for (uint32_t i = 0; i < tail; i++) {
        out[i].first = tail;
        out[i].count = 0;
        if (old_of[i] == TREE_NONE)
            continue;
        struct tree_node other = {.parent = i, .name = other_name};
        uint32_t n = keep_children(t, old_of[i], least, &old_of[tail], &other);
        for (uint32_t k = 0; k < n; k++, tail++) {
            out[tail] = t->node[old_of[tail]];
            out[tail].parent = i;
        }
        if (other.total[TREE_LEFT] || other.total[TREE_RIGHT]) {
            old_of[tail] = TREE_NONE;
            out[tail++] = other;
        }
        out[i].count = tail - out[i].first;
    }
    return tail;
}

enum fk_err tree_prune(struct tree *t, int64_t max_nodes, int sides)
{
    uint32_t other = 0;
    int64_t least = 0;
    enum fk_err err = look(t);
    if (!err)
        err = threshold(t, max_nodes, sides == 1 ? 1 : 0, &least);
    if (!err)
        err = intern_put(&t->names, FK_SLICE("other"), &other);
    if (err)
        return err;
    struct tree_node *out = malloc(t->count * sizeof *out);
    uint32_t *old_of = malloc(t->count * sizeof *old_of);
    if (out && old_of) {
        t->count = rebuild(t, least, other, out, old_of);
        t->cap = t->count;
        struct tree_node *before = t->node;
        t->node = out;
        out = before;
    } else {
        err = FK_ERR_NOMEM;
    }
    free(out);
    free(old_of);
    return err;
}

/* ---- bytes ------------------------------------------------------------- */

enum fk_err tree_write(const struct tree *t, struct fk_buf *out)
{
    if (t->count == 1)
        return FK_OK;
    uint32_t *stack = malloc(t->count * sizeof *stack), depth = 0;
    if (!stack)
        return FK_ERR_NOMEM;
    stack[depth++] = 0;
    while (depth) {
        uint32_t i = stack[--depth];
        const struct tree_node *n = &t->node[i];
        struct fk_slice name = t->names.text[n->name];
        fk_pb_add_varint(out, i ? name.len : 0);
        fk_buf_add(out, name.ptr, i ? name.len : 0);
        fk_pb_add_varint(out, (uint64_t)n->self[TREE_LEFT]);
        fk_pb_add_varint(out, n->count);
        for (uint32_t k = n->count; k-- > 0;)
            stack[depth++] = n->first + k;
    }
    free(stack);
    return out->err;
}
