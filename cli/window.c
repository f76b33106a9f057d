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

/* The later of what is known and this interval. */
static void take_later(struct window *w, int64_t from_ms, int64_t until_ms)
{
    if (!from_ms || from_ms < w->from_ms)
        return;
    w->open = until_ms == 0;
    w->from_ms = from_ms;
    w->until_ms = w->open ? now_ms() : until_ms;
}

static void from_annotations(
    json_t *list, const char *run, const char *phase, struct window *out)
{
    size_t i;
    json_t *a;
    json_array_foreach(list, i, a)
    {
        const char *name = text_of(json_object_get(a, "data"), "phase");
        if (!strcmp(name, phase) && !strcmp(text_of(a, "run"), run))
            take_later(out, ms_of(a, "timestamp"), ms_of(a, "until"));
    }
}

static void from_runs(
    json_t *list, const char *run, const char *phase, struct window *out)
{
    size_t i, k;
    json_t *r, *p;
    json_array_foreach(list, i, r)
    {
        if (strcmp(text_of(r, "run"), run))
            continue;
        json_array_foreach(json_object_get(r, "phases"), k, p)
        {
            if (!strcmp(text_of(p, "name"), phase))
                take_later(out, ms_of(p, "from"), ms_of(p, "until"));
        }
    }
}

static enum fk_err find_phase(const char *server, const char *run,
    const char *phase, struct window *out, struct fk_diag *diag)
{
    json_t *list = NULL;
    enum fk_err err =
        fetch(server, "/api/annotations?kind=phase&from=0", &list, diag);
    if (!err)
        from_annotations(list, run, phase, out);
    json_decref(list);
    list = NULL;
    if (!err && !out->from_ms)
        err = fetch(server, "/api/kit/runs?from=0", &list, diag);
    if (!err && !out->from_ms)
        from_runs(list, run, phase, out);
    json_decref(list);
    if (!err && !out->from_ms)
        err = fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "no load with a phase '%s' was played in this run", phase);
    return err;
}

enum fk_err window_find(const char *server, const char *run,
    const struct window_rule *rule, struct window *out, struct fk_diag *diag)
{
    *out = (struct window){0};
    if (!*rule->phase) {
        out->until_ms = now_ms();
        out->from_ms = out->until_ms - rule->last_ms;
        out->open = true;
        return FK_OK;
    }
    enum fk_err err = find_phase(server, run, rule->phase, out, diag);
    if (err)
        return err;
    out->from_ms += rule->trim_ms;
    if (!out->open)
        out->until_ms -= rule->trim_ms;
    if (out->until_ms < out->from_ms)
        out->until_ms = out->from_ms;
    return FK_OK;
}
