#include "agent/ending.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/census.h"
#include "agent/flamekit.h"
#include "agent/registry.h"
#include "common/slice.h"

#define EXIT_CODE 49 /* words behind the name: field 52 of proc(5) */

enum fk_ending fk_ending_with(unsigned others)
{
    fk_registry_lock();
    uint32_t own = fk_registry_excluded();
    fk_registry_unlock();
    if (fk_census_threads() != own + others)
        return FK_ENDING_NOT_YET; /* or the agent's have not begun */
    return own > 0 ? FK_ENDING_DUE : FK_ENDING_NOT_OURS;
}

/* As wait tells it, when the first thread has left; -1. */
static int status_of(struct fk_slice stat)
{
    struct fk_slice word;
    uint64_t code = 0;
    stat =
        fk_slice_sub(stat, (size_t)(fk_slice_rfind(stat, ')') + 2), stat.len);
    if (!fk_slice_split(&stat, ' ', &word) || !fk_slice_eqz(word, "Z"))
        return -1;
    for (int i = 1; fk_slice_split(&stat, ' ', &word); i++)
        if (i == EXIT_CODE)
            fk_slice_u64(fk_slice_trim(word), &code);
    return (int)code;
}

static int first_thread_left(void)
{
    char text[1024];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    return n > 0 ? status_of((struct fk_slice){text, (size_t)n}) : -1;
}

/* A thread of its own, because exit waits for the agent's. The signals that
 * came meanwhile are for the process. */
static void *end_process(void *arg)
{
    int status = (int)(intptr_t)arg;
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    if (status == 0)
        exit(0);
    flamekit_shutdown();
    if (WIFSIGNALED(status)) /* seccomp kills single threads */
        kill(getpid(), WTERMSIG(status));
    _exit(WEXITSTATUS(status));
}

void fk_ending_look(void)
{
    static bool ending;
    pthread_t thread;
    if (ending || fk_ending_with(1) != FK_ENDING_DUE)
        return;
    int status = first_thread_left();
    if (status < 0)
        return;
    ending = pthread_create(
                 &thread, NULL, end_process, (void *)(intptr_t)status) == 0;
    if (ending)
        pthread_detach(thread);
}
