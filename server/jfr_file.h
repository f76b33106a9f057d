/*
 * The container of Java Flight Recorder: chunks that describe their own event
 * types (spec/pyroscope-api 16.1). One struct jfr_chunk reads one chunk: its
 * metadata, its constant pools, then its events one after the other.
 *
 * Every value takes at least one byte and is skipped by its description, so
 * that the work is bounded by the size of the chunk whatever it claims.
 * Errors are sticky and name the byte. Texts are views of the body or live in
 * the arena. One thread.
 * Limits: 4,096 classes, 65,536 fields, 2^22 constants, values 16 deep, tables
 * of 256 MiB.
 */
#ifndef SERVER_JFR_FILE_H
#define SERVER_JFR_FILE_H

#include "common/arena.h"
#include "common/err.h"
#include "common/map.h"

enum {
    JFR_MAX_CLASSES = 4096,
    JFR_MAX_FIELDS = 65536,
    JFR_MAX_CONSTANTS = 1 << 22,
    JFR_MAX_DEPTH = 16,
};

/* The fields that mean something to us, whatever class they are in. */
enum jfr_slot {
    JFR_NO_SLOT,
    JFR_STACK_TRACE,
    JFR_STATE,
    JFR_CONTEXT,
    JFR_SPAN,
    JFR_SPAN_NAME,
    JFR_SAMPLES,
    JFR_TLAB_SIZE,
    JFR_ALLOCATION_SIZE,
    JFR_WEIGHT,
    JFR_DURATION,
    JFR_SIZE,
    JFR_NAME,
    JFR_VALUE,
    JFR_STRING,
    JFR_TYPE,
    JFR_METHOD,
    JFR_LINE,
    JFR_FRAMES,
    JFR_SLOTS,
};

struct jfr_field {
    struct fk_slice name;
    uint64_t class_id;
    uint32_t class; /* index */
    enum jfr_slot slot;
    bool constant, array;
};

enum jfr_form {
    JFR_STRUCT,
    JFR_BYTE,
    JFR_INT,
    JFR_FLOAT,
    JFR_DOUBLE,
    JFR_TEXT
};

struct jfr_class {
    uint64_t id;
    struct fk_slice name;
    enum jfr_form form;
    uint32_t first_field, num_fields;
};

struct jfr_cursor {
    const uint8_t *at, *end;
};

/* A number, a text, or a reference to a constant of a class. */
struct jfr_value {
    uint64_t number;
    struct fk_slice text;
    uint32_t class;
    bool present, constant;
    struct jfr_cursor list; /* JFR_FRAMES: from its length on */
};

struct jfr_constant {
    uint32_t class;
    uint64_t key;
    const uint8_t *at;
    struct fk_slice text; /* what jfr_text made of it */
    uint32_t index;       /* the caller's */

    enum { JFR_RAW, JFR_RESOLVED } state;
};

struct jfr_chunk {
    struct fk_arena *arena;  /* texts, for good */
    struct fk_arena scratch; /* tables, until it is closed */
    struct fk_diag *diag;
    enum fk_err err;
    const uint8_t *body; /* of the file, for messages */
    struct jfr_cursor all;
    struct fk_slice *strings; /* of the metadata */
    size_t num_strings;
    struct jfr_class *classes;
    struct jfr_field *fields;
    uint32_t num_classes, num_fields;
    struct fk_map class_by_id, constant_by_key;
    struct jfr_constant *constants;
    uint32_t num_constants, cap_constants;
};

struct jfr_event {
    const struct jfr_class *class;
    struct jfr_value value[JFR_SLOTS];
};

/* The chunk at the front of *rest, which moves behind it. Classes are known
 * and constants found when it returns FK_OK. Always close. */
FK_MUST_USE enum fk_err jfr_chunk_open(struct jfr_chunk *c,
    struct fk_slice body, size_t *at, struct fk_arena *arena,
    struct fk_diag *diag);
void jfr_chunk_close(struct jfr_chunk *c);
/* Start with *at = {NULL, NULL}; false at the end or after an error. Only
 * classes for which wanted[index] is set are looked into. */
bool jfr_next_event(struct jfr_chunk *c, struct jfr_cursor *at,
    const bool *wanted, struct jfr_event *out);

/* The constant that a value refers to; NULL when there is none. */
struct jfr_constant *jfr_constant_of(
    struct jfr_chunk *c, const struct jfr_value *v);
/* The fields of a constant, as of an event. */
void jfr_constant_fields(struct jfr_chunk *c, const struct jfr_constant *k,
    struct jfr_value values[JFR_SLOTS]);
/* The elements of a list of structures, such as frames. */
size_t jfr_list_open(struct jfr_chunk *c, struct jfr_value *list);
void jfr_list_next(struct jfr_chunk *c, struct jfr_value *list,
    struct jfr_value values[JFR_SLOTS]);
/* A text itself, or that of the constant: its string, or its name. */
struct fk_slice jfr_text(struct jfr_chunk *c, const struct jfr_value *v);

#endif
