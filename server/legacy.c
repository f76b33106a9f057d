#include "server/legacy.h"

#include "server/ingest_name.h"
#include "server/query_labels.h"

#include <stdlib.h>

enum { MAX_ID = 4096 };

/* Everything in front of the braces. */
static struct fk_slice front_of(struct fk_slice text)
{
    ptrdiff_t brace = fk_slice_find(text, '{');

    return fk_slice_trim(
        fk_slice_sub(text, 0, brace < 0 ? text.len : (size_t)brace));
}

bool legacy_is(struct fk_slice text)
{
    struct fk_slice front = front_of(text);

    return front.len && fk_slice_find(front, ':') < 0;
}

/* ---- what is in the braces ---------------------------------------------- */

static enum fk_err add_pairs(struct fk_slice text, struct selector *out,
    struct fk_slice *app, struct fk_diag *diag)
{
    struct ingest_name name;
    enum fk_err err = ingest_name_parse(text, &name, diag);

    if (err)
        return err;
    *app = name.app;
    selector_init(out);
    for (uint32_t i = 0; i < name.labels.count && !err; i++)
        err = selector_add_eq(
            out, name.labels.pair[i].name, name.labels.pair[i].value);
    return err;
}

static enum fk_err read_braces(struct fk_slice text, bool is_name,
    struct fk_arena *arena, struct selector *out, struct fk_slice *app,
    struct fk_diag *diag)
{
    struct fk_slice braces;

    if (is_name)
        return add_pairs(text, out, app, diag);
    *app = front_of(text);
    braces =
        fk_slice_sub(text, (size_t)(app->ptr - text.ptr) + app->len, text.len);
    selector_init(out);
    return fk_slice_trim(braces).len ? selector_parse(braces, arena, out, diag)
                                     : FK_OK;
}

/* ---- what is in front of them -------------------------------------------- */

/* What a name may stand for. */
struct meaning {
    struct fk_slice service, metric, type; /* empty: any */
};

static enum fk_err add_meaning(struct selector *s, const struct meaning *m)
{
    const struct fk_slice row[][2] = {
        {FK_SLICE("service_name"), m->service},
        {FK_SLICE("__name__"), m->metric},
        {FK_SLICE("__type__"), m->type},
    };
    enum fk_err err = FK_OK;

    for (size_t i = 0; i < sizeof row / sizeof *row && !err; i++)
        if (row[i][1].len)
            err = selector_add_eq(s, row[i][0], row[i][1]);
    return err;
}

/* The last meaning is the one of a name that nothing is stored under. */
static size_t meanings_of(struct fk_slice app, struct meaning out[2])
{
    const struct ingest_kind *kind;
    struct fk_slice service;
    size_t n = 0;
    ptrdiff_t dot = fk_slice_rfind(app, '.');

    if (ingest_kind_of(app, &kind, &service, NULL) == FK_OK) {
        out[n++] = (struct meaning){
            service, fk_slice_of(kind->metric), fk_slice_of(kind->type)};
        return n;
    }
    if (dot > 0)
        out[n++] =
            (struct meaning){.service = fk_slice_sub(app, 0, (size_t)dot),
                .type = fk_slice_sub(app, (size_t)dot + 1, app.len)};
    out[n++] = (struct meaning){app, FK_SLICE("process_cpu"), FK_SLICE("cpu")};
    return n;
}

/* The first type of the series that match; empty: there is none. */
static enum fk_err first_type(const struct query *q, struct query_labels *what,
    struct fk_arena *arena, struct fk_slice *id)
{
    struct intern set;

    intern_init(&set, QUERY_LABELS_MAX, QUERY_LABELS_MAX_BYTES);
    enum fk_err err = query_labels_values(q, what, &set);
    uint32_t *order = err ? NULL : intern_sorted(&set, NULL);
    if (order && set.count)
        *id = fk_arena_dup(arena, set.text[order[0]]);
    if (!err && (!order || (set.count && !id->ptr)))
        err = FK_ERR_NOMEM;
    free(order);
    intern_fini(&set);
    return err;
}

/* With data in the time that is asked for, or else in any: a comparison with
 * a time without data is one of the same types. */
static enum fk_err find_type(const struct query *q,
    const struct query_select *select, struct fk_arena *arena,
    struct fk_slice *id)
{
    struct query_labels now = {.selector = &select->selector,
        .t0 = select->t0,
        .t1 = select->t1,
        .name = FK_SLICE("__profile_type__")};
    struct query_labels ever = {.selector = now.selector, .name = now.name};
    enum fk_err err = first_type(q, &now, arena, id);

    return err || id->len ? err : first_type(q, &ever, arena, id);
}

static enum fk_err take_type(struct query_select *s, struct fk_slice id,
    const struct meaning *m, struct fk_arena *arena, struct fk_diag *diag)
{
    struct fk_buf made;

    fk_buf_init(&made, MAX_ID);
    if (!id.len) {
        fk_buf_printf(&made,
            FK_SLICE_FMT ":" FK_SLICE_FMT ":::", FK_SLICE_ARG(m->metric),
            FK_SLICE_ARG(m->type));
        id = fk_arena_dup(arena, fk_buf_slice(&made));
    }
    enum fk_err err = made.err ? made.err : FK_OK;
    fk_buf_fini(&made);
    if (!err)
        err = profile_type_parse(id, &s->type, diag);
    if (!err)
        err = selector_add_eq(
            &s->selector, FK_SLICE("__profile_type__"), s->type.id);
    return err;
}

enum fk_err legacy_labels(struct fk_slice text, struct fk_arena *arena,
    struct selector *out, struct fk_diag *diag)
{
    struct fk_slice app;
    struct meaning m[2];

    selector_init(out);
    if (!text.len)
        return FK_OK;
    if (!legacy_is(text))
        return selector_parse(text, arena, out, diag);
    enum fk_err err = read_braces(text, false, arena, out, &app, diag);
    if (!err)
        meanings_of(app, m);
    return err ? err : add_meaning(out, &m[0]);
}

enum fk_err legacy_select(const struct query *q, struct fk_slice text,
    bool is_name, struct fk_arena *arena, struct query_select *out,
    struct fk_diag *diag)
{
    struct fk_slice app, id = {0};
    struct meaning m[2];
    enum fk_err err =
        read_braces(text, is_name, arena, &out->selector, &app, diag);

    if (err)
        return err;
    const struct selector braces = out->selector;
    size_t n = meanings_of(app, m), i = 0;
    for (; i < n && !id.len && !err; i++) {
        out->selector = braces;
        err = add_meaning(&out->selector, &m[i]);
        if (!err)
            err = find_type(q, out, arena, &id);
    }
    return err ? err : take_type(out, id, &m[i - 1], arena, diag);
}

void legacy_name(
    struct fk_slice service, struct fk_slice id, struct fk_buf *out)
{
    struct profile_type type;

    if (profile_type_parse(id, &type, NULL) != FK_OK)
        return;
    const char *tail = ingest_tail_of(type.name, type.sample_type);
    fk_buf_add_slice(out, service);
    fk_buf_addc(out, '.');
    fk_buf_add_slice(out, tail ? fk_slice_of(tail) : type.sample_type);
}
