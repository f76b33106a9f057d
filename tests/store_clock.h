/*
 * A store that adds its profiles up at once, and whose clock the test moves;
 * what is in its files. Not thread-safe; one store at a time has the clock.
 */
#ifndef FK_TESTS_STORE_CLOCK_H
#define FK_TESTS_STORE_CLOCK_H

#include "tests/store_fixture.h"

#define MIN_MS  60000ll
#define HOUR_MS (60 * MIN_MS)
/* Midnight, so that a window of hours lies in one day. */
#define DAY0 (T0 / FX_DAY_MS * FX_DAY_MS)

/* What the store takes for the time. */
extern _Atomic int64_t fx_clock_ms;

/* fx_init with this clock; change fx->options before fx_open. */
void fx_init_clock(struct fx *fx, int64_t now_ms);
/* And open, to keep all levels for ever. */
void fx_open_sealing(struct fx *fx, int64_t now_ms);
/* Until there is nothing left to add up at this time, or a little later: the
 * sealer looks again only when the clock goes on. */
void fx_settle(struct fx *fx, int64_t now_ms);

/* One statement in a file of a store that is closed. */
void fx_sql(const struct fx *fx, const char *file, const char *sql);
/* The same, and the number in the first column of its first row. */
int64_t fx_sql_int(const struct fx *fx, const char *file, const char *sql);

#endif
