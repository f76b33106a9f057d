/* From a recording to a server: see recording.h. */
#include "cli/recording.h"

#include "cli/client.h"
#include "common/pb.h"
#include "common/pprof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUSH "/push.v1.PusherService/Push"

enum {
    PUSH_MAX_BYTES = 16 * 1024 * 1024,
    PUSH_AT_BYTES = 256 * 1024, /* sent when this much has come together */
    SAMPLE_NS = 10000000,       /* what one CPU sample stands for */
};

static int64_t number(const json_t *o, const char *key)
{
    return (int64_t)json_number_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* ---- profiles ---- */

/* "main;f;g" is root first, frames are leaf first. */
static size_t frames_of(
    const char *stack, struct fk_pprof_frame frames[RECORDING_MAX_DEPTH])
{
    struct fk_slice rest = fk_slice_of(stack), name;
    size_t n = 0;
    while (n < RECORDING_MAX_DEPTH && fk_slice_split(&rest, ';', &name))
        frames[n++] = (struct fk_pprof_frame){.name = name};
    for (size_t i = 0; i < n / 2; i++) {
        struct fk_pprof_frame other = frames[i];
        frames[i] = frames[n - 1 - i];
        frames[n - 1 - i] = other;
    }
    return n;
}

static enum fk_err write_pprof(
    const json_t *profile, bool cpu, int64_t at_ns, struct fk_pprof_writer *w)
{
    const struct fk_pprof_type of_cpu = {
        FK_SLICE("cpu"), FK_SLICE("nanoseconds")};
    const struct fk_pprof_type of_wall = {
        FK_SLICE("wall"), FK_SLICE("nanoseconds")};
    const char *stack;
    json_t *ns;
    if (cpu)
        fk_pprof_add_type(w, FK_SLICE("samples"), FK_SLICE("count"));
    fk_pprof_add_type(
        w, fk_slice_of(cpu ? "cpu" : "wall"), FK_SLICE("nanoseconds"));
    json_object_foreach(json_object_get(profile, "stacks"), stack, ns)
    {
        struct fk_pprof_frame frames[RECORDING_MAX_DEPTH];
        int64_t value = json_integer_value(ns);
        const int64_t values[] = {value / SAMPLE_NS, value};
        fk_pprof_add_sample(w, frames, frames_of(stack, frames),
            cpu ? values : values + 1, cpu ? 2 : 1, NULL, 0);
    }
    return fk_pprof_finish(w, at_ns, (int64_t)RECORDING_STEP_MS * 1000000,
        cpu ? of_cpu : of_wall, SAMPLE_NS, FK_SLICE(""));
}

static void add_label(struct fk_buf *out, const char *name, const char *value)
{
    size_t mark = fk_pb_begin(out, 1);
    fk_pb_add_bytes(out, 1, fk_slice_of(name));
    fk_pb_add_bytes(out, 2, fk_slice_of(value));
    fk_pb_end(out, mark);
}

static enum fk_err add_series(const char *service, const json_t *profile,
    int64_t start_ms, struct fk_buf *push)
{
    struct fk_pprof_writer w;
    const char *endpoint = text(profile, "endpoint");
    bool cpu = strcmp(text(profile, "type"), "wall") != 0;
    fk_pprof_writer_init(&w, PUSH_MAX_BYTES);
    enum fk_err err = write_pprof(
        profile, cpu, (start_ms + number(profile, "at")) * 1000000, &w);
    if (!err) {
        size_t series = fk_pb_begin(push, 1);
        add_label(push, "__name__", cpu ? "process_cpu" : "wall");
        add_label(push, "service_name", service);
        add_label(push, "env", "workshop");
        add_label(push, "version", "1.0.0");
        if (*endpoint)
            add_label(push, "endpoint", endpoint);
        size_t sample = fk_pb_begin(push, 2);
        fk_pb_add_bytes(push, 1, fk_buf_slice(&w.body));
        fk_pb_end(push, sample);
        fk_pb_end(push, series);
        err = push->err;
    }
    fk_pprof_writer_fini(&w);
    return err;
}

static enum fk_err push_out(
    const struct kit *kit, struct fk_buf *push, struct fk_diag *diag)
{
    struct fk_buf answer;
    int status = 0;
    struct client_call call = {.method = "POST",
        .base = kit->server,
        .path = PUSH,
        .body = fk_buf_slice(push),
        .content_type = "application/proto"};
    enum fk_err err = client_call(&call, &status, &answer, diag);
    if (!err && status != 200)
        err = fk_diag_set(diag, FK_ERR_ARG,
            "the server refused the recording: " FK_SLICE_FMT,
            FK_SLICE_ARG(fk_buf_slice(&answer)));
    fk_buf_fini(&answer);
    fk_buf_reset(push);
    return err;
}

static enum fk_err send_profiles(const struct kit *kit, const json_t *run,
    int64_t start_ms, struct fk_diag *diag)
{
    struct fk_buf push;
    enum fk_err err = FK_OK;
    size_t i;
    json_t *profile;
    fk_buf_init(&push, PUSH_MAX_BYTES);
    json_array_foreach(json_object_get(run, "profiles"), i, profile)
    {
        if (!err && add_series(text(run, "service"), profile, start_ms, &push))
            err = fk_diag_set(diag, FK_ERR_FORMAT,
                "profile %zu of the recording is damaged", i);
        if (!err && push.len >= PUSH_AT_BYTES)
            err = push_out(kit, &push, diag);
    }
    if (!err && push.len)
        err = push_out(kit, &push, diag);
    fk_buf_fini(&push);
    return err;
}

/* ---- markers ---- */

static enum fk_err post(
    const struct kit *kit, const char *path, json_t *what, struct fk_diag *diag)
{
    json_t *answer = NULL;
    char *body = json_dumps(what, 0);
    struct client_request request = {"POST", kit->server, path, body, 0};
    enum fk_err err = client_json(&request, &answer, diag);
    json_decref(answer);
    json_decref(what);
    free(body);
    return err;
}

static void shift(json_t *o, const char *key, int64_t by_ms)
{
    json_object_set_new(o, key, json_integer(number(o, key) + by_ms));
}

static json_t *marker_at(const struct kit *kit, const json_t *run,
    const json_t *marker, int64_t start_ms)
{
    json_t *copy = json_deep_copy(marker);
    char id[256];
    snprintf(id, sizeof id, "%s/replay/%lld/%s/%s", kit->run,
        (long long)start_ms, text(run, "plan"),
        text(json_object_get(marker, "data"), "phase"));
    json_object_set_new(copy, "id", json_string(id));
    json_object_set_new(copy, "run", json_string(kit->run));
    shift(copy, "timestamp", start_ms);
    shift(copy, "until", start_ms);
    return copy;
}

static json_t *run_at(
    const struct kit *kit, const json_t *run, int64_t start_ms)
{
    json_t *copy = json_deep_copy(json_object_get(run, "run")), *phase;
    char id[160];
    size_t i;
    snprintf(id, sizeof id, "%s/replay/%lld/%s", kit->run, (long long)start_ms,
        text(run, "plan"));
    json_object_set_new(copy, "id", json_string(id));
    json_object_set_new(copy, "run", json_string(kit->run));
    shift(copy, "from", start_ms);
    shift(copy, "until", start_ms);
    json_array_foreach(json_object_get(copy, "phases"), i, phase)
    {
        shift(phase, "from", start_ms);
        shift(phase, "until", start_ms);
    }
    return copy;
}

enum fk_err recording_send(const struct kit *kit, const json_t *run,
    int64_t start_ms, struct fk_diag *diag)
{
    enum fk_err err = send_profiles(kit, run, start_ms, diag);
    size_t i;
    json_t *marker;
    json_array_foreach(json_object_get(run, "markers"), i, marker)
    {
        if (!err)
            err = post(kit, "/api/annotations",
                marker_at(kit, run, marker, start_ms), diag);
    }
    return err ? err
               : post(kit, "/api/kit/runs", run_at(kit, run, start_ms), diag);
}
