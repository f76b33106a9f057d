/*
 * The right side of a line of a plan, taken apart token by token. The first
 * mistake is reported with its place and makes every later call fail, so a
 * parser checks once, at its end.
 */
#ifndef FK_LOADGEN_VALUE_H
#define FK_LOADGEN_VALUE_H

#include "common/buf.h"
#include "common/slice.h"

enum { VALUE_MAX_ERRORS = 50, VALUE_MAX_HOURS = 24 };

/* Where mistakes go. */
struct value_errors {
    struct fk_buf *out;
    const char *file;
    int count;
};

struct value {
    struct fk_slice text;
    size_t at; /* next byte to read */
    unsigned line, column;
    bool moved; /* text was expanded: columns inside mean nothing */
    bool bad;
    size_t token_at; /* where the latest token began */
    struct value_errors *errors;
};

void value_report(struct value_errors *errors, unsigned line, unsigned column,
    const char *fmt, ...) FK_PRINTF(4, 5);
/* At the latest token. Always false. */
bool value_fail(struct value *v, const char *fmt, ...) FK_PRINTF(2, 3);

/* Next token: a word, a "quoted text" (without the quotes) or a comma. Empty
 * at the end. */
struct fk_slice value_token(struct value *v);
/* Is the next token this word? Then it is taken. */
bool value_take(struct value *v, const char *word);
bool value_at_end(struct value *v);
/* Reports whatever is left over. */
bool value_end(struct value *v);
/* All of it as one text; quotes around it are taken off. */
struct fk_slice value_rest(struct value *v);

bool value_integer(struct value *v, int64_t min, int64_t max, int64_t *out);
bool value_number(struct value *v, double min, double max, double *out);
bool value_duration(struct value *v, int64_t *ns);
/* 10s..70s; one duration alone is both ends. */
bool value_durations(struct value *v, int64_t *low, int64_t *high);
bool value_rate(struct value *v, double *per_second);
bool value_rates(struct value *v, double *low, double *high);
bool value_percent(struct value *v, double *share);
/* 512B, 64KB or 2MB, by 1024. */
bool value_size(struct value *v, int64_t *bytes);

/* Parse a whole text as decimal number; used for tokens with units. */
bool value_decimal(struct fk_slice s, double *out);

#endif
