/*
 * replay, catch-up, keep: a recorded world for those who came late, whose
 * laptop broke, or who have no time for the load.
 */
#include "cli/client.h"
#include "cli/exercise.h"
#include "cli/progress.h"
#include "cli/recording.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { GAP_MS = 10000, SERVICES = 2, STEPS_MAX = 1000 };

struct replay {
    struct kit *kit;
    json_t *recording, *markers;
    struct exercise all[EXERCISES_MAX];
    size_t num_all;
    int64_t from_ms, until_ms; /* where it lies in the end */
};

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static int64_t number(const json_t *o, const char *key)
{
    return (int64_t)json_number_value(json_object_get(o, key));
}

static int64_t length_ms(const json_t *run)
{
    return (int64_t)(json_number_value(json_object_get(run, "seconds")) * 1000);
}

/* ---- where it fits ---- */

/* The latest time at or before `end_ms` so that nothing else was played
 * against the service in the `length` before it. */
static int64_t find_room(
    const struct replay *r, const char *service, int64_t length, int64_t end_ms)
{
    for (int step = 0; step < STEPS_MAX; step++) {
        int64_t blocked = 0;
        size_t i;
        json_t *m;
        json_array_foreach(r->markers, i, m)
        {
            int64_t from = number(m, "timestamp"), until = number(m, "until");
            bool open = until == 0;
            if (!strcmp(text(m, "appName"), service) && from < end_ms &&
                (open || until + GAP_MS > end_ms - length))
                blocked = from;
        }
        if (!blocked)
            break;
        end_ms = blocked - GAP_MS;
    }
    return end_ms;
}

/* One run of the recording; the ones before it end where it begins. */
static enum fk_err place(
    struct replay *r, const json_t *run, int64_t *end_ms, struct fk_diag *diag)
{
    int64_t length = length_ms(run);
    int64_t end = find_room(r, text(run, "service"), length, *end_ms);
    int64_t start = end - length;
    enum fk_err err = recording_send(r->kit, run, start, diag);
    if (err)
        return err;
    *end_ms = start - GAP_MS;
    r->from_ms = start < r->from_ms ? start : r->from_ms;
    r->until_ms = end > r->until_ms ? end : r->until_ms;
    printf("%-10s %s\n", text(run, "plan"), text(run, "service"));
    return FK_OK;
}

/* ---- which of it ---- */

static enum fk_err note(
    struct replay *r, const struct exercise *ex, struct fk_diag *diag)
{
    struct progress p;
    char from[32], until[32];
    snprintf(from, sizeof from, "%lld", (long long)r->from_ms);
    snprintf(until, sizeof until, "%lld", (long long)r->until_ms);
    enum fk_err err = progress_open(r->kit, ex->id, &p, diag);
    if (!err)
        err = progress_set(&p, "since", "", from, diag);
    if (!err)
        err = progress_set(&p, "before", "", until, diag);
    progress_close(&p);
    return err;
}

/* Exercises up to `last`, all of them when that is "". */
static bool wanted(const struct exercise *ex, const char *last)
{
    return !ex->optional && (!*last || strcmp(ex->id, last) <= 0);
}

static bool plan_wanted(
    const struct replay *r, const char *plan, const char *last)
{
    for (size_t i = 0; i < r->num_all; i++)
        if (wanted(&r->all[i], last) && !strcmp(r->all[i].plan, plan))
            return true;
    return false;
}

static enum fk_err play_all(
    struct replay *r, const char *last, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    json_t *runs = json_object_get(r->recording, "runs"), *run;
    const int64_t now = fk_wall_ns() / FK_NS_PER_MS;
    const char *services[SERVICES] = {0};
    int64_t end_ms[SERVICES];
    size_t i, n = 0;
    r->from_ms = now;
    json_array_foreach(runs, i, run)
    {
        size_t s = 0;
        if (err || !plan_wanted(r, text(run, "plan"), last))
            continue;
        while (s < n && strcmp(services[s], text(run, "service")))
            s++;
        if (s == SERVICES)
            return fk_diag_set(diag, FK_ERR_FORMAT,
                "the recording is of more than %d services", SERVICES);
        if (s == n) {
            services[n] = text(run, "service");
            end_ms[n++] = now;
        }
        err = place(r, run, &end_ms[s], diag);
    }
    for (i = 0; !err && i < r->num_all; i++)
        if (wanted(&r->all[i], last))
            err = note(r, &r->all[i], diag);
    return err;
}

static void print_where(const struct replay *r, const char *next)
{
    char from[16], until[16];
    struct tm a, b;
    time_t from_s = (time_t)(r->from_ms / 1000);
    time_t until_s = (time_t)(r->until_ms / 1000);
    strftime(from, sizeof from, "%H:%M:%S", localtime_r(&from_s, &a));
    strftime(until, sizeof until, "%H:%M:%S", localtime_r(&until_s, &b));
    printf("replayed from %s to %s on the timeline; now: flamekit check %s\n",
        from, until, next);
}

static enum fk_err open_replay(
    struct replay *r, const char *scenario, struct fk_diag *diag)
{
    char path[PATH_MAX];
    struct client_request ask = {
        "GET", r->kit->server, "/api/annotations?kind=phase&from=0", NULL, 0};
    if (!*r->kit->run)
        return fk_diag_set(
            diag, FK_ERR_UNAVAILABLE, "nothing is up; type `make up` first");
    enum fk_err err = stack_verify_run(r->kit, r->kit->server, diag);
    if (!err)
        err = exercise_list(r->kit, r->all, &r->num_all, diag);
    if (!err)
        err = recording_path(r->kit, scenario, path, diag);
    if (!err)
        err = recording_read(path, &r->recording, diag);
    if (!err)
        stack_stop_load(r->kit);
    return err ? err : client_json(&ask, &r->markers, diag);
}

static int replay(struct kit *kit, const char *scenario, const char *last)
{
    static struct replay r;
    struct fk_diag diag = {""};
    r = (struct replay){.kit = kit};
    enum fk_err err = open_replay(&r, scenario, &diag);
    if (!err)
        err = play_all(&r, last, &diag);
    if (!err)
        print_where(&r, *last ? last : r.all[0].id);
    json_decref(r.recording);
    json_decref(r.markers);
    return err ? verb_fail(3, &diag) : 0;
}

int verb_replay(struct kit *kit, int argc, char **argv)
{
    if (argc > 1) {
        fprintf(stderr, "usage: flamekit replay [SCENARIO]\n");
        return 2;
    }
    return replay(kit, argc ? argv[0] : "07", "");
}

int verb_catch_up(struct kit *kit, int argc, char **argv)
{
    struct exercise ex;
    struct fk_diag diag = {""};
    char scenario[3];
    if (argc != 1) {
        fprintf(stderr, "usage: flamekit catch-up EX\n");
        return 2;
    }
    if (exercise_find(kit, argv[0], &ex, &diag))
        return verb_fail(2, &diag);
    snprintf(scenario, sizeof scenario, "%.2s", ex.id);
    return replay(kit, scenario, ex.id);
}

int verb_keep(struct kit *kit, int argc, char **argv)
{
    struct fk_diag diag = {""};
    json_t *made = NULL;
    if (argc != 1) {
        fprintf(stderr, "usage: flamekit keep FILE\n");
        return 2;
    }
    enum fk_err err = *kit->run
                          ? recording_make(kit, "07", &made, &diag)
                          : fk_diag_set(&diag, FK_ERR_UNAVAILABLE,
                                "nothing is up, so there is nothing to record");
    if (!err)
        err = recording_write(argv[0], made, &diag);
    json_decref(made);
    return err ? verb_fail(3, &diag) : 0;
}
