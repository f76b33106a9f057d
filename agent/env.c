#include "agent/env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/env_text.h"
#include "agent/hostlog.h"
#include "agent/stacktab.h"
#include "common/clock.h"

static struct {
    struct fk_env_text text; /* labels and headers */
    struct fk_env_warnings warnings;
    bool disabled;
} env;

struct row;
/* False: the text is bad, nothing was changed. */
typedef bool (*read_fn)(
    const struct row *row, const char *text, flamekit_config *config);

struct row {
    const char *name;
    read_fn read;
    size_t field;
    uint64_t min, max; /* of a number; max: the bit of a profile type */
    const char *wants; /* the rest of "PYROSCOPE_X=... is ignored: " */
};

static void *field_of(const struct row *row, flamekit_config *config)
{
    return (char *)config + row->field;
}

static bool read_string(
    const struct row *row, const char *text, flamekit_config *config)
{
    *(const char **)field_of(row, config) = text;
    return true;
}

static bool in_range(const struct row *row, uint64_t v)
{
    return v >= row->min && v <= row->max;
}

static bool read_unsigned(
    const struct row *row, const char *text, flamekit_config *config)
{
    uint64_t v;
    if (!fk_slice_u64(fk_slice_of(text), &v) || !in_range(row, v))
        return false;
    *(unsigned *)field_of(row, config) = (unsigned)v;
    return true;
}

static bool read_ms(
    const struct row *row, const char *text, flamekit_config *config)
{
    int64_t ns;
    if (!fk_duration_parse(text, &ns) || ns < 0 ||
        !in_range(row, (uint64_t)(ns / FK_NS_PER_MS)))
        return false;
    *(unsigned *)field_of(row, config) = (unsigned)(ns / FK_NS_PER_MS);
    return true;
}

static bool read_ns(
    const struct row *row, const char *text, flamekit_config *config)
{
    int64_t ns;
    if (!fk_duration_parse(text, &ns) || ns < 0 || !in_range(row, (uint64_t)ns))
        return false;
    *(uint64_t *)field_of(row, config) = (uint64_t)ns;
    return true;
}

/* A period, kept as a rate. */
static bool read_period(
    const struct row *row, const char *text, flamekit_config *config)
{
    int64_t ns;
    if (!fk_duration_parse(text, &ns) || ns <= 0 ||
        !in_range(row, (uint64_t)(FK_NS_PER_S / ns)))
        return false;
    *(unsigned *)field_of(row, config) = (unsigned)(FK_NS_PER_S / ns);
    return true;
}

static bool read_size(
    const struct row *row, const char *text, flamekit_config *config)
{
    uint64_t bytes;
    if (!fk_env_size(text, &bytes) || !in_range(row, bytes))
        return false;
    *(size_t *)field_of(row, config) = (size_t)bytes;
    return true;
}

static bool read_type(
    const struct row *row, const char *text, flamekit_config *config)
{
    bool on;
    if (!fk_env_bool(text, &on))
        return false;
    unsigned bit = (unsigned)row->max;
    config->profile_types =
        on ? config->profile_types | bit : config->profile_types & ~bit;
    return true;
}

static bool read_log_level(
    const struct row *row, const char *text, flamekit_config *config)
{
    static const char *const words[] = {
        "debug", "info", "warn", "error", "none", NULL};
    return fk_env_word(text, words, field_of(row, config));
}

static bool read_symbolize(
    const struct row *row, const char *text, flamekit_config *config)
{
    static const char *const words[] = {"none", "functions", "lines", NULL};
    return fk_env_word(text, words, field_of(row, config));
}

static bool read_after_fork(
    const struct row *row, const char *text, flamekit_config *config)
{
    static const char *const words[] = {"off", "restart", NULL};
    return fk_env_word(text, words, field_of(row, config));
}

static bool read_labels(
    const struct row *row, const char *text, flamekit_config *config)
{
    (void)row;
    if (!fk_env_labels(text, &env.text))
        return false;
    config->tags = env.text.tags;
    config->num_tags = env.text.num_tags;
    return true;
}

static bool read_headers(
    const struct row *row, const char *text, flamekit_config *config)
{
    (void)row;
    if (!fk_env_headers(text, &env.text))
        return false;
    config->http_headers = env.text.headers;
    return true;
}

#define AT(field) offsetof(flamekit_config, field)

#define SWITCH "want true or false"

/* A later row wins over an earlier one for the same field. */
static const struct row rows[] = {
    {"APPLICATION_NAME", read_string, AT(application_name), 0, 0, ""},
    {"SERVER_ADDRESS", read_string, AT(server_address), 0, 0, ""},
    {"ADHOC_SERVER_ADDRESS", read_string, AT(server_address), 0, 0, ""},
    {"BASIC_AUTH_USER", read_string, AT(basic_auth_user), 0, 0, ""},
    {"BASIC_AUTH_PASSWORD", read_string, AT(basic_auth_password), 0, 0, ""},
    {"AUTH_TOKEN", read_string, AT(auth_token), 0, 0, ""},
    {"TENANT_ID", read_string, AT(tenant_id), 0, 0, ""},
    {"HTTP_HEADERS", read_headers, 0, 0, 0,
        "want a JSON object of strings, at most 32"},
    {"LABELS", read_labels, 0, 0, 0, "want key=value,key=value, at most 24"},
    {"UPLOAD_INTERVAL", read_ms, AT(upload_interval_ms), 100, 3600000,
        "want a time such as 15s, from 100ms to 1h"},
    {"PROFILING_INTERVAL", read_period, AT(sample_rate), 1, 1000,
        "want a time such as 10ms, from 1ms to 1s"},
    {"SAMPLE_RATE", read_unsigned, AT(sample_rate), 1, 1000,
        "want samples a second, from 1 to 1000"},
    {"PROFILING_CPU_ENABLED", read_type, 0, 0, FLAMEKIT_PROFILE_CPU, SWITCH},
    {"PROFILING_WALLTIME_ENABLED", read_type, 0, 0, FLAMEKIT_PROFILE_WALL,
        SWITCH},
    {"PROFILING_ALLOCATION_ENABLED", read_type, 0, 0, FLAMEKIT_PROFILE_ALLOC,
        SWITCH},
    {"PROFILING_HEAP_ENABLED", read_type, 0, 0, FLAMEKIT_PROFILE_INUSE, SWITCH},
    {"PROFILING_LOCK_ENABLED", read_type, 0, 0, FLAMEKIT_PROFILE_LOCK, SWITCH},
    {"PROFILER_ALLOC", read_size, AT(alloc_sample_bytes), 1, 1 << 30,
        "want a size such as 512k"},
    {"PROFILER_LOCK", read_ns, AT(lock_sample_ns), 1, FK_NS_PER_S,
        "want a time such as 1ms"},
    {"PROFILER_WALL", read_ms, AT(wall_interval_ms), 1, 10000,
        "want a time such as 20ms"},
    {"MAX_STACK_DEPTH", read_unsigned, AT(max_stack_depth), 1, FK_TRACE_MAX,
        "want frames, from 1 to 512"},
    {"PUSH_QUEUE_CAPACITY", read_unsigned, AT(push_queue_capacity), 1, 64,
        "want uploads, from 1 to 64"},
    {"INGEST_MAX_TRIES", read_unsigned, AT(ingest_max_tries), 1, 1000,
        "want tries, from 1 to 1000"},
    {"LOG_LEVEL", read_log_level, AT(log_level), 0, 0,
        "want debug, info, warn, error or none"},
    {"SYMBOLIZE", read_symbolize, AT(symbolize), 0, 0,
        "want none, functions or lines"},
    {"AFTER_FORK", read_after_fork, AT(after_fork), 0, 0,
        "want off or restart"},
};

static void warn(
    struct fk_env_warnings *w, const struct row *row, const char *text)
{
    if (w->count < FK_ENV_WARNINGS)
        snprintf(w->text[w->count], sizeof(w->text[0]),
            "PYROSCOPE_%s=%.80s is ignored: %s", row->name, text, row->wants);
    w->count++;
}

void fk_env_apply(
    flamekit_config *config, fk_env_fn get, struct fk_env_warnings *warnings)
{
    memset(&env.text, 0, sizeof(env.text));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "PYROSCOPE_%s", rows[i].name);
        const char *text = get(name);
        /* Empty counts as not set, as in a compose file. */
        if (text != NULL && text[0] != '\0' &&
            !rows[i].read(&rows[i], text, config))
            warn(warnings, &rows[i], text);
    }
    const char *file = get("FLAMEKIT_OUTPUT");
    if (file != NULL && file[0] != '\0')
        config->output_file = file;
    bool enabled = true;
    const char *text = get("PYROSCOPE_AGENT_ENABLED");
    env.disabled = text && fk_env_bool(text, &enabled) && !enabled;
}

static const char *from_environment(const char *name)
{
    return getenv(name);
}

void fk_env_tell(void)
{
    unsigned kept = env.warnings.count < FK_ENV_WARNINGS ? env.warnings.count
                                                         : FK_ENV_WARNINGS;
    for (unsigned i = 0; i < kept; i++)
        fk_hostlog(FLAMEKIT_LOG_WARN, "%s", env.warnings.text[i]);
    env.warnings.count = 0;
}

bool fk_env_disabled(void)
{
    return env.disabled;
}

void flamekit_config_init_sized(flamekit_config *config, size_t size)
{
    flamekit_config full;
    fk_config_defaults(&full);
    full.struct_size = size;
    memset(&env.warnings, 0, sizeof(env.warnings));
    fk_env_apply(&full, from_environment, &env.warnings);
    if (size > sizeof(full)) {
        memset((char *)config + sizeof(full), 0, size - sizeof(full));
        size = sizeof(full);
    }
    memcpy(config, &full, size);
}
