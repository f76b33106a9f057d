/* loadgen: plays a load plan against a service. */
#include "common/clock.h"
#include "common/rlimit.h"
#include "loadgen/compare.h"
#include "loadgen/conductor.h"
#include "loadgen/explain.h"
#include "loadgen/library.h"
#include "loadgen/options.h"
#include "loadgen/output.h"
#include "loadgen/schedule.h"
#include "loadgen/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum exit_code {
    EXIT_DONE = 0,
    EXIT_MISSED = 1, /* a threshold */
    EXIT_USAGE = 2,
    EXIT_GONE = 3, /* no request ever succeeded */
    EXIT_INTERRUPTED = 130,
};

enum { CHECK_URLS = 10, MAX_FILES = 12 * 1024 };

static const char *environment(const char *name)
{
    return getenv(name);
}

static enum fk_err adjust_plan(
    const struct options *o, struct plan *p, struct fk_diag *diag)
{
    char *end;
    if (*o->seed) {
        errno = 0;
        p->seed = strtoull(o->seed, &end, 10);
        if (errno || *end || *o->seed == '-')
            return fk_diag_set(diag, FK_ERR_ARG,
                "--seed is a whole number, not \"%s\".", o->seed);
    }
    if (o->duration_ns > 0)
        plan_stretch(p, o->duration_ns);
    if (*o->speed) {
        double speed = strtod(o->speed, &end);
        if (*end || !(speed >= 0.01 && speed <= 100))
            return fk_diag_set(diag, FK_ERR_ARG,
                "--speed is a number from 0.01 to 100, not \"%s\".", o->speed);
        plan_speed_up(p, speed);
    }
    return FK_OK;
}

static enum fk_err load_plan(const struct options *o, const char *name,
    struct plan **out, struct fk_diag *diag)
{
    struct fk_buf path, text, errors;
    fk_buf_init(&path, 8192);
    fk_buf_init(&text, PLAN_MAX_TEXT + 1);
    fk_buf_init(&errors, 256 * 1024);
    enum fk_err err = library_read(name, o->plans, &path, &text, diag);
    if (!err) {
        struct plan_source source = {
            path.ptr, fk_buf_slice(&text), environment};
        err = plan_parse(&source, out, &errors);
        if (err) {
            fputs(errors.len ? errors.ptr : "", stderr);
            fk_diag_set(diag, err, "The plan %s has mistakes.", path.ptr);
        } else {
            err = adjust_plan(o, *out, diag);
        }
    }
    fk_buf_fini(&path);
    fk_buf_fini(&text);
    fk_buf_fini(&errors);
    return err;
}

/* What a run sends, told without sending: its digest is the same. */
static uint64_t requests_digest(const struct plan *p)
{
    struct fk_buf path, body;
    uint64_t sum = 0;
    fk_buf_init(&path, 128 * 1024);
    fk_buf_init(&body, 1024 * 1024);
    for (uint32_t i = 0; i < p->num_phases; i++) {
        struct schedule schedule;
        struct schedule_request r;
        bool counts =
            p->phases[i].record && p->phases[i].arrive.kind != ARRIVE_CLIENTS;
        schedule_init(&schedule, p, i);
        while (counts && schedule_next(&schedule, &r)) {
            fk_buf_reset(&path);
            fk_buf_reset(&body);
            schedule_write(&schedule, &r, &path, &body);
            sum += schedule_digest(&schedule, &r, &path, &body);
        }
        schedule_fini(&schedule);
    }
    fk_buf_fini(&path);
    fk_buf_fini(&body);
    return sum;
}

static void print_urls(const struct plan *p, uint32_t phase, struct fk_buf *out)
{
    struct schedule schedule;
    struct schedule_request request;
    struct fk_buf path, body;
    fk_buf_init(&path, 128 * 1024);
    fk_buf_init(&body, 1024 * 1024);
    schedule_init(&schedule, p, phase);
    fk_buf_printf(out, "first requests of phase %s, after %.3f s:\n",
        p->phases[phase].name,
        (double)schedule_offset_ns(p, phase) / FK_NS_PER_S);
    for (int i = 0; i < CHECK_URLS && schedule_next(&schedule, &request); i++) {
        fk_buf_reset(&path);
        fk_buf_reset(&body);
        schedule_write(&schedule, &request, &path, &body);
        fk_buf_printf(out, "  %9.4f s  %s  %s\n",
            (double)request.due_ns / FK_NS_PER_S, path.ptr,
            body.len ? body.ptr : "");
    }
    schedule_fini(&schedule);
    fk_buf_fini(&path);
    fk_buf_fini(&body);
}

static int check_plan(const struct plan *p)
{
    struct fk_buf out;
    fk_buf_init(&out, REPORT_MAX_TEXT);
    plan_print(p, &out);
    for (uint32_t i = 0; i < p->num_phases; i++)
        print_urls(p, i, &out);
    fk_buf_printf(&out, "digest %016llx\nrequests %016llx\n",
        (unsigned long long)plan_digest(p),
        (unsigned long long)requests_digest(p));
    fwrite(out.ptr, 1, out.len, stdout);
    fk_buf_fini(&out);
    return EXIT_DONE;
}

static int compare_plan(
    const struct options *o, const struct plan *p, struct fk_diag *diag)
{
    struct plan *other = NULL;
    struct fk_buf out;
    enum exit_code code = EXIT_USAGE;
    fk_buf_init(&out, REPORT_MAX_TEXT);
    if (!load_plan(o, o->diff, &other, diag))
        code = compare_print(other, p, &out) ? EXIT_MISSED : EXIT_DONE;
    fwrite(out.len ? out.ptr : "", 1, out.len, stdout);
    fk_buf_fini(&out);
    plan_free(other);
    return code;
}

static int explain_plan(const struct plan *p)
{
    struct fk_buf out;
    fk_buf_init(&out, REPORT_MAX_TEXT);
    explain_print(p, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    fk_buf_fini(&out);
    return EXIT_DONE;
}

static enum exit_code verdict(const struct report *r)
{
    if (r->interrupted)
        return EXIT_INTERRUPTED;
    if (!r->all.tally->ok)
        return EXIT_GONE;
    if (*r->stopped)
        return EXIT_MISSED;
    for (uint32_t i = 0; i < r->num_thresholds; i++)
        if (!r->thresholds[i].held)
            return EXIT_MISSED;
    return EXIT_DONE;
}

/* The kernel's table of our files grows to its full size at once. While there
 * are threads it would make whoever opens a connection wait each time that it
 * grows, for some 10 ms (an RCU grace period). */
static void allow_many_files(void)
{
    unsigned files = fk_rlimit_files(UINT_MAX);
    int last = files < MAX_FILES ? (int)files - 1 : MAX_FILES - 1;
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, last);
    if (fd >= 0)
        close(fd);
}

static int by_start(const void *a, const void *b)
{
    const struct report *x = *(struct report *const *)a;
    const struct report *y = *(struct report *const *)b;
    int64_t from = x->phases.num ? x->phases.row[0].from_ms : 0;
    int64_t to = y->phases.num ? y->phases.row[0].from_ms : 0;
    return from < to ? -1 : from > to;
}

/* Adds up what several runs wrote by `--report json`. */
static int merge(const struct options *o, struct fk_diag *diag)
{
    struct report *reports[OPTIONS_MAX_MERGE];
    int n = 0, code = EXIT_USAGE;
    enum fk_err err = FK_OK;
    while (n < o->num_merge && !err) {
        err = output_read(o->merge[n], &reports[n], diag);
        n += !err;
    }
    if (!err)
        qsort(reports, (size_t)n, sizeof *reports, by_start);
    for (int i = 1; i < n && !err; i++)
        err = report_merge(reports[0], reports[i], diag);
    if (!err && !(err = output_report(o, reports[0], diag)))
        code = (int)verdict(reports[0]);
    for (int i = 0; i < n; i++)
        report_free(reports[i]);
    return code;
}

/* Who is asked: the target, or that of each region. */
struct aims {
    struct target target[PLAN_MAX_REGIONS];
    struct engine_target engine[PLAN_MAX_REGIONS];
    unsigned count;
    enum engine_kind kind;
    struct fk_diag why; /* not the fast one, or "" */
};

static int play(const struct options *o, const struct plan *plan,
    const struct aims *aims, struct fk_diag *diag)
{
    const struct target *target = &aims->target[0];
    struct run *run = calloc(1, sizeof *run);
    struct display display;
    struct threshold_row rows[THRESHOLD_MAX_ROWS];
    if (!run)
        return EXIT_USAGE;
    run_init(run, plan, o->run, target->base_url);
    snprintf(run->service, sizeof run->service, "%s", target->service);
    run->resolve_ns = target->resolve_ns;
    run->has_verbs = !strcmp(target->component, "demoapp");
    run->engine = engine_kind_name(aims->kind);
    display_init(&display, o->quiet);
    if (*aims->why.text)
        display_note(&display, "%s", aims->why.text);
    struct conductor conductor = {aims->engine, aims->count, aims->kind,
        *o->csv != 0, o->priority, o->server, (unsigned)o->workers, &display};
    int code = EXIT_USAGE;
    if (!conductor_play(&conductor, run, diag)) {
        struct report *r = report_of_run(run, rows, threshold_judge(run, rows));
        code = (int)verdict(r);
        if (output_report(o, r, diag) || output_csv(o, run, diag))
            code = EXIT_USAGE;
        report_free(r);
    }
    run_fini(run);
    free(run);
    return code;
}

static enum fk_err take_aim(const struct options *o, const char *url,
    struct aims *aims, struct fk_diag *diag)
{
    struct target *t = &aims->target[aims->count];
    if (!*url)
        return fk_diag_set(diag, FK_ERR_ARG,
            "No target: say which service with --target URL.");
    enum fk_err err = target_ask(url, o->run, t, diag);
    aims->engine[aims->count++] =
        (struct engine_target){t->base_url, t->address};
    return err;
}

static int start(
    const struct options *o, const struct plan *plan, struct fk_diag *diag)
{
    struct aims aims = {.count = 0};
    enum fk_err err = FK_OK;
    engine_global_init(&o->tls);
    if (!plan->num_regions)
        err = take_aim(o, *o->target ? o->target : plan->target, &aims, diag);
    for (uint32_t i = 0; !err && i < plan->num_regions; i++)
        err = take_aim(o, plan->regions[i].target, &aims, diag);
    if (!err) {
        err = engine_choose(
            o->engine, aims.engine, aims.count, &aims.kind, &aims.why);
        if (err)
            *diag = aims.why;
        else if (aims.kind == ENGINE_CURL && plan->per_connection > 1)
            err = fk_diag_set(diag, FK_ERR_ARG,
                "By libcurl, requests_per_connection is 1 or left out; the "
                "fast engine can count up to %lld.",
                (long long)plan->per_connection);
    }
    if (err)
        return err == FK_ERR_UNAVAILABLE ? EXIT_GONE : EXIT_USAGE;
    return play(o, plan, &aims, diag);
}

static int with_plan(const struct options *o, struct fk_diag *diag)
{
    const char *name = *o->check     ? o->check
                       : *o->explain ? o->explain
                                     : o->plan;
    struct plan *plan = NULL;
    int code = EXIT_USAGE;
    if (!load_plan(o, name, &plan, diag))
        code = *o->check     ? check_plan(plan)
               : *o->explain ? explain_plan(plan)
               : *o->diff    ? compare_plan(o, plan, diag)
                             : start(o, plan, diag);
    plan_free(plan);
    return code;
}

int main(int argc, char **argv)
{
    struct options o;
    struct fk_diag diag = {""};
    int code = EXIT_USAGE;
    conductor_block_signals();
    allow_many_files();
    enum fk_err err = options_parse(&o, argc, argv, &diag);
    if (!err && !output_writer(o.report))
        err = fk_diag_set(&diag, FK_ERR_ARG,
            "--report is json, text or html, not \"%s\".", o.report);
    if (err == FK_ERR_CANCELLED)
        return EXIT_DONE;
    if (!err)
        code = o.num_merge ? merge(&o, &diag) : with_plan(&o, &diag);
    if (*diag.text)
        fprintf(stderr, "loadgen: %s\n", diag.text);
    return code;
}
