#include "loadgen/waiter.h"

#include "common/clock.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static const uint64_t tag_timer = UINT64_MAX, tag_bell = UINT64_MAX - 1;

static bool control(
    struct waiter *w, int op, int fd, uint32_t events, uint64_t tag)
{
    struct epoll_event ev = {.events = events, .data.u64 = tag};
    return epoll_ctl(w->epoll_fd, op, fd, &ev) == 0;
}

bool waiter_init(struct waiter *w)
{
    w->armed_ns = 0;
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    w->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return w->epoll_fd >= 0 && w->timer_fd >= 0 && w->bell_fd >= 0 &&
           waiter_add(w, w->timer_fd, EPOLLIN, tag_timer) &&
           waiter_add(w, w->bell_fd, EPOLLIN, tag_bell);
}

void waiter_fini(struct waiter *w)
{
    int fds[] = {w->epoll_fd, w->timer_fd, w->bell_fd};
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

bool waiter_add(struct waiter *w, int fd, uint32_t events, uint64_t tag)
{
    return control(w, EPOLL_CTL_ADD, fd, events, tag);
}

bool waiter_change(struct waiter *w, int fd, uint32_t events, uint64_t tag)
{
    return control(w, EPOLL_CTL_MOD, fd, events, tag);
}

void waiter_remove(struct waiter *w, int fd)
{
    control(w, EPOLL_CTL_DEL, fd, 0, 0);
}

/* A deadline that moves further away leaves the timer as it is: waking once
 * too early is cheaper than a system call for every answer. */
static void arm(struct waiter *w, int64_t deadline_ns)
{
    if (deadline_ns < 1)
        deadline_ns = 1; /* 0 would switch the timer off */
    if (w->armed_ns && w->armed_ns <= deadline_ns)
        return;
    w->armed_ns = deadline_ns;
    struct itimerspec at = {
        .it_value = {deadline_ns / FK_NS_PER_S, deadline_ns % FK_NS_PER_S}};
    timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

static bool take(int fd)
{
    uint64_t ticks;
    return read(fd, &ticks, sizeof ticks) == sizeof ticks;
}

int waiter_wait(struct waiter *w, int64_t deadline_ns, bool *rung)
{
    int kept = 0;
    arm(w, deadline_ns);
    int n = epoll_wait(w->epoll_fd, w->events, WAITER_MAX_EVENTS, -1);
    for (int i = 0; i < n; i++) {
        if (w->events[i].data.u64 == tag_timer) {
            w->armed_ns = 0;
            *rung |= take(w->timer_fd);
        } else if (w->events[i].data.u64 == tag_bell) {
            *rung |= take(w->bell_fd);
        } else {
            w->events[kept++] = w->events[i];
        }
    }
    return kept;
}

void waiter_ring(struct waiter *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->bell_fd, &one, sizeof one);
    (void)n; /* full: it rings already */
}
