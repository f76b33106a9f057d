#include "loadgen/target.h"

#include "common/url.h"
#include "loadgen/engine.h"

#include <stdio.h>
#include <string.h>

enum { HELLO_TIMEOUT_MS = 3000 };

/* The text of "key":"text" in a hello (docs/kit-protocol.md), whose values
 * hold no escapes; anything else counts as absent. */
static void find_text(
    struct fk_slice json, const char *key, char *out, size_t size)
{
    char mark[32];
    int n = snprintf(mark, sizeof mark, "\"%s\":\"", key);
    const char *hit =
        json.len ? memmem(json.ptr, json.len, mark, (size_t)n) : NULL;
    out[0] = '\0';
    if (!hit)
        return;
    size_t from = (size_t)(hit - json.ptr) + (size_t)n, to = from;
    while (to < json.len && json.ptr[to] != '"' && json.ptr[to] != '\\')
        to++;
    if (to < json.len && json.ptr[to] == '"' && to - from < size)
        snprintf(out, size, "%.*s", (int)(to - from), json.ptr + from);
}

static enum fk_err check_run(
    const char *kit_run, const struct target *target, struct fk_diag *diag)
{
    if (!*kit_run || !*target->run || strcmp(kit_run, target->run) == 0)
        return FK_OK;
    return fk_diag_set(diag, FK_ERR_EXISTS,
        "%s belongs to run %s, but this is run %s; its load would be mixed "
        "into another world. Stop the other kit, or aim at your own service "
        "(flamekit status).",
        target->base_url, target->run, kit_run);
}

enum fk_err target_ask(const char *text, const char *kit_run,
    struct target *out, struct fk_diag *diag)
{
    struct fk_url url;
    struct engine_reply reply;
    struct fk_diag why = {""};
    char hello[600];
    memset(out, 0, sizeof *out);
    enum fk_err err = fk_url_parse(fk_slice_of(text), &url, diag);
    if (err)
        return FK_ERR_ARG;
    size_t len = strlen(text);
    while (len && text[len - 1] == '/')
        len--;
    if (len >= sizeof out->base_url)
        return fk_diag_set(diag, FK_ERR_ARG, "The target is too long.");
    memcpy(out->base_url, text, len);
    snprintf(hello, sizeof hello, "%s/api/kit/hello", out->base_url);
    err = engine_fetch(hello, NULL, HELLO_TIMEOUT_MS, &reply, &why);
    if (!*reply.address)
        fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "Nothing answers at the target (%s). Is the service up? "
            "\"make up\" starts the demo app.",
            why.text);
    else
        err = FK_OK; /* somebody is there, whatever it said */
    if (!err) {
        snprintf(out->address, sizeof out->address, "%s", reply.address);
        out->resolve_ns = reply.resolve_ns;
        find_text(fk_buf_slice(&reply.body), "service", out->service,
            sizeof out->service);
        find_text(fk_buf_slice(&reply.body), "component", out->component,
            sizeof out->component);
        find_text(fk_buf_slice(&reply.body), "run", out->run, sizeof out->run);
        err = check_run(kit_run, out, diag);
    }
    engine_reply_fini(&reply);
    return err;
}
