/*
 * Several pprof profiles -> one: equal stacks with equal labels become one
 * sample, whose values are added. Sample types are matched by name; a type
 * that only some profiles have is 0 in the samples of the others.
 *
 * In-use values (inuse_objects, inuse_space) are a state and not an amount:
 * those of a later profile of the same process replace the earlier ones.
 *
 * Not thread-safe. Everything is copied; the profiles may be freed.
 * Limits: the bytes given to _init, FK_MERGE_TYPES sample types, the depth
 * that fk_pprof_read allows. FK_ERR_LIMIT past them, FK_ERR_NOMEM; what was
 * added before stays.
 */
#ifndef FK_COMMON_PPROF_MERGE_H
#define FK_COMMON_PPROF_MERGE_H

#include "common/pprof.h"

#define FK_MERGE_TYPES 16
#define FK_MERGE_DEPTH 4096 /* frames of a stack, inlined ones included */

struct fk_merge_sample {
    const uint32_t *frames; /* leaf first */
    uint32_t num_frames, num_labels;
    const struct fk_pprof_label *labels;
    int64_t values[FK_MERGE_TYPES];
};

struct fk_pprof_merge {
    struct fk_arena arena;
    struct fk_map frame_of, sample_of, mapping_of; /* by hash */
    struct fk_pprof_frame *frames; /* mapping: index + 1 into mappings */
    struct fk_merge_sample *samples;
    struct fk_pprof_mapping *mappings;
    size_t num_frames, cap_frames, num_samples, cap_samples;
    size_t num_mappings, cap_mappings;
    struct fk_pprof_type types[FK_MERGE_TYPES];
    uint32_t num_types;
    struct fk_pprof_type period_type;
    struct fk_slice default_type;
    int64_t period, time_ns, end_ns; /* of the first; from first to last */
};

enum fk_merge_how {
    FK_MERGE_LATER,  /* the same process, a later time */
    FK_MERGE_BESIDE, /* another process */
};

void fk_pprof_merge_init(struct fk_pprof_merge *m, size_t limit_bytes);
void fk_pprof_merge_fini(struct fk_pprof_merge *m);
FK_MUST_USE enum fk_err fk_pprof_merge_add(struct fk_pprof_merge *m,
    const struct fk_pprof *profile, enum fk_merge_how how);
/* The merged profile, not compressed. */
FK_MUST_USE enum fk_err fk_pprof_merge_write(
    const struct fk_pprof_merge *m, struct fk_buf *out);

/* Folded text of one sample type: a line "root;...;leaf VALUE" for each stack
 * of names, in the order of the samples. Frames without a name are written as
 * file+0xoffset or 0xaddress; ';' and line breaks in names become ':' and
 * ' '. Zero values are left out. Labels are not told apart. */
FK_MUST_USE enum fk_err fk_pprof_fold(
    const struct fk_pprof *profile, uint32_t type, struct fk_buf *out);

#endif
