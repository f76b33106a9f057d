/* `flamekit query` and `flamekit diff`: the functions of what a server
 * stores, as a table or as the server's JSON. */
#include "cli/remote.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "common/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RENDER_NODES = 65536, MAX_PATH = 1 << 20, SHOWN = 10 };

static void add_param(struct fk_buf *path, const char *name, const char *value)
{
    fk_buf_printf(path, "%c%s=", strchr(path->ptr, '?') ? '&' : '?', name);
    fk_url_encode(path, fk_slice_of(value));
}

static void add_time(struct fk_buf *path, const char *name, int64_t ms)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)ms);
    add_param(path, name, text);
}

static enum fk_err fetch(const struct remote *r, const struct fk_buf *path,
    json_t **out, struct fk_diag *diag)
{
    struct fk_buf answer;
    json_error_t where;
    enum fk_err err =
        path->err ? fk_diag_set(diag, path->err, "too long") : FK_OK;
    if (err)
        return err;
    err = remote_get(r, path->ptr, &answer, diag);
    if (!err) {
        *out = json_loadb(answer.ptr, answer.len, 0, &where);
        if (!*out)
            err = fk_diag_set(diag, FK_ERR_FORMAT, "%s did not answer JSON: %s",
                r->url, where.text);
    }
    fk_buf_fini(&answer);
    return err;
}

static enum fk_err render(
    const struct remote *r, json_t **out, struct fk_diag *diag)
{
    struct remote_query q;
    struct fk_buf path;
    enum fk_err err = remote_query(r, &q, diag);
    if (err)
        return err;
    fk_buf_init(&path, MAX_PATH);
    fk_buf_adds(&path, "/pyroscope/render");
    add_param(&path, "query", r->query);
    add_time(&path, "from", q.from_ms);
    add_time(&path, "until", q.until_ms);
    add_time(&path, "max-nodes", RENDER_NODES);
    err = fetch(r, &path, out, diag);
    fk_buf_fini(&path);
    return err;
}

static double share(int64_t part, int64_t whole)
{
    return whole ? 100 * (double)part / (double)whole : 0;
}

/* ---- query ------------------------------------------------------------- */

static void print_table(const struct remote *r, struct table *t, long shown)
{
    char self[32], total[32];
    table_sort_by_self(t);
    table_value(r->query, t->total, total, sizeof total);
    printf("%s in all\n\n%12s %6s %12s %6s  %s\n", total, "self", "", "total",
        "", "function");
    for (size_t i = 0; i < t->count && i < (size_t)shown; i++) {
        const struct table_row *row = &t->row[i];
        table_value(r->query, row->self, self, sizeof self);
        table_value(r->query, row->total, total, sizeof total);
        printf("%12s %5.1f%% %12s %5.1f%%  %s\n", self,
            share(row->self, t->total), total, share(row->total, t->total),
            row->name);
    }
}

static enum fk_err show_query(
    const struct remote *r, json_t *answer, long shown, struct fk_diag *diag)
{
    struct profile p;
    struct table t = {0};
    enum fk_err err = profile_from_json(answer, &p, diag);
    if (err)
        return err;
    err = table_init(&t, &p, diag);
    if (!err && t.count == 0)
        err = fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "%s has no such profile between %s and %s; `flamekit series` "
            "lists what it has",
            r->url, r->from, r->until);
    if (!err)
        print_table(r, &t, shown);
    table_fini(&t);
    profile_fini(&p);
    return err;
}

int verb_query(struct kit *kit, int argc, char **argv)
{
    struct remote r;
    struct fk_diag diag = {""};
    long shown = SHOWN;
    json_t *answer = NULL;
    int first = 0;
    const struct fk_opt opts[] = {REMOTE_ROWS(&r), REMOTE_QUERY_ROWS(&r),
        {"number", 'n', NULL, FK_OPT_INT, &shown, 1, 100000, "N",
            "how many functions (10)"},
        {0}};
    remote_init(&r, kit);
    enum fk_err err = remote_parse(
        &r, opts, argc, argv, "flamekit query [options]", &first, &diag);
    if (!err && first < argc)
        err = fk_diag_set(&diag, FK_ERR_ARG, "query wants options only");
    if (!err)
        err = render(&r, &answer, &diag);
    if (!err && r.json) {
        int status = remote_print(answer);
        json_decref(answer);
        return status;
    }
    if (!err)
        err = show_query(&r, answer, shown, &diag);
    return err ? remote_fail(err, &diag) : 0;
}

/* ---- diff -------------------------------------------------------------- */

struct change {
    const char *name;
    double before, after; /* shares of self time, percent */
};

static int by_change(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    double dx = x->after - x->before, dy = y->after - y->before;
    dx = dx < 0 ? -dx : dx;
    dy = dy < 0 ? -dy : dy;
    return dx > dy ? -1 : dx < dy ? 1 : strcmp(x->name, y->name);
}

static enum fk_err print_changes(const struct table *a, const struct table *b,
    long shown, struct fk_diag *diag)
{
    struct change *all = calloc(a->count + b->count + 1, sizeof *all);
    size_t n = 0;
    if (!all)
        return fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < a->count; i++) {
        const struct table_row *there = table_find(b, a->row[i].name);
        all[n++] =
            (struct change){a->row[i].name, share(a->row[i].self, a->total),
                share(there ? there->self : 0, b->total)};
    }
    for (size_t i = 0; i < b->count; i++)
        if (!table_find(a, b->row[i].name))
            all[n++] = (struct change){
                b->row[i].name, 0, share(b->row[i].self, b->total)};
    qsort(all, n, sizeof *all, by_change);
    printf("%8s %8s %8s  %s\n", "before", "after", "change", "function");
    for (size_t i = 0; i < n && i < (size_t)shown; i++)
        printf("%7.1f%% %7.1f%% %+7.1f%%  %s\n", all[i].before, all[i].after,
            all[i].after - all[i].before, all[i].name);
    free(all);
    return FK_OK;
}

static enum fk_err show_diff(
    json_t *left, json_t *right, long shown, struct fk_diag *diag)
{
    struct profile p = {0}, q = {0};
    struct table a = {0}, b = {0};
    enum fk_err err = profile_from_json(left, &p, diag);
    if (err) {
        json_decref(right);
        return err;
    }
    err = profile_from_json(right, &q, diag);
    if (!err)
        err = table_init(&a, &p, diag);
    if (!err)
        err = table_init(&b, &q, diag);
    if (!err)
        err = print_changes(&a, &b, shown, diag);
    table_fini(&a);
    table_fini(&b);
    profile_fini(&p);
    profile_fini(&q);
    return err;
}

static enum fk_err render_diff(const struct remote *left,
    const struct remote *right, json_t **out, struct fk_diag *diag)
{
    const struct remote *sides[] = {left, right};
    static const char *const names[2][3] = {
        {"leftQuery", "leftFrom", "leftUntil"},
        {"rightQuery", "rightFrom", "rightUntil"}};
    struct fk_buf path;
    enum fk_err err = FK_OK;
    fk_buf_init(&path, MAX_PATH);
    fk_buf_adds(&path, "/pyroscope/render-diff");
    for (int i = 0; i < 2 && !err; i++) {
        struct remote_query q;
        err = remote_query(sides[i], &q, diag);
        add_param(&path, names[i][0], sides[i]->query);
        if (err)
            break;
        add_time(&path, names[i][1], q.from_ms);
        add_time(&path, names[i][2], q.until_ms);
    }
    if (!err)
        err = fetch(right, &path, out, diag);
    fk_buf_fini(&path);
    return err;
}

static enum fk_err run_diff(const struct remote *left,
    const struct remote *right, long shown, struct fk_diag *diag)
{
    json_t *before = NULL, *after = NULL;
    enum fk_err err;
    if (right->json) {
        err = render_diff(left, right, &after, diag);
        if (!err && remote_print(after))
            err = fk_diag_set(diag, FK_ERR_IO, "the output is closed");
        json_decref(after);
        return err;
    }
    err = render(left, &before, diag);
    if (!err)
        err = render(right, &after, diag);
    if (err) {
        json_decref(before);
        return err;
    }
    return show_diff(before, after, shown, diag);
}

int verb_diff(struct kit *kit, int argc, char **argv)
{
    struct remote r, left;
    struct fk_diag diag = {""};
    const char *query = NULL, *from = NULL, *until = NULL;
    long shown = SHOWN;
    int first = 0;
    const struct fk_opt opts[] = {REMOTE_ROWS(&r), REMOTE_QUERY_ROWS(&r),
        {"left-query", 0, NULL, FK_OPT_STRING, &query, 0, 0, "TYPE{...}",
            "what to compare with (the same as --query)"},
        {"left-from", 0, NULL, FK_OPT_STRING, &from, 0, 0, "TIME",
            "its time (that of --from)"},
        {"left-until", 0, NULL, FK_OPT_STRING, &until, 0, 0, "TIME",
            "its end (that of --until)"},
        {"number", 'n', NULL, FK_OPT_INT, &shown, 1, 100000, "N",
            "how many functions (10)"},
        {0}};
    remote_init(&r, kit);
    enum fk_err err = remote_parse(
        &r, opts, argc, argv, "flamekit diff [options]", &first, &diag);
    if (!err && first < argc)
        err = fk_diag_set(&diag, FK_ERR_ARG, "diff wants options only");
    left = r;
    left.query = query ? query : r.query;
    left.from = from ? from : r.from;
    left.until = until ? until : r.until;
    if (!err)
        err = run_diff(&left, &r, shown, &diag);
    return err ? remote_fail(err, &diag) : 0;
}
