/* Pitfall 14: no blocking call of the program returns EINTR because it is
 * profiled. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

#define BLOCK_MS 3

static int pipe_fds[2], epoll_fd, queue_id, semaphores;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static struct timespec after_ms(clockid_t clock, long ms)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += ms * 1000000;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static int call_poll(void)
{
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    return poll(&p, 1, BLOCK_MS);
}

static int call_ppoll(void)
{
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    struct timespec t = {0, BLOCK_MS * 1000000};
    return ppoll(&p, 1, &t, NULL);
}

static int call_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_fds[0], &set);
    struct timeval t = {0, BLOCK_MS * 1000};
    return select(pipe_fds[0] + 1, &set, NULL, NULL, &t);
}

static int call_epoll_wait(void)
{
    struct epoll_event e;
    return epoll_wait(epoll_fd, &e, 1, BLOCK_MS);
}

static int call_nanosleep(void)
{
    return nanosleep(&(struct timespec){0, BLOCK_MS * 1000000}, NULL);
}

static int call_clock_nanosleep(void)
{
    struct timespec t = after_ms(CLOCK_MONOTONIC, BLOCK_MS);
    errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    return errno ? -1 : 0;
}

static int call_usleep(void)
{
    return usleep(BLOCK_MS * 1000);
}

static int call_sem_timedwait(void)
{
    sem_t s;
    sem_init(&s, 0, 0);
    struct timespec t = after_ms(CLOCK_REALTIME, BLOCK_MS);
    return sem_timedwait(&s, &t);
}

static int call_cond_timedwait(void)
{
    struct timespec t = after_ms(CLOCK_REALTIME, BLOCK_MS);
    pthread_mutex_lock(&mutex);
    errno = pthread_cond_timedwait(&cond, &mutex, &t);
    pthread_mutex_unlock(&mutex);
    return -1;
}

static int call_mutex_timedlock(void)
{
    struct timespec t = after_ms(CLOCK_REALTIME, BLOCK_MS);
    errno = pthread_mutex_timedlock(&mutex, &t);
    if (errno == 0)
        pthread_mutex_unlock(&mutex);
    return 0;
}

static int call_recv(void)
{
    int fds[2];
    char c;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        return -1;
    struct timeval t = {0, BLOCK_MS * 1000};
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    int rc = (int)recv(fds[0], &c, 1, 0), saved = errno;
    close(fds[0]);
    close(fds[1]);
    errno = saved;
    return rc;
}

static int call_sigtimedwait(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &(struct timespec){0, BLOCK_MS * 1000000});
}

static int call_semtimedop(void)
{
    struct sembuf op = {.sem_op = -1};
    return semtimedop(
        semaphores, &op, 1, &(struct timespec){0, BLOCK_MS * 1000000});
}

static int call_msgrcv(void)
{
    struct {
        long type;
        char text[8];
    } m = {1, "x"};

    msgsnd(queue_id, &m, sizeof(m.text), 0);
    return (int)msgrcv(queue_id, &m, sizeof(m.text), 0, 0);
}

static int call_read(void)
{
    char c = 'x';
    int fds[2];
    if (pipe(fds) != 0 || write(fds[1], &c, 1) != 1)
        return -1;
    int rc = (int)read(fds[0], &c, 1), saved = errno;
    close(fds[0]);
    close(fds[1]);
    errno = saved;
    return rc;
}

static void *sleep_a_little(void *arg)
{
    host_nap_ms(BLOCK_MS);
    return arg;
}

static int call_join(void)
{
    pthread_t t;
    errno = pthread_create(&t, NULL, sleep_a_little, NULL);
    if (errno == 0)
        errno = pthread_join(t, NULL);
    return errno ? -1 : 0;
}

static int call_waitpid(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        host_nap_ms(BLOCK_MS);
        _exit(0);
    }
    return waitpid(pid, NULL, 0);
}

static int call_flock(void)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int rc = flock(fd, LOCK_SH), saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

static const struct {
    const char *name;
    int (*fn)(void);
} calls[] = {
    {"poll", call_poll},
    {"ppoll", call_ppoll},
    {"select", call_select},
    {"epoll_wait", call_epoll_wait},
    {"nanosleep", call_nanosleep},
    {"clock_nanosleep", call_clock_nanosleep},
    {"usleep", call_usleep},
    {"sem_timedwait", call_sem_timedwait},
    {"pthread_cond_timedwait", call_cond_timedwait},
    {"pthread_mutex_timedlock", call_mutex_timedlock},
    {"recv with SO_RCVTIMEO", call_recv},
    {"sigtimedwait", call_sigtimedwait},
    {"semtimedop", call_semtimedop},
    {"msgrcv", call_msgrcv},
    {"read", call_read},
    {"pthread_join", call_join},
    {"waitpid", call_waitpid},
    {"flock", call_flock},
};

TEST(pitfall_14_no_call_returns_EINTR)
{
    CHECK_INT(pipe(pipe_fds), 0);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    queue_id = msgget(IPC_PRIVATE, 0600);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    host_start(1000);
    host_wait_sampled();
    unsigned interrupted = 0;
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
            /* CPU between the calls, so that timers are about to expire. */
            host_burn(500000);
            errno = 0;
            if (calls[i].fn() < 0 && errno == EINTR) {
                tap_diag("EINTR from %s", calls[i].name);
                interrupted++;
            }
        }
    flamekit_shutdown();
    msgctl(queue_id, IPC_RMID, NULL);
    semctl(semaphores, 0, IPC_RMID);
    CHECK_INT(interrupted, 0);
}

TAP_MAIN
