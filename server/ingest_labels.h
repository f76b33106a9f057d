/*
 * The rules for label sets of clients, with the error texts of Pyroscope
 * (spec/pyroscope-api 14), and the private labels that a stored series has
 * besides (6.4).
 */
#ifndef SERVER_INGEST_LABELS_H
#define SERVER_INGEST_LABELS_H

#include "common/labels.h"
#include "common/pprof.h"
#include "server/limits.h"

/* For messages: {name="value", ...}, cut at a length that leaves room for
 * the rest of the sentence. */
struct ingest_labels_text {
    char text[256];
};

struct ingest_labels_text ingest_labels_text(const struct fk_labels *l);

FK_MUST_USE enum fk_err ingest_labels_check(const struct fk_labels *l,
    const struct limits *limits, struct fk_diag *diag);
/* One pair of a list that must not name a label twice. */
FK_MUST_USE enum fk_err ingest_labels_add(struct fk_labels *l,
    struct fk_label pair, const struct limits *limits, struct fk_diag *diag);
/* Adds __type__, __profile_type__ and so on; text goes to the arena. */
FK_MUST_USE enum fk_err ingest_labels_private(struct fk_labels *l,
    struct fk_pprof_type type, struct fk_pprof_type period,
    struct fk_arena *arena, struct fk_diag *diag);

#endif
