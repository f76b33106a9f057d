#include "server/workers.h"

#include "common/clock.h"
#include "server/reaper.h"
#include "tests/tap.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

static _Atomic int ran;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void work(void *item)
{
    pthread_mutex_lock(&gate);
    atomic_fetch_add(&ran, *(int *)item);
    pthread_mutex_unlock(&gate);
}

TEST(workers_refuse_what_does_not_fit_and_finish_the_rest)
{
    const struct workers_options options = {"test", 1, 3, work};
    struct workers *w;
    int one = 1, pushed = 0;

    CHECK_INT(workers_start(&options, &w), FK_OK);
    pthread_mutex_lock(&gate);
    while (workers_push(w, &one) && pushed < 100)
        pushed++;
    /* Three wait; one more may have been taken already. */
    CHECK(pushed == 3 || pushed == 4);
    pthread_mutex_unlock(&gate);
    workers_stop(w);
    CHECK_INT(atomic_load(&ran), pushed);
}

TEST(workers_run_side_by_side)
{
    const struct workers_options options = {"test", 4, 1000, work};
    struct workers *w;
    int one = 1;

    CHECK_INT(workers_start(&options, &w), FK_OK);
    for (int i = 0; i < 1000; i++)
        CHECK(workers_push(w, &one));
    workers_stop(w);
    CHECK_INT(atomic_load(&ran), 1000);
    workers_stop(NULL);
}

static bool closed_within(int fd, int ms)
{
    struct pollfd p = {fd, POLLIN, 0};
    char c;

    return poll(&p, 1, ms) == 1 && read(fd, &c, 1) == 0;
}

TEST(the_reaper_shuts_down_what_is_overdue)
{
    _Atomic uint64_t count = 0;
    struct reaper *r;
    int late[2], fine[2], calm[2];

    CHECK_INT(reaper_start(&count, &r), FK_OK);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, late) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fine) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, calm) == 0);
    struct reaper_entry *a = reaper_watch(r, late[0], FK_NS_PER_MS);
    struct reaper_entry *b = reaper_watch(r, fine[0], 3600 * FK_NS_PER_S);
    struct reaper_entry *c = reaper_watch(r, calm[0], FK_NS_PER_MS);
    reaper_arm(r, c, 0);
    CHECK(closed_within(late[1], 5000));
    CHECK(!closed_within(fine[1], 0));
    CHECK(!closed_within(calm[1], 0));
    CHECK_INT(atomic_load(&count), 1);
    reaper_forget(r, b);
    reaper_forget(r, a);
    reaper_forget(r, c);
    reaper_forget(r, NULL);
    reaper_stop(r);
}

TAP_MAIN
