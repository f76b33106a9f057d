/*
 * The tables that the profiles of one OTLP request share, decoded and with
 * every index checked. Entry 0 of a table stands for "none".
 */
#ifndef SERVER_OTLP_DICTIONARY_H
#define SERVER_OTLP_DICTIONARY_H

#include "common/pb.h"
#include "common/pprof.h"

struct otlp_attribute {
    struct fk_slice key, value; /* value NULL: neither text nor integer */
};

struct otlp_link {
    struct fk_slice trace_id, span_id; /* hex; empty = none */
};

struct otlp_stack {
    const uint32_t *locations; /* leaf first */
    uint32_t depth;
};

struct otlp_dictionary {
    struct fk_arena *arena;
    struct fk_diag *diag;
    enum fk_err err; /* sticky */
    struct fk_slice *strings;
    struct fk_pprof_mapping *mappings;
    struct fk_pprof_function *functions;
    struct fk_pprof_location *locations;
    struct otlp_attribute *attributes;
    struct otlp_link *links;
    struct otlp_stack *stacks;
    uint32_t num_strings, num_mappings, num_functions, num_locations;
    uint32_t num_attributes, num_links, num_stacks;
};

/* From the request's dictionary fields; the result is d->err. */
FK_MUST_USE enum fk_err otlp_dictionary_read(
    struct otlp_dictionary *d, struct fk_slice request);

/* A resource's or scope's KeyValue. */
struct otlp_attribute otlp_key_value(
    struct otlp_dictionary *d, struct fk_slice message);
/* Empty, and an error, when out of range. `what` for the message. */
struct fk_slice otlp_string(
    struct otlp_dictionary *d, uint64_t index, const char *what);
/* Was this message read to its end? Otherwise an error. */
bool otlp_ended(struct otlp_dictionary *d, const struct fk_pb *pb,
    const char *what, size_t index);
/* Calls fn for every message of this field, until d->err is set. */
typedef void otlp_visit_fn(void *arg, struct fk_slice message, size_t index);
void otlp_each(struct otlp_dictionary *d, struct fk_slice message,
    uint32_t field, otlp_visit_fn *fn, void *arg);

#endif
