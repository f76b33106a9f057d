/*
 * Where things happened: one record a stack with up to four values, some of
 * which are amounts since the last look and some a state that stays. Sites
 * are numbered, so that what happens later (the free of an allocation) finds
 * them again.
 *
 * Threads: the owner's lock around everything but fk_ledger_drain, which
 * takes it and is for one collector at a time.
 * Limits: FK_SITES_MAX stacks, FK_SITES_WORDS words of addresses.
 */
#ifndef FK_AGENT_SITES_H
#define FK_AGENT_SITES_H

#include "agent/profile.h"

#include <pthread.h>

#define FK_SITES_MAX   16384
#define FK_SITES_WORDS (512 * 1024)
#define FK_SITES_NONE  UINT32_MAX

struct fk_sites; /* several MB of address space, little of it touched */

/* What an owner of sites keeps beside them. */
struct fk_ledger {
    pthread_mutex_t lock;
    struct fk_sites *sites; /* NULL: not needed until now */
    uint64_t lost;          /* of what found no room, since the last drain */
};

/* Values [0, amounts) are amounts. NULL without memory; never freed. */
struct fk_sites *fk_sites_new(uint32_t amounts);
/* Adds to the values of a site; its number, or NONE when there is no room. */
uint32_t fk_sites_add(struct fk_sites *s, const struct fk_trace *trace,
    const int64_t values[FK_KIND_VALUES]);
void fk_sites_change(
    struct fk_sites *s, uint32_t site, const int64_t values[FK_KIND_VALUES]);
/* Put all values into `p`, start the amounts at 0 again, and forget the sites
 * that have nothing left. */
void fk_ledger_drain(
    struct fk_ledger *ledger, struct fk_profile *p, uint64_t *lost);

#endif
