/*
 * load and the loads of exercises: this process becomes the generator, so
 * that Ctrl-C reaches it. One generator an instance of the demo app.
 */
#include "cli/process.h"
#include "cli/stack.h"
#include "cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOAD_ARGS_MAX = 24 };

static const char *name_of(bool night)
{
    return night ? "load.night" : "load";
}

/* Stops the generator that runs; it drains and closes its marker. */
static size_t stop_load(
    struct kit *kit, bool night, struct process list[STACK_MAX])
{
    struct fk_diag diag = {""};
    size_t n = stack_drop_dead(list, stack_read(kit, list, STACK_MAX));
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, name_of(night)))
            stack_stop_all(&list[i], 1);
    n = stack_drop_dead(list, n);
    if (stack_write(kit, list, n, &diag))
        verb_fail(3, &diag);
    return n;
}

/* The list knows this process as "load", so that down and the next load can
 * stop it. The lock ends with the exec. */
static enum fk_err enlist(struct kit *kit, bool night, struct fk_diag *diag)
{
    struct process list[STACK_MAX] = {0};
    int lock = stack_lock(kit);
    size_t n = stop_load(kit, night, list);
    enum fk_err err = FK_OK;
    if (!stack_is_up(kit, list, n))
        err = fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "the demo app is not up; type `make up` first");
    else if (n == STACK_MAX)
        err = fk_diag_set(diag, FK_ERR_LIMIT, "too many processes are up");
    if (!err) {
        snprintf(list[n].name, sizeof list[n].name, "%s", name_of(night));
        list[n].pid = getpid();
        list[n].started = process_started_at(getpid());
        err = stack_write(kit, list, n + 1, diag);
    }
    stack_unlock(lock);
    return err;
}

int stack_become_load(
    struct kit *kit, bool night, const char *const args[], size_t num_args)
{
    struct fk_diag diag = {""};
    char program[PATH_MAX];
    const char *argv[LOAD_ARGS_MAX + 8] = {program, "--target",
        night ? kit->night : kit->app, "--server", kit->server};
    size_t argc = 5;
    if (num_args > LOAD_ARGS_MAX || kit_path(program, kit->bin, "loadgen"))
        fk_diag_set(&diag, FK_ERR_LIMIT, "too many arguments");
    if (*diag.text || enlist(kit, night, &diag))
        return verb_fail(3, &diag);
    for (size_t i = 0; i < num_args; i++)
        argv[argc++] = args[i];
    setenv("FLAMEKIT_RUN", kit->run, 1);
    process_become(argv);
    fk_diag_set(&diag, FK_ERR_IO, "cannot run %s: %s; try `make all`", program,
        strerror(errno));
    return verb_fail(3, &diag);
}

void stack_stop_load(struct kit *kit)
{
    struct process list[STACK_MAX] = {0};
    stop_load(kit, false, list);
    stop_load(kit, true, list);
}

int verb_load(struct kit *kit, int argc, char **argv)
{
    bool has_plan = false;
    if (argc == 1 && !strcmp(argv[0], "stop")) {
        stack_stop_load(kit);
        return 0;
    }
    const char *args[LOAD_ARGS_MAX];
    size_t n = 0;
    for (int i = 0; i < argc && i < 20; i++) {
        has_plan |= !strcmp(argv[i], "--plan");
        args[n++] = argv[i];
    }
    if (!has_plan) {
        args[n++] = "--plan";
        args[n++] = "mixed";
    }
    return stack_become_load(kit, false, args, n);
}
