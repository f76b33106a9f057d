/* `flamekit labels [NAME]` and `flamekit series`: which labels there are. */
#include "cli/remote.h"
#include "cli/verbs.h"

#include <stdio.h>

static json_t *range_of(const struct remote_query *q)
{
    return json_pack("{s:[s], s:I, s:I}", "matchers", q->selector, "start",
        (json_int_t)q->from_ms, "end", (json_int_t)q->until_ms);
}

static int print_names(const json_t *answer)
{
    size_t i;
    json_t *name, *names = json_object_get(answer, "names");
    json_array_foreach(names, i, name)
    {
        puts(json_string_value(name) ? json_string_value(name) : "");
    }
    return 0;
}

/* A set a line: a="x" b="y". */
static int print_sets(const json_t *answer)
{
    size_t i, k;
    json_t *set, *pair, *sets = json_object_get(answer, "labelsSet");
    json_array_foreach(sets, i, set)
    {
        json_array_foreach(json_object_get(set, "labels"), k, pair)
        {
            const char *name = json_string_value(json_object_get(pair, "name"));
            const char *value =
                json_string_value(json_object_get(pair, "value"));
            printf("%s%s=\"%s\"", k ? " " : "", name ? name : "",
                value ? value : "");
        }
        putchar('\n');
    }
    return 0;
}

static int finish(const struct remote *r, enum fk_err err, json_t *answer,
    int (*print)(const json_t *), const struct fk_diag *diag)
{
    int status = err       ? remote_fail(err, diag)
                 : r->json ? remote_print(answer)
                           : print(answer);
    json_decref(answer);
    return status;
}

/* Labels are asked of a selector alone. */
#define SELECTOR_ROWS(r)                                                       \
    {"query", 'q', NULL, FK_OPT_STRING, &(r)->query, 0, 0, "{...}",            \
        "only series with these labels (all)"},                                \
        {"from", 0, NULL, FK_OPT_STRING, &(r)->from, 0, 0, "TIME",             \
            "now-1h (default), or seconds or ms since 1970"},                  \
    {                                                                          \
        "until", 0, NULL, FK_OPT_STRING, &(r)->until, 0, 0, "TIME",            \
            "now (default)"                                                    \
    }

static enum fk_err read_selector(
    const struct remote *r, struct remote_query *q, struct fk_diag *diag)
{
    q->selector = r->query;
    enum fk_err err = remote_time(r->from, &q->from_ms, diag);
    return err ? err : remote_time(r->until, &q->until_ms, diag);
}

int verb_labels(struct kit *kit, int argc, char **argv)
{
    struct remote r;
    struct remote_query q;
    struct fk_diag diag = {""};
    json_t *answer = NULL;
    int first = 0;
    const struct fk_opt opts[] = {REMOTE_ROWS(&r), SELECTOR_ROWS(&r), {0}};
    remote_init(&r, kit);
    r.query = "{}";
    enum fk_err err = remote_parse(&r, opts, argc, argv,
        "flamekit labels [options] [NAME]", &first, &diag);
    if (!err && argc - first > 1)
        err = fk_diag_set(&diag, FK_ERR_ARG, "labels wants one name at most");
    if (!err)
        err = read_selector(&r, &q, &diag);
    json_t *ask = err ? NULL : range_of(&q);
    if (!err && first < argc)
        json_object_set_new(ask, "name", json_string(argv[first]));
    if (!err)
        err = remote_ask(&r, first < argc ? "LabelValues" : "LabelNames", ask,
            &answer, &diag);
    return finish(&r, err, answer, print_names, &diag);
}

int verb_series(struct kit *kit, int argc, char **argv)
{
    struct remote r;
    struct remote_query q;
    struct fk_diag diag = {""};
    struct fk_opt_list by = {{0}, 0};
    json_t *answer = NULL;
    int first = 0;
    const struct fk_opt opts[] = {REMOTE_ROWS(&r), SELECTOR_ROWS(&r),
        {"label", 'l', NULL, FK_OPT_LIST, &by, 0, 0, "NAME",
            "show only this label, may be given again (service_name and "
            "__profile_type__)"},
        {0}};
    remote_init(&r, kit);
    r.query = "{}";
    by = (struct fk_opt_list){{"service_name", "__profile_type__"}, 2};
    enum fk_err err = remote_parse(
        &r, opts, argc, argv, "flamekit series [options]", &first, &diag);
    if (!err && first < argc)
        err = fk_diag_set(&diag, FK_ERR_ARG, "series wants options only");
    if (!err)
        err = read_selector(&r, &q, &diag);
    json_t *ask = err ? NULL : range_of(&q), *names = json_array();
    for (int i = 0; i < by.count; i++)
        json_array_append_new(names, json_string(by.item[i]));
    if (!err) {
        json_object_set(ask, "labelNames", names);
        err = remote_ask(&r, "Series", ask, &answer, &diag);
    }
    json_decref(names);
    return finish(&r, err, answer, print_sets, &diag);
}
