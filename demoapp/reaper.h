/*
 * Deadlines for connections. A client that sends one header line a second is
 * never "inactive", so the HTTP library's own timeout never ends it; eighty
 * such clients fill every slot. The reaper shuts down a socket whose deadline
 * has passed, whatever it sent. Thread-safe; one thread of its own.
 */
#ifndef FK_DEMOAPP_REAPER_H
#define FK_DEMOAPP_REAPER_H

#include "common/err.h"

#include <stdint.h>

struct reaper;
struct reaper_watch;

FK_MUST_USE enum fk_err reaper_start(struct reaper **out, struct fk_diag *diag);
void reaper_stop(struct reaper *r); /* every watch must have been dropped */
/* `fd` stays the caller's and must be open until reaper_drop. */
struct reaper_watch *reaper_add(struct reaper *r, int fd);
/* On the monotonic clock; 0 = no deadline. */
void reaper_set(struct reaper *r, struct reaper_watch *w, int64_t deadline_ns);
void reaper_drop(struct reaper *r, struct reaper_watch *w);

#endif
