#include "tests/received.h"

#include <stdlib.h>

#include "common/gzip.h"
#include "common/pb.h"
#include "tests/tap.h"

static void read_label(struct received *r, struct fk_slice message)
{
    struct fk_pb pb;
    struct fk_slice name = {0}, value = {0};
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            name = fk_pb_bytes(&pb);
        else if (pb.field == 2)
            value = fk_pb_bytes(&pb);
        else
            fk_pb_skip(&pb);
    }
    CHECK(!pb.err);
    CHECK(!fk_labels_has(&r->labels, name));
    CHECK_INT(fk_labels_set(&r->labels, name, value), FK_OK);
}

static void read_sample(struct received *r, struct fk_slice message)
{
    struct fk_pb pb;
    struct fk_slice body = {0};
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            body = fk_pb_bytes(&pb);
        else if (pb.field == 2)
            r->id = fk_pb_bytes(&pb);
        else
            fk_pb_skip(&pb);
    }
    CHECK(!pb.err);
    struct fk_diag diag = {""};
    struct fk_pprof_limits limits = {.max_samples = 1000000};
    if (fk_pprof_read(body, &limits, &r->arena, &r->profile, &diag) != FK_OK)
        tap_fail(__FILE__, __LINE__, "%s", diag.text);
}

static void read_series(struct received *r, struct fk_slice message)
{
    struct fk_pb pb;
    fk_pb_init(&pb, message);
    while (fk_pb_next(&pb)) {
        if (pb.field == 1)
            read_label(r, fk_pb_bytes(&pb));
        else if (pb.field == 2)
            read_sample(r, fk_pb_bytes(&pb));
        else
            fk_pb_skip(&pb);
    }
    CHECK(!pb.err);
}

static bool is_named(const struct received *r, const char *name)
{
    return fk_slice_eqz(fk_labels_get(&r->labels, FK_SLICE("__name__")), name);
}

void received_read(struct received *r, const void *body, size_t len)
{
    received_read_named(r, body, len, NULL);
}

bool received_read_named(
    struct received *r, const void *body, size_t len, const char *name)
{
    bool found = false;
    memset(r, 0, sizeof(*r));
    fk_arena_init(&r->arena, 64 << 20);
    fk_buf_init(&r->message, 64 << 20);
    CHECK(body != NULL);
    CHECK_INT(
        fk_gzip_read((struct fk_slice){body, len}, &r->message, NULL), FK_OK);
    struct fk_pb pb;
    fk_pb_init(&pb, fk_buf_slice(&r->message));
    while (fk_pb_next(&pb)) {
        CHECK_INT(pb.field, 1);
        struct fk_slice series = fk_pb_bytes(&pb);
        r->num_series++;
        if (found)
            continue;
        r->labels.count = 0;
        read_series(r, series);
        found = name == NULL || is_named(r, name);
    }
    CHECK(!pb.err);
    return found;
}

void received_free(struct received *r)
{
    fk_arena_fini(&r->arena);
    fk_buf_fini(&r->message);
}

static bool location_is(
    const struct fk_pprof *p, uint32_t location, const char *function)
{
    const struct fk_pprof_location *l = &p->locations[location];
    for (uint32_t i = 0; i < l->num_lines; i++)
        if (fk_slice_eqz(p->functions[l->lines[i].function].name, function))
            return true;
    return false;
}

static bool has_path(const struct received *r, const struct fk_pprof_sample *s,
    const char *const *functions)
{
    for (uint32_t i = 0; i < s->num_locations && *functions; i++)
        if (location_is(&r->profile, s->locations[i], *functions))
            functions++;
    return *functions == NULL;
}

int64_t received_sum(
    const struct received *r, unsigned type, const char *const *functions)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->profile.num_samples; i++)
        if (has_path(r, &r->profile.samples[i], functions))
            sum += r->profile.samples[i].values[type];
    return sum;
}

bool sample_has_function(const struct received *r,
    const struct fk_pprof_sample *s, const char *function)
{
    return has_path(r, s, (const char *const[]){function, NULL});
}

int64_t received_of(
    const struct received *r, unsigned type, const char *function)
{
    return received_sum(r, type, (const char *const[]){function, NULL});
}

int64_t received_total(const struct received *r, unsigned type)
{
    return received_sum(r, type, (const char *const[]){NULL});
}

bool sample_has_label(
    const struct fk_pprof_sample *s, const char *key, const char *value)
{
    for (uint32_t i = 0; i < s->num_labels; i++)
        if (fk_slice_eqz(s->labels[i].key, key) &&
            fk_slice_eqz(s->labels[i].str, value))
            return true;
    return false;
}

int64_t received_label(
    const struct received *r, unsigned type, const char *key, const char *value)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < r->profile.num_samples; i++)
        if (sample_has_label(&r->profile.samples[i], key, value))
            sum += r->profile.samples[i].values[type];
    return sum;
}
