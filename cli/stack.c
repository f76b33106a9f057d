/*
 * up, down, status, restart, reset: the kit's processes.
 *
 * A start mints a run id that every part carries and shows at
 * /api/kit/hello, so that an old process on a port is named and refused
 * instead of answering for the new one.
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

/* A machine that is busy with other things is no reason to call a part
 * broken: what does not run refuses at once. */
enum { READY_TIMEOUT_S = 20, VERIFY_TIMEOUT_S = 15, NUM_PORTS = 3 };

/* First choice, then the two to fall back on. 5000 is AirPlay's on a Mac. */
static const uint16_t server_ports[NUM_PORTS] = {4040, 4041, 4042};
static const uint16_t app_ports[NUM_PORTS] = {5000, 5050, 5051};

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
    struct client_request ask = {
        "GET", url, "/api/kit/hello", NULL, VERIFY_TIMEOUT_S};
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

/* Between the look at a port and the start somebody else may take it. */
static bool was_taken(uint16_t port, const char *url_before)
{
    struct port_holder holder;
    return port && !*url_before && port_busy(port, &holder);
}

static enum fk_err start_server(
    struct kit *kit, struct process *p, struct fk_diag *diag)
{
    char program[PATH_MAX], data[PATH_MAX], self[PATH_MAX], listen[64];
    if (kit_path(program, kit->bin, "flamekit-server") ||
        kit_path(self, kit->bin, "flamekit") ||
        kit_path(data, kit->state, "data"))
        return fk_diag_set(diag, FK_ERR_LIMIT, "the kit's path is too long");
    const char *argv[] = {program, "--listen", listen, "--data", data, "--run",
        kit->run, "--kit", self, NULL};
    enum fk_err err;
    uint16_t port;
    do {
        port = choose_port(server_ports, kit->server);
        snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
        err = start_part(kit, "server", argv, p, kit->server, diag);
    } while (err && was_taken(port, kit->server));
    return err ? err : stack_verify_run(kit, kit->server, diag);
}

/* BUILD=inline: the demo app as `make BUILD=inline` compiles it. */
static const char *wanted_build(void)
{
    const char *build = getenv("BUILD");
    return build ? build : "";
}

static enum fk_err app_program(
    const struct kit *kit, char program[PATH_MAX], struct fk_diag *diag)
{
    const char *build = wanted_build();
    char name[64];
    int n =
        snprintf(name, sizeof name, "demoapp%s%s", *build ? "-" : "", build);
    if (n >= (int)sizeof name || kit_path(program, kit->bin, name))
        return fk_diag_set(diag, FK_ERR_LIMIT, "the kit's path is too long");
    if (!*build || !access(program, X_OK))
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_NOT_FOUND,
        "there is no %s here; `make restart ARGS=app BUILD=%s` makes it when "
        "%s is one of inline, noframes, stripped and tail",
        name, build, build);
}

static enum fk_err start_app(
    struct kit *kit, struct process *p, struct fk_diag *diag)
{
    char program[PATH_MAX], listen[64], tag[64];
    enum fk_err err = app_program(kit, program, diag);
    if (err)
        return err;
    snprintf(tag, sizeof tag, "build=%s", wanted_build());
    const char *argv[] = {program, "--listen", listen, "--server", kit->server,
        "--run", kit->run, *wanted_build() ? "--tag" : NULL, tag, NULL};
    uint16_t port;
    do {
        port = choose_port(app_ports, kit->app);
        snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
        err = start_part(kit, "demoapp", argv, p, kit->app, diag);
    } while (err && was_taken(port, kit->app));
    return err ? err : stack_verify_run(kit, kit->app, diag);
}

/* The second instance: its load leaves the windows of the first clean. */
static enum fk_err start_night(
    struct kit *kit, struct process *p, struct fk_diag *diag)
{
    char program[PATH_MAX];
    if (kit_path(program, kit->bin, "demoapp"))
        return fk_diag_set(diag, FK_ERR_LIMIT, "the kit's path is too long");
    const char *argv[] = {program, "--listen", "127.0.0.1:0", "--name",
        "workshop.demo.night", "--server", kit->server, "--run", kit->run,
        NULL};
    enum fk_err err = start_part(kit, "night", argv, p, kit->night, diag);
    return err ? err : stack_verify_run(kit, kit->night, diag);
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

bool stack_all_run(const struct process *list, size_t n)
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
        kit->server[0] = kit->app[0] = kit->night[0] = '\0';
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

/* In containers others start the parts: then they are asked. */
bool stack_is_up(const struct kit *kit, const struct process *list, size_t n)
{
    struct fk_diag unused = {""};
    if (!*kit->run || !*kit->server || !*kit->app)
        return false;
    return stack_all_run(list, n) ||
           (!stack_verify_run(kit, kit->server, &unused) &&
               !stack_verify_run(kit, kit->app, &unused));
}

enum fk_err stack_need_night(struct kit *kit, struct fk_diag *diag)
{
    struct process list[STACK_MAX] = {0};
    int lock = stack_lock(kit);
    size_t n = stack_drop_dead(list, stack_read(kit, list, STACK_MAX));
    enum fk_err err = FK_OK;
    bool elsewhere = *kit->night && !stack_all_run(list, n);
    if (elsewhere)
        err = stack_verify_run(kit, kit->night, diag);
    else if (!stack_all_run(list, n))
        err = fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "the demo app is not up; type `make up` first");
    else if (!runs(list, n, "night")) {
        err = n == STACK_MAX ? FK_ERR_LIMIT : start_night(kit, &list[n], diag);
        n += n < STACK_MAX && list[n].pid > 0;
        if (!err)
            err = kit_save_env(kit, diag);
        if (!err)
            err = stack_write(kit, list, n, diag);
        if (!err)
            printf("night     %s   a second demo app\n", kit->night);
    }
    stack_unlock(lock);
    return err;
}

static void print_addresses(const struct kit *kit)
{
    printf("server    %s   run %s\n", kit->server, kit->run);
    printf("demoapp   %s   profiler on (100 Hz, flush 5 s)\n", kit->app);
}

/* Is there a `flamekit` among the commands? */
static bool is_command(void)
{
    const char *path = getenv("PATH");
    struct fk_slice rest = fk_slice_of(path ? path : ""), dir;
    char file[PATH_MAX];
    while (fk_slice_split(&rest, ':', &dir)) {
        int n = snprintf(
            file, sizeof file, FK_SLICE_FMT "/flamekit", FK_SLICE_ARG(dir));
        if (dir.len && n < (int)sizeof file && !access(file, X_OK))
            return true;
    }
    return false;
}

static void print_next(const struct kit *kit)
{
    if (!is_command())
        printf("Type: export PATH=\"%s:$PATH\"   so that `flamekit` is a "
               "command\n",
            kit->root);
    printf("Next: open %s   then: make next\n", kit->server);
}

static int already_up(const struct kit *kit, struct fk_diag *diag)
{
    if (stack_verify_run(kit, kit->server, diag) ||
        stack_verify_run(kit, kit->app, diag))
        return verb_fail(3, diag);
    printf("up        since before\n");
    print_addresses(kit);
    print_next(kit);
    return 0;
}

int verb_up(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    struct process list[STACK_MAX] = {0};
    struct fk_diag diag = {""};
    int lock = stack_lock(kit);
    size_t n = stack_drop_dead(list, stack_read(kit, list, STACK_MAX));
    if (stack_all_run(list, n)) {
        stack_unlock(lock);
        return already_up(kit, &diag);
    }
    size_t before = n;
    int64_t from_ns = fk_mono_ns();
    enum fk_err err = start_missing(kit, list, &n, &diag);
    stack_unlock(lock);
    if (err)
        goto failed;
    print_addresses(kit);
    if (stack_hello(kit, &diag))
        goto failed;
    printf("hello     wrote a profile, read it back     %.1f s\n",
        (double)(fk_mono_ns() - from_ns) / FK_NS_PER_S);
    print_next(kit);
    return 0;
failed:
    stack_stop_all(list + before, n - before);
    return verb_fail(3, &diag);
}

/* ---- stopping and looking
 * ------------------------------------------------------ */

int verb_down(struct kit *kit, int argc, char **argv)
{
    (void)argc, (void)argv;
    struct process list[STACK_MAX] = {0};
    size_t n = stack_drop_dead(list, stack_read(kit, list, STACK_MAX));
    if (!n)
        printf("nothing is up\n");
    stack_stop_all(list, n);
    char path[PATH_MAX];
    if (!stack_pids_path(kit, path))
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

/* Only the demo app: the server and the run go on. */
static void stop_app(struct kit *kit)
{
    struct process list[STACK_MAX] = {0};
    struct fk_diag diag = {""};
    int lock = stack_lock(kit);
    size_t n = stack_read(kit, list, STACK_MAX);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, "demoapp"))
            stack_stop_all(&list[i], 1);
    n = stack_drop_dead(list, n);
    if (stack_write(kit, list, n, &diag))
        verb_fail(3, &diag);
    stack_unlock(lock);
}

int verb_restart(struct kit *kit, int argc, char **argv)
{
    char program[PATH_MAX];
    struct fk_diag diag = {""};
    if (app_program(kit, program, &diag))
        return verb_fail(2, &diag);
    if (argc == 1 && !strcmp(argv[0], "app"))
        stop_app(kit);
    else
        verb_down(kit, 0, argv);
    return verb_up(kit, 0, argv);
}

/* Only what the kit made, by name: never a recursive delete of a path that
 * came from the environment. */
int verb_reset(struct kit *kit, int argc, char **argv)
{
    static const char *const made[] = {"data", "log", "progress", "lock"};
    if (argc > 0)
        return verb_reset_exercise(kit, argc, argv);
    verb_down(kit, argc, argv);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char path[PATH_MAX];
        if (!kit_path(path, kit->state, made[i]) && stack_remove(path))
            printf("removed   %s\n", path);
    }
    return 0;
}
