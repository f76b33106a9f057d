/*
 * up, down, status, restart, reset, load: the kit's processes.
 *
 * A start mints a run id that every part carries and shows at
 * /api/kit/hello, so that an old process on a port is named and refused
 * instead of answering for the new one. `.flamekit/pids` knows each process
 * by pid and start time.
 */
#include "cli/stack.h"
#include "cli/client.h"
#include "cli/port.h"
#include "cli/process.h"
#include "cli/verbs.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_TIMEOUT_S = 20, STOP_GRACE_S = 10, NUM_PORTS = 3 };

/* First choice, then the two to fall back on. 5000 is AirPlay's on a Mac. */
static const uint16_t server_ports[NUM_PORTS] = {4040, 4041, 4042};
static const uint16_t app_ports[NUM_PORTS] = {5000, 5050, 5051};

/* ---- .flamekit/pids ------------------------------------------------------ */

static enum fk_err pids_path(const struct kit *kit, char *path)
{
    return kit_path(path, kit->state, "pids");
}

size_t stack_read(const struct kit *kit, struct process *out, size_t max)
{
    char path[PATH_MAX];
    struct fk_buf text;
    size_t n = 0;
    if (pids_path(kit, path))
        return 0;
    if (!kit_read_file(path, 64 * 1024, &text, NULL)) {
        struct fk_slice rest = fk_buf_slice(&text), line;
        while (n < max && fk_slice_split(&rest, '\n', &line)) {
            char row[128];
            long pid;
            unsigned long long started;
            snprintf(row, sizeof row, FK_SLICE_FMT, FK_SLICE_ARG(line));
            if (sscanf(row, "%31s %ld %llu", out[n].name, &pid, &started) != 3)
                continue;
            out[n].pid = (pid_t)pid;
            out[n++].started = started;
        }
    }
    fk_buf_fini(&text);
    return n;
}

enum fk_err stack_write(const struct kit *kit, const struct process *list,
    size_t n, struct fk_diag *diag)
{
    char path[PATH_MAX];
    struct fk_buf text;
    fk_buf_init(&text, 64 * 1024);
    for (size_t i = 0; i < n; i++)
        fk_buf_printf(&text, "%s %ld %llu\n", list[i].name, (long)list[i].pid,
            (unsigned long long)list[i].started);
    enum fk_err err = pids_path(kit, path);
    if (!err)
        err = kit_write_file(path, fk_buf_slice(&text), diag);
    fk_buf_fini(&text);
    return err;
}

/* ---- which port ------------------------------------------------------------
 */

/* Says who has the port; a kit is asked for its run. */
static void name_holder(uint16_t port, const struct port_holder *holder)
{
    char base[64];
    json_t *hello = NULL;
    snprintf(base, sizeof base, "http://127.0.0.1:%u", port);
    struct client_request ask = {"GET", base, "/api/kit/hello", NULL, 2};
    if (!client_json(&ask, &hello, NULL) && json_object_get(hello, "run"))
        printf("port      %u is held by another Flamekit (run %s, pid %ld); "
               "stop it with `make down` in its folder\n",
            port, json_string_value(json_object_get(hello, "run")),
            (long)holder->pid);
    else
        printf("port      %u is held by %s (pid %ld)\n", port, holder->name,
            (long)holder->pid);
    json_decref(hello);
}

/* The port of a run that goes on, else the first free one of the three, else
 * 0: the kernel chooses. */
static uint16_t choose_port(
    const uint16_t ports[NUM_PORTS], const char *url_before)
{
    struct port_holder holder;
    struct fk_url before;
    if (*url_before && !fk_url_parse(fk_slice_of(url_before), &before, NULL))
        return before.port;
    for (int i = 0; i < NUM_PORTS; i++) {
        if (!port_busy(ports[i], &holder))
            return ports[i];
        name_holder(ports[i], &holder);
        if (i + 1 < NUM_PORTS)
            printf("port      trying %u instead\n", ports[i + 1]);
    }
    return 0;
}

/* ---- starting
 * ---------------------------------------------------------------- */

static void print_log_end(const char *log)
{
    struct fk_buf text;
    if (!kit_read_file(log, 64u << 20, &text, NULL)) {
        size_t at = text.len > 2000 ? text.len - 2000 : 0;
        fprintf(stderr, "--- end of %s\n%s", log, text.ptr + at);
    }
    fk_buf_fini(&text);
}

/* Starts one part; says why when it does not get ready. */
static enum fk_err start_part(const struct kit *kit, const char *name,
    const char *const argv[], struct process *p, char url[256],
    struct fk_diag *diag)
{
    char log[PATH_MAX], dir[PATH_MAX];
    if (kit_path(dir, kit->state, "log") ||
        (mkdir(dir, 0700) && errno != EEXIST) ||
        snprintf(log, sizeof log, "%s/%s", dir, name) >= (int)sizeof log)
        return fk_diag_set(diag, FK_ERR_IO, "cannot make %s", dir);
    snprintf(p->name, sizeof p->name, "%s", name);
    switch (process_start(p, argv, log, READY_TIMEOUT_S, url)) {
    case PROCESS_READY:
        return FK_OK;
    case PROCESS_EXITED:
        print_log_end(log);
        return fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "%s ended before it was ready; the reason is above and in %s", name,
            log);
    case PROCESS_SILENT:
        return fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "%s was not ready after %d s; see %s", name, READY_TIMEOUT_S, log);
    }
    return FK_ERR_UNAVAILABLE;
}

enum fk_err stack_verify_run(
    const struct kit *kit, const char *url, struct fk_diag *diag)
{
    json_t *hello = NULL;
    struct client_request ask = {"GET", url, "/api/kit/hello", NULL, 5};
    enum fk_err err = client_json(&ask, &hello, diag);
    const char *run =
        err ? NULL : json_string_value(json_object_get(hello, "run"));
    if (!err && (!run || strcmp(run, kit->run)))
        err = fk_diag_set(diag, FK_ERR_EXISTS,
            "%s belongs to run %s, not to %s: stop the other kit, then "
            "`make restart`",
            url, run ? run : "(none)", kit->run);
    json_decref(hello);
    return err;
}

static enum fk_err start_server(
    struct kit *kit, struct process *p, struct fk_diag *diag)
{
    char program[PATH_MAX], data[PATH_MAX], listen[64];
    if (kit_path(program, kit->bin, "flamekit-server") ||
        kit_path(data, kit->state, "data"))
        return fk_diag_set(diag, FK_ERR_LIMIT, "the kit's path is too long");
    snprintf(listen, sizeof listen, "127.0.0.1:%u",
        choose_port(server_ports, kit->server));
    const char *argv[] = {
        program, "--listen", listen, "--data", data, "--run", kit->run, NULL};
    enum fk_err err = start_part(kit, "server", argv, p, kit->server, diag);
    return err ? err : stack_verify_run(kit, kit->server, diag);
}

static enum fk_err start_app(
    struct kit *kit, struct process *p, struct fk_diag *diag)
{
    char program[PATH_MAX], listen[64];
    if (kit_path(program, kit->bin, "demoapp"))
        return fk_diag_set(diag, FK_ERR_LIMIT, "the kit's path is too long");
    snprintf(listen, sizeof listen, "127.0.0.1:%u",
        choose_port(app_ports, kit->app));
    const char *argv[] = {program, "--listen", listen, "--server", kit->server,
        "--run", kit->run, NULL};
    enum fk_err err = start_part(kit, "demoapp", argv, p, kit->app, diag);
    return err ? err : stack_verify_run(kit, kit->app, diag);
}

static void mint_run(struct kit *kit)
{
    uint64_t x = fk_hash_mix(
        fk_hash_seed() ^ (uint64_t)fk_wall_ns() ^ (uint64_t)getpid());
    snprintf(kit->run, sizeof kit->run, "r-%08x", (unsigned)(x >> 32));
}

struct starter {
    const char *name;
    enum fk_err (*start)(
        struct kit *kit, struct process *p, struct fk_diag *diag);
};

static const struct starter starters[] = {
    {"server", start_server},
    {"demoapp", start_app},
};

enum { NUM_STARTERS = sizeof starters / sizeof *starters };

static bool runs(const struct process *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, name))
            return true;
    return false;
}

static bool all_run(const struct process *list, size_t n)
{
    for (size_t i = 0; i < NUM_STARTERS; i++)
        if (!runs(list, n, starters[i].name))
            return false;
    return true;
}

/* Starts what is missing. When something still runs, its run goes on: a
 * server that was killed comes back on its port, under its run id, and the
 * demo app never notices more than a pause. */
static enum fk_err start_missing(struct kit *kit,
    struct process list[STACK_MAX], size_t *n, struct fk_diag *diag)
{
    enum fk_err err = FK_OK;
    if (mkdir(kit->state, 0700) && errno != EEXIST)
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot make %s: %s", kit->state, strerror(errno));
    if (!*n) {
        mint_run(kit);
        kit->server[0] = kit->app[0] = '\0';
    }
    for (size_t i = 0; !err && i < NUM_STARTERS; i++) {
        if (runs(list, *n, starters[i].name))
            continue;
        err = starters[i].start(kit, &list[*n], diag);
        *n += list[*n].pid > 0;
    }
    if (!err)
        err = kit_save_env(kit, diag);
    return err ? err : stack_write(kit, list, *n, diag);
}

/* Keeps the living; returns how many. */
static size_t drop_dead(struct process *list, size_t n)
{
    size_t alive = 0;
    for (size_t i = 0; i < n; i++)
        if (process_alive(&list[i]))
            list[alive++] = list[i];
    memset(list + alive, 0, (STACK_MAX - alive) * sizeof *list);
    return alive;
}

static void print_addresses(const struct kit *kit)
{
    printf("server    %s   run %s\n", kit->server, kit->run);
    printf("demoapp   %s   profiler on (100 Hz, flush 5 s)\n", kit->app);
}

static int already_up(const struct kit *kit, struct fk_diag *diag)
{
    if (stack_verify_run(kit, kit->server, diag) ||
        stack_verify_run(kit, kit->app, diag))
        return verb_fail(3, diag);
    printf("up        since before\n");
    print_addresses(kit);
    printf("Next: open %s   then: make next\n", kit->server);
    return 0;
}

static void stop_one(const struct process *p)
{
    if (!process_alive(p))
        return;
    bool clean = process_stop(p, STOP_GRACE_S);
    printf("stopped   %-9s pid %ld%s\n", p->name, (long)p->pid,
        clean ? "" : " (did not end by itself, was killed)");
}

/* The server last: what the others have to say at their end must arrive. */
static void stop_all(const struct process *list, size_t n)
{
    for (size_t i = n; i-- > 0;)
        if (strcmp(list[i].name, "server"))
            stop_one(&list[i]);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, "server"))
            stop_one(&list[i]);
}

int verb_up(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    struct process list[STACK_MAX] = {0};
    struct fk_diag diag = {""};
    size_t n = drop_dead(list, stack_read(kit, list, STACK_MAX));
    if (all_run(list, n))
        return already_up(kit, &diag);
    size_t before = n;
    int64_t from_ns = fk_mono_ns();
    if (start_missing(kit, list, &n, &diag))
        goto failed;
    print_addresses(kit);
    if (stack_hello(kit, &diag))
        goto failed;
    printf("hello     wrote a profile, read it back     %.1f s\n",
        (double)(fk_mono_ns() - from_ns) / FK_NS_PER_S);
    printf("Next: open %s   then: make next\n", kit->server);
    return 0;
failed:
    stop_all(list + before, n - before);
    return verb_fail(3, &diag);
}

/* ---- load
 * ------------------------------------------------------------------------ */

/* Stops the generator that runs; it drains and closes its marker. */
static size_t stop_load(struct kit *kit, struct process list[STACK_MAX])
{
    struct fk_diag diag = {""};
    size_t n = drop_dead(list, stack_read(kit, list, STACK_MAX));
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, "load"))
            stop_all(&list[i], 1);
    n = drop_dead(list, n);
    if (stack_write(kit, list, n, &diag))
        verb_fail(3, &diag);
    return n;
}

/* This process becomes the generator, so that Ctrl-C reaches it; the list
 * knows it as "load", so that down and the next load can stop it. */
int stack_become_load(
    struct kit *kit, const char *const args[], size_t num_args)
{
    struct process list[STACK_MAX] = {0};
    struct fk_diag diag = {""};
    char program[PATH_MAX];
    const char *argv[32] = {
        program, "--target", kit->app, "--server", kit->server};
    size_t n = stop_load(kit, list), argc = 5;
    if (!*kit->run || !all_run(list, n))
        fk_diag_set(&diag, FK_ERR_UNAVAILABLE,
            "the demo app is not up; type `make up` first");
    else if (num_args > 24 || n == STACK_MAX ||
             kit_path(program, kit->bin, "loadgen"))
        fk_diag_set(&diag, FK_ERR_LIMIT, "too many arguments");
    if (*diag.text)
        return verb_fail(3, &diag);
    for (size_t i = 0; i < num_args; i++)
        argv[argc++] = args[i];
    snprintf(list[n].name, sizeof list[n].name, "load");
    list[n].pid = getpid();
    list[n].started = process_started_at(getpid());
    if (stack_write(kit, list, n + 1, &diag))
        return verb_fail(3, &diag);
    setenv("FLAMEKIT_RUN", kit->run, 1);
    process_become(argv);
    fk_diag_set(&diag, FK_ERR_IO, "cannot run %s: %s; try `make all`", program,
        strerror(errno));
    return verb_fail(3, &diag);
}

int verb_load(struct kit *kit, int argc, char **argv)
{
    struct process list[STACK_MAX] = {0};
    bool has_plan = false;
    if (argc == 1 && !strcmp(argv[0], "stop")) {
        stop_load(kit, list);
        return 0;
    }
    const char *args[32];
    size_t n = 0;
    for (int i = 0; i < argc && i < 20; i++) {
        has_plan |= !strcmp(argv[i], "--plan");
        args[n++] = argv[i];
    }
    if (!has_plan) {
        args[n++] = "--plan";
        args[n++] = "mixed";
    }
    return stack_become_load(kit, args, n);
}

/* ---- stopping and looking
 * ------------------------------------------------------ */

int verb_down(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    struct process list[STACK_MAX] = {0};
    size_t n = drop_dead(list, stack_read(kit, list, STACK_MAX));
    if (!n)
        printf("nothing is up\n");
    stop_all(list, n);
    char path[PATH_MAX];
    if (!pids_path(kit, path))
        unlink(path);
    if (!kit_path(path, kit->state, "env"))
        unlink(path);
    printf("your data and progress are kept in %s; make reset forgets them\n",
        kit->state);
    return 0;
}

int verb_status(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    struct process list[STACK_MAX];
    size_t n = stack_read(kit, list, STACK_MAX);
    bool all = n > 0;
    if (!n)
        printf("nothing is up: make up\n");
    for (size_t i = 0; i < n; i++) {
        bool alive = process_alive(&list[i]);
        all = all && alive;
        printf("%-9s pid %-7ld %s\n", list[i].name, (long)list[i].pid,
            alive ? "runs" : "has ended; `make up` starts it again");
    }
    if (n)
        printf("run       %s\nserver    %s\ndemoapp   %s\n", kit->run,
            kit->server, kit->app);
    return all ? 0 : 1;
}

int verb_restart(struct kit *kit, int argc, char **argv)
{
    verb_down(kit, argc, argv);
    return verb_up(kit, argc, argv);
}

/* Only what the kit made, by name: never a recursive delete of a path that
 * came from the environment. */
int verb_reset(struct kit *kit, int argc, char **argv)
{
    static const char *const made[] = {"data", "log", "progress"};
    verb_down(kit, argc, argv);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char path[PATH_MAX];
        if (!kit_path(path, kit->state, made[i]) && stack_remove(path))
            printf("removed   %s\n", path);
    }
    return 0;
}
