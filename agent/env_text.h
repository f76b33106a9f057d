/*
 * How texts in the environment are read: switches, sizes, words, label lists
 * and the JSON object of headers. Strict: half-understood text is refused,
 * and the caller's value stays. No threads, no allocation.
 */
#ifndef FK_AGENT_ENV_TEXT_H
#define FK_AGENT_ENV_TEXT_H

#include "agent/config.h"

#include <stdbool.h>

/* Copies of what lists point to. */
struct fk_env_text {
    char bytes[8192];
    size_t used;
    flamekit_tag tags[FK_STATIC_TAGS_MAX];
    size_t num_tags;
    const char *headers[FK_HEADERS_MAX + 1];
};

bool fk_env_bool(const char *text, bool *value);     /* 1 true on yes, ... */
bool fk_env_size(const char *text, uint64_t *bytes); /* 512k, 64M, 1G */
/* Position in `words`, which ends with NULL. */
bool fk_env_word(const char *text, const char *const *words, int *value);
/* key=value,key=value; also key:value, as .NET's SDK writes it. */
bool fk_env_labels(const char *text, struct fk_env_text *out);
/* {"Name":"value"} -> "Name: value". */
bool fk_env_headers(const char *text, struct fk_env_text *out);

#endif
