/*
 * The account of one thread's time, for the wall clock profile. Each look at
 * the thread splits the time since the look before:
 *
 *   on the CPU          what its CPU clock says, exactly
 *   kept from running   what the kernel says it stood in a run queue
 *   waiting             the rest, at the places where it was seen to wait
 *
 * A CPU clock that stands still proves that the thread stayed where it was,
 * however long ago the last look was. When the thread moved, the rest belongs
 * to the place before, to the place now, or half to each when it waited at
 * both looks; time that it waited between two looks that both found it
 * running is kept for the next place where it is seen. Nothing is lost and
 * nothing is counted twice, whatever the time between looks.
 *
 * Pure arithmetic; wall.c does the looking.
 */
#ifndef FK_AGENT_WATCH_H
#define FK_AGENT_WATCH_H

#include "agent/stackcopy.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct fk_watch {
    pid_t tid;              /* 0: not in use */
    bool waiting;           /* at the last look, at the place below */
    uint8_t back_off, skip; /* rounds between looks; until the next one */
    int64_t cpu_ns, delay_ns;
    int64_t looked_ns;   /* split up to here */
    int64_t since_ns;    /* waiting: at this place, not yet credited */
    int64_t unplaced_ns; /* waited, and nobody saw where */
    int64_t doubtful_ns; /* left this place, or waits for a CPU since then */
    /* The place; its addresses are in an array of wall.c. */
    flamekit_labels labels;
    uint32_t depth, flags;
    struct fk_copy_size copy_size;
};

struct fk_look {
    int64_t now_ns, cpu_ns, delay_ns;
    bool waiting;
};

struct fk_shares {
    int64_t before_ns; /* at the place of the look before; 0 if it had none */
    int64_t cpu_ns;
    int64_t kept_ns; /* from running */
};

void fk_watch_begin(struct fk_watch *w, pid_t tid, const struct fk_look *first);
/* It did not move. The next look is due after 1, 2, 4 ... max_rounds. */
void fk_watch_still(struct fk_watch *w, int64_t now_ns, unsigned max_rounds);
/* It moved: what there is to credit. When it waits again the caller puts the
 * new place in; since_ns is set. */
struct fk_shares fk_watch_split(struct fk_watch *w, const struct fk_look *look);
/* Waited at the place and not yet credited; then nothing is. */
int64_t fk_watch_settle(struct fk_watch *w);
/* The thread is gone: what is left for its last place. */
int64_t fk_watch_end(struct fk_watch *w);

#endif
