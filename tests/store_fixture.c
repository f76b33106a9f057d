#include "tests/store_fixture.h"

#include "common/clock.h"
#include "tests/tap.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const struct store_ops *const fx_stores[] = {
    &store_memory_ops, &store_sqlite_ops, NULL};

void fx_init(struct fx *fx, const struct store_ops *ops)
{
    *fx = (struct fx){.ops = ops};
    store_options_init(&fx->options);
    fx->options.keep_days = 0;
    fx->options.min_free_bytes = 0;
    fx->options.ballast_bytes = 0;
    mkdir("build", 0755);
    snprintf(fx->dir, sizeof fx->dir, "build/store.XXXXXX");
    CHECK(mkdtemp(fx->dir));
    fx->options.dir = fx->dir;
}

void fx_open(struct fx *fx)
{
    struct fk_diag diag = {""};
    if (fx->ops->open(&fx->options, &fx->store, &diag))
        tap_fail(__FILE__, __LINE__, "open: %s", diag.text);
    fx->tenant = fx_tenant(fx, "anonymous");
}

void fx_close(struct fx *fx)
{
    if (fx->store)
        fx->ops->close(fx->store);
    fx->store = NULL;
}

static int remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void fx_fini(struct fx *fx)
{
    fx_close(fx);
    nftw(fx->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct store_tenant *fx_tenant(struct fx *fx, const char *name)
{
    struct fk_diag diag = {""};
    struct store_tenant *t;
    if (fx->ops->tenant(fx->store, fk_slice_of(name), &t, &diag))
        tap_fail(__FILE__, __LINE__, "tenant %s: %s", name, diag.text);
    return t;
}

const char *fx_path(const struct fx *fx, const char *file)
{
    static char path[4][256];
    static int turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", fx->dir, file);
    return p;
}

/* ---- what goes in ---- */

void fx_batch_init(struct fx_batch *b)
{
    *b = (struct fx_batch){0};
    fk_arena_init(&b->arena, (size_t)64 << 20);
    b->frames = calloc(FX_MAX * 16, sizeof *b->frames);
    b->stacks = calloc(FX_MAX * 4, sizeof *b->stacks);
    b->profiles = calloc(FX_MAX, sizeof *b->profiles);
    b->batch.frames = b->frames;
    b->batch.stacks = b->stacks;
    b->batch.profiles = b->profiles;
}

void fx_batch_fini(struct fx_batch *b)
{
    fk_arena_fini(&b->arena);
    free(b->frames);
    free(b->stacks);
    free(b->profiles);
}

static void add_labels(
    struct fx_batch *b, struct fk_labels *l, const char *text)
{
    struct fk_slice rest = fk_slice_of(
                        fk_arena_strdup(&b->arena, fk_slice_of(text))),
                    part, name;
    while (fk_slice_split(&rest, ',', &part)) {
        fk_slice_split(&part, '=', &name);
        CHECK_INT(fk_labels_set(l, name, part), FK_OK);
    }
}

/* Every frame of a line is a new one: the store is to find equal ones. */
static struct store_value add_line(struct fx_batch *b, struct fk_slice line)
{
    struct fk_slice name, stack = line;
    ptrdiff_t blank = fk_slice_rfind(line, ' ');
    struct store_value value = {.stack = (uint32_t)b->batch.num_stacks};
    CHECK(blank >= 0);
    CHECK(fk_slice_i64(
        fk_slice_sub(line, (size_t)blank + 1, line.len), &value.value));
    stack.len = (size_t)blank;
    uint32_t *frames = fk_arena_array(&b->arena, stack.len + 1, sizeof *frames);
    uint32_t depth = 0;
    while (stack.len && fk_slice_split(&stack, ';', &name)) {
        CHECK(b->batch.num_frames < FX_MAX * 16);
        b->frames[b->batch.num_frames] = (struct store_frame){.name = name};
        frames[depth++] = (uint32_t)b->batch.num_frames++;
    }
    CHECK(b->batch.num_stacks < FX_MAX * 4);
    b->stacks[b->batch.num_stacks++] = (struct store_stack){frames, depth};
    return value;
}

struct store_profile *fx_batch_add(
    struct fx_batch *b, const char *labels, int64_t time_ms, const char *folded)
{
    CHECK(b->batch.num_profiles < FX_MAX);
    struct store_profile *p = &b->profiles[b->batch.num_profiles++];
    struct fk_slice text = fk_arena_dup(&b->arena, fk_slice_of(folded)), line;
    struct store_value *values =
        fk_arena_array(&b->arena, text.len + 1, sizeof *values);
    *p = (struct store_profile){
        .time_ms = time_ms, .duration_ns = 10 * FK_NS_PER_S, .values = values};
    add_labels(b, &p->labels, labels);
    while (text.len && fk_slice_split(&text, '\n', &line))
        values[p->num_values++] = add_line(b, line);
    return p;
}

void fx_done(void *arg, enum fk_err err, const char *why)
{
    struct fx_done *d = arg;
    d->err = err;
    snprintf(d->why, sizeof d->why, "%s", why ? why : "(null)");
    d->called++;
}

enum fk_err fx_wait(struct fx_done *d)
{
    int64_t deadline = fk_mono_ns() + 30 * FK_NS_PER_S;
    while (!d->called && fk_mono_ns() < deadline)
        usleep(100);
    CHECK_INT(d->called, 1);
    return d->err;
}

enum fk_err fx_append(struct fx *fx, const struct fx_batch *b)
{
    struct fx_done done = {0};
    enum fk_err err =
        fx->ops->append(fx->tenant, &b->batch, fx_done, &done, NULL);
    if (!err)
        return fx_wait(&done);
    CHECK_INT(done.called, 0);
    return err;
}

enum fk_err fx_put(
    struct fx *fx, const char *labels, int64_t time_ms, const char *folded)
{
    struct fx_batch b;
    fx_batch_init(&b);
    fx_batch_add(&b, labels, time_ms, folded);
    enum fk_err err = fx_append(fx, &b);
    fx_batch_fini(&b);
    return err;
}

/* ---- what comes out ---- */

struct out {
    struct fx *fx;
    struct fk_arena arena;
    struct selector selector;

    struct {
        const char *stack;
        int64_t value;
    } line[4096];

    size_t count;
    struct fk_buf *text;
};

static char out_text[4][1 << 20];

/* One of four answers that stay valid. */
static const char *out_keep(struct fk_buf *b)
{
    static int turn;
    char *z = out_text[turn++ % 4];
    CHECK(b->len < sizeof out_text[0]);
    snprintf(z, sizeof out_text[0], "%.*s", (int)b->len, b->len ? b->ptr : "");
    fk_buf_fini(b);
    return z;
}

static struct out *out_new(
    struct fx *fx, const char *selector, struct fk_buf *text)
{
    struct out *o = calloc(1, sizeof *o);
    struct fk_diag diag = {""};
    CHECK(o);
    o->fx = fx;
    o->text = text;
    fk_buf_init(text, sizeof out_text[0] - 1);
    fk_arena_init(&o->arena, (size_t)64 << 20);
    if (selector_parse(fk_slice_of(selector), &o->arena, &o->selector, &diag))
        tap_fail(__FILE__, __LINE__, "%s: %s", selector, diag.text);
    return o;
}

static const char *out_free(struct out *o, enum fk_err err)
{
    struct fk_buf *text = o->text;
    if (err)
        fk_buf_printf(
            text, "%serror: %s", text->len ? "\n" : "", fk_err_name(err));
    selector_fini(&o->selector);
    fk_arena_fini(&o->arena);
    free(o);
    return out_keep(text);
}

/* Leaf first into the buffer, by recursion over parents. */
static void print_stack(struct out *o, const struct store_trie *trie,
    uint32_t id, uint32_t node, struct fk_buf *b)
{
    struct store_frame f;
    if (!node)
        return;
    CHECK(node < trie->count && trie->parent[node] < node);
    print_stack(o, trie, id, trie->parent[node], b);
    CHECK_INT(
        o->fx->ops->frame(o->fx->tenant, id, trie->frame[node], &f), FK_OK);
    fk_buf_printf(
        b, "%s" FK_SLICE_FMT, b->len ? ";" : "", FK_SLICE_ARG(f.name));
}

static enum fk_err on_run(void *arg, const struct store_run *run)
{
    struct out *o = arg;
    struct store_trie trie;
    CHECK_INT(o->fx->ops->trie_hold(o->fx->tenant, run->trie, &trie), FK_OK);
    for (size_t i = 0; i < run->n; i++) {
        struct fk_buf b;
        size_t k = 0;
        fk_buf_init(&b, 1 << 16);
        print_stack(o, &trie, run->trie, run->nodes[i], &b);
        const char *stack = fk_arena_strdup(&o->arena, fk_buf_slice(&b));
        fk_buf_fini(&b);
        while (k < o->count && strcmp(o->line[k].stack, stack))
            k++;
        CHECK(k < sizeof o->line / sizeof o->line[0]);
        if (k == o->count)
            o->line[o->count++].stack = stack;
        if (__builtin_add_overflow(
                o->line[k].value, run->values[i], &o->line[k].value))
            o->line[k].value = INT64_MAX;
    }
    o->fx->ops->trie_release(o->fx->tenant, &trie);
    return FK_OK;
}

static int by_stack(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *fx_merge(
    struct fx *fx, const char *selector, int64_t t0, int64_t t1)
{
    struct fk_buf text;
    struct out *o = out_new(fx, selector, &text);
    enum fk_err err =
        fx->ops->merge(fx->tenant, &o->selector, t0, t1, NULL, on_run, o, NULL);
    qsort(o->line, o->count, sizeof o->line[0], by_stack);
    for (size_t i = 0; i < o->count; i++)
        fk_buf_printf(&text, "%s%s %lld", i ? "\n" : "", o->line[i].stack,
            (long long)o->line[i].value);
    return out_free(o, err);
}

struct points {
    struct store_point point[4096];
    size_t count;
};

static enum fk_err on_point(void *arg, const struct store_point *point)
{
    struct points *p = arg;
    CHECK(p->count < sizeof p->point / sizeof p->point[0]);
    p->point[p->count++] = *point;
    return FK_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct store_point *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    return (x->total > y->total) - (x->total < y->total);
}

const char *fx_timeline(
    struct fx *fx, const char *selector, int64_t t0, int64_t t1)
{
    struct fk_buf text;
    struct out *o = out_new(fx, selector, &text);
    struct points *p = calloc(1, sizeof *p);
    CHECK(p);
    enum fk_err err = fx->ops->timeline(
        fx->tenant, &o->selector, t0, t1, NULL, on_point, p, NULL);
    qsort(p->point, p->count, sizeof p->point[0], by_time);
    for (size_t i = 0; i < p->count; i++)
        fk_buf_printf(&text, "%s%lld=%lld", i ? " " : "",
            (long long)p->point[i].time_ms, (long long)p->point[i].total);
    free(p);
    return out_free(o, err);
}

static enum fk_err on_series(void *arg, const struct store_series *s)
{
    struct fk_buf *text = ((struct out *)arg)->text;
    if (text->len)
        fk_buf_addc(text, '\n');
    fk_labels_print(s->labels, text);
    fk_buf_printf(
        text, " %lld-%lld", (long long)s->first_ms, (long long)s->last_ms);
    return FK_OK;
}

const char *fx_series(
    struct fx *fx, const char *selector, int64_t t0, int64_t t1)
{
    struct fk_buf text;
    struct out *o = out_new(fx, selector, &text);
    return out_free(
        o, fx->ops->series(fx->tenant, &o->selector, t0, t1, on_series, o));
}

static enum fk_err on_doc(void *arg, const struct store_doc *d)
{
    struct fk_buf *text = arg;
    fk_buf_printf(text, "%s" FK_SLICE_FMT "@%lld-%lld:" FK_SLICE_FMT,
        text->len ? " " : "", FK_SLICE_ARG(d->id), (long long)d->from_ms,
        (long long)d->until_ms, FK_SLICE_ARG(d->body));
    return FK_OK;
}

const char *fx_docs(struct fx *fx, const char *kind, int64_t t0, int64_t t1)
{
    struct fk_buf text;
    fk_buf_init(&text, sizeof out_text[0] - 1);
    CHECK_INT(
        fx->ops->doc_list(fx->tenant, fk_slice_of(kind), t0, t1, on_doc, &text),
        FK_OK);
    return out_keep(&text);
}

enum fk_err fx_doc(struct fx *fx, const char *id, int64_t from, int64_t until,
    const char *body)
{
    struct store_doc doc = {
        FK_SLICE("note"), fk_slice_of(id), from, until, fk_slice_of(body)};
    return fx->ops->doc_put(fx->tenant, &doc, NULL);
}

struct store_stats fx_stats(struct fx *fx)
{
    struct store_stats s;
    fx->ops->stats(fx->store, &s);
    return s;
}
