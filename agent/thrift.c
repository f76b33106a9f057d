#include "agent/thrift.h"

#include "common/clock.h"

#define WINDOW_NS  (250 * FK_NS_PER_MS)
#define MIN_ROUNDS 16 /* rounds differ in what they do */
#define AIM        0.8

static double clamp(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

void fk_thrift_init(struct fk_thrift *t, int64_t now_ns, int64_t cpu_ns)
{
    *t = (struct fk_thrift){1.0, 0, now_ns, cpu_ns};
}

void fk_thrift_update(
    struct fk_thrift *t, int64_t now_ns, int64_t cpu_ns, double share)
{
    int64_t elapsed = now_ns - t->window_ns;
    if (++t->rounds < MIN_ROUNDS || elapsed < WINDOW_NS)
        return;
    double used = (double)(cpu_ns - t->window_cpu_ns);
    double factor = clamp(used / (AIM * share * (double)elapsed), 0.5, 2.0);
    t->stretch = clamp(t->stretch * factor, 1.0, FK_THRIFT_MAX);
    t->rounds = 0;
    t->window_ns = now_ns;
    t->window_cpu_ns = cpu_ns;
}
