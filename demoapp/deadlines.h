/*
 * Deadlines for connections. A client that sends one header line a second is
 * never "inactive", so the HTTP library's own timeout never ends it; eighty
 * such clients fill every slot. A thread shuts down every socket whose deadline
 * has passed, whatever it sent. Thread-safe; one thread of its own.
 */
#ifndef FK_DEMOAPP_DEADLINES_H
#define FK_DEMOAPP_DEADLINES_H

#include "common/err.h"

#include <stdint.h>

struct deadlines;
struct deadline;

FK_MUST_USE enum fk_err deadlines_start(
    struct deadlines **out, struct fk_diag *diag);
void deadlines_stop(
    struct deadlines *r); /* every watch must have been dropped */
/* `fd` stays the caller's and must be open until deadlines_drop. */
struct deadline *deadlines_add(struct deadlines *r, int fd);
/* On the monotonic clock; 0 = no deadline. */
void deadlines_set(
    struct deadlines *r, struct deadline *w, int64_t deadline_ns);
void deadlines_drop(struct deadlines *r, struct deadline *w);

#endif
