/*
 * A program of two threads that sort, recurse and hash, each bound to a
 * processor, and what it costs them when something is switched on.
 *
 * Slices with it and without it follow one another in random order. The work
 * is cut into equal units of some 40 us, each timed on the thread's own CPU
 * clock, which counts what the kernel does for a signal, too, but not the
 * time for which a busy machine keeps the program waiting. A machine is now
 * faster, now slower: the median of the units around it is what a unit takes,
 * and what all units took more than that is compared. That is all of a cost
 * which comes with samples, and with what follows them. A cost that all units
 * share alike would shift the medians: told apart, for it is less exact.
 * What other programs do to the caches is told by how many units they came in
 * between of.
 *
 * One at a time in a process; the caller's thread does nothing but wait.
 */
#ifndef FK_TESTS_BENCH_TOGGLE_H
#define FK_TESTS_BENCH_TOGGLE_H

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_THREADS = 2 };

struct bench_lost {
    double percent;   /* of CPU time */
    double slower;    /* percent, all units alike */
    double disturbed; /* percent of the units, more than without it */
};

void bench_toggle_start(void); /* the threads work */
void bench_toggle_pause(bool on);
void bench_toggle_stop(void);

/* A slice with and one without; what each thread lost. False: the machine
 * had too little time for it. */
bool bench_toggle_pair(void (*enable)(bool on), bool on_first,
    struct bench_lost lost[BENCH_THREADS]);

#endif
