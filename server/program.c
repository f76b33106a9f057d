#include "server/program.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 16 << 10 };

/* stdin is empty, stdout the pipe, stderr ours; nothing else is open. */
static int prepare(
    posix_spawn_file_actions_t *files, posix_spawnattr_t *attr, int stdout_fd)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    int err = posix_spawn_file_actions_addopen(
        files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!err)
        err = posix_spawn_file_actions_adddup2(files, stdout_fd, STDOUT_FILENO);
    if (!err)
        err =
            posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
    if (!err)
        err = posix_spawnattr_setsigmask(attr, &none);
    if (!err)
        err = posix_spawnattr_setsigdefault(attr, &all);
    if (!err)
        err = posix_spawnattr_setflags(
            attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return err;
}

static enum fk_err start(
    const char *const argv[], int stdout_fd, pid_t *pid, struct fk_diag *diag)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char **args;

    memcpy(&args, &argv, sizeof args); /* they are not written to */
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    int err = prepare(&files, &attr, stdout_fd);
    if (!err)
        err = posix_spawn(pid, argv[0], &files, &attr, args, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return err ? fk_diag_set(diag, FK_ERR_IO, "cannot start %s: %s", argv[0],
                     strerror(err))
               : FK_OK;
}

/* Until the other end is closed, the time is up or the buffer is full. */
static enum fk_err read_all(int fd, int64_t deadline_ns, struct fk_buf *out)
{
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_ms = (deadline_ns - fk_mono_ns()) / FK_NS_PER_MS;
        if (left_ms <= 0)
            return FK_ERR_CANCELLED;
        int ready = poll(&wait, 1, (int)left_ms);
        if (ready == 0 || (ready < 0 && errno == EINTR))
            continue;
        char *room = fk_buf_reserve(out, READ_BYTES);
        ssize_t n = room ? read(fd, room, READ_BYTES) : -1;
        if (n > 0) {
            out->len += (size_t)n;
            continue;
        }
        if (room && n < 0 && errno == EINTR)
            continue;
        return n == 0 ? FK_OK : out->err ? out->err : FK_ERR_IO;
    }
}

static enum fk_err finish(pid_t pid, enum fk_err err, const char *name,
    int *status, struct fk_diag *diag)
{
    int how = 0;

    if (err)
        kill(pid, SIGKILL);
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        continue;
    if (err == FK_ERR_CANCELLED)
        return fk_diag_set(diag, err, "%s took too long and was ended", name);
    if (err == FK_ERR_LIMIT)
        return fk_diag_set(diag, err, "%s printed too much", name);
    if (err || !WIFEXITED(how))
        return fk_diag_set(diag, FK_ERR_IO, "%s did not end well", name);
    *status = WEXITSTATUS(how);
    return FK_OK;
}

enum fk_err program_run(const char *const argv[], int64_t timeout_ns,
    struct fk_buf *out, int *status, struct fk_diag *diag)
{
    int64_t deadline_ns = fk_mono_ns() + timeout_ns;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC))
        return fk_diag_set(
            diag, FK_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    enum fk_err err = start(argv, ends[1], &pid, diag);
    close(ends[1]);
    if (err == FK_OK)
        err = finish(
            pid, read_all(ends[0], deadline_ns, out), argv[0], status, diag);
    close(ends[0]);
    return err;
}
