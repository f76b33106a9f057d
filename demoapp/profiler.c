#include "demoapp/profiler.h"

#include "agent/flamekit.h"
#include "common/log.h"
#include "common/slice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UPLOAD_INTERVAL_MS = 5000, MAX_TAGS = 32, MAX_TAG_BYTES = 256 };

struct tags {
    flamekit_tag list[MAX_TAGS];
    size_t count;
    char keys[MAX_TAGS][MAX_TAG_BYTES];
};

static bool running;

static void on_agent_message(int level, const char *message, void *arg)
{
    static const enum fk_log_level levels[] = {
        [FLAMEKIT_LOG_DEBUG] = FK_LOG_DEBUG,
        [FLAMEKIT_LOG_INFO] = FK_LOG_INFO,
        [FLAMEKIT_LOG_WARN] = FK_LOG_WARN,
        [FLAMEKIT_LOG_ERROR] = FK_LOG_ERROR,
        [FLAMEKIT_LOG_NONE] = FK_LOG_ERROR,
    };

    (void)arg;
    fk_log(levels[level], "agent", "text=%s", fk_log_quote(message));
}

static void tags_set(struct tags *t, size_t key_len, const char *pair)
{
    size_t at = 0;
    while (at < t->count && (strlen(t->list[at].key) != key_len ||
                                memcmp(t->list[at].key, pair, key_len) != 0))
        at++;
    memcpy(t->keys[at], pair, key_len);
    t->keys[at][key_len] = '\0';
    t->list[at] = (flamekit_tag){t->keys[at], pair + key_len + 1};
    if (at == t->count)
        t->count++;
}

static bool key_char(char c, bool first)
{
    char lower = (char)(c | 0x20);
    return (lower >= 'a' && lower <= 'z') || c == '_' ||
           (!first && ((c >= '0' && c <= '9') || c == '.'));
}

static enum fk_err tags_add(
    struct tags *t, const char *pair, struct fk_diag *diag)
{
    size_t len = 0;
    while (key_char(pair[len], len == 0))
        len++;
    if (len == 0 || len >= MAX_TAG_BYTES || pair[len] != '=' ||
        strlen(pair + len + 1) > MAX_TAG_BYTES)
        return fk_diag_set(diag, FK_ERR_ARG,
            "Tag %s is not KEY=VALUE with a key of letters, digits, '_' and "
            "'.' and a value of at most %d bytes.",
            fk_log_quote(pair), MAX_TAG_BYTES);
    if (t->count == MAX_TAGS)
        return fk_diag_set(
            diag, FK_ERR_LIMIT, "More than %d tags; leave some out.", MAX_TAGS);
    tags_set(t, len, pair);
    return FK_OK;
}

enum fk_err profiler_start(const char *service, const char *server,
    const struct fk_opt_list *tags, struct fk_diag *diag)
{
    struct tags all = {.count = 0};
    enum fk_err err = tags_add(&all, "env=workshop", diag);
    if (!err)
        err = tags_add(&all, "version=1.0.0", diag);
    for (int i = 0; i < tags->count && !err; i++)
        err = tags_add(&all, tags->item[i], diag);
    if (err || !*server)
        return err;

    flamekit_config config;
    flamekit_config_init(&config);
    config.application_name = service;
    config.server_address = server;
    config.upload_interval_ms = UPLOAD_INTERVAL_MS;
    /* On by default here, and still switched off from outside. */
    if (getenv("PYROSCOPE_PROFILING_WALLTIME_ENABLED") == NULL)
        config.profile_types |= FLAMEKIT_PROFILE_WALL;
    config.tags = all.list;
    config.num_tags = all.count;
    config.log = on_agent_message;
    int failed = flamekit_configure(&config);
    running = failed == 0;
    if (failed)
        fk_log(FK_LOG_WARN, "not_profiled", "reason=%s",
            fk_log_quote(strerror(-failed)));
    return FK_OK;
}

void profiler_stop(void)
{
    flamekit_shutdown();
}

struct profiler_scope profiler_enter(const char *endpoint)
{
    return (struct profiler_scope){
        flamekit_tag_push("endpoint", endpoint).prev};
}

void profiler_leave(struct profiler_scope scope)
{
    flamekit_tag_pop((flamekit_scope){scope.outer});
}

enum fk_err profiler_flush(unsigned timeout_ms, struct fk_diag *diag)
{
    if (!running)
        return fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "This process is not profiled; start it with --server URL.");
    int failed = flamekit_flush(timeout_ms);
    if (failed == -ETIMEDOUT)
        return fk_diag_set(diag, FK_ERR_RETRY,
            "The profiling server took no profile within %u ms.", timeout_ms);
    if (failed)
        return fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "The profiling server refused the profile or is away: %s.",
            strerror(-failed));
    return FK_OK;
}
