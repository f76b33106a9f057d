/*
 * Runs the little program of a function's description and hands out what it
 * says as rules.
 *
 * The program is not trusted: it costs time proportional to its length, and
 * what cannot be said as a struct fk_rule becomes FK_RULE_NONE. Agent thread
 * only; allocates nothing.
 */
#ifndef FK_AGENT_DWARF_H
#define FK_AGENT_DWARF_H

#include "agent/eh_frame.h"
#include "agent/rule.h"

/* Called where the rule may change, in rising order of pc, the first time at
 * the start of the function. */
typedef void fk_rule_fn(void *arg, uintptr_t pc, const struct fk_rule *rule);

void fk_fde_run(const struct fk_image *image, const struct fk_cie *cie,
    const struct fk_fde *fde, fk_rule_fn *fn, void *arg);

#endif
