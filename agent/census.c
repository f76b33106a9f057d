#include "agent/census.h"

#include <sys/stat.h>

#include "common/clock.h"

#define OFTEN_NS  (100 * FK_NS_PER_MS)
#define SELDOM_NS (5 * FK_NS_PER_S)
#define STILL     500 /* times the cost: 0.2 % of a core */
#define CHANGED   10  /* 10 %, while threads come and go */

static int64_t pause_ns(int64_t cost_ns, int64_t times)
{
    int64_t ns = cost_ns * times;
    if (ns < OFTEN_NS)
        return OFTEN_NS;
    return ns < SELDOM_NS ? ns : SELDOM_NS;
}

bool fk_census_due(const struct fk_census *c, int64_t now_ns, uint64_t threads)
{
    int64_t times = threads == c->threads ? STILL : CHANGED;
    return c->at_ns == 0 || now_ns - c->at_ns >= pause_ns(c->cost_ns, times);
}

void fk_census_taken(
    struct fk_census *c, int64_t now_ns, uint64_t threads, int64_t cost_ns)
{
    *c = (struct fk_census){threads, now_ns, cost_ns};
}

/* The folder has two links more than there are threads. */
uint64_t fk_census_threads(void)
{
    struct stat s;
    return stat("/proc/self/task", &s) == 0 ? (uint64_t)s.st_nlink - 2 : 0;
}
