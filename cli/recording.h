/*
 * A golden recording: what a run of a scenario's load plans left at the
 * server, small enough to be kept beside the plans. Gzip-ed JSON:
 *
 *   {"recording":1, "scenario":"07", "runs":[{
 *     "plan":"io", "service":"workshop.demo.app", "seconds":61.2,
 *     "run":{...},                        as loadgen posted it
 *     "markers":[{...}],                  its phases
 *     "profiles":[{"at":2500, "type":"cpu", "endpoint":"/api/slow_io",
 *                  "stacks":{"main;f;g":20000000}}]}]}
 *
 * All times are ms from the start of that run; values are nanoseconds, one
 * profile a bucket of RECORDING_STEP_MS, type and endpoint.
 */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include "cli/kit.h"
#include "cli/world.h"

#include <jansson.h>

enum {
    RECORDING_STEP_MS = 5000,
    RECORDING_MAX_BYTES = 64 * 1024 * 1024,
    RECORDING_MAX_DEPTH = 256,
};

/* scenarios/NN-.../golden.rec of the checkout. */
FK_MUST_USE enum fk_err recording_path(const struct kit *kit,
    const char *scenario, char *out, struct fk_diag *diag);
/* The caller owns *out. FK_ERR_FORMAT: it is no recording. */
FK_MUST_USE enum fk_err recording_read(
    const char *path, json_t **out, struct fk_diag *diag);
FK_MUST_USE enum fk_err recording_write(
    const char *path, const json_t *recording, struct fk_diag *diag);

/* What was played in this run: the latest finished run of every plan. */
FK_MUST_USE enum fk_err recording_make(const struct kit *kit,
    const char *scenario, json_t **out, struct fk_diag *diag);

/* Tells the server of one run of a recording as if it had begun at
 * `start_ms`; markers carry the run id of the kit that is up. */
FK_MUST_USE enum fk_err recording_send(const struct kit *kit, const json_t *run,
    int64_t start_ms, struct fk_diag *diag);

#endif
