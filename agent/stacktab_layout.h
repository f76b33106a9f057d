/*
 * The stack table from inside, for its two halves: stacktab.c adds to it in
 * signal handlers, stacktab_drain.c makes, reads and empties it.
 */
#ifndef FK_AGENT_STACKTAB_LAYOUT_H
#define FK_AGENT_STACKTAB_LAYOUT_H

#include "agent/stacktab.h"

#include <stdatomic.h>

#define FK_KEY_WORDS 2 /* labels; tid, flags and depth */

/* `hash` 0 is free. `entry` is the arena position plus one, published after
 * the words are written; 0 with a hash: no room was left for the words. */
struct fk_slot {
    _Atomic uint64_t hash;
    _Atomic uint64_t weight;
    _Atomic uint32_t entry;
};

struct fk_generation {
    _Atomic uint32_t inside; /* handlers at work here */
    _Atomic uint32_t next;   /* free word of the arena */
    struct fk_slot slots[FK_STACKTAB_SLOTS];
    uint64_t words[FK_STACKTAB_WORDS];
};

struct fk_stacktab {
    _Atomic uint32_t current;
    bool pending; /* the other generation waits to be read */
    struct fk_generation generation[2];
};

#endif
