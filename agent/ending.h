/*
 * A process ends with its last thread, and those of the agent are no reason
 * for it to live on: where main has left by pthread_exit and nobody else is
 * there, the agent ends it as the C library would have, with exit(0), or with
 * the status of a bare exit system call.
 *
 * Threads: fk_ending_look is for the agent's, fk_ending_with for any.
 */
#ifndef FK_AGENT_ENDING_H
#define FK_AGENT_ENDING_H

enum fk_ending {
    FK_ENDING_NOT_OURS, /* the agent has no threads here */
    FK_ENDING_NOT_YET,
    FK_ENDING_DUE,
};

/* Due when there are `others` threads beside the agent's, and no more. One
 * that has left counts while it is the process's first. */
enum fk_ending fk_ending_with(unsigned others);
/* Once a look through the threads. */
void fk_ending_look(void);

#endif
