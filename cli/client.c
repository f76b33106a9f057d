/* HTTP through libcurl: see client.h. */
#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>

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

static void trace(const struct client_request *request, const char *url)
{
    printf("    curl -s%s%s%s%s%s '%s'\n",
        request->body ? " -H 'Content-Type: application/json'" : "",
        *request->method == 'G' ? "" : " -X ",
        *request->method == 'G' ? "" : request->method,
        request->body ? " -d " : "", request->body ? "'...'" : "", url);
}

static CURLcode perform(CURL *curl, const struct client_request *request,
    const char *url, struct fk_buf *answer)
{
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/json");
    int timeout = request->timeout_s ? request->timeout_s : DEFAULT_TIMEOUT_S;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)timeout);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (request->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    return code;
}

enum fk_err client_send(const struct client_request *request, int *status,
    struct fk_buf *answer, struct fk_diag *diag)
{
    fk_buf_init(answer, CLIENT_MAX_ANSWER);
    struct fk_buf url;
    fk_buf_init(&url, 1u << 20);
    fk_buf_printf(&url, "%s%s", request->base, request->path);
    CURL *curl = curl_easy_init();
    enum fk_err err = FK_OK;
    if (!curl || url.err) {
        err = fk_diag_set(diag, FK_ERR_NOMEM, "out of memory");
        goto out;
    }
    if (tracing)
        trace(request, url.ptr);
    CURLcode code = perform(curl, request, url.ptr, answer);
    if (code != CURLE_OK) {
        err = fk_diag_set(diag, FK_ERR_UNAVAILABLE,
            "%s does not answer (%s); is it up? see `make status`",
            request->base, curl_easy_strerror(code));
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
