/*
 * 23 calls that wait a few milliseconds, in all the ways a program can be
 * blocked by Linux: what a profiler must not interrupt. One caller at a time.
 */
#ifndef FK_TESTS_BLOCKING_H
#define FK_TESTS_BLOCKING_H

enum { BLOCKING_CALLS = 23, BLOCKING_MS = 3 };

struct blocking_call {
    const char *name;
    int (*fn)(void); /* as the call: below 0 with errno */
};

extern const struct blocking_call blocking_calls[BLOCKING_CALLS];

void blocking_init(void);
void blocking_fini(void);

#endif
