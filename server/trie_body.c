#include "server/trie_body.h"

#include "common/pb.h"

#include <string.h>

/* A node whose children are being read. */
struct level {
    uint32_t children; /* still to come */
    uint32_t key_len;  /* of the path up to here */
};

struct walk {
    const uint8_t *start, *at, *end;
    size_t node; /* from 0, for messages */
    stacks_fn fn;
    void *arg;
    struct fk_diag *diag;
    size_t depth;
    struct level level[TRIE_BODY_MAX_DEPTH];
    /* The path at hand: its text, of a trie, or its names, of a tree. */
    char key[TRIE_BODY_MAX_NAME + 1];
    struct fk_slice name[TRIE_BODY_MAX_DEPTH];
};

struct node {
    struct fk_slice name;
    uint64_t value, children;
};

/* What a form makes of a node: extends the path, tells the stack. */
typedef enum fk_err (*node_fn)(struct walk *w, const struct node *n);

static enum fk_err broken(struct walk *w, const char *what)
{
    return fk_diag_set(w->diag, FK_ERR_FORMAT, "node %zu (byte %td): %s",
        w->node, w->at - w->start, what);
}

static enum fk_err read_node(struct walk *w, struct node *n)
{
    uint64_t len;

    if (!fk_varint_read(&w->at, w->end, &len))
        return broken(w, "the body ends where the length of a name should be");
    if (len > TRIE_BODY_MAX_NAME)
        return broken(w, "the name is longer than 65535 bytes");
    if (len > (uint64_t)(w->end - w->at))
        return broken(w, "the body ends inside of the name");
    n->name = (struct fk_slice){(const char *)w->at, len};
    w->at += len;
    if (!fk_varint_read(&w->at, w->end, &n->value))
        return broken(w, "the body ends where the value should be");
    if (n->value > INT64_MAX)
        return broken(w, "the value does not fit 63 bits");
    if (!fk_varint_read(&w->at, w->end, &n->children))
        return broken(w, "the body ends where the number of children should "
                         "be");
    if (n->children > TRIE_BODY_MAX_CHILDREN)
        return broken(w, "it has more than 16000 children");
    return FK_OK;
}

static enum fk_err tell(
    struct walk *w, const struct fk_slice *frames, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++)
        if (!fk_slice_utf8(frames[i]))
            return broken(w, "a name on the way to it is not UTF-8 text");
    return n > 0 ? w->fn(w->arg, frames, n, (int64_t)value) : FK_OK;
}

static enum fk_err trie_node(struct walk *w, const struct node *n)
{
    struct fk_slice frames[STACKS_MAX_DEPTH];
    size_t len = w->depth > 0 ? w->level[w->depth - 1].key_len : 0;

    if (len + n->name.len > TRIE_BODY_MAX_NAME)
        return broken(w, "the stack is longer than 65535 bytes");
    if (n->name.len > 0)
        memcpy(w->key + len, n->name.ptr, n->name.len);
    len += n->name.len;
    w->level[w->depth].key_len = (uint32_t)len;
    if (n->value == 0)
        return FK_OK;
    size_t count = stacks_split((struct fk_slice){w->key, len}, frames);
    return tell(w, frames, count, n->value);
}

static enum fk_err tree_node(struct walk *w, const struct node *n)
{
    size_t count = w->depth > 0 ? w->level[w->depth - 1].key_len : 0;

    if (n->name.len > 0)
        w->name[count++] = n->name;
    w->level[w->depth].key_len = (uint32_t)count;
    if (n->value == 0)
        return FK_OK;
    return tell(w, w->name, count < STACKS_MAX_DEPTH ? count : STACKS_MAX_DEPTH,
        n->value);
}

static enum fk_err walk_nodes(struct walk *w, node_fn fn)
{
    struct node n;

    do {
        if (w->depth == TRIE_BODY_MAX_DEPTH)
            return broken(w, "it is nested deeper than 2000 nodes");
        enum fk_err err = read_node(w, &n);
        if (err == FK_OK)
            err = fn(w, &n);
        if (err)
            return err;
        w->node++;
        w->level[w->depth++].children = (uint32_t)n.children;
        while (w->depth > 0 && w->level[w->depth - 1].children == 0)
            w->depth--;
        if (w->depth > 0)
            w->level[w->depth - 1].children--;
    } while (w->depth > 0);
    return w->at == w->end ? FK_OK
                           : broken(w, "bytes follow behind the last node");
}

static enum fk_err read_body(struct fk_slice body, node_fn node, stacks_fn fn,
    void *arg, struct fk_diag *diag)
{
    struct walk w;

    w.start = w.at = (const uint8_t *)(body.len ? body.ptr : "");
    w.end = w.at + body.len;
    w.node = w.depth = 0;
    w.fn = fn;
    w.arg = arg;
    w.diag = diag;
    return walk_nodes(&w, node);
}

enum fk_err trie_body_read(
    struct fk_slice body, stacks_fn fn, void *arg, struct fk_diag *diag)
{
    return read_body(body, trie_node, fn, arg, diag);
}

enum fk_err tree_body_read(
    struct fk_slice body, stacks_fn fn, void *arg, struct fk_diag *diag)
{
    return read_body(body, tree_node, fn, arg, diag);
}
