#include "agent/thrift.h"

#include "common/clock.h"

#define WINDOW_NS (250 * FK_NS_PER_MS)
#define CALM      4 /* below a fourth of the share there is room for more */

void fk_thrift_update(
    struct fk_thrift *t, int64_t now_ns, int64_t cpu_ns, double share)
{
    int64_t elapsed = now_ns - t->window_ns;
    if (elapsed < WINDOW_NS && t->window_ns != 0)
        return;
    double used = (double)(cpu_ns - t->window_cpu_ns);
    double allowed = share * (double)elapsed;
    bool first = t->window_ns == 0;
    if (!first && used > allowed && t->level < FK_THRIFT_MAX)
        t->level++;
    else if (!first && used * CALM < allowed && t->level > 0)
        t->level--;
    t->window_ns = now_ns;
    t->window_cpu_ns = cpu_ns;
}
