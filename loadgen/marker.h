/*
 * What the profiling server is told about a run: a marker on the timeline
 * for each phase, opened when it starts and closed when it ends, and the run
 * itself. A server that is away is counted and never fatal; what it missed it
 * is told when it is back. Each post waits at most MARKER_TIMEOUT_MS, on the
 * conductor's thread, so load is not touched. docs/kit-protocol.md has the
 * shapes.
 */
#ifndef FK_LOADGEN_MARKER_H
#define FK_LOADGEN_MARKER_H

#include "loadgen/run.h"

enum { MARKER_TIMEOUT_MS = 1000 };

/* `server` "" = nobody is told. */
void marker_open(struct run *r, const char *server, uint32_t phase);
void marker_close(struct run *r, const char *server, uint32_t phase);
/* Phases that are over and whose end was not taken; false: still not. */
bool marker_retell(struct run *r, const char *server);
/* Was it taken? */
FK_MUST_USE bool marker_run(struct run *r, const char *server);

#endif
