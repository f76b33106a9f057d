/*
 * How many files this process may have open. The usual 1024 is for programs
 * that call select(2).
 */
#ifndef FK_COMMON_RLIMIT_H
#define FK_COMMON_RLIMIT_H

/* As many as the hard limit allows, or `most` when that is less; never fewer
 * than now. Returns how many it is, 0 when nobody knows. Before there are
 * threads. */
unsigned fk_rlimit_files(unsigned most);

#endif
