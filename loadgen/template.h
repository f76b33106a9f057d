/*
 * Text with places to fill in: /hash/{{choice a b}}-{{seq}}.
 *   {{key}}        the key drawn by the phase
 *   {{seq}}        number of the request within its phase
 *   {{rand A B}}   an integer, both ends included
 *   {{choice A B}} one of up to 16 words
 *   {{uuid}}       a version 4 UUID
 * What is filled in is a pure function of the number `draw`. Constant after
 * parsing; memory in the arena.
 */
#ifndef FK_LOADGEN_TEMPLATE_H
#define FK_LOADGEN_TEMPLATE_H

#include "common/arena.h"
#include "common/buf.h"

enum { TEMPLATE_MAX_PARTS = 32, TEMPLATE_MAX_WORDS = 16 };

enum template_kind {
    PART_TEXT,
    PART_KEY,
    PART_SEQ,
    PART_RAND,
    PART_CHOICE,
    PART_UUID,
};

struct template_part {
    enum template_kind kind;
    struct fk_slice text;   /* PART_TEXT */
    int64_t low, high;      /* PART_RAND */
    struct fk_slice *words; /* PART_CHOICE */
    uint32_t num_words;
};

struct template
{
    struct template_part *parts;
    uint32_t num_parts;
    bool has_key;
};

struct template_fill {
    const char *key;
    uint64_t seq, draw;
};

/* *at = offset of the mistake when it fails. */
FK_MUST_USE enum fk_err template_parse(struct fk_slice text,
    struct fk_arena *arena, struct template *out, size_t *at,
    struct fk_diag *diag);
void template_write(const struct template *t, const struct template_fill *fill,
    struct fk_buf *out);

#endif
