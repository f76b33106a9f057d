#include "common/clock.h"
#include "common/log.h"
#include "server/server.h"
#include "server/tenant.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 64 << 10 };

/* With one tenant only, a token of another one could never do anything. */
static enum fk_err check_tenants(const struct live *live, struct fk_diag *diag)
{
    for (uint32_t i = 0; i < live->tokens.count; i++) {
        const struct token *t = &live->tokens.token[i];
        if (t->tenant[0] && strcmp(t->tenant, TENANT_DEFAULT) != 0)
            return fk_diag_set(diag, FK_ERR_ARG,
                "the tokens in %s: %s is of tenant %s, which needs "
                "--multitenancy; write * for its tenant, or add the option",
                live->tokens_file, t->name, t->tenant);
    }
    return FK_OK;
}

enum fk_err server_load_tokens(
    struct live *live, bool multitenancy, struct fk_diag *diag)
{
    if (!live->tokens_file)
        return FK_OK;
    enum fk_err err = tokens_load(&live->tokens, live->tokens_file, diag);
    if (err == FK_OK && !multitenancy)
        err = check_tenants(live, diag);
    if (err)
        tokens_fini(&live->tokens);
    return err;
}

static void name_changes(
    const struct server_options *old, const struct server_options *new)
{
    struct server_options a = *old, b = *new;
    struct fk_opt before[OPTIONS_MAX_ROWS], after[OPTIONS_MAX_ROWS];

    options_table(&a, before);
    options_table(&b, after);
    for (size_t i = 0; before[i].name; i++) {
        struct fk_buf x, y;
        if (options_reloadable(&a, &before[i]) ||
            fk_opt_alias(before, &before[i]))
            continue;
        fk_buf_init(&x, SHOWN_MAX);
        fk_buf_init(&y, SHOWN_MAX);
        fk_opt_show(&before[i], &x);
        fk_opt_show(&after[i], &y);
        if (!fk_slice_eq(fk_buf_slice(&x), fk_buf_slice(&y)))
            fk_log(FK_LOG_WARN, "needs_restart", "option=%s", before[i].name);
        fk_buf_fini(&x);
        fk_buf_fini(&y);
    }
}

enum fk_err server_reload(
    struct server *s, int argc, char **argv, struct fk_diag *diag)
{
    struct server_options next;
    struct live *live = calloc(1, sizeof(*live));
    enum fk_err err =
        live ? options_parse(&next, argc, argv, diag) : FK_ERR_NOMEM;

    if (err == FK_OK)
        err = server_load_tokens(&next.live, s->options.multitenancy, diag);
    if (err) {
        free(live);
        return err == FK_ERR_NOMEM ? fk_diag_set(diag, err, "out of memory")
                                   : err;
    }
    name_changes(&s->options, &next);
    *live = next.live;
    live->before = atomic_load(&s->reloaded);
    atomic_store(&s->reloaded, live);
    return FK_OK;
}
