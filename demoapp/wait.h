/* Waiting that no profiler's signal can shorten. */
#ifndef FK_DEMOAPP_WAIT_H
#define FK_DEMOAPP_WAIT_H

#include <stdint.h>

/* Sleeps until that much time has passed; returns how late it woke, in ns. */
int64_t wait_ms(int64_t ms);
int64_t wait_ns(int64_t ns);

#endif
