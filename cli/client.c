/* HTTP through libcurl: see client.h. */
#include "cli/client.h"

#include "common/clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <unistd.h>

enum { DEFAULT_TIMEOUT_S = 30, CONNECT_TIMEOUT_S = 3 };

static bool tracing;

void client_trace(bool on)
{
    tracing = on;
}

static size_t receive(char *bytes, size_t size, size_t n, void *arg)
{
    struct fk_buf *answer = arg;
    fk_buf_add(answer, bytes, size * n);
    return answer->err ? 0 : size * n;
}

static void trace(const struct client_call *call, const char *url)
{
    bool body = call->body.ptr != NULL;
    printf("    curl -s%s%s%s%s%s '%s'\n",
        body ? " -H 'Content-Type: application/json'" : "",
        *call->method == 'G' ? "" : " -X ",
        *call->method == 'G' ? "" : call->method, body ? " -d " : "",
        body ? "'...'" : "", url);
}

/* A line that is written over, at most twice a second, and gone at the end. */
struct progress {
    double shown_s;
    bool any;
};

static int show_progress(void *arg, curl_off_t down_all, curl_off_t down,
    curl_off_t up_all, curl_off_t up)
{
    struct progress *p = arg;
    double now_s = (double)fk_mono_ns() / FK_NS_PER_S;
    (void)down_all;
    if (now_s - p->shown_s < 0.5)
        return 0;
    p->shown_s = now_s;
    p->any = true;
    if (up < up_all)
        fprintf(stderr, "\r%3d%% of %.1f MB sent ",
            (int)(100 * up / (up_all ? up_all : 1)), (double)up_all / 1e6);
    else
        fprintf(stderr, "\r%.1f MB received     ", (double)down / 1e6);
    fflush(stderr);
    return 0;
}

static struct curl_slist *headers_of(const struct client_call *call)
{
    char type[128];
    const char *word =
        call->content_type ? call->content_type : "application/json";
    snprintf(type, sizeof type, "Content-Type: %s", word);
    struct curl_slist *list = curl_slist_append(NULL, type);
    for (size_t i = 0; call->headers && call->headers[i]; i++)
        list = curl_slist_append(list, call->headers[i]);
    return list;
}

static void set_transfer(CURL *curl, const struct client_call *call,
    struct progress *progress, struct fk_buf *answer)
{
    int timeout = call->timeout_s ? call->timeout_s : DEFAULT_TIMEOUT_S;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)timeout);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (call->cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, call->cacert);
    if (call->body.ptr) {
        curl_easy_setopt(
            curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.ptr);
    }
    if (!call->progress || !isatty(STDERR_FILENO))
        return;
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, progress);
}

static CURLcode perform(CURL *curl, const struct client_call *call,
    const char *url, struct fk_buf *answer)
{
    struct curl_slist *headers = headers_of(call);
    struct progress progress = {(double)fk_mono_ns() / FK_NS_PER_S, false};
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    set_transfer(curl, call, &progress, answer);
    CURLcode code = curl_easy_perform(curl);
    if (progress.any)
        fprintf(stderr, "\r%30s\r", "");
    curl_slist_free_all(headers);
    return code;
}

enum fk_err client_call(const struct client_call *call, int *status,
    struct fk_buf *answer, struct fk_diag *diag)
{
    fk_buf_init(answer, CLIENT_MAX_ANSWER);
    struct fk_buf url;
    fk_buf_init(&url, 1u << 20);
    fk_buf_printf(&url, "%s%s", call->base, call->path);
    CURL *curl = curl_easy_init();
    enum fk_err err = FK_OK;
    if (!curl || url.err) {
        err = fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
        goto out;
    }
    if (tracing)
        trace(call, url.ptr);
    CURLcode code = perform(curl, call, url.ptr, answer);
    if (code != CURLE_OK) {
        err = fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "%s does not answer (%s); `make status` says whether it runs, "
            "`make up` starts it",
            call->base, curl_easy_strerror(code));
        goto out;
    }
    long got;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got);
    *status = (int)got;
out:
    if (curl)
        curl_easy_cleanup(curl);
    fk_buf_fini(&url);
    return err;
}

enum fk_err client_send(const struct client_request *request, int *status,
    struct fk_buf *answer, struct fk_diag *diag)
{
    struct client_call call = {.method = request->method,
        .base = request->base,
        .path = request->path,
        .timeout_s = request->timeout_s};
    if (request->body)
        call.body = fk_slice_of(request->body);
    return client_call(&call, status, answer, diag);
}

enum fk_err client_json(
    const struct client_request *request, json_t **json, struct fk_diag *diag)
{
    struct fk_buf answer;
    json_error_t where;
    int status = 0;
    enum fk_err err = client_send(request, &status, &answer, diag);
    if (err)
        goto out;
    json_t *root = json_loadb(answer.ptr, answer.len, JSON_DECODE_ANY, &where);
    if (status != 200) {
        const char *message =
            root ? json_string_value(json_object_get(root, "message")) : NULL;
        err = fk_diag_set(diag, status == 404 ? FK_ERR_NOT_FOUND : FK_ERR_ARG,
            "%s answered %d to %s%s%s", request->base, status, request->path,
            message ? ": " : "", message ? message : "");
        json_decref(root);
    } else if (!root) {
        err = fk_diag_set(diag, FK_ERR_FORMAT,
            "%s did not answer JSON to %s: %s; is it another program?",
            request->base, request->path, where.text);
    } else {
        *json = root;
    }
out:
    fk_buf_fini(&answer);
    return err;
}
