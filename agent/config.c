#include "agent/config.h"

#include <string.h>

#include "agent/labels.h"
#include "agent/stacktab.h"

#define TEXT_LIMIT (64 << 10)

void fk_config_defaults(flamekit_config *config)
{
    *config = (flamekit_config){
        .struct_size = sizeof(*config),
        .server_address = "http://127.0.0.1:4040",
        .profile_types = FLAMEKIT_PROFILE_CPU,
        .sample_rate = 100,
        .upload_interval_ms = 15000,
        .wall_interval_ms = 20,
        .alloc_sample_bytes = 524288,
        .lock_sample_ns = 10000,
        .max_stack_depth = 128,
        .symbolize = FLAMEKIT_SYMBOLIZE_FUNCTIONS,
        .memory_limit = 64u << 20,
        .push_queue_capacity = 8,
        .ingest_max_tries = 8,
        .log_level = FLAMEKIT_LOG_WARN,
    };
}

/* ---- copies ------------------------------------------------------------- */

static const char *copy_text(struct fk_arena *a, const char *text)
{
    return text ? fk_arena_strdup(a, fk_slice_of(text)) : NULL;
}

static const flamekit_tag *copy_tags(
    struct fk_arena *a, const flamekit_tag *tags, size_t n)
{
    flamekit_tag *copy = fk_arena_array(a, n, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < n; i++)
        copy[i] = (flamekit_tag){
            copy_text(a, tags[i].key), copy_text(a, tags[i].value)};
    return copy;
}

static const char *const *copy_headers(
    struct fk_arena *a, const char *const *headers)
{
    const char **copy = fk_arena_array(a, FK_HEADERS_MAX + 1, sizeof(*copy));
    for (size_t i = 0; copy && headers && headers[i]; i++)
        copy[i] = copy_text(a, headers[i]);
    return copy;
}

static void copy_texts(struct fk_arena *a, flamekit_config *c)
{
    const char **const texts[] = {&c->application_name, &c->server_address,
        &c->basic_auth_user, &c->basic_auth_password, &c->auth_token,
        &c->tenant_id, &c->output_file};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = copy_text(a, *texts[i]);
    /* A program's name, perhaps: any bytes, for which a server would refuse
     * every upload. */
    if (c->application_name != NULL)
        fk_utf8_repair((char *)(uintptr_t)c->application_name,
            strlen(c->application_name));
    c->tags = copy_tags(a, c->tags, c->num_tags);
    c->http_headers = copy_headers(a, c->http_headers);
}

/* ---- checks ------------------------------------------------------------- */

static enum fk_err check_numbers(const flamekit_config *c, struct fk_diag *diag)
{
    const struct {
        const char *name;
        uint64_t value, min, max;
    } numbers[] = {
        {"sample_rate", c->sample_rate, 1, 1000},
        {"upload_interval_ms", c->upload_interval_ms, 100, 3600000},
        {"wall_interval_ms", c->wall_interval_ms, 1, 10000},
        {"alloc_sample_bytes", c->alloc_sample_bytes, 1, 1ull << 40},
        {"lock_sample_ns", c->lock_sample_ns, 1, 1ull << 40},
        {"max_stack_depth", c->max_stack_depth, 1, FK_TRACE_MAX},
        {"push_queue_capacity", c->push_queue_capacity, 1, 64},
        {"ingest_max_tries", c->ingest_max_tries, 1, 1000},
        {"num_tags", c->num_tags, 0, FK_STATIC_TAGS_MAX},
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].value < numbers[i].min ||
            numbers[i].value > numbers[i].max)
            return fk_diag_set(diag, FK_ERR_ARG,
                "%s is %llu: want %llu to %llu", numbers[i].name,
                (unsigned long long)numbers[i].value,
                (unsigned long long)numbers[i].min,
                (unsigned long long)numbers[i].max);
    return FK_OK;
}

static enum fk_err check_tags(const flamekit_config *c, struct fk_diag *diag)
{
    for (size_t i = 0; i < c->num_tags; i++) {
        if (!fk_labels_key_ok(c->tags[i].key))
            return fk_diag_set(diag, FK_ERR_ARG,
                "tag %zu has a bad key: want letters, digits, '_' and '.', "
                "not a digit first",
                i);
        if (!fk_labels_value_ok(c->tags[i].value))
            return fk_diag_set(diag, FK_ERR_ARG,
                "tag %.64s has a bad value: want UTF-8 of at most 256 bytes",
                c->tags[i].key);
    }
    return FK_OK;
}

static enum fk_err check_headers(const flamekit_config *c, struct fk_diag *diag)
{
    size_t n = 0;
    while (c->http_headers != NULL && c->http_headers[n] != NULL) {
        if (n == FK_HEADERS_MAX)
            return fk_diag_set(diag, FK_ERR_ARG,
                "http_headers has more than %d entries", FK_HEADERS_MAX);
        if (strpbrk(c->http_headers[n], "\r\n") != NULL)
            return fk_diag_set(diag, FK_ERR_ARG,
                "http_headers entry %zu contains a line break", n);
        n++;
    }
    return FK_OK;
}

static enum fk_err check(const flamekit_config *c, struct fk_diag *diag)
{
    if (c->application_name == NULL || c->application_name[0] == '\0')
        return fk_diag_set(diag, FK_ERR_ARG,
            "application_name is missing: set it or "
            "PYROSCOPE_APPLICATION_NAME");
    if (c->server_address == NULL || c->server_address[0] == '\0')
        return fk_diag_set(diag, FK_ERR_ARG, "server_address is missing");
    enum fk_err err = check_numbers(c, diag);
    if (err == FK_OK)
        err = check_tags(c, diag);
    if (err == FK_OK)
        err = check_headers(c, diag);
    return err;
}

enum fk_err fk_config_copy(
    struct fk_config *out, const flamekit_config *config, struct fk_diag *diag)
{
    struct fk_config copy;
    /* A program built against an older header has a shorter struct. */
    fk_config_defaults(&copy.public);
    size_t size = config->struct_size;
    if (size == 0 || size > sizeof(copy.public))
        return fk_diag_set(diag, FK_ERR_ARG,
            "struct_size is wrong: call flamekit_config_init first");
    memcpy(&copy.public, config, size);
    copy.public.struct_size = sizeof(copy.public);
    enum fk_err err = check(&copy.public, diag);
    if (err != FK_OK)
        return err;
    fk_arena_init(&copy.arena, TEXT_LIMIT);
    copy_texts(&copy.arena, &copy.public);
    if (copy.arena.failed) {
        fk_arena_fini(&copy.arena);
        return fk_diag_set(diag, FK_ERR_LIMIT,
            "the texts of the configuration need more than %d bytes",
            TEXT_LIMIT);
    }
    *out = copy;
    return FK_OK;
}

void fk_config_fini(struct fk_config *config)
{
    fk_arena_fini(&config->arena);
    memset(config, 0, sizeof(*config));
}
