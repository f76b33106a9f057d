/*
 * The `name` parameter of /ingest: app{key=value,key=value}
 * (spec/pyroscope-api 3.2), and what the tail of an app such as
 * "shop.alloc_space" says about the values of a text format (3.4).
 */
#ifndef SERVER_INGEST_NAME_H
#define SERVER_INGEST_NAME_H

#include "common/err.h"
#include "common/labels.h"

struct ingest_name {
    struct fk_slice app;
    struct fk_labels labels; /* views into the text; none starts with "__" */
};

FK_MUST_USE enum fk_err ingest_name_parse(
    struct fk_slice text, struct ingest_name *out, struct fk_diag *diag);

struct ingest_kind {
    const char *tail;
    const char *metric; /* __name__ */
    const char *type, *unit;
    bool timed; /* values are samples: times 1e9 / sampleRate */
};

/* Splits "shop.cpu" into kind and service; without a dot it is "cpu". */
FK_MUST_USE enum fk_err ingest_kind_of(struct fk_slice app,
    const struct ingest_kind **kind, struct fk_slice *service,
    struct fk_diag *diag);
/* The other way round: "cpu"; NULL when there is none. */
const char *ingest_tail_of(struct fk_slice metric, struct fk_slice type);

#endif
