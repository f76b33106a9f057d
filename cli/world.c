/* Windows and views: see world.h. */
#include "cli/world.h"

#include <stdio.h>
#include <string.h>

/* The seed document calls the service by its Flask name. */
#define SERVICE       "workshop.demo.app"
#define SERVICE_ALIAS "workshop.flask.app"

static const struct {
    const char *name, *type;
    const char *counted; /* type that counts its samples, or NULL: */
    double sample_ns;    /* what one sample stands for */
} kinds[NUM_KINDS] = {
    [KIND_CPU] = {"cpu", PROFILE_CPU, PROFILE_SAMPLES, 0},
    [KIND_WALL] = {"wall", PROFILE_WALL, NULL, PROFILE_WALL_NS},
};

bool world_kind(struct fk_slice name, enum profile_kind *out)
{
    for (size_t i = 0; i < NUM_KINDS; i++) {
        if (!fk_slice_eqz(name, kinds[i].name))
            continue;
        *out = (enum profile_kind)i;
        return true;
    }
    return false;
}

const char *world_kind_type(enum profile_kind kind)
{
    return kinds[kind].type;
}

bool world_window(
    const struct world_rule *rule, struct fk_slice name, size_t *out)
{
    for (size_t i = 0; i < rule->num_windows; i++) {
        if (!fk_slice_eqz(name, rule->window[i].name))
            continue;
        *out = i;
        return true;
    }
    return false;
}

bool world_view(
    struct world_rule *rule, const struct view_rule *view, size_t *out)
{
    for (*out = 0; *out < rule->num_views; ++*out) {
        struct view_rule *v = &rule->view[*out];
        if (v->window != view->window || v->kind != view->kind ||
            strcmp(v->filter, view->filter))
            continue;
        v->series |= view->series;
        return true;
    }
    if (rule->num_views == WORLD_VIEWS_MAX)
        return false;
    rule->view[rule->num_views++] = *view;
    return true;
}

const char *world_service_name(const char *name)
{
    return strcmp(name, SERVICE_ALIAS) ? name : SERVICE;
}

enum fk_err world_find(
    struct world *w, const struct world_span *span, struct fk_diag *diag)
{
    w->service = world_service_name(w->rule->service);
    struct window_source source = {.server = w->server,
        .run = span->run,
        .service = w->service,
        .since_ms = span->since_ms,
        .before_ms = span->before_ms};
    enum fk_err err = window_source_open(&source, diag);
    for (size_t i = 0; !err && i < w->rule->num_windows; i++)
        err = window_find(&source, &w->rule->window[i], &w->window[i], diag);
    window_source_close(&source);
    return err;
}

static enum fk_err count_samples(struct world *w, const struct view_rule *rule,
    struct profile_query query, struct view *v, struct fk_diag *diag)
{
    struct profile p;
    if (!kinds[rule->kind].counted) {
        v->samples =
            (double)profile_total(&v->profile) / kinds[rule->kind].sample_ns;
        return FK_OK;
    }
    query.type = kinds[rule->kind].counted;
    enum fk_err err = profile_fetch(w->server, &query, &p, diag);
    if (err)
        return err;
    v->samples = (double)profile_total(&p);
    profile_fini(&p);
    return FK_OK;
}

static enum fk_err look_at(struct world *w, size_t i, struct fk_diag *diag)
{
    const struct view_rule *rule = &w->rule->view[i];
    const struct window *window = &w->window[rule->window];
    char selector[320];
    snprintf(selector, sizeof selector, "{service_name=\"%s\"%s%s}", w->service,
        *rule->filter ? "," : "", rule->filter);
    struct profile_query query = {
        kinds[rule->kind].type, selector, window->from_ms, window->until_ms};
    struct view *v = &w->view[i];
    enum fk_err err = profile_fetch(w->server, &query, &v->profile, diag);
    if (!err)
        err = count_samples(w, rule, query, v, diag);
    if (!err && rule->series)
        err = series_fetch(w->server, &query, &v->series, diag);
    return err;
}

enum fk_err world_look(struct world *w, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    for (size_t i = 0; !err && i < w->rule->num_views; i++)
        err = look_at(w, i, diag);
    return err;
}

void world_forget(struct world *w)
{
    for (size_t i = 0; i < WORLD_VIEWS_MAX; i++)
        profile_fini(&w->view[i].profile);
    memset(w->view, 0, sizeof w->view);
}
