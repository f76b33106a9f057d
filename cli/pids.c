/*
 * `.flamekit/pids` knows each process of the kit by pid and start time; see
 * stack.h. Verbs that read, change and write it hold `.flamekit/lock`, since
 * students run loads side by side.
 */
#include "cli/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STOP_GRACE_S = 10 };

enum fk_err stack_pids_path(const struct kit *kit, char *path)
{
    return kit_path(path, kit->state, "pids");
}

size_t stack_read(const struct kit *kit, struct process *out, size_t max)
{
    char path[PATH_MAX];
    struct fk_buf text;
    size_t n = 0;
    if (stack_pids_path(kit, path))
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
    enum fk_err err = stack_pids_path(kit, path);
    if (!err)
        err = kit_write_file(path, fk_buf_slice(&text), diag);
    fk_buf_fini(&text);
    return err;
}

int stack_lock(const struct kit *kit)
{
    char path[PATH_MAX];
    if ((mkdir(kit->state, 0700) && errno != EEXIST) ||
        kit_path(path, kit->state, "lock"))
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        flock(fd, LOCK_EX);
    return fd;
}

void stack_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

size_t stack_drop_dead(struct process *list, size_t n)
{
    size_t alive = 0;
    for (size_t i = 0; i < n; i++)
        if (process_alive(&list[i]))
            list[alive++] = list[i];
    memset(list + alive, 0, (STACK_MAX - alive) * sizeof *list);
    return alive;
}

static void stop_one(const struct process *p)
{
    if (!process_alive(p))
        return;
    bool clean = process_stop(p, STOP_GRACE_S);
    printf("stopped   %-9s pid %ld%s\n", p->name, (long)p->pid,
        clean ? "" : " (did not end by itself, was killed)");
}

void stack_stop_all(const struct process *list, size_t n)
{
    for (size_t i = n; i-- > 0;)
        if (strcmp(list[i].name, "server"))
            stop_one(&list[i]);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, "server"))
            stop_one(&list[i]);
}
