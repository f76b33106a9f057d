#include "loadgen/priority.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NICE = -10 };

const char *priority_name(enum priority priority)
{
    static const char *const names[] = {
        [PRIORITY_NORMAL] = "normal",
        [PRIORITY_NICE] = "raised",
        [PRIORITY_REALTIME] = "real-time",
    };
    return names[priority];
}

static bool go_realtime(void)
{
    struct sched_param first = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) == 0;
}

enum priority priority_take(enum priority wanted)
{
    if (wanted == PRIORITY_REALTIME && go_realtime())
        return PRIORITY_REALTIME;
    if (wanted != PRIORITY_NORMAL &&
        setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE) == 0)
        return PRIORITY_NICE;
    return PRIORITY_NORMAL;
}

void priority_read_cost(struct priority_cost *out)
{
    long long cpu_ns = 0, wait_ns = 0;
    FILE *f = fopen("/proc/thread-self/schedstat", "re");
    if (f && fscanf(f, "%lld %lld", &cpu_ns, &wait_ns) == 2)
        *out = (struct priority_cost){cpu_ns, wait_ns};
    if (f)
        fclose(f);
}
