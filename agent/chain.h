/*
 * The action that the host wants for the signal which the agent uses. A
 * program that sets one after the agent has come (sort does so for SIGPROF,
 * and ends itself in it) would otherwise be handed the agent's signals. Its
 * wish is kept here instead; signals that are not the agent's go to it.
 *
 * Of the host's flags and mask nothing is kept but the handler: ours runs
 * with SA_RESTART and every signal blocked, and so does what it calls.
 *
 * Threads: any. fk_chain_call is async-signal-safe.
 */
#ifndef FK_AGENT_CHAIN_H
#define FK_AGENT_CHAIN_H

#include <signal.h>

/* The default action again. */
void fk_chain_reset(void);
/* As sigaction: `wish` or `old` may be NULL. Async-signal-safe. */
void fk_chain_set(const struct sigaction *wish, struct sigaction *old);
/* Calls the host's handler, should it have one. */
void fk_chain_call(int signo, siginfo_t *info, void *context);

#endif
