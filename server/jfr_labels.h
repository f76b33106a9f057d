/*
 * The second part of a JFR upload: LabelsSnapshot { map<int64, Context>
 * contexts = 1; map<int64, string> strings = 2 }, Context { map<int64, int64>
 * labels = 1 } (spec/pyroscope-api 3.6). The labels that a program set while
 * it ran, by the context that its events name.
 *
 * Strings are views of the body; one thread.
 */
#ifndef SERVER_JFR_LABELS_H
#define SERVER_JFR_LABELS_H

#include "common/arena.h"
#include "common/map.h"
#include "common/pprof.h"

struct jfr_context {
    struct fk_pprof_label *labels;
    uint32_t count;
};

struct jfr_labels {
    struct fk_arena *arena;
    struct fk_slice *strings;
    struct jfr_context *contexts;
    size_t num_strings, num_contexts;
    struct fk_map string_by_id, context_by_id;
};

/* Of the plain protobuf; nothing of it makes a snapshot without contexts.
 * Always close. */
FK_MUST_USE enum fk_err jfr_labels_open(struct jfr_labels *l,
    struct fk_slice body, struct fk_arena *arena, struct fk_diag *diag);
void jfr_labels_close(struct jfr_labels *l);
/* Empty where the id is not known. */
struct jfr_context jfr_labels_context(
    const struct jfr_labels *l, uint64_t context);
struct fk_slice jfr_labels_string(const struct jfr_labels *l, uint64_t id);

#endif
