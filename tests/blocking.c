#include "tests/blocking.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

#define WAIT_NS (BLOCKING_MS * FK_NS_PER_MS)

static const struct timespec wait_time = {0, WAIT_NS};
static int pipe_fds[2], epoll_fd, listen_fd, queue_id, semaphores;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static socklen_t address_len = sizeof(sa_family_t);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;

void blocking_init(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    queue_id = msgget(IPC_PRIVATE, 0600);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    sem_init(&semaphore, 0, 0);
    /* The kernel chooses a name of its own. */
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (pipe(pipe_fds) != 0 ||
        bind(listen_fd, (struct sockaddr *)&address, address_len) != 0 ||
        listen(listen_fd, 8) != 0)
        abort();
    address_len = sizeof(address);
    getsockname(listen_fd, (struct sockaddr *)&address, &address_len);
}

void blocking_fini(void)
{
    msgctl(queue_id, IPC_RMID, NULL);
    semctl(semaphores, 0, IPC_RMID);
    close(epoll_fd);
    close(listen_fd);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

static struct timespec deadline(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    t.tv_nsec += WAIT_NS;
    t.tv_sec += t.tv_nsec / FK_NS_PER_S;
    t.tv_nsec %= FK_NS_PER_S;
    return t;
}

/* ---- somebody who ends the waiting ----------------------------------------*/

static struct {
    pthread_t thread;
    void (*act)(int fd);
    int fd;
    sem_t begun;
} waker;

static void *wake_later(void *arg)
{
    sem_post(&waker.begun);
    fk_sleep_until_mono(fk_mono_ns() + WAIT_NS);
    waker.act(waker.fd);
    return arg;
}

static void later(void (*act)(int fd), int fd)
{
    waker.act = act;
    waker.fd = fd;
    sem_init(&waker.begun, 0, 0);
    if (pthread_create(&waker.thread, NULL, wake_later, NULL) != 0)
        abort();
}

/* errno is the waiter's. */
static int woken(int result)
{
    int saved = errno;
    pthread_join(waker.thread, NULL);
    errno = saved;
    return result;
}

static void write_byte(int fd)
{
    while (write(fd, "x", 1) < 0 && errno == EINTR)
        continue;
}

/* Around a call that returns an error number. */
static int by_errno(int error)
{
    errno = error;
    return error ? -1 : 0;
}

/* ---- descriptors ----------------------------------------------------------*/

static int call_poll(void)
{
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    return poll(&p, 1, BLOCKING_MS);
}

static int call_ppoll(void)
{
    struct pollfd p = {.fd = pipe_fds[0], .events = POLLIN};
    return ppoll(&p, 1, &wait_time, NULL);
}

static int call_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_fds[0], &set);
    struct timeval t = {0, BLOCKING_MS * 1000};
    return select(pipe_fds[0] + 1, &set, NULL, NULL, &t);
}

static int call_pselect(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_fds[0], &set);
    return pselect(pipe_fds[0] + 1, &set, NULL, NULL, &wait_time, NULL);
}

static int call_epoll_wait(void)
{
    struct epoll_event e;
    return epoll_wait(epoll_fd, &e, 1, BLOCKING_MS);
}

static int call_epoll_pwait(void)
{
    struct epoll_event e;
    return epoll_pwait(epoll_fd, &e, 1, BLOCKING_MS, NULL);
}

static int call_read(void)
{
    char c;
    later(write_byte, pipe_fds[1]);
    return woken((int)read(pipe_fds[0], &c, 1));
}

static int call_recv(void)
{
    int fds[2];
    char c;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        return -1;
    struct timeval t = {0, BLOCKING_MS * 1000};
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    int rc = (int)recv(fds[0], &c, 1, 0), saved = errno;
    close(fds[0]);
    close(fds[1]);
    errno = saved;
    return rc;
}

static void connect_once(int fd)
{
    (void)connect(fd, (struct sockaddr *)&address, address_len);
}

static int call_accept(void)
{
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    later(connect_once, client);
    int fd = woken(accept(listen_fd, NULL, NULL)), saved = errno;
    if (fd >= 0)
        close(fd);
    close(client);
    errno = saved;
    return fd;
}

static void unlock_file(int fd)
{
    flock(fd, LOCK_UN);
}

static int call_flock(void)
{
    int holder = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    while (flock(holder, LOCK_EX) != 0 && errno == EINTR)
        continue;
    later(unlock_file, holder);
    int rc = woken(flock(fd, LOCK_EX)), saved = errno;
    close(fd);
    close(holder);
    errno = saved;
    return rc;
}

/* ---- time -----------------------------------------------------------------*/

static int call_nanosleep(void)
{
    return nanosleep(&wait_time, NULL);
}

static int call_clock_nanosleep(void)
{
    struct timespec t = deadline(CLOCK_MONOTONIC);
    return by_errno(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
}

static int call_usleep(void)
{
    return usleep(BLOCKING_MS * 1000);
}

/* ---- threads --------------------------------------------------------------*/

static int call_sem_timedwait(void)
{
    struct timespec t = deadline(CLOCK_REALTIME);
    return sem_timedwait(&semaphore, &t);
}

static void post(int fd)
{
    (void)fd;
    sem_post(&semaphore);
}

static int call_sem_wait(void)
{
    later(post, -1);
    int rc = woken(sem_wait(&semaphore)), saved = errno;
    if (rc != 0)
        sem_trywait(&semaphore);
    errno = saved;
    return rc;
}

static int call_cond_timedwait(void)
{
    struct timespec t = deadline(CLOCK_REALTIME);
    pthread_mutex_lock(&mutex);
    int error = pthread_cond_timedwait(&cond, &mutex, &t);
    pthread_mutex_unlock(&mutex);
    return by_errno(error);
}

static void signal_cond(int fd)
{
    (void)fd;
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

static int call_cond_wait(void)
{
    pthread_mutex_lock(&mutex);
    later(signal_cond, -1);
    int error = pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    return woken(by_errno(error));
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

/* Takes it at once and lets go of it later. */
static void *hold_a_while(void *arg)
{
    pthread_mutex_lock(&held);
    sem_post(&waker.begun);
    fk_sleep_until_mono(fk_mono_ns() + WAIT_NS);
    pthread_mutex_unlock(&held);
    return arg;
}

static int wait_for_held(int (*lock)(void))
{
    sem_init(&waker.begun, 0, 0);
    if (pthread_create(&waker.thread, NULL, hold_a_while, NULL) != 0)
        abort();
    while (sem_wait(&waker.begun) != 0)
        continue;
    int error = lock();
    if (error == 0)
        pthread_mutex_unlock(&held);
    return woken(by_errno(error));
}

static int lock_held(void)
{
    return pthread_mutex_lock(&held);
}

static int timedlock_held(void)
{
    struct timespec t = deadline(CLOCK_REALTIME);
    return pthread_mutex_timedlock(&held, &t);
}

static int call_mutex_lock(void)
{
    return wait_for_held(lock_held);
}

static int call_mutex_timedlock(void)
{
    return wait_for_held(timedlock_held);
}

/* ---- System V, signals, processes -----------------------------------------*/

static int call_sigtimedwait(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &wait_time);
}

static int call_semtimedop(void)
{
    struct sembuf op = {.sem_op = -1};
    return semtimedop(semaphores, &op, 1, &wait_time);
}

static void send_message(int id)
{
    struct {
        long type;
        char text[8];
    } m = {1, "x"};

    msgsnd(id, &m, sizeof(m.text), 0);
}

static int call_msgrcv(void)
{
    struct {
        long type;
        char text[8];
    } m;

    later(send_message, queue_id);
    int rc = woken((int)msgrcv(queue_id, &m, sizeof(m.text), 0, 0));
    int saved = errno;
    if (rc < 0)
        msgrcv(queue_id, &m, sizeof(m.text), 0, IPC_NOWAIT);
    errno = saved;
    return rc;
}

static int call_waitpid(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        fk_sleep_until_mono(fk_mono_ns() + WAIT_NS);
        _exit(0);
    }
    int rc = waitpid(pid, NULL, 0), saved = errno;
    while (rc < 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    errno = saved;
    return rc;
}

const struct blocking_call blocking_calls[BLOCKING_CALLS] = {
    {"poll", call_poll},
    {"ppoll", call_ppoll},
    {"select", call_select},
    {"pselect", call_pselect},
    {"epoll_wait", call_epoll_wait},
    {"epoll_pwait", call_epoll_pwait},
    {"read", call_read},
    {"recv with SO_RCVTIMEO", call_recv},
    {"accept", call_accept},
    {"flock", call_flock},
    {"nanosleep", call_nanosleep},
    {"clock_nanosleep", call_clock_nanosleep},
    {"usleep", call_usleep},
    {"sem_timedwait", call_sem_timedwait},
    {"sem_wait", call_sem_wait},
    {"pthread_cond_timedwait", call_cond_timedwait},
    {"pthread_cond_wait", call_cond_wait},
    {"pthread_mutex_lock", call_mutex_lock},
    {"pthread_mutex_timedlock", call_mutex_timedlock},
    {"sigtimedwait", call_sigtimedwait},
    {"semtimedop", call_semtimedop},
    {"msgrcv", call_msgrcv},
    {"waitpid", call_waitpid},
};
