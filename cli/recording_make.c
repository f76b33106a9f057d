/* From a server's data to a recording: see recording.h. */
#include "cli/recording.h"

#include "cli/client.h"
#include "cli/profile.h"

#include <stdio.h>
#include <string.h>

/* The profiles of a phase's last bucket arrive with the flush after it. */
enum { FLUSH_MS = 2000, ENDPOINTS_MAX = 32 };

struct source {
    const struct kit *kit;
    const char *service;
    json_t *endpoints; /* "" among them: samples outside of requests */
    int64_t start_ms;  /* of the run */
};

static enum fk_err ask(const struct kit *kit, const char *path,
    const char *body, json_t **out, struct fk_diag *diag)
{
    struct client_request request = {
        body ? "POST" : "GET", kit->server, path, body, 0};
    return client_json(&request, out, diag);
}

static int64_t number(const json_t *o, const char *key)
{
    return (int64_t)json_number_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* ---- stacks ---- */

static bool stack_text(
    const struct profile *p, uint32_t leaf, struct fk_buf *out)
{
    uint32_t path[RECORDING_MAX_DEPTH], n = 0;
    for (uint32_t i = leaf; i && n < RECORDING_MAX_DEPTH;
         i = p->nodes[i].parent)
        path[n++] = p->nodes[i].name;
    fk_buf_reset(out);
    while (n--)
        fk_buf_printf(out, "%s%s", p->names[path[n]], n ? ";" : "");
    return !out->err && out->len;
}

static json_t *stacks_of(const struct profile *p)
{
    json_t *stacks = json_object();
    struct fk_buf path;
    fk_buf_init(&path, 256 * 1024);
    for (uint32_t i = 1; i < p->num_nodes; i++)
        if (p->nodes[i].self > 0 && stack_text(p, i, &path))
            json_object_set_new(
                stacks, path.ptr, json_integer(p->nodes[i].self));
    fk_buf_fini(&path);
    return stacks;
}

struct bucket {
    int64_t from_ms, until_ms;
    enum profile_kind kind;
    const char *endpoint;
};

static enum fk_err add_profile(const struct source *s, const struct bucket *b,
    json_t *profiles, struct fk_diag *diag)
{
    char selector[384];
    struct profile p;
    snprintf(selector, sizeof selector, "{service_name=\"%s\",endpoint=\"%s\"}",
        s->service, b->endpoint);
    struct profile_query query = {
        world_kind_type(b->kind), selector, b->from_ms, b->until_ms - 1};
    enum fk_err err = profile_fetch(s->kit->server, &query, &p, diag);
    if (err)
        return err;
    if (profile_total(&p) > 0)
        json_array_append_new(profiles,
            json_pack("{s:I, s:s, s:s, s:o}", "at",
                (json_int_t)((b->from_ms + b->until_ms) / 2 - s->start_ms),
                "type", b->kind == KIND_CPU ? "cpu" : "wall", "endpoint",
                b->endpoint, "stacks", stacks_of(&p)));
    profile_fini(&p);
    return FK_OK;
}

static enum fk_err add_bucket(const struct source *s, int64_t from_ms,
    int64_t until_ms, json_t *profiles, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    size_t i;
    json_t *endpoint;
    for (int kind = 0; kind < NUM_KINDS; kind++)
        json_array_foreach(s->endpoints, i, endpoint)
        {
            struct bucket b = {from_ms, until_ms, (enum profile_kind)kind,
                json_string_value(endpoint)};
            if (!err)
                err = add_profile(s, &b, profiles, diag);
        }
    return err;
}

/* A phase in buckets; the first and the last may be cut. */
static enum fk_err add_phase(const struct source *s, int64_t from_ms,
    int64_t until_ms, json_t *profiles, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    for (int64_t at = from_ms; !err && at < until_ms;) {
        int64_t next =
            at / RECORDING_STEP_MS * RECORDING_STEP_MS + RECORDING_STEP_MS;
        next = next < until_ms ? next : until_ms;
        err = add_bucket(s, at, next, profiles, diag);
        at = next;
    }
    return err;
}

/* ---- a run ---- */

static enum fk_err find_endpoints(struct source *s, struct fk_diag *diag)
{
    char body[320];
    json_t *answer = NULL;
    snprintf(body, sizeof body,
        "{\"name\":\"endpoint\",\"matchers\":[\"{service_name=\\\"%s\\\"}\"]}",
        s->service);
    enum fk_err err = ask(
        s->kit, "/querier.v1.QuerierService/LabelValues", body, &answer, diag);
    json_t *names = json_object_get(answer, "names");
    s->endpoints = json_is_array(names) ? json_incref(names) : json_array();
    json_array_append_new(s->endpoints, json_string(""));
    json_decref(answer);
    if (!err && json_array_size(s->endpoints) > ENDPOINTS_MAX)
        err = fk_diag_set(diag, FK_ERR_LIMIT,
            "%s has too many endpoints to be recorded", s->service);
    return err;
}

static void shift(json_t *o, const char *key, int64_t by_ms)
{
    json_object_set_new(o, key, json_integer(number(o, key) + by_ms));
}

/* Copies of the markers of this load run, in ms from its start. */
static json_t *markers_of(const json_t *all, const json_t *run, int64_t start)
{
    json_t *out = json_array(), *marker;
    const char *id = text(run, "id");
    size_t i, n = strlen(id);
    json_array_foreach(all, i, marker)
    {
        if (strncmp(text(marker, "id"), id, n) || text(marker, "id")[n] != '/')
            continue;
        json_t *copy = json_deep_copy(marker);
        shift(copy, "timestamp", -start);
        shift(copy, "until", -start);
        json_object_del(copy, "run");
        json_object_del(copy, "seat");
        json_array_append_new(out, copy);
    }
    return out;
}

static json_t *relative_run(const json_t *run, int64_t start_ms)
{
    json_t *copy = json_deep_copy(run), *phase;
    size_t i;
    shift(copy, "from", -start_ms);
    shift(copy, "until", -start_ms);
    json_array_foreach(json_object_get(copy, "phases"), i, phase)
    {
        shift(phase, "from", -start_ms);
        shift(phase, "until", -start_ms);
    }
    json_object_del(copy, "target");
    return copy;
}

static enum fk_err make_run(const struct kit *kit, const json_t *run,
    const json_t *markers, json_t **out, struct fk_diag *diag)
{
    struct source s = {kit, text(run, "appName"), NULL, number(run, "from")};
    json_t *profiles = json_array(), *phase;
    size_t i;
    enum fk_err err = find_endpoints(&s, diag);
    json_array_foreach(json_object_get(run, "phases"), i, phase)
    {
        if (!err)
            err = add_phase(&s, number(phase, "from"), number(phase, "until"),
                profiles, diag);
    }
    *out = json_pack("{s:s, s:s, s:f, s:o, s:o, s:o}", "plan",
        text(run, "plan"), "service", s.service, "seconds",
        (double)(number(run, "until") + FLUSH_MS - s.start_ms) / 1000, "run",
        relative_run(run, s.start_ms), "markers",
        markers_of(markers, run, s.start_ms), "profiles", profiles);
    json_decref(s.endpoints);
    return err;
}

/* The latest finished one of every plan, by its name. */
static json_t *latest_runs(const struct kit *kit, const json_t *runs)
{
    json_t *latest = json_object(), *run;
    size_t i;
    json_array_foreach(runs, i, run)
    {
        bool whole = json_is_true(json_object_get(run, "finished")) &&
                     !json_is_true(json_object_get(run, "interrupted"));
        if (whole && !strcmp(text(run, "run"), kit->run))
            json_object_set(latest, text(run, "plan"), run);
    }
    return latest;
}

enum fk_err recording_make(const struct kit *kit, const char *scenario,
    json_t **out, struct fk_diag *diag)
{
    json_t *runs = NULL, *markers = NULL, *done = json_array(), *run;
    const char *plan;
    enum fk_err err = ask(kit, "/api/kit/runs?from=0", NULL, &runs, diag);
    if (!err)
        err = ask(
            kit, "/api/annotations?kind=phase&from=0", NULL, &markers, diag);
    json_t *latest = latest_runs(kit, runs);
    json_object_foreach(latest, plan, run)
    {
        json_t *made = NULL;
        if (!err)
            err = make_run(kit, run, markers, &made, diag);
        if (made)
            json_array_append_new(done, made);
    }
    if (!err && !json_array_size(done))
        err = fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "no load was played to its end in this run; there is nothing to "
            "record");
    *out = json_pack(
        "{s:i, s:s, s:o}", "recording", 1, "scenario", scenario, "runs", done);
    json_decref(latest);
    json_decref(markers);
    json_decref(runs);
    return err;
}
