#include "server/query_labels.h"

enum { MAX_SET_BYTES = 1 << 20 };

struct walk {
    const struct query_labels *what;
    struct intern *out;
};

static enum fk_err add_names(void *arg, const struct store_series *s)
{
    struct walk *w = arg;
    enum fk_err err = FK_OK;
    uint32_t number;
    for (uint32_t i = 0; i < s->labels->count && !err; i++)
        if (label_filter_takes(&w->what->filter, s->labels->pair[i].name))
            err = intern_put(w->out, s->labels->pair[i].name, &number);
    return err;
}

static enum fk_err add_value(void *arg, const struct store_series *s)
{
    struct walk *w = arg;
    uint32_t number;
    struct fk_slice value = fk_labels_get(s->labels, w->what->name);
    return value.len ? intern_put(w->out, value, &number) : FK_OK;
}

static enum fk_err add_set(void *arg, const struct store_series *s)
{
    struct walk *w = arg;
    struct fk_buf bytes;
    uint32_t number;
    fk_buf_init(&bytes, MAX_SET_BYTES);
    label_bytes_add(&bytes, s->labels, &w->what->filter);
    enum fk_err err = bytes.err;
    if (!err && bytes.len)
        err = intern_put(w->out, fk_buf_slice(&bytes), &number);
    fk_buf_fini(&bytes);
    return err;
}

static enum fk_err visit(const struct query *q, const struct query_labels *what,
    store_series_fn fn, struct intern *out)
{
    struct walk w = {what, out};
    enum fk_err err = FK_OK;
    for (uint32_t i = 0; i < query_tenants(q) && !err; i++)
        err = q->store->ops->series(
            query_tenant(q, i), what->selector, what->t0, what->t1, fn, &w);
    return err;
}

enum fk_err query_labels_names(
    const struct query *q, const struct query_labels *what, struct intern *out)
{
    return visit(q, what, add_names, out);
}

enum fk_err query_labels_values(
    const struct query *q, const struct query_labels *what, struct intern *out)
{
    return visit(q, what, add_value, out);
}

enum fk_err query_labels_sets(
    const struct query *q, const struct query_labels *what, struct intern *out)
{
    return visit(q, what, add_set, out);
}
