/*
 * pprof profiles (github.com/google/pprof/proto/profile.proto): the decoded
 * form, reading and writing.
 *
 * Reading validates everything a later step would trust: every string,
 * function, location and mapping reference is resolved to an index into the
 * arrays below, or the whole profile is refused with FK_ERR_FORMAT and the
 * wording of Grafana Pyroscope, which its clients' tests compare. Fields may
 * come in any order: passes over the top level count, then fill.
 * Strings are views into the body, which must outlive the profile; arrays
 * live in the arena. Index 0 of strings is "".
 *
 * Writing builds a profile sample by sample (struct fk_pprof_writer) without
 * a decoded form: strings, functions and locations are interned.
 */
#ifndef FK_COMMON_PPROF_H
#define FK_COMMON_PPROF_H

#include "common/arena.h"
#include "common/buf.h"
#include "common/map.h"

#define FK_PPROF_NONE      UINT32_MAX
#define FK_PPROF_INLINED   16
#define FK_PPROF_MAX_TYPES 64 /* sample types in one profile */

struct fk_pprof_type {
    struct fk_slice type, unit;
};

struct fk_pprof_mapping {
    uint64_t start, limit, offset;
    struct fk_slice file, build_id;
    bool has_functions;
};

struct fk_pprof_function {
    struct fk_slice name, system_name, file;
    int64_t start_line;
};

struct fk_pprof_line {
    uint32_t function; /* index */
    int64_t line;
};

struct fk_pprof_location {
    uint64_t address;
    uint32_t mapping;                  /* index or FK_PPROF_NONE */
    const struct fk_pprof_line *lines; /* innermost (callee) first */
    uint32_t num_lines;                /* 0 = not symbolized */
};

struct fk_pprof_label {
    struct fk_slice key, str; /* str empty: numeric */
    int64_t num;
};

struct fk_pprof_sample {
    const uint32_t *locations; /* leaf first */
    uint32_t num_locations;
    const int64_t *values; /* num_types of them */
    const struct fk_pprof_label *labels;
    uint32_t num_labels;
};

struct fk_pprof {
    struct fk_pprof_type *types;
    uint32_t num_types;
    struct fk_pprof_sample *samples;
    uint32_t num_samples;
    struct fk_pprof_mapping *mappings;
    uint32_t num_mappings;
    struct fk_pprof_location *locations;
    uint32_t num_locations;
    struct fk_pprof_function *functions;
    uint32_t num_functions;
    struct fk_slice *strings;
    uint32_t num_strings;
    int64_t time_ns, duration_ns, period;
    struct fk_pprof_type period_type;
    struct fk_slice default_type;
};

/* Limits; 0 = the default, which is Pyroscope's. FK_ERR_LIMIT when passed,
 * except where a longer one is cut. The arena's limit bounds the memory; it
 * may need up to 32 times the body. */
struct fk_pprof_limits {
    uint32_t max_samples;       /* 16,000 */
    uint32_t max_sample_labels; /* 100 */
    uint32_t max_depth;         /* 1,000; deeper stacks lose their leaf side */
    uint32_t max_symbol_bytes;  /* 65,535; longer ones keep their tail */
    /* Profiles of older .NET clients: types with '-' in them are taken; a
     * function without a number has that of its position, and a line
     * without one is of the function at its location's position. */
    bool old_dotnet;
};

/* `body` is the plain (not gzip-ed) protobuf. */
FK_MUST_USE enum fk_err fk_pprof_read(struct fk_slice body,
    const struct fk_pprof_limits *limits, struct fk_arena *arena,
    struct fk_pprof *out, struct fk_diag *diag);

/* One frame to write. Frames with equal fields share a location. `address`
 * 0 = none. `mapping` is what fk_pprof_add_mapping returned, or 0. One that
 * was inlined into the frame behind it shares its location, address and
 * mapping; at most FK_PPROF_INLINED of them in a row. */
struct fk_pprof_frame {
    struct fk_slice name, file;
    int64_t line;
    uint64_t address;
    uint32_t mapping;
    bool inlined;
};

/* After the first failure (limit, memory, a wrong number of values) nothing
 * more is added; fk_pprof_finish tells which it was. Names of files, threads
 * and functions are any bytes, and readers refuse a profile for a single one
 * that is not UTF-8: it becomes a '?'. */
struct fk_pprof_writer {
    struct fk_buf body, sample; /* sample: the message at hand */
    struct fk_buf text;         /* a repaired string */
    struct fk_map strings, functions, locations;
    struct fk_pprof_writer_string *string_list;
    struct fk_pprof_writer_location *location_list;
    uint32_t num_types, num_strings, num_functions, num_locations;
    uint32_t num_mappings;
    uint64_t num_samples;
};

/* limit: bytes of the finished profile. */
void fk_pprof_writer_init(struct fk_pprof_writer *w, size_t limit);
void fk_pprof_writer_fini(struct fk_pprof_writer *w);
void fk_pprof_add_type(
    struct fk_pprof_writer *w, struct fk_slice type, struct fk_slice unit);
uint32_t fk_pprof_add_mapping(
    struct fk_pprof_writer *w, const struct fk_pprof_mapping *m);
/* frames leaf first; one without name and file is left to be symbolized.
 * values: one for every type added before. labels: only string labels. */
void fk_pprof_add_sample(struct fk_pprof_writer *w,
    const struct fk_pprof_frame *frames, size_t num_frames,
    const int64_t *values, size_t num_values,
    const struct fk_pprof_label *labels, size_t num_labels);
/* Adds the head; the profile is then w->body. */
FK_MUST_USE enum fk_err fk_pprof_finish(struct fk_pprof_writer *w,
    int64_t time_ns, int64_t duration_ns, struct fk_pprof_type period_type,
    int64_t period, struct fk_slice default_type);

#endif
