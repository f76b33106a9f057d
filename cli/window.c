/* Phases to windows: see window.h. */
#include "cli/window.h"

#include "cli/client.h"

#include "common/clock.h"

#include <stdio.h>
#include <string.h>

static int64_t now_ms(void)
{
    return fk_wall_ns() / FK_NS_PER_MS;
}

static enum fk_err fetch(
    const char *server, const char *path, json_t **out, struct fk_diag *diag)
{
    struct client_request ask = {"GET", server, path, NULL, 0};
    return client_json(&ask, out, diag);
}

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int64_t ms_of(json_t *object, const char *key)
{
    return (int64_t)json_number_value(json_object_get(object, key));
}

enum fk_err window_source_open(struct window_source *s, struct fk_diag *diag)
{
    char path[96];
    snprintf(path, sizeof path, "/api/annotations?kind=phase&from=%lld",
        (long long)s->since_ms);
    enum fk_err err = fetch(s->server, path, &s->markers, diag);
    snprintf(
        path, sizeof path, "/api/kit/runs?from=%lld", (long long)s->since_ms);
    return err ? err : fetch(s->server, path, &s->runs, diag);
}

void window_source_close(struct window_source *s)
{
    json_decref(s->markers);
    json_decref(s->runs);
    s->markers = s->runs = NULL;
}

struct phase {
    int64_t from_ms, until_ms, answered, sent, late;
};

/* The later of what is known and this one. */
static void take_later(
    const struct window_source *s, const struct phase *p, struct window *w)
{
    bool too_late = s->before_ms && p->from_ms > s->before_ms;
    if (!p->from_ms || p->from_ms < w->from_ms || p->from_ms < s->since_ms ||
        too_late)
        return;
    w->open = p->until_ms == 0;
    w->start_ms = w->from_ms = p->from_ms;
    w->sent = p->sent;
    w->late = p->late;
    w->until_ms = w->open ? now_ms() : p->until_ms;
    double seconds = (double)(w->until_ms - w->from_ms) / 1000;
    w->answered = w->open ? 0 : p->answered;
    w->rate = seconds > 0 ? (double)w->answered / seconds : 0;
}

static bool is_ours(const struct window_source *s, json_t *o)
{
    return !strcmp(text_of(o, "run"), s->run) &&
           !strcmp(text_of(o, "appName"), s->service);
}

static void from_markers(
    const struct window_source *s, const char *phase, struct window *out)
{
    size_t i;
    json_t *a;
    json_array_foreach(s->markers, i, a)
    {
        json_t *data = json_object_get(a, "data");
        struct phase p = {ms_of(a, "timestamp"), ms_of(a, "until"),
            ms_of(data, "ok"), ms_of(data, "sent"), ms_of(data, "late")};
        if (!strcmp(text_of(data, "phase"), phase) && is_ours(s, a))
            take_later(s, &p, out);
    }
}

static void from_runs(
    const struct window_source *s, const char *phase, struct window *out)
{
    size_t i, k;
    json_t *r, *p;
    json_array_foreach(s->runs, i, r)
    {
        if (!is_ours(s, r))
            continue;
        json_array_foreach(json_object_get(r, "phases"), k, p)
        {
            struct phase seen = {ms_of(p, "from"), ms_of(p, "until"),
                ms_of(p, "ok"), ms_of(p, "sent"), ms_of(p, "late")};
            if (!strcmp(text_of(p, "name"), phase))
                take_later(s, &seen, out);
        }
    }
}

static enum fk_err find_phase(const struct window_source *s, const char *phase,
    struct window *out, struct fk_diag *diag)
{
    *out = (struct window){0};
    from_markers(s, phase, out);
    if (!out->from_ms)
        from_runs(s, phase, out);
    if (!out->from_ms)
        return fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "no load with a phase '%s' was played in this run", phase);
    return FK_OK;
}

static enum fk_err find_phases(const struct window_source *s,
    const struct window_rule *rule, struct window *out, struct fk_diag *diag)
{
    struct window last;
    enum fk_err err = find_phase(s, rule->phase, out, diag);
    if (err || !*rule->last_phase)
        return err;
    err = find_phase(s, rule->last_phase, &last, diag);
    if (!err && last.from_ms < out->from_ms)
        err = fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "the load that began with '%s' has not come to its phase '%s' yet",
            rule->phase, rule->last_phase);
    out->until_ms = last.until_ms;
    out->open = last.open;
    out->rate = 0;
    return err;
}

enum fk_err window_find(const struct window_source *source,
    const struct window_rule *rule, struct window *out, struct fk_diag *diag)
{
    *out = (struct window){0};
    if (!*rule->phase) {
        out->until_ms = now_ms();
        out->start_ms = out->from_ms = out->until_ms - rule->last_ms;
        out->open = true;
        return FK_OK;
    }
    enum fk_err err = find_phases(source, rule, out, diag);
    if (err)
        return err;
    out->from_ms += rule->trim_ms;
    if (!out->open)
        out->until_ms -= rule->trim_ms;
    if (out->until_ms < out->from_ms)
        out->until_ms = out->from_ms;
    return FK_OK;
}
