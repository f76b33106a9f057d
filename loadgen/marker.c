#include "loadgen/marker.h"

#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>

/* Was it taken, or is nobody to be told? */
static bool post(
    struct run *r, const char *server, const char *path, struct fk_buf *json)
{
    char url[512];
    struct engine_reply reply = {0};
    if (!*server)
        return true;
    snprintf(url, sizeof url, "%s%s", server, path);
    bool bad = json->err || !json->len ||
               engine_fetch(url, json->ptr, MARKER_TIMEOUT_MS, &reply, NULL) ||
               reply.status / 100 != 2;
    r->told |= !bad;
    engine_reply_fini(&reply);
    return !bad;
}

static void print_data(const struct run *r, uint32_t i, struct fk_json *j)
{
    struct tally *sum = tally_new();
    run_sum(r, (int)i, -1, sum);
    fk_json_object(j);
    fk_json_put_strz(j, "plan", r->plan->name);
    fk_json_put_strz(j, "phase", r->plan->phases[i].name);
    fk_json_key(j, "rate");
    fk_json_double(j, r->plan->phases[i].arrive.rate);
    fk_json_put_i64(j, "sent", (int64_t)sum->sent);
    fk_json_put_i64(j, "ok", (int64_t)sum->ok);
    fk_json_put_i64(j, "late", (int64_t)sum->late);
    fk_json_put_i64(j, "failed", (int64_t)sum->failed);
    fk_json_put_i64(j, "seed", (int64_t)r->plan->seed);
    fk_json_end(j);
    free(sum);
}

/* The server's clock says when it begins and ends; of what it was not told
 * in time, ours. */
static bool post_phase(struct run *r, const char *server, uint32_t i, bool ends)
{
    const struct plan_phase *p = &r->plan->phases[i];
    struct run_phase *phase = &r->phases[i];
    char content[256], id[256];
    struct fk_buf out;
    struct fk_json j;
    if (r->plan->markers == MARKERS_OFF)
        return true;
    snprintf(content, sizeof content, "phase: %.63s", p->name);
    snprintf(id, sizeof id, "%s/%s", r->id, p->name);
    fk_buf_init(&out, 64 * 1024);
    fk_json_init(&j, &out);
    fk_json_object(&j);
    if (*r->service)
        fk_json_put_strz(&j, "appName", r->service);
    fk_json_put_strz(&j, "content", p->label ? p->label : content);
    fk_json_put_i64(&j, "timestamp", phase->untold ? phase->from_ms : 0);
    int64_t until_ms = phase->untold ? phase->until_ms : -1;
    fk_json_put_i64(&j, "until", ends ? until_ms : 0);
    fk_json_put_strz(&j, "id", id);
    fk_json_put_strz(&j, "kind", "phase");
    fk_json_put_strz(&j, "run", r->kit_run);
    fk_json_put_strz(&j, "visibility",
        r->plan->markers == MARKERS_HIDDEN ? "teacher" : "all");
    fk_json_key(&j, "data");
    print_data(r, i, &j);
    fk_json_end(&j);
    phase->untold = !post(r, server, "/api/annotations", &out);
    fk_buf_fini(&out);
    return !phase->untold;
}

void marker_open(struct run *r, const char *server, uint32_t phase)
{
    marker_retell(r, server);
    r->posts_failed += !post_phase(r, server, phase, false);
}

void marker_close(struct run *r, const char *server, uint32_t phase)
{
    r->posts_failed += !post_phase(r, server, phase, true);
}

bool marker_retell(struct run *r, const char *server)
{
    for (uint32_t i = 0; i < r->plan->num_phases; i++)
        if (r->phases[i].untold && r->phases[i].until_ms &&
            !post_phase(r, server, i, true))
            return false;
    return true;
}

bool marker_run(struct run *r, const char *server)
{
    struct fk_buf out;
    fk_buf_init(&out, 1024 * 1024);
    run_print(r, &out);
    bool taken = post(r, server, "/api/kit/runs", &out);
    fk_buf_fini(&out);
    return taken;
}
