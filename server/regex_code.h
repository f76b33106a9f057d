/*
 * Between the files that make a regular expression's program (regex_compile.c
 * and regex_class.c) and the one that runs it (regex.c); nobody else includes
 * this.
 */
#ifndef SERVER_REGEX_CODE_H
#define SERVER_REGEX_CODE_H

#include "server/regex.h"

enum regex_op {
    OP_CHAR,  /* one character in [lo, hi] */
    OP_CLASS, /* one character in ranges[lo .. lo+hi), or not (negated) */
    OP_SPLIT, /* go on at +lo and at +hi */
    OP_JUMP,  /* go on at +lo */
    OP_BEGIN,
    OP_END,
    OP_WORD,   /* \b */
    OP_NOWORD, /* \B */
    OP_MATCH,
};

/* Jumps are relative, so code can be moved and copied as it is. */
struct regex_ins {
    uint8_t op;
    bool negated, fold;
    int32_t lo, hi;
};

struct regex_range {
    uint32_t lo, hi;
};

struct regex {
    const struct regex_ins *code;
    uint32_t count;
    const struct regex_range *ranges;
};

enum { REGEX_MAX_RANGES = 2048, REGEX_NONE = -1 };

struct regex_group {
    int32_t start;     /* of the group's code */
    int32_t alt_start; /* of the alternative being read */
    int32_t exits;     /* last jump to the group's end; linked by `lo` */
    bool fold;         /* flag i, restored when the group ends */
};

struct regex_compiler {
    struct fk_slice text;
    size_t at;
    struct regex_ins code[REGEX_MAX_OPS];
    int32_t count;
    struct regex_range ranges[REGEX_MAX_RANGES];
    int32_t num_ranges;
    struct regex_group stack[REGEX_MAX_DEPTH];
    int depth;
    int32_t atom; /* where the last atom's code starts, or REGEX_NONE */
    bool fold, quoting;
    enum fk_err err;
    struct fk_diag *diag;
};

/* The first complaint wins and names the place. */
void regex_refuse(struct regex_compiler *c, size_t at, const char *why);
void regex_emit(
    struct regex_compiler *c, enum regex_op op, int32_t lo, int32_t hi);
bool regex_peek_is(const struct regex_compiler *c, const char *z);
bool regex_take(struct regex_compiler *c, const char *z);

/* A bracket expression, behind its `[`. */
void regex_bracket(struct regex_compiler *c);
/* \d \W and so on, at the letter; adds ranges. False: it is none of them. */
bool regex_class_escape(struct regex_compiler *c);
/* The character that a backslash and what follows stand for. */
uint32_t regex_char_escape(struct regex_compiler *c);
/* One instruction for the ranges added since `first`. */
void regex_emit_class(struct regex_compiler *c, int32_t first, bool negated);

#endif
