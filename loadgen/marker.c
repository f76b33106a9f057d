#include "loadgen/marker.h"

#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>

static void post(
    struct run *r, const char *server, const char *path, struct fk_buf *json)
{
    char url[512];
    struct engine_reply reply = {0};
    if (!*server)
        return;
    snprintf(url, sizeof url, "%s%s", server, path);
    bool bad = json->err || !json->len ||
               engine_fetch(url, json->ptr, MARKER_TIMEOUT_MS, &reply, NULL) ||
               reply.status / 100 != 2;
    r->posts_failed += bad;
    engine_reply_fini(&reply);
}

static void text(struct fk_json *j, const char *key, const char *value)
{
    fk_json_key(j, key);
    fk_json_strz(j, value);
}

static void integer(struct fk_json *j, const char *key, int64_t value)
{
    fk_json_key(j, key);
    fk_json_i64(j, value);
}

static void print_data(const struct run *r, uint32_t i, struct fk_json *j)
{
    struct tally *sum = tally_new();
    run_sum(r, (int)i, -1, sum);
    fk_json_object(j);
    text(j, "plan", r->plan->name);
    text(j, "phase", r->plan->phases[i].name);
    fk_json_key(j, "rate");
    fk_json_double(j, r->plan->phases[i].arrive.rate);
    integer(j, "sent", (int64_t)sum->sent);
    integer(j, "ok", (int64_t)sum->ok);
    integer(j, "late", (int64_t)sum->late);
    integer(j, "failed", (int64_t)sum->failed);
    integer(j, "seed", (int64_t)r->plan->seed);
    fk_json_end(j);
    free(sum);
}

/* `until`: 0 = open, -1 = the server's now. */
static void post_phase(struct run *r, const char *server, uint32_t i, int until)
{
    const struct plan_phase *p = &r->plan->phases[i];
    char content[256], id[256];
    struct fk_buf out;
    struct fk_json j;
    if (r->plan->markers == MARKERS_OFF)
        return;
    snprintf(content, sizeof content, "phase: %.63s", p->name);
    snprintf(id, sizeof id, "%s/%s", r->id, p->name);
    fk_buf_init(&out, 64 * 1024);
    fk_json_init(&j, &out);
    fk_json_object(&j);
    if (*r->service)
        text(&j, "appName", r->service);
    text(&j, "content", p->label ? p->label : content);
    integer(&j, "timestamp", 0);
    integer(&j, "until", until);
    text(&j, "id", id);
    text(&j, "kind", "phase");
    text(&j, "run", r->kit_run);
    text(&j, "visibility",
        r->plan->markers == MARKERS_HIDDEN ? "teacher" : "all");
    fk_json_key(&j, "data");
    print_data(r, i, &j);
    fk_json_end(&j);
    post(r, server, "/api/annotations", &out);
    fk_buf_fini(&out);
}

void marker_open(struct run *r, const char *server, uint32_t phase)
{
    post_phase(r, server, phase, 0);
}

void marker_close(struct run *r, const char *server, uint32_t phase)
{
    post_phase(r, server, phase, -1);
}

void marker_run(struct run *r, const char *server)
{
    struct fk_buf out;
    fk_buf_init(&out, 1024 * 1024);
    run_print(r, &out);
    post(r, server, "/api/kit/runs", &out);
    fk_buf_fini(&out);
}
