#include "agent/env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/config.h"
#include "agent/env_text.h"
#include "tests/tap.h"

static const char *name_set, *text_set;

static const char *get_one(const char *name)
{
    return strcmp(name, name_set) == 0 ? text_set : NULL;
}

static struct fk_env_warnings warnings;

static flamekit_config with(const char *name, const char *text)
{
    flamekit_config c;
    fk_config_defaults(&c);
    name_set = name;
    text_set = text;
    memset(&warnings, 0, sizeof(warnings));
    fk_env_apply(&c, get_one, &warnings);
    return c;
}

#define AT(field) offsetof(flamekit_config, field)

static const struct {
    const char *name, *text;
    size_t at;
    unsigned want;
    bool warned;
} numbers[] = {
    {"PYROSCOPE_UPLOAD_INTERVAL", "10s", AT(upload_interval_ms), 10000, false},
    {"PYROSCOPE_UPLOAD_INTERVAL", "250ms", AT(upload_interval_ms), 250, false},
    {"PYROSCOPE_UPLOAD_INTERVAL", "10", AT(upload_interval_ms), 15000, true},
    {"PYROSCOPE_UPLOAD_INTERVAL", "1ms", AT(upload_interval_ms), 15000, true},
    {"PYROSCOPE_UPLOAD_INTERVAL", "", AT(upload_interval_ms), 15000, false},
    {"PYROSCOPE_SAMPLE_RATE", "250", AT(sample_rate), 250, false},
    {"PYROSCOPE_SAMPLE_RATE", "0", AT(sample_rate), 100, true},
    {"PYROSCOPE_SAMPLE_RATE", "1001", AT(sample_rate), 100, true},
    {"PYROSCOPE_SAMPLE_RATE", "ten", AT(sample_rate), 100, true},
    {"PYROSCOPE_SAMPLE_RATE", "99999999999999999999", AT(sample_rate), 100,
        true},
    {"PYROSCOPE_PROFILING_INTERVAL", "4ms", AT(sample_rate), 250, false},
    {"PYROSCOPE_PROFILING_INTERVAL", "0", AT(sample_rate), 100, true},
    {"PYROSCOPE_PROFILING_INTERVAL", "2s", AT(sample_rate), 100, true},
    {"PYROSCOPE_MAX_STACK_DEPTH", "512", AT(max_stack_depth), 512, false},
    {"PYROSCOPE_MAX_STACK_DEPTH", "513", AT(max_stack_depth), 128, true},
    {"PYROSCOPE_PUSH_QUEUE_CAPACITY", "3", AT(push_queue_capacity), 3, false},
    {"PYROSCOPE_INGEST_MAX_TRIES", "1", AT(ingest_max_tries), 1, false},
    {"PYROSCOPE_PROFILER_WALL", "50ms", AT(wall_interval_ms), 50, false},
    {"PYROSCOPE_LOG_LEVEL", "DEBUG", AT(log_level), FLAMEKIT_LOG_DEBUG, false},
    {"PYROSCOPE_LOG_LEVEL", "loud", AT(log_level), FLAMEKIT_LOG_WARN, true},
    {"PYROSCOPE_SYMBOLIZE", "none", AT(symbolize), FLAMEKIT_SYMBOLIZE_NONE,
        false},
    {"PYROSCOPE_AFTER_FORK", "restart", AT(after_fork), FLAMEKIT_FORK_RESTART,
        false},
    {"PYROSCOPE_PROFILING_CPU_ENABLED", "false", AT(profile_types), 0, false},
    {"PYROSCOPE_PROFILING_WALLTIME_ENABLED", "1", AT(profile_types),
        FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL, false},
    {"PYROSCOPE_PROFILING_LOCK_ENABLED", "maybe", AT(profile_types),
        FLAMEKIT_PROFILE_CPU, true},
};

TEST(numbers_and_words)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        flamekit_config c = with(numbers[i].name, numbers[i].text);
        unsigned got;
        memcpy(&got, (char *)&c + numbers[i].at, sizeof(got));
        if (got != numbers[i].want || (warnings.count > 0) != numbers[i].warned)
            tap_fail(__FILE__, __LINE__, "%s=%s gives %u, %u warnings",
                numbers[i].name, numbers[i].text, got, warnings.count);
    }
}

TEST(a_warning_says_what_is_wanted)
{
    with("PYROSCOPE_SAMPLE_RATE", "fast");
    CHECK_STR(warnings.text[0], "PYROSCOPE_SAMPLE_RATE=fast is ignored: want "
                                "samples a second, from 1 to 1000");
}

TEST(sizes)
{
    static const struct {
        const char *text;
        uint64_t want; /* 0: refused */
    } rows[] = {{"1", 1}, {"512k", 524288}, {"64M", 64 << 20},
        {"2g", 2ull << 30}, {"", 0}, {"k", 0}, {"-1", 0}, {"1kk", 0},
        {"99999999999g", 0}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t v = 0;
        CHECK_INT(fk_env_size(rows[i].text, &v), rows[i].want != 0);
        CHECK_INT(v, rows[i].want);
    }
}

TEST(labels)
{
    flamekit_config c = with("PYROSCOPE_LABELS", "env=prod, region = eu ,x:y");
    CHECK_INT(c.num_tags, 3);
    CHECK_STR(c.tags[1].key, "region");
    CHECK_STR(c.tags[1].value, "eu");
    CHECK_STR(c.tags[2].value, "y");
    static const char *const bad[] = {"novalue", "1x=y", "a=1,=2", "a=\xff"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        c = with("PYROSCOPE_LABELS", bad[i]);
        CHECK_INT(c.num_tags, 0);
        CHECK_INT(warnings.count, 1);
    }
}

TEST(headers)
{
    flamekit_config c = with("PYROSCOPE_HTTP_HEADERS",
        "{ \"X-A\" : \"1\", \"X-B\":\"say \\\"hi\\\"\" }");
    CHECK_STR(c.http_headers[0], "X-A: 1");
    CHECK_STR(c.http_headers[1], "X-B: say \"hi\"");
    CHECK(c.http_headers[2] == NULL);
    static const char *const bad[] = {"x", "{", "{\"a\"}", "{\"a\":1}",
        "{\"a\":\"b\"", "{\"a\":\"b\"} x", "{\"a\":\"b\",}",
        "{\"a\":\"x\\r\\nEvil: 1\"}", "{\"a\":\"x\r\nEvil: 1\"}",
        "{\"a\":\"\\"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        c = with("PYROSCOPE_HTTP_HEADERS", bad[i]);
        CHECK(c.http_headers == NULL || c.http_headers[0] == NULL);
        CHECK_INT(warnings.count, 1);
    }
}

static char told[4][256];
static unsigned num_told;

static void on_log(int level, const char *message, void *arg)
{
    (void)arg;
    if (level >= FLAMEKIT_LOG_WARN && num_told < 4)
        snprintf(told[num_told++], sizeof(told[0]), "%s", message);
}

TEST(the_host_hears_of_a_bad_value_once)
{
    setenv("PYROSCOPE_SAMPLE_RATE", "many", 1);
    setenv("PYROSCOPE_AGENT_ENABLED", "0", 1);
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "x";
    c.log = on_log;
    CHECK_INT(c.sample_rate, 100);
    CHECK_INT(flamekit_configure(&c), -ECANCELED);
    CHECK_INT(flamekit_configure(&c), -ECANCELED);
    CHECK_INT(num_told, 1);
    CHECK(strstr(told[0], "PYROSCOPE_SAMPLE_RATE=many") != NULL);
}

TEST(configure_names_the_field_it_refuses)
{
    static const flamekit_tag bad_tag = {"a b", "c"};
    static const char *const bad_header[] = {"X: 1\r\nY: 2", NULL};
    flamekit_config c;
    for (int i = 0; i < 6; i++) {
        flamekit_config_init(&c);
        c.application_name = i == 0 ? NULL : "x";
        c.sample_rate = i == 1 ? 0 : 100;
        c.max_stack_depth = i == 2 ? 10000 : 128;
        if (i == 3) {
            c.tags = &bad_tag;
            c.num_tags = 1;
        }
        if (i == 4)
            c.http_headers = bad_header;
        if (i == 5)
            c.struct_size = 0;
        c.log = on_log;
        num_told = 0;
        CHECK_INT(flamekit_configure(&c), -EINVAL);
        static const char *const names[] = {"application_name", "sample_rate",
            "max_stack_depth", "tag 0", "http_headers", "struct_size"};
        CHECK_INT(num_told, 1);
        CHECK(strstr(told[0], names[i]) != NULL);
    }
}

TAP_MAIN
