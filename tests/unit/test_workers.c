#include "server/workers.h"

#include "tests/tap.h"

#include <pthread.h>
#include <stdatomic.h>

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

TAP_MAIN
