/*
 * What /ingest makes of a pprof profile before it is stored
 * (spec/pyroscope-api 3.5): its metric name, from the sample types, and the
 * repairs that profiles of some older clients need.
 */
#ifndef SERVER_INGEST_METRIC_H
#define SERVER_INGEST_METRIC_H

#include "common/labels.h"
#include "common/pprof.h"

struct request_json;

/* `config` is the form's sample_type_config, or NULL. */
struct fk_slice ingest_metric(const struct fk_pprof *p,
    struct request_json *config, struct fk_arena *arena);
/* A client whose profiles need fk_pprof_limits.old_dotnet to be read. */
bool ingest_old_dotnet(struct fk_slice spy, struct request_json *config);
/* By the name of the client's profiler; FK_ERR_LIMIT when the arena is full. */
FK_MUST_USE enum fk_err ingest_repair(struct fk_pprof *p, struct fk_slice spy,
    bool old_dotnet, struct fk_arena *arena);

#endif
