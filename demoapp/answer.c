#include "demoapp/answer.h"

#include "common/hash.h"
#include "demoapp/endpoints.h"
#include "demoapp/teaching.h"

#include <stdio.h>

enum { SEAL_STEPS = 270000 };

void answer_hex(struct fk_json *j, const char *key, uint64_t value)
{
    char hex[17];
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)value);
    fk_json_key(j, key);
    fk_json_strz(j, hex);
}

void answer_text(struct fk_json *j, const char *key, const char *value)
{
    fk_json_key(j, key);
    fk_json_strz(j, value);
}

void answer_int(struct fk_json *j, const char *key, int64_t value)
{
    fk_json_key(j, key);
    fk_json_i64(j, value);
}

void answer_open(struct call *c, struct fk_json *j)
{
    fk_json_init(j, &c->body);
    fk_json_object(j);
    if (c->endpoint)
        answer_text(j, "endpoint", c->endpoint->path);
}

TEACHING void render_json(struct fk_json *j)
{
    struct fk_slice body = fk_buf_slice(j->out);
    uint64_t seal = fk_hash_bytes(0, body.ptr, body.len);
    for (int i = 0; i < SEAL_STEPS; i++)
        seal = (seal ^ seal >> 29) * 0xbf58476d1ce4e5b9u;
    answer_hex(j, "seal", seal);
    fk_json_end(j);
}
