/* Clocks. Wall times are ns since 1970; durations come from the monotonic
 * clock only; the two are never mixed. */
#ifndef FK_COMMON_CLOCK_H
#define FK_COMMON_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define FK_NS_PER_S  1000000000ll
#define FK_NS_PER_MS 1000000ll

int64_t fk_wall_ns(void);
int64_t fk_mono_ns(void);
int64_t fk_cpu_ns(void);                       /* CPU time of this process */
void fk_sleep_until_mono(int64_t deadline_ns); /* absolute, EINTR-proof */

/* A condition whose timed waits mean the monotonic clock. */
void fk_cond_init(pthread_cond_t *cond);

/* "250ms", "30s", "1.5m", "1h30m", "7d": a unit (ns us ms s m h d) is
 * mandatory except for "0". False on anything else and on overflow. */
bool fk_duration_parse(const char *text, int64_t *ns);

#endif
