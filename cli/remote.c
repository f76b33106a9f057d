/* One server, asked politely: see remote.h. */
#include "cli/remote.h"

#include "cli/verbs.h"
#include "common/base64.h"
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRANSFER_S = 600, MAX_HEADER = 4096, HEADERS = 4 };

#define QUERIER "/querier.v1.QuerierService/"

void remote_init(struct remote *r, const struct kit *kit)
{
    *r = (struct remote){
        .server = *kit->server ? kit->server : "http://localhost:4040",
        .query = REMOTE_CPU "{}",
        .from = "now-1h",
        .until = "now",
    };
}

enum fk_err remote_parse(struct remote *r, const struct fk_opt *opts, int argc,
    char **argv, const char *usage, int *first, struct fk_diag *diag)
{
    enum fk_err err =
        fk_opt_parse(opts, argc + 1, argv - 1, usage, first, diag);
    if (err)
        return err;
    --*first; /* in argv, which has no name in front */
    size_t n = strlen(r->server);
    while (n && r->server[n - 1] == '/')
        n--;
    if (n == 0 || n >= sizeof r->url)
        return fk_diag_set(
            diag, FK_ERR_ARG, "--server wants a URL such as http://host:4040");
    memcpy(r->url, r->server, n);
    r->url[n] = '\0';
    return FK_OK;
}

/* ---- what is asked ----------------------------------------------------- */

enum fk_err remote_time(const char *text, int64_t *ms, struct fk_diag *diag)
{
    int64_t now_ms = fk_wall_ns() / FK_NS_PER_MS, number, ns;
    const int64_t first_ms = 100000000000ll; /* what is less is in seconds */
    if (!strcmp(text, "now")) {
        *ms = now_ms;
        return FK_OK;
    }
    if (!strncmp(text, "now-", 4) && fk_duration_parse(text + 4, &ns)) {
        *ms = now_ms - ns / FK_NS_PER_MS;
        return FK_OK;
    }
    if (fk_slice_i64(fk_slice_of(text), &number) && number >= 0 &&
        number < INT64_MAX / 1000) {
        *ms = number < first_ms ? number * 1000 : number;
        return FK_OK;
    }
    return fk_diag_set(diag, FK_ERR_ARG,
        "'%s' is no time: use now, now-90s, now-1h30m, or seconds or ms since "
        "1970",
        text);
}

enum fk_err remote_query(
    const struct remote *r, struct remote_query *out, struct fk_diag *diag)
{
    const char *brace = strchr(r->query, '{');
    size_t n = brace ? (size_t)(brace - r->query) : strlen(r->query);
    if (n == 0 || n >= sizeof out->type)
        return fk_diag_set(diag, FK_ERR_ARG,
            "--query wants TYPE{labels}, such as " REMOTE_CPU
            "{service_name=\"x\"}");
    memcpy(out->type, r->query, n);
    out->type[n] = '\0';
    out->selector = brace ? brace : "{}";
    enum fk_err err = remote_time(r->from, &out->from_ms, diag);
    return err ? err : remote_time(r->until, &out->until_ms, diag);
}

/* ---- asking ------------------------------------------------------------ */

struct headers {
    struct fk_buf text[HEADERS];
    const char *list[HEADERS + 1];
    size_t count;
};

static struct fk_buf *add_header(struct headers *h)
{
    fk_buf_init(&h->text[h->count], MAX_HEADER);
    return &h->text[h->count++];
}

static enum fk_err make_headers(
    const struct remote *r, struct headers *h, struct fk_diag *diag)
{
    *h = (struct headers){.count = 0};
    fk_buf_adds(add_header(h), "Accept: */*;allow-utf8-labelnames=true");
    if (r->tenant)
        fk_buf_printf(add_header(h), "X-Scope-OrgID: %s", r->tenant);
    if (r->token && r->user) {
        struct fk_buf pair, *out = add_header(h);
        fk_buf_init(&pair, MAX_HEADER);
        fk_buf_printf(&pair, "%s:%s", r->user, r->token);
        fk_buf_adds(out, "Authorization: Basic ");
        fk_base64_encode(fk_buf_slice(&pair), out);
        fk_buf_fini(&pair);
    } else if (r->token) {
        fk_buf_printf(add_header(h), "Authorization: Bearer %s", r->token);
    }
    for (size_t i = 0; i < h->count; i++) {
        if (h->text[i].err)
            return fk_diag_set(
                diag, FK_ERR_ARG, "token, user or tenant is too long");
        if (strpbrk(h->text[i].ptr, "\r\n"))
            return fk_diag_set(diag, FK_ERR_ARG,
                "token, user and tenant must not have line breaks");
        h->list[i] = h->text[i].ptr;
    }
    return FK_OK;
}

static enum fk_err explain(const struct remote *r, const char *path, int status,
    const struct fk_buf *answer, struct fk_diag *diag)
{
    json_t *root = json_loadb(answer->ptr ? answer->ptr : "", answer->len,
        JSON_REJECT_DUPLICATES, NULL);
    const char *why = json_string_value(json_object_get(root, "message"));
    int n = (int)strcspn(path, "?");
    fk_diag_set(diag, FK_ERR_ARG, "%s answered %d to %.*s%s%.300s", r->url,
        status, n, path, why ? ": " : "", why ? why : "");
    json_decref(root);
    return FK_ERR_ARG;
}

static enum fk_err send(const struct remote *r, struct client_call *call,
    struct fk_buf *answer, struct fk_diag *diag)
{
    struct headers headers;
    int status = 0;
    enum fk_err err = make_headers(r, &headers, diag);
    fk_buf_init(answer, CLIENT_MAX_ANSWER);
    if (!err) {
        call->base = r->url;
        call->cacert = r->cacert;
        call->headers = headers.list;
        call->timeout_s = TRANSFER_S;
        call->progress = true;
        err = client_call(call, &status, answer, diag);
    }
    for (size_t i = 0; i < headers.count; i++)
        fk_buf_fini(&headers.text[i]);
    if (!err && status != 200)
        err = explain(r, call->path, status, answer, diag);
    return err;
}

enum fk_err remote_get(const struct remote *r, const char *path,
    struct fk_buf *answer, struct fk_diag *diag)
{
    struct client_call call = {.method = "GET", .path = path};
    return send(r, &call, answer, diag);
}

enum fk_err remote_post(const struct remote *r, const char *path,
    const char *content_type, struct fk_slice body, struct fk_buf *answer,
    struct fk_diag *diag)
{
    struct client_call call = {.method = "POST",
        .path = path,
        .body = body,
        .content_type = content_type};
    if (!call.body.ptr)
        call.body.ptr = "";
    return send(r, &call, answer, diag);
}

enum fk_err remote_ask(const struct remote *r, const char *method, json_t *ask,
    json_t **out, struct fk_diag *diag)
{
    char path[256];
    struct fk_buf answer;
    json_error_t where;
    char *body = ask ? json_dumps(ask, JSON_COMPACT) : NULL;
    json_decref(ask);
    if (!body)
        return fk_diag_set(
            diag, FK_ERR_ARG, "the arguments are not UTF-8, or no memory");
    snprintf(path, sizeof path, "%s%s", *method == '/' ? "" : QUERIER, method);
    enum fk_err err = remote_post(
        r, path, "application/json", fk_slice_of(body), &answer, diag);
    if (!err) {
        *out = json_loadb(answer.ptr, answer.len, 0, &where);
        if (!*out)
            err = fk_diag_set(diag, FK_ERR_FORMAT,
                "%s did not answer JSON to %s: %s", r->url, path, where.text);
    }
    fk_buf_fini(&answer);
    free(body);
    return err;
}

int remote_fail(enum fk_err err, const struct fk_diag *diag)
{
    if (err == FK_ERR_CANCELLED)
        return 0;
    return verb_fail(err == FK_ERR_UNAVAILABLE ? 3
                     : err == FK_ERR_ARG       ? 2
                                               : 1,
        diag);
}

int remote_print(const json_t *answer)
{
    int bad =
        json_dumpf(answer, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    return bad || putchar('\n') == EOF ? 1 : 0;
}
