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

/* A wait in a run queue is told when it is over: it may be found to have been
 * what was taken for waiting at the looks before. */
static int64_t take_back(int64_t *from, int64_t *late_ns)
{
    int64_t taken = clamp(*late_ns, *from);
    *from -= taken;
    *late_ns -= taken;
    return taken;
}

/* Nobody tells how long it stood in run queues, and it is always found there.
 */
static int64_t give_up_placing(struct fk_watch *w)
{
    int64_t ns = w->unplaced_ns > UNPLACED_MAX_NS ? w->unplaced_ns : 0;
    w->unplaced_ns -= ns;
    return ns;
}

struct fk_shares fk_watch_split(struct fk_watch *w, const struct fk_look *look)
{
    struct fk_shares s = {.before_ns = fk_watch_settle(w)};
    int64_t rest = clamp(look->now_ns - w->looked_ns, INT64_MAX), here = 0;
    int64_t kept = clamp(look->delay_ns - w->delay_ns, INT64_MAX);
    s.cpu_ns = clamp(look->cpu_ns - w->cpu_ns, rest);
    rest -= s.cpu_ns;
    s.kept_ns = take_back(&rest, &kept);
    s.kept_ns += take_back(&w->unplaced_ns, &kept);
    s.kept_ns += take_back(&w->doubtful_ns, &kept);
    s.before_ns += w->doubtful_ns;
    w->doubtful_ns = 0;
    if (w->waiting && look->waiting) {
        here = rest / 2;
        s.before_ns += rest - here;
    } else if (w->waiting) {
        w->doubtful_ns = rest;
    } else if (look->waiting) {
        here = rest + w->unplaced_ns;
        w->unplaced_ns = 0;
    } else {
        w->unplaced_ns += rest;
        s.kept_ns += give_up_placing(w);
    }
    w->cpu_ns = look->cpu_ns;
    w->delay_ns = look->delay_ns;
    w->looked_ns = look->now_ns;
    w->since_ns = look->now_ns - here;
    w->waiting = look->waiting;
    w->back_off = w->skip = 0;
    return s;
}

int64_t fk_watch_end(struct fk_watch *w)
{
    int64_t ns = fk_watch_settle(w) + w->doubtful_ns;
    w->tid = 0;
    return ns;
}
