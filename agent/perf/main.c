/*
 * flamekit-perf: CPU profiles of programs that know nothing of it, taken from
 * outside: one process, one container, or the whole machine. Stacks are
 * unwound with the same tables as inside (agent/unwind.h).
 */
#include "agent/counters.h"
#include "agent/demangle.h"
#include "agent/hostlog.h"
#include "agent/message.h"
#include "agent/perf/events.h"
#include "agent/perf/report.h"
#include "agent/profile.h"
#include "agent/unwind.h"
#include "agent/uploader.h"
#include "common/clock.h"
#include "common/hash.h"
#include "common/opt.h"
#include "common/rlimit.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum { WAIT_MS = 50, KERNEL_FRAMES_MAX = 127, MARKS = 4095, UPLOAD_MS = 3000 };

static const char usage[] =
    "flamekit-perf [-p PID | --container TEXT | --all] [-o FILE | --server "
    "URL]\n"
    "Takes CPU profiles from outside: programs need no restart and no "
    "library.\n"
    "Until --for is over or Ctrl-C. FILE is pprof when it is called .pb,\n"
    ".pprof or .prof (compressed with .gz behind it), folded text otherwise.\n"
    "Exit status: 0 done, 1 it cannot be done (one sentence says why), 2 the\n"
    "arguments are wrong.";

struct options {
    long pid, hz;
    bool all, no_kernel, lines;
    const char *container, *output, *server, *name, *naming;
    int64_t for_ns, interval_ns;
};

static struct {
    struct options o;
    flamekit_config config;
    struct perf_events *events;
    struct perf_report report;
    struct fk_outfile *file;
    struct fk_uploader uploader;
    uint64_t seen, ring_lost, cut, no_map;
    int64_t now_ns;
} run;

static volatile sig_atomic_t stop;

static void on_stop(int number)
{
    (void)number;
    stop = 1;
}

/* ---- a sample ----------------------------------------------------------- */

/* The kernel's frames without its marks, which are the highest addresses. */
static uint32_t kernel_frames(const struct perf_sample *s, uintptr_t *pcs)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s->num_kernel && n < KERNEL_FRAMES_MAX; i++)
        if (s->kernel[i] < (uint64_t)-MARKS && s->kernel[i] >> 63)
            pcs[n++] = s->kernel[i];
    return n;
}

static unsigned unwind(struct perf_process *p, const struct perf_sample *s,
    uintptr_t *pcs, enum fk_unwind_stop *why)
{
    struct fk_stack stack;
    unsigned max = run.config.max_stack_depth, n;
    if (!perf_sample_stack(s, &stack)) {
        *why = FK_UNWIND_OFF_STACK;
        pcs[0] = s->regs.pc;
        return 1;
    }
    fk_objects_missed();
    n = fk_unwind(p->objects, &s->regs, &stack, pcs, max, why);
    if (fk_objects_missed() && perf_process_look_again(p, run.now_ns))
        n = fk_unwind(p->objects, &s->regs, &stack, pcs, max, why);
    return n;
}

static void on_sample(void *arg, const struct perf_sample *s)
{
    (void)arg;
    uintptr_t pcs[FK_TRACE_MAX];
    enum fk_unwind_stop why = FK_UNWIND_COMPLETE;
    if (s->pid == getpid())
        return;
    struct perf_process *p = perf_process_seen(s->pid, run.now_ns);
    if (p != NULL && !p->wanted)
        return;
    run.seen++;
    if (p == NULL) {
        fk_count(&fk_counters.lost, 1);
        return;
    }
    struct fk_trace trace = {.depth = kernel_frames(s, pcs), .pcs = pcs};
    if (s->has_regs && p->objects != NULL)
        trace.depth += unwind(p, s, pcs + trace.depth, &why);
    else if (s->has_regs)
        pcs[trace.depth++] = s->regs.pc;
    if (why != FK_UNWIND_COMPLETE)
        trace.flags = FK_TRACE_CUT;
    run.cut += why != FK_UNWIND_COMPLETE;
    run.no_map += s->has_regs && p->objects == NULL;
    if (trace.depth > 0)
        perf_report_add(&run.report, p, &trace);
    else
        fk_count(&fk_counters.lost, 1);
}

static void on_changed(void *arg, pid_t pid)
{
    (void)arg;
    perf_process_changed(pid);
}

static void on_ended(void *arg, pid_t pid)
{
    (void)arg;
    perf_process_ended(pid);
}

static void on_lost(void *arg, uint64_t records)
{
    (void)arg;
    run.ring_lost += records;
    fk_count(&fk_counters.lost, records);
    perf_processes_doubt();
}

/* ---- output ------------------------------------------------------------- */

static void end_interval(void)
{
    struct fk_buf message;
    struct fk_payload payload;
    fk_buf_init(&message, 2 * FK_PROFILE_BYTES);
    uint64_t weight = perf_report_take(&run.report, run.file, &message);
    if (message.len > 0 && fk_message_pack(&message, weight, &payload))
        fk_uploader_put(&run.uploader, &payload);
    else if (message.len > 0)
        fk_count(&fk_counters.weight_unpacked, weight);
    fk_buf_fini(&message);
}

static void turn_crank(void)
{
    struct fk_push_result result = {.state = FK_PUSH_IDLE};
    if (run.file != NULL)
        return;
    fk_uploader_begin(&run.uploader, run.now_ns);
    if (!fk_uploader_busy(&run.uploader))
        return;
    fk_uploader_crank(&run.uploader, 0, &result);
    fk_uploader_settle(&run.uploader, &result);
}

static bool finish_output(void)
{
    if (run.file != NULL) {
        if (fk_outfile_write(run.file) == FK_OK)
            return true;
        fprintf(stderr, "flamekit-perf: %s cannot be written: %s\n",
            run.file->path, fk_errno_text(errno));
        return false;
    }
    int64_t until = fk_mono_ns() + UPLOAD_MS * FK_NS_PER_MS;
    fk_uploader_hurry(&run.uploader);
    while (!fk_uploader_idle(&run.uploader) && fk_mono_ns() < until) {
        run.now_ns = fk_mono_ns();
        turn_crank();
        fk_sleep_until_mono(run.now_ns + FK_NS_PER_MS);
    }
    fk_uploader_fini(&run.uploader);
    return fk_counted(&fk_counters.uploads_dropped) == 0;
}

static void tell_sums(void)
{
    fprintf(stderr,
        "flamekit-perf: %llu samples, %llu lost, %llu stacks incomplete\n",
        (unsigned long long)run.seen,
        (unsigned long long)(run.ring_lost + run.report.lost),
        (unsigned long long)(run.cut + run.no_map));
    if (perf_processes_refused() > 0)
        fprintf(stderr,
            "flamekit-perf: %u processes have no names, for the "
            "CAP_SYS_PTRACE capability is missing: run it as root, or setcap "
            "cap_perfmon,cap_sys_ptrace+ep\n",
            perf_processes_refused());
    else if (run.no_map > 0)
        fprintf(stderr,
            "flamekit-perf: %llu samples are of processes that ended before "
            "their code could be looked up\n",
            (unsigned long long)run.no_map);
}

/* ---- the loop ----------------------------------------------------------- */

static bool target_lives(void)
{
    return run.o.pid == 0 || kill((pid_t)run.o.pid, 0) == 0 || errno == EPERM;
}

static void record(void)
{
    const struct perf_listener listener = {.on_sample = on_sample,
        .on_exec = on_ended,
        .on_mmap = on_changed,
        .on_exit = on_ended,
        .on_lost = on_lost};
    run.now_ns = fk_mono_ns();
    int64_t end = run.o.for_ns ? run.now_ns + run.o.for_ns : INT64_MAX;
    int64_t due = run.now_ns + run.o.interval_ns;
    while (!stop && run.now_ns < end && target_lives()) {
        int64_t left_ms = (end - run.now_ns) / FK_NS_PER_MS + 1;
        perf_events_read(
            run.events, left_ms < WAIT_MS ? (int)left_ms : WAIT_MS, &listener);
        run.now_ns = fk_mono_ns();
        if (run.now_ns >= due) {
            end_interval();
            due += run.o.interval_ns;
        }
        turn_crank();
    }
    perf_events_read(run.events, 0, &listener);
    end_interval();
}

/* ---- start -------------------------------------------------------------- */

static const char *check(struct options *o)
{
    if ((o->pid != 0) + o->all + (o->container != NULL) != 1)
        return "say what to watch: one of -p PID, --container TEXT and --all";
    if ((o->output != NULL) + (o->server != NULL) != 1)
        return "say where profiles go: one of -o FILE and --server URL";
    if (strcmp(o->naming, "exe") != 0 && strcmp(o->naming, "cgroup") != 0)
        return "--service-by is exe or cgroup";
    return NULL;
}

static enum fk_err parse(int argc, char **argv, struct fk_diag *diag)
{
    struct options *o = &run.o;
    *o = (struct options){
        .hz = 99, .interval_ns = 15 * FK_NS_PER_S, .naming = "exe"};
    const struct fk_opt rows[] = {
        {"pid", 'p', NULL, FK_OPT_INT, &o->pid, 1, 4194304, "PID",
            "watch one process, and the children it starts from now on"},
        {"all", 'a', NULL, FK_OPT_FLAG, &o->all, 0, 0, NULL,
            "watch the whole machine"},
        {"container", 0, NULL, FK_OPT_STRING, &o->container, 0, 0, "TEXT",
            "watch processes with this text in the path of their cgroup"},
        {"output", 'o', NULL, FK_OPT_STRING, &o->output, 0, 0, "FILE",
            "write the profile to a file"},
        {"server", 0, NULL, FK_OPT_STRING, &o->server, 0, 0, "URL",
            "push the profiles to a server, one service a program"},
        {"for", 0, NULL, FK_OPT_DURATION, &o->for_ns, 0, 0, "TIME",
            "stop after this time"},
        {"hz", 0, NULL, FK_OPT_INT, &o->hz, 1, 1000, "N",
            "samples a second of CPU time"},
        {"interval", 0, NULL, FK_OPT_DURATION, &o->interval_ns, 0, 0, "TIME",
            "time between two pushes"},
        {"service", 0, NULL, FK_OPT_STRING, &o->name, 0, 0, "NAME",
            "call everything one service"},
        {"service-by", 0, NULL, FK_OPT_STRING, &o->naming, 0, 0, "exe|cgroup",
            "what a service is called after"},
        {"no-kernel", 0, NULL, FK_OPT_FLAG, &o->no_kernel, 0, 0, NULL,
            "leave the kernel's frames out"},
        {"lines", 0, NULL, FK_OPT_FLAG, &o->lines, 0, 0, NULL,
            "source lines and inlined functions, where there is debug "
            "information"},
        {0},
    };
    int first = argc;
    enum fk_err err = fk_opt_parse(rows, argc, argv, usage, &first, diag);
    if (err != FK_OK)
        return err;
    const char *wrong =
        first < argc ? "there is an argument too much" : check(o);
    return wrong ? fk_diag_set(diag, FK_ERR_ARG, "%s; see --help", wrong)
                 : FK_OK;
}

static void configure(void)
{
    const struct options *o = &run.o;
    flamekit_config *c = &run.config;
    flamekit_config_init(c);
    c->application_name = o->name ? o->name : "flamekit-perf";
    c->sample_rate = (unsigned)o->hz;
    c->max_stack_depth = FK_TRACE_MAX - KERNEL_FRAMES_MAX;
    c->upload_interval_ms = (unsigned)(o->interval_ns / FK_NS_PER_MS);
    if (o->server != NULL)
        c->server_address = o->server;
}

static bool open_output(void)
{
    const struct options *o = &run.o;
    if (!perf_report_init(&run.report, &run.config))
        return false;
    run.report.program_root = o->output != NULL && o->pid == 0;
    run.report.name = o->name;
    run.report.lines = o->lines;
    run.report.naming =
        strcmp(o->naming, "cgroup") == 0 ? PERF_BY_CGROUP : PERF_BY_PROGRAM;
    if (o->output != NULL) {
        run.file = fk_outfile_new(o->output);
        return run.file != NULL;
    }
    fk_uploader_init(&run.uploader, &run.config);
    fk_uploader_open(&run.uploader, fk_hash_seed());
    return run.uploader.push != NULL;
}

static bool open_events(void)
{
    struct fk_diag diag = {""}, note = {""};
    const struct perf_want want = {
        .pid = (pid_t)run.o.pid, .hz = run.o.hz, .kernel = !run.o.no_kernel};
    run.events = perf_events_open(&want, &note, &diag);
    const char *told = run.events ? note.text : diag.text;
    if (told[0] != '\0')
        fprintf(stderr, "flamekit-perf: %s\n", told);
    return run.events != NULL;
}

int main(int argc, char **argv)
{
    struct fk_diag diag = {""};
    struct sigaction action = {.sa_handler = on_stop};
    enum fk_err err = parse(argc, argv, &diag);
    if (err == FK_ERR_CANCELLED)
        return EXIT_DONE;
    if (err != FK_OK) {
        fprintf(stderr, "flamekit-perf: %s\n", diag.text);
        return EXIT_USAGE;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    fk_rlimit_files(UINT_MAX); /* files of code stay open */
    configure();
    fk_demangle_may_load();
    perf_processes_want(run.o.container);
    if (!open_output() || !open_events())
        return EXIT_FAILED;
    record();
    bool ok = finish_output();
    tell_sums();
    perf_events_close(run.events);
    perf_report_fini(&run.report);
    fk_outfile_free(run.file);
    return ok ? EXIT_DONE : EXIT_FAILED;
}
