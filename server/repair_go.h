/*
 * What profiles of Go programs need before they are stored
 * (spec/pyroscope-api 6.2).
 *
 * Names: the compiler writes type arguments into them as shapes, such as
 * Map[go.shape.int,go.shape.string]; they become Map[...], so that one
 * function has one name.
 *
 * Stacks: the heap profiler of older versions keeps the 32 frames nearest to
 * the leaf and loses the root. Where another stack of the profile holds the
 * last 16 frames of such a stack, what follows there is put behind it.
 *
 * One thread; new names and stacks live in the arena.
 */
#ifndef SERVER_REPAIR_GO_H
#define SERVER_REPAIR_GO_H

#include "common/pprof.h"

/* FK_ERR_LIMIT when the arena is full. */
FK_MUST_USE enum fk_err repair_go(struct fk_pprof *p, struct fk_arena *arena);

#endif
