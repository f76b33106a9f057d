/*
 * An HTTP service that answers by a script: the same bytes to every request,
 * at once, a byte at a time, never, or with an end of the connection behind
 * them. One connection at a time; it ends with the process of the test.
 */
#ifndef FK_TESTS_SCRIPTED_H
#define FK_TESTS_SCRIPTED_H

#include <stdbool.h>

enum { SCRIPTED_MAX_REQUEST = 256 * 1024 };

enum scripted_after { KEEP, CLOSE, RESET };

struct scripted {
    const char *answer; /* NULL = none */
    enum scripted_after after;
    /* Answers a connection; then it is closed; 0 = never. */
    unsigned mute_after;
    bool drip; /* a byte at a time */
    int listener;
    char url[64], base_url[80];
    _Atomic unsigned requests, connections;
    char last[SCRIPTED_MAX_REQUEST]; /* read it after its answer */
};

/* With what to answer set; fills in the url. */
void scripted_start(struct scripted *s);

#endif
