/* Waiting that no profiler's signal can shorten. */
#ifndef FK_DEMOAPP_WAIT_H
#define FK_DEMOAPP_WAIT_H

#include <stdint.h>

enum { WAIT_USUAL_MS = 200, WAIT_LONGEST_MS = 10000 }; /* of /api/slow_io */

/* Sleeps until that much time has passed; returns how late it woke, in ns. */
int64_t wait_ms(int64_t ms);
int64_t wait_ns(int64_t ns);

#endif
