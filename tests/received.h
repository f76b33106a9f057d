/* What arrived in a Push request, decoded with common/ only: the first series
 * and its profile. A body that does not decode fails the test. */
#ifndef FK_TESTS_RECEIVED_H
#define FK_TESTS_RECEIVED_H

#include "common/labels.h"
#include "common/pprof.h"

struct received {
    struct fk_arena arena;
    struct fk_buf message;
    struct fk_labels labels;
    struct fk_slice id;
    unsigned num_series;
    struct fk_pprof profile;
};

void received_read(struct received *r, const void *body, size_t len);
/* The series of that __name__ (NULL: the first) instead; false: none. */
bool received_read_named(
    struct received *r, const void *body, size_t len, const char *name);
void received_free(struct received *r);

/* Sum of value `type` over samples whose stack has all these functions, leaf
 * first, not necessarily neighbours; NULL ends the list. */
int64_t received_sum(
    const struct received *r, unsigned type, const char *const *functions);
/* The same for one function, and for all samples. */
int64_t received_of(
    const struct received *r, unsigned type, const char *function);
int64_t received_total(const struct received *r, unsigned type);
/* Of samples that carry this label. */
int64_t received_label(const struct received *r, unsigned type, const char *key,
    const char *value);
bool sample_has_label(
    const struct fk_pprof_sample *s, const char *key, const char *value);
bool sample_has_function(const struct received *r,
    const struct fk_pprof_sample *s, const char *function);

#endif
