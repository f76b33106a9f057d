/*
 * OpenTelemetry's profiles signal, "v1development" as of version 1.10 of its
 * protocol: an ExportProfilesServiceRequest becomes decoded pprof profiles
 * (spec/pyroscope-api 7), one for each profile of each scope of each resource
 * and each service that its samples name. They share the locations of the
 * request's dictionary.
 *
 * Nothing is trusted: every index is checked before it is used, and an error
 * names the message, such as dictionary.stack_table[3]. Strings are views of
 * the body, everything else lives in the arena. One thread.
 * Limits: 16,000 samples a profile, 100 attributes a sample, 262,144 samples
 * a request, and the arena.
 */
#ifndef SERVER_OTLP_H
#define SERVER_OTLP_H

#include "common/labels.h"
#include "common/pprof.h"

#define OTLP_MAX_SAMPLES         16000
#define OTLP_MAX_ATTRIBUTES      100
#define OTLP_MAX_REQUEST_SAMPLES (1u << 18)

/* `labels` has __name__ and service_name. Anything but FK_OK ends the
 * reading. */
typedef enum fk_err (*otlp_fn)(
    void *arg, const struct fk_pprof *p, const struct fk_labels *labels);

/* `body` is the plain protobuf. */
FK_MUST_USE enum fk_err otlp_read(struct fk_slice body, struct fk_arena *arena,
    otlp_fn fn, void *arg, struct fk_diag *diag);

/* The same message as proto-JSON, written as protobuf into `out`. Unknown
 * fields are errors that name the path. */
FK_MUST_USE enum fk_err otlp_json_to_proto(struct fk_slice json,
    struct fk_arena *arena, struct fk_buf *out, struct fk_diag *diag);

#endif
