/*
 * `flamekit record -- CMD...`: CMD and the programs it starts run with the
 * preload library, each writes its profile into a folder of ours, and what is
 * there at the end becomes one file. The exit status is CMD's.
 */
#include "cli/stack.h"
#include "cli/stacks.h"
#include "cli/target.h"
#include "cli/verbs.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/opt.h"
#include "common/pprof_file.h"
#include "common/pprof_merge.h"

#define NOT_FOUND  127
#define NOT_RUN    126
#define TOP_NUMBER 10

struct record {
    bool cpu, wall, heap, lock, no_lines;
    const char *out;
    long hz;
    char library[PATH_MAX], folder[PATH_MAX];
    pid_t child;
};

/* ---- running ------------------------------------------------------------- */

static volatile sig_atomic_t passed_on_to;

/* Terminals signal the whole group, so only what others send is passed on. */
static void pass_on(int signo)
{
    if (passed_on_to > 0)
        kill(passed_on_to, signo);
}

static void watch_signals(void)
{
    struct sigaction pass = {.sa_handler = pass_on};
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    sigaction(SIGTERM, &pass, NULL);
    sigaction(SIGHUP, &pass, NULL);
}

static void set_switch(const char *name, bool on)
{
    setenv(name, on ? "true" : "false", 1);
}

static void set_environment(const struct record *r)
{
    char text[2 * PATH_MAX];
    const char *others = getenv("LD_PRELOAD");
    snprintf(text, sizeof(text), "%s%s%s", r->library, others ? ":" : "",
        others ? others : "");
    setenv("LD_PRELOAD", text, 1);
    snprintf(text, sizeof(text), "%s/%%p.pb", r->folder);
    setenv("FLAMEKIT_OUTPUT", text, 1);
    set_switch("PYROSCOPE_PROFILING_CPU_ENABLED", r->cpu);
    set_switch("PYROSCOPE_PROFILING_WALLTIME_ENABLED", r->wall);
    set_switch("PYROSCOPE_PROFILING_ALLOCATION_ENABLED", r->heap);
    set_switch("PYROSCOPE_PROFILING_HEAP_ENABLED", r->heap);
    set_switch("PYROSCOPE_PROFILING_LOCK_ENABLED", r->lock);
    setenv("PYROSCOPE_SYMBOLIZE", r->no_lines ? "functions" : "lines", 1);
    setenv("PYROSCOPE_UPLOAD_INTERVAL", "1s", 1);
    unsetenv("PYROSCOPE_PROFILING_INTERVAL");
    snprintf(text, sizeof(text), "%ld", r->hz);
    setenv("PYROSCOPE_SAMPLE_RATE", text, 1);
}

_Noreturn static void become(const struct record *r, char **argv)
{
    set_environment(r);
    execvp(argv[0], argv);
    fprintf(stderr, "flamekit: %s cannot be run: %s\n", argv[0],
        fk_errno_text(errno));
    _exit(errno == ENOENT ? NOT_FOUND : NOT_RUN);
}

static int run(struct record *r, char **argv, struct fk_diag *diag)
{
    fflush(NULL);
    r->child = fork();
    if (r->child < 0) {
        fk_diag_set(diag, FK_ERR_IO, "%s cannot be started: %s", argv[0],
            fk_errno_text(errno));
        return NOT_RUN;
    }
    if (r->child == 0)
        become(r, argv);
    passed_on_to = r->child;
    watch_signals();
    int status = 0;
    while (waitpid(r->child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- what was written ---------------------------------------------------- */

static enum fk_err add_file(
    struct fk_pprof_merge *merge, const char *path, struct fk_diag *diag)
{
    const struct fk_pprof_limits limits = {.max_samples = UINT32_MAX};
    struct fk_buf file;
    struct fk_arena arena;
    struct fk_pprof profile;
    fk_buf_init(&file, STACKS_MAX_BYTES);
    fk_arena_init(&arena, 32 * STACKS_MAX_BYTES);
    enum fk_err err = kit_read_file(path, STACKS_MAX_BYTES, &file, diag);
    if (err == FK_OK)
        err =
            fk_pprof_read(fk_buf_slice(&file), &limits, &arena, &profile, diag);
    if (err == FK_OK)
        err = fk_pprof_merge_add(merge, &profile, FK_MERGE_BESIDE);
    fk_arena_fini(&arena);
    fk_buf_fini(&file);
    return err;
}

/* How many profiles there were. */
static unsigned add_folder(
    struct fk_pprof_merge *merge, const char *folder, struct fk_diag *diag)
{
    unsigned n = 0;
    char path[PATH_MAX];
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        struct fk_slice name = fk_slice_of(e->d_name);
        bool whole =
            name.len > 3 &&
            fk_slice_eqz(fk_slice_sub(name, name.len - 3, name.len), ".pb");
        if (whole && kit_path(path, folder, e->d_name) == FK_OK &&
            add_file(merge, path, diag) == FK_OK)
            n++;
    }
    closedir(dir);
    return n;
}

static enum fk_err save(const struct record *r,
    const struct fk_pprof_merge *merge, struct fk_diag *diag)
{
    struct fk_buf body, bytes;
    fk_buf_init(&body, STACKS_MAX_BYTES);
    fk_buf_init(&bytes, STACKS_MAX_BYTES);
    enum fk_err err = fk_pprof_merge_write(merge, &body);
    if (err == FK_OK)
        err = fk_pprof_convert(r->out, fk_buf_slice(&body), &bytes);
    if (err != FK_OK)
        fk_diag_set(diag, err, "the profile is too large for %s", r->out);
    else
        err = kit_write_file(r->out, fk_buf_slice(&bytes), diag);
    fk_buf_fini(&body);
    fk_buf_fini(&bytes);
    return err;
}

/* On standard error: the command's own output stays clean. */
static void print_top(const struct record *r, unsigned programs)
{
    struct stacks s;
    struct fk_diag diag = {""};
    struct fk_buf text;
    fk_buf_init(&text, STACKS_MAX_BYTES);
    const char *type = r->heap && !r->cpu ? "alloc_space" : NULL;
    if (stacks_read(&s, r->out, type, &diag) != FK_OK && diag.text[0] != '\0')
        verb_fail(1, &diag);
    else if (stacks_top(&s, TOP_NUMBER, &text) == FK_OK)
        fprintf(stderr, "flamekit: %u program%s, %s\n%.*s", programs,
            programs == 1 ? "" : "s", r->out, (int)text.len, text.ptr);
    stacks_fini(&s);
    fk_buf_fini(&text);
}

static enum fk_err finish(
    const struct record *r, char **argv, struct fk_diag *diag)
{
    struct fk_pprof_merge merge;
    fk_pprof_merge_init(&merge, STACKS_MAX_BYTES);
    unsigned programs = add_folder(&merge, r->folder, diag);
    enum fk_err err = FK_OK;
    if (programs > 0) {
        err = save(r, &merge, diag);
    } else {
        char why[256];
        target_explain(argv[0], why, sizeof(why));
        err = fk_diag_set(
            diag, FK_ERR_NOT_FOUND, "no profile of %s: %s", argv[0], why);
    }
    fk_pprof_merge_fini(&merge);
    if (err == FK_OK)
        print_top(r, programs);
    return err;
}

/* ---- the verb ------------------------------------------------------------ */

static enum fk_err prepare(
    struct record *r, const struct kit *kit, struct fk_diag *diag)
{
    const char *tmp = getenv("TMPDIR");
    enum fk_err err =
        kit_path(r->library, kit->bin, "../lib/libflamekit_preload.so");
    if (err != FK_OK || access(r->library, R_OK) != 0)
        return fk_diag_set(diag, FK_ERR_NOT_FOUND,
            "%s is missing: build it with make all", r->library);
    err = kit_path(r->folder, tmp ? tmp : "/tmp", "flamekit-XXXXXX");
    if (err != FK_OK || mkdtemp(r->folder) == NULL)
        return fk_diag_set(diag, FK_ERR_IO,
            "no folder for profiles can be made in %s: %s", tmp ? tmp : "/tmp",
            fk_errno_text(errno));
    if (!r->wall && !r->heap && !r->lock)
        r->cpu = true;
    return FK_OK;
}

int verb_record(struct kit *kit, int argc, char **argv)
{
    struct record r = {.out = "flamekit.pb.gz", .hz = 100};
    const struct fk_opt opts[] = {
        {"cpu", 0, NULL, FK_OPT_FLAG, &r.cpu, 0, 0, NULL,
            "where CPU time goes; the default"},
        {"wall", 0, NULL, FK_OPT_FLAG, &r.wall, 0, 0, NULL,
            "where time goes, waiting included"},
        {"heap", 0, NULL, FK_OPT_FLAG, &r.heap, 0, 0, NULL,
            "what is allocated, and what stays"},
        {"lock", 0, NULL, FK_OPT_FLAG, &r.lock, 0, 0, NULL,
            "who waits for locks"},
        {"output", 'o', NULL, FK_OPT_STRING, &r.out, 0, 0, "FILE",
            "pprof when called .pb or .pb.gz, else folded text"},
        {"hz", 0, NULL, FK_OPT_INT, &r.hz, 1, 1000, "N",
            "samples a second of CPU time"},
        {"no-lines", 0, NULL, FK_OPT_FLAG, &r.no_lines, 0, 0, NULL,
            "no source lines, no inlined functions"},
        {NULL, 0, NULL, 0, NULL, 0, 0, NULL, NULL},
    };
    struct fk_diag diag = {""};
    int first;
    enum fk_err err = fk_opt_parse(opts, argc + 1, argv - 1,
        "flamekit record [--cpu] [--wall] [--heap] [--lock] [-o FILE] "
        "[--hz N] [--no-lines] -- CMD...",
        &first, &diag);
    if (err == FK_ERR_CANCELLED)
        return 0;
    if (err == FK_OK && first > argc)
        err = fk_diag_set(&diag, FK_ERR_ARG,
            "record wants a command, such as: flamekit record -- sort file");
    if (err == FK_OK)
        err = prepare(&r, kit, &diag);
    if (err != FK_OK)
        return verb_fail(2, &diag);
    char **command = argv + first - 1;
    int status = run(&r, command, &diag);
    if (status != NOT_FOUND && finish(&r, command, &diag) != FK_OK)
        verb_fail(status, &diag);
    stack_remove(r.folder);
    return status;
}
