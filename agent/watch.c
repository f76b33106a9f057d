#include "agent/watch.h"

#include "common/clock.h"

/* A thread that was never caught waiting for so long does not wait: where
 * nobody tells how long it stood in run queues, that is where it was. */
#define UNPLACED_MAX_NS FK_NS_PER_S

static int64_t clamp(int64_t v, int64_t max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

void fk_watch_begin(struct fk_watch *w, pid_t tid, const struct fk_look *first)
{
    *w = (struct fk_watch){
        .tid = tid,
        .cpu_ns = first->cpu_ns,
        .delay_ns = first->delay_ns,
        .looked_ns = first->now_ns,
    };
}

void fk_watch_still(struct fk_watch *w, int64_t now_ns, unsigned max_rounds)
{
    w->looked_ns = now_ns;
    unsigned rounds = w->back_off ? 2u * w->back_off : 1;
    w->back_off = (uint8_t)(rounds < max_rounds ? rounds : max_rounds);
    w->skip = (uint8_t)(w->back_off - 1);
}

int64_t fk_watch_settle(struct fk_watch *w)
{
    int64_t ns = w->waiting ? clamp(w->looked_ns - w->since_ns, INT64_MAX) : 0;
    w->since_ns = w->looked_ns;
    return ns;
}

struct fk_shares fk_watch_split(struct fk_watch *w, const struct fk_look *look)
{
    struct fk_shares s = {.before_ns = fk_watch_settle(w)};
    int64_t rest = clamp(look->now_ns - w->looked_ns, INT64_MAX), here = 0;
    s.cpu_ns = clamp(look->cpu_ns - w->cpu_ns, rest);
    rest -= s.cpu_ns;
    s.kept_ns = clamp(look->delay_ns - w->delay_ns, rest);
    rest -= s.kept_ns;
    if (w->waiting) {
        here = look->waiting ? rest / 2 : 0;
        s.before_ns += rest - here;
    } else {
        w->unplaced_ns += rest;
        if (look->waiting)
            here = w->unplaced_ns;
        else if (w->unplaced_ns > UNPLACED_MAX_NS)
            s.kept_ns += w->unplaced_ns;
        if (here > 0 || w->unplaced_ns > UNPLACED_MAX_NS)
            w->unplaced_ns = 0;
    }
    w->cpu_ns = look->cpu_ns;
    w->delay_ns = look->delay_ns;
    w->looked_ns = look->now_ns;
    w->since_ns = look->now_ns - here;
    w->waiting = look->waiting;
    w->back_off = w->skip = 0;
    return s;
}
