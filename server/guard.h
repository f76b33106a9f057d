/*
 * Room on the disk. A server that fills it can neither write nor tidy up, so
 * it stops taking profiles before that, and keeps a file of no use that it
 * can give away when it comes to the worst.
 *
 * Threads: any; what they do twice does no harm.
 */
#ifndef SERVER_GUARD_H
#define SERVER_GUARD_H

#include "common/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct guard {
    char dir[PATH_MAX];
    uint64_t min_free, ballast; /* bytes; 0 = none */
    _Atomic bool low;
};

/* min_free UINT64_MAX: 5 % of the disk, at most 1 GiB. */
void guard_init(
    struct guard *g, const char *dir, uint64_t min_free, uint64_t ballast);
/* Look: false = too little, with the sentence. The ballast goes with the
 * first such look, and comes back when there is plenty again. */
bool guard_look(struct guard *g, struct fk_diag *diag);
/* A write failed although there seemed to be room. */
void guard_drop_ballast(struct guard *g);

#endif
