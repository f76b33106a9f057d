/*
 * /ingest of stacks by name: folded text, trie, tree, speedscope. The last
 * word of the app says what the values are.
 */
#include "server/folded.h"
#include "server/speedscope.h"
#include "server/trie_body.h"
#include "server/upload.h"

/* The precision that Pyroscope keeps of a weight's fraction. */
#define SPEEDSCOPE_STEPS 100

static struct ingest_source source_of(const struct upload *u)
{
    return (struct ingest_source){.labels = &u->labels,
        .fallback_ns = u->from_ns,
        .sample_rate = u->sample_rate,
        .duration_ns = u->duration_ns};
}

static enum fk_err set_kind(
    struct upload *u, struct fk_slice app, const struct ingest_kind **kind)
{
    struct fk_slice service;
    enum fk_err err = ingest_kind_of(app, kind, &service, &u->diag);

    if (err) {
        u->status = 400;
        return err;
    }
    err = upload_label(u, FK_SLICE("__name__"), fk_slice_of((*kind)->metric));
    return err ? err : upload_service(u, service, true);
}

static enum fk_err inflate(struct upload *u, size_t limit, struct fk_slice *out)
{
    struct request *r = u->request;

    return ingest_inflate(r, r->body, limit, out, &u->diag);
}

static enum fk_err add_stacks(struct upload *u, stacks_read_fn read)
{
    const struct ingest_kind *kind;
    struct ingest_stacks stacks;
    struct fk_slice body;
    enum fk_err err = set_kind(u, u->name.app, &kind);

    /* Spans are not kept apart from whole profiles. */
    if (err || fk_labels_get(&u->labels, FK_SLICE("profile_id")).len > 0)
        return err;
    const struct ingest_source source = source_of(u);
    err = inflate(u, UPLOAD_MAX_TEXT, &body);
    if (err == FK_OK)
        err = ingest_stacks_open(&stacks, &u->in, &source, kind, &u->diag);
    if (err)
        return err;
    err = read(body, ingest_stacks_add, &stacks, &u->diag);
    return ingest_stacks_close(&stacks, err, &u->diag);
}

enum fk_err upload_groups(struct upload *u)
{
    return add_stacks(u, folded_read_groups);
}

enum fk_err upload_lines(struct upload *u)
{
    return add_stacks(u, folded_read_lines);
}

enum fk_err upload_trie(struct upload *u)
{
    return add_stacks(u, trie_body_read);
}

enum fk_err upload_tree(struct upload *u)
{
    return add_stacks(u, tree_body_read);
}

/* ---- speedscope -------------------------------------------------------- */

/* Samples a second of a weight of 1/100 of the unit, where the client did not
 * say: weights of "none" are samples at 100 Hz. 0: values of no time. */
static double rate_of(const struct upload *u, enum speedscope_unit unit)
{
    static const double rates[SPEEDSCOPE_UNITS] = {
        [SPEEDSCOPE_NONE] = 1e4,
        [SPEEDSCOPE_NANOSECONDS] = 1e11,
        [SPEEDSCOPE_MICROSECONDS] = 1e8,
        [SPEEDSCOPE_MILLISECONDS] = 1e5,
        [SPEEDSCOPE_SECONDS] = 100,
        [SPEEDSCOPE_BYTES] = 0,
    };

    return u->sample_rate == 100 ? rates[unit] : u->sample_rate;
}

/* With more than one profile in the file each one's unit is its kind. */
static enum fk_err profile_kind(struct upload *u, size_t num_profiles,
    enum speedscope_unit unit, const struct ingest_kind **kind)
{
    struct fk_buf app;
    struct fk_slice name = u->name.app;

    if (num_profiles > 1 && unit != SPEEDSCOPE_NONE) {
        fk_buf_init(&app, (size_t)64 << 10);
        fk_buf_printf(&app, FK_SLICE_FMT ".%s", FK_SLICE_ARG(name),
            speedscope_unit_name(unit));
        name = fk_arena_dup(&u->request->arena, fk_buf_slice(&app));
        fk_buf_fini(&app);
    }
    return set_kind(u, name, kind);
}

static bool same(
    const struct speedscope_profile *a, const struct speedscope_profile *b)
{
    return fk_slice_eq(a->name, b->name) && a->evented == b->evented &&
           a->unit == b->unit && a->start <= b->start && a->start >= b->start;
}

/* Profile `first` and all behind it that are its like; true in `done`. */
static enum fk_err add_profiles(struct upload *u, struct speedscope *s,
    const struct speedscope_profile *all, size_t first, bool *done)
{
    const struct speedscope_profile *p = &all[first];
    const struct fk_labels before = u->labels;
    double rate = rate_of(u, p->unit);
    double scale = p->unit == SPEEDSCOPE_BYTES ? 1 : SPEEDSCOPE_STEPS;
    const struct ingest_kind *kind;
    struct ingest_stacks stacks;
    enum fk_err err = profile_kind(u, s->num_profiles, p->unit, &kind);

    if (err == FK_OK)
        err = upload_label(u, FK_SLICE("profile_name"), p->name);
    struct ingest_source source = source_of(u);
    source.sample_rate = rate > 0;
    if (err == FK_OK)
        err = ingest_stacks_open(&stacks, &u->in, &source, kind, &u->diag);
    if (err)
        return err;
    if (kind->timed && rate > 0)
        scale *= 1e9 / rate;
    stacks.weight = 1;
    for (size_t i = first; i < s->num_profiles && !err; i++) {
        if (!same(&all[i], p))
            continue;
        done[i] = true;
        err = speedscope_stacks(
            s, i, scale, ingest_stacks_add, &stacks, &u->diag);
    }
    err = ingest_stacks_close(&stacks, err, &u->diag);
    u->labels = before;
    return err;
}

static enum fk_err add_all(struct upload *u, struct speedscope *s)
{
    struct speedscope_profile all[SPEEDSCOPE_MAX_PROFILES];
    bool done[SPEEDSCOPE_MAX_PROFILES] = {false};
    enum fk_err err = FK_OK;

    for (size_t i = 0; i < s->num_profiles && !err; i++)
        err = speedscope_profile(s, i, &all[i], &u->diag);
    for (size_t i = 0; i < s->num_profiles && !err; i++)
        if (!done[i])
            err = add_profiles(u, s, all, i, done);
    return err;
}

/* Labels are views into the JSON, and the store copies them only later. */
static enum fk_err keep_labels(struct upload *u)
{
    struct batch *b = &u->in.batch;

    for (size_t i = 0; i < b->num_profiles; i++)
        if (fk_labels_dup(&b->profiles[i].labels, &u->request->arena,
                &b->profiles[i].labels) != FK_OK)
            return fk_diag_set(
                &u->diag, FK_ERR_LIMIT, "the request needs too much memory");
    return FK_OK;
}

enum fk_err upload_speedscope(struct upload *u)
{
    struct speedscope s = {.json = {0}};
    struct fk_slice body;
    enum fk_err err = inflate(u, UPLOAD_MAX_JSON, &body);

    if (err)
        return err;
    err = speedscope_open(&s, body, &u->request->arena, &u->diag);
    if (err == FK_OK)
        err = add_all(u, &s);
    if (err == FK_OK)
        err = keep_labels(u);
    speedscope_close(&s);
    return err;
}
