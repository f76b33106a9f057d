#include "demoapp/wait.h"

#include "common/clock.h"

#include <errno.h>
#include <time.h>

/* An absolute deadline: a relative sleep would end, or start again, with
 * every signal of a profiler. */
int64_t wait_ns(int64_t ns)
{
    int64_t deadline = fk_mono_ns() + ns;
    struct timespec at = {deadline / FK_NS_PER_S, deadline % FK_NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
    return fk_mono_ns() - deadline;
}

int64_t wait_ms(int64_t ms)
{
    return wait_ns(ms * FK_NS_PER_MS);
}
