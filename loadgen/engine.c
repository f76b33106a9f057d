#include "loadgen/engine.h"

#include "common/check.h"
#include "loadgen/address.h"
#include "loadgen/engine_calls.h"

#include <errno.h>

static const struct engine_calls *const calls[] = {
    [ENGINE_FAST] = &engine_fast,
    [ENGINE_CURL] = &engine_curl,
};

const char *engine_kind_name(enum engine_kind kind)
{
    static const char *const names[] = {
        [ENGINE_AUTO] = "auto",
        [ENGINE_FAST] = "fast",
        [ENGINE_CURL] = "curl",
    };
    return names[kind];
}

enum fk_err engine_choose(enum engine_kind wanted,
    const struct engine_target *targets, unsigned num_targets,
    enum engine_kind *out, struct fk_diag *why)
{
    struct address address;
    const char *lacks = NULL;
    unsigned i = 0;
    *out = wanted == ENGINE_AUTO ? ENGINE_FAST : wanted;
    while (*out == ENGINE_FAST && i < num_targets &&
           !(lacks = address_find(&targets[i], &address)))
        i++;
    if (!lacks)
        return FK_OK;
    if (wanted == ENGINE_FAST)
        return fk_diag_set(why, FK_ERR_ARG,
            "The fast engine cannot ask %s, %s; leave out --engine or say "
            "--engine curl.",
            targets[i].base_url, lacks);
    *out = ENGINE_CURL;
    fk_diag_set(why, FK_OK,
        "%s is asked by libcurl: the fast engine cannot, %s; a request costs "
        "about three times as much.",
        targets[i].base_url, lacks);
    return FK_OK;
}

enum fk_err engine_open(const struct engine_config *config, struct engine **out,
    struct fk_diag *diag)
{
    FK_ASSERT(config->max_inflight > 0 && config->num_targets > 0);
    *out = calls[config->kind]->open(config);
    if (*out)
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_LIMIT,
        "The request engine could not be set up: %s. Check the limit of open "
        "files (ulimit -n).",
        fk_errno_text(errno));
}

void engine_close(struct engine *e)
{
    if (e)
        e->calls->close(e);
}

enum fk_err engine_start(struct engine *e, const struct engine_request *request)
{
    return e->calls->start(e, request);
}

unsigned engine_inflight(const struct engine *e)
{
    return e->calls->inflight(e);
}

void engine_run(struct engine *e, int64_t deadline_ns)
{
    e->calls->run(e, deadline_ns);
}

void engine_wake(struct engine *e)
{
    e->calls->wake(e);
}

unsigned engine_abort(struct engine *e)
{
    return e->calls->abort(e);
}

void engine_reply_fini(struct engine_reply *reply)
{
    fk_buf_fini(&reply->body);
}
