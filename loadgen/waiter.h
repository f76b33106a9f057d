/*
 * What a request engine sleeps on: one epoll with an absolute timer
 * (timerfd: nanoseconds, no timer slack) and a bell that other threads may
 * ring. One waiter belongs to one thread; only waiter_ring may be called by
 * others.
 */
#ifndef FK_LOADGEN_WAITER_H
#define FK_LOADGEN_WAITER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* Not more at a time: while these are handled, the service is at work on what
 * was sent for those before. */
enum { WAITER_MAX_EVENTS = 16 };

struct waiter {
    int epoll_fd, timer_fd, bell_fd;
    int64_t armed_ns; /* what the timer is set to, 0 = nothing */
    struct epoll_event events[WAITER_MAX_EVENTS];
};

/* False with errno when the system has none to give; fini either way. */
bool waiter_init(struct waiter *w);
void waiter_fini(struct waiter *w);

/* `tag` comes back in data.u64 of an event; the two highest are taken. */
bool waiter_add(struct waiter *w, int fd, uint32_t events, uint64_t tag);
bool waiter_change(struct waiter *w, int fd, uint32_t events, uint64_t tag);
void waiter_remove(struct waiter *w, int fd);

/* Sleeps until something is ready, rings, or deadline_ns on the monotonic
 * clock has come; the count of w->events that are the caller's. *rung is set
 * to true by the bell and by the timer, else left alone. */
int waiter_wait(struct waiter *w, int64_t deadline_ns, bool *rung);
void waiter_ring(struct waiter *w);

#endif
