/*
 * From decoded profiles to one store_batch (spec/pyroscope-api 6): samples
 * are normalized and split by their labels, every sample type becomes a
 * series with its private labels, and the whole request is stored at once or
 * not at all.
 *
 *   ingest_init(&in, r);
 *   if (ingest_add_pprof(&in, &source, bytes, &diag) == FK_OK)
 *       ingest_submit(&in, answer, arg);   defers the reply
 *   ingest_fini(&in);
 *
 * One thread. Memory comes from the request's arena. Limits: 4 MiB a profile
 * once inflated, 64 sample types, those of server/batch.h and
 * server/ingest_labels.h.
 */
#ifndef SERVER_INGEST_H
#define SERVER_INGEST_H

#include "common/pprof.h"
#include "server/batch.h"
#include "server/ingest_name.h"
#include "server/metrics.h"
#include "server/request.h"

#define INGEST_MAX_TYPES 64

/* Frames of every location, outermost first, so that a stack is made by
 * copying; kept for the next profile with the same locations. */
struct ingest_flat {
    const struct fk_pprof_location *of;
    uint32_t *frames;
    uint32_t *first; /* of location i; first[num_locations] ends the last */
};

struct ingest {
    struct request *request;
    struct batch batch;
    struct ingest_flat flat;
    uint64_t received;          /* profiles seen so far */
    uint64_t bytes;             /* of pprof, inflated */
    enum metrics_reason reason; /* of the last error */
};

/* What the client says about a profile besides its bytes. */
struct ingest_source {
    const struct fk_labels *labels; /* __name__ and service_name present */
    int64_t fallback_ns;            /* time of a profile that tells none */
    uint64_t dedup;                 /* see store_profile */
    uint32_t sample_rate;           /* of stacks; 0 = do not scale */
    int64_t duration_ns;            /* of stacks */
    bool old_dotnet;                /* see struct fk_pprof_limits */
};

/* Sees a decoded profile before it is stored: may change its names and set
 * labels such as __name__. */
typedef enum fk_err (*ingest_fix_fn)(
    void *arg, struct fk_pprof *p, struct fk_labels *labels);

struct ingest_fix {
    ingest_fix_fn fn;
    void *arg;
};

void ingest_init(struct ingest *in, struct request *r);
void ingest_fini(struct ingest *in);

/* gzip by its magic; FK_ERR_LIMIT past `limit` bytes. The result is a view,
 * of the input or the arena. */
FK_MUST_USE enum fk_err ingest_inflate(struct request *r, struct fk_slice bytes,
    size_t limit, struct fk_slice *out, struct fk_diag *diag);
/* `fix` may be NULL. */
FK_MUST_USE enum fk_err ingest_add_pprof(struct ingest *in,
    const struct ingest_source *source, struct fk_slice bytes,
    const struct ingest_fix *fix, struct fk_diag *diag);

/* A profile that another format's reader made, with the final labels and a
 * valid reference wherever there is one; 64 types at most. Profiles may share
 * their locations. */
FK_MUST_USE enum fk_err ingest_add_decoded(struct ingest *in,
    const struct ingest_source *source, const struct fk_pprof *p,
    struct fk_diag *diag);

/* A profile made of stacks by name (server/stacks.h), one after the other:
 *   open; ingest_stacks_add(&s, ...) as often as needed; close. */
struct ingest_stacks {
    struct ingest *in;
    struct store_profile profile;
    struct store_value *values;
    size_t count, cap;
    int64_t weight; /* of a count of 1; set by open, may be changed */
    size_t bytes;   /* of names so far: stacks that share their bytes in the
                       body do not share the work */
};

#define INGEST_MAX_STACK_BYTES ((size_t)128 << 20)

FK_MUST_USE enum fk_err ingest_stacks_open(struct ingest_stacks *s,
    struct ingest *in, const struct ingest_source *source,
    const struct ingest_kind *kind, struct fk_diag *diag);
/* A stacks_fn; `s` is the struct ingest_stacks. */
FK_MUST_USE enum fk_err ingest_stacks_add(
    void *s, const struct fk_slice *frames, size_t num_frames, int64_t count);
/* `err` is how the reading ended; what it was is put into words. */
FK_MUST_USE enum fk_err ingest_stacks_close(
    struct ingest_stacks *s, enum fk_err err, struct fk_diag *diag);

/* For ingest_*.c: labels made ready (relabelled, checked), and the time
 * of a profile, within the ingestion window. */
FK_MUST_USE enum fk_err ingest_labels_ready(
    struct ingest *in, struct fk_labels *labels, struct fk_diag *diag);
FK_MUST_USE enum fk_err ingest_time(struct ingest *in,
    const struct ingest_source *source, int64_t time_ns, int64_t *time_ms,
    struct fk_diag *diag);
/* Why the batch is full, as a sentence. */
enum fk_err ingest_full(struct ingest *in, struct fk_diag *diag);

/* Fills in the reply; FK_OK: it is stored. */
typedef void (*ingest_answer_fn)(
    struct request *r, enum fk_err err, const char *why);
/* Hands the batch to the store and answers when it is durable. The batch may
 * be freed at once. */
void ingest_submit(struct ingest *in, ingest_answer_fn answer);

#endif
