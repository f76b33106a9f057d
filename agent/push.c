#include "agent/push.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/url.h"

#define PATH            "/push.v1.PusherService/Push"
#define CONNECT_MS      3000L
#define TRANSFER_MS     10000L
#define RESPONSE_BYTES  65536 /* of an answer; nothing in it is needed */
#define RESPONSE_QUOTED 120

struct fk_push {
    const flamekit_config *config;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    char url[2048];
    bool busy;
    bool whole_head; /* of the answer: a cut one proves nothing */
    size_t response_len;
    char response[RESPONSE_QUOTED + 1]; /* its beginning, for the reason */
    char error[CURL_ERROR_SIZE];
};

static size_t on_response(char *bytes, size_t size, size_t n, void *arg)
{
    struct fk_push *push = arg;
    size_t len = size * n;
    for (size_t i = 0; i < len && push->response_len + i < RESPONSE_QUOTED; i++)
        push->response[push->response_len + i] =
            bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : ' ';
    push->response_len += len;
    return push->response_len <= RESPONSE_BYTES ? len : 0;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct fk_push *push = arg;
    struct fk_slice line = {bytes, size * n};
    push->whole_head = fk_slice_trim(line).len == 0;
    return size * n;
}

static bool make_url(
    struct fk_push *push, const char *base, struct fk_diag *diag)
{
    struct fk_url url;
    if (fk_url_parse(fk_slice_of(base), &url, diag) != FK_OK)
        return false;
    bool v6 = fk_slice_find(url.host, ':') >= 0;
    int n = snprintf(push->url, sizeof(push->url),
        "%s://%s" FK_SLICE_FMT "%s:%u" FK_SLICE_FMT PATH,
        url.https ? "https" : "http", v6 ? "[" : "", FK_SLICE_ARG(url.host),
        v6 ? "]" : "", url.port, FK_SLICE_ARG(url.path));
    if (n < (int)sizeof(push->url))
        return true;
    fk_diag_set(diag, FK_ERR_LIMIT, "the server address is too long");
    return false;
}

static void add_header(struct fk_push *push, const char *text)
{
    struct curl_slist *more = curl_slist_append(push->headers, text);
    if (more != NULL)
        push->headers = more;
}

static void add_value(struct fk_push *push, const char *name, const char *value)
{
    char text[1024];
    if (value == NULL || value[0] == '\0')
        return;
    if (snprintf(text, sizeof(text), "%s%s", name, value) < (int)sizeof(text))
        add_header(push, text);
}

static void make_headers(struct fk_push *push, const char *status)
{
    const flamekit_config *config = push->config;
    curl_slist_free_all(push->headers);
    push->headers = NULL;
    add_header(push, status);
    add_header(push, "Content-Type: application/proto");
    add_header(push, "Content-Encoding: gzip");
    add_header(push, "Accept:");
    add_header(push, "Expect:"); /* one round trip less */
    add_value(push, "X-Scope-OrgID: ", config->tenant_id);
    if (config->basic_auth_user == NULL || !config->basic_auth_user[0])
        add_value(push, "Authorization: Bearer ", config->auth_token);
    for (size_t i = 0; config->http_headers && config->http_headers[i]; i++)
        add_header(push, config->http_headers[i]);
}

static void set_options(struct fk_push *push, const flamekit_config *config)
{
    CURL *e = push->easy;
    curl_easy_setopt(e, CURLOPT_URL, push->url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "flamekit/" FK_VERSION);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L); /* the host's handlers stay */
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, TRANSFER_MS);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_response);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, push);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, push);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, push->error);
    if (config->basic_auth_user && config->basic_auth_user[0]) {
        curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(e, CURLOPT_USERNAME, config->basic_auth_user);
        curl_easy_setopt(e, CURLOPT_PASSWORD,
            config->basic_auth_password ? config->basic_auth_password : "");
    }
}

struct fk_push *fk_push_new(const flamekit_config *config, struct fk_diag *diag)
{
    struct fk_push *push = calloc(1, sizeof(*push));
    if (push == NULL)
        return NULL;
    if (!make_url(push, config->server_address, diag)) {
        free(push);
        return NULL;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    push->multi = curl_multi_init();
    push->easy = curl_easy_init();
    push->config = config;
    if (push->multi == NULL || push->easy == NULL) {
        fk_diag_set(diag, FK_ERR_NOMEM, "libcurl could not start");
        fk_push_free(push);
        return NULL;
    }
    set_options(push, config);
    return push;
}

/* curl_global_cleanup is left to the host: it may use libcurl as well. */
void fk_push_free(struct fk_push *push)
{
    if (push == NULL)
        return;
    fk_push_cancel(push);
    curl_easy_cleanup(push->easy);
    curl_multi_cleanup(push->multi);
    curl_slist_free_all(push->headers);
    free(push);
}

void fk_push_begin(struct fk_push *push, const struct fk_push_body *body)
{
    make_headers(push, body->status);
    push->response_len = 0;
    push->whole_head = false;
    memset(push->response, 0, sizeof(push->response));
    push->error[0] = '\0';
    curl_easy_setopt(push->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(push->easy, CURLOPT_POSTFIELDS, body->bytes);
    curl_easy_setopt(
        push->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    curl_easy_setopt(push->easy, CURLOPT_HTTPHEADER, push->headers);
    push->busy = curl_multi_add_handle(push->multi, push->easy) == CURLM_OK;
}

bool fk_push_busy(const struct fk_push *push)
{
    return push->busy;
}

void fk_push_cancel(struct fk_push *push)
{
    if (push->busy)
        curl_multi_remove_handle(push->multi, push->easy);
    push->busy = false;
}

/* A server that is overloaded or restarting says 408, 429 or 5xx; 0 is an
 * answer that broke off. */
static enum fk_push_state judge(CURLcode code, long status)
{
    /* A write error is our own refusal of an endless answer. */
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR)
        return FK_PUSH_RETRY;
    if (status >= 200 && status < 300)
        return FK_PUSH_TAKEN;
    if (status == 0 || status == 408 || status == 429 || status >= 500)
        return FK_PUSH_RETRY;
    return FK_PUSH_REFUSED;
}

static void finish(
    struct fk_push *push, CURLcode code, struct fk_push_result *result)
{
    long status = 0;
    curl_off_t after_s = 0;
    curl_easy_getinfo(push->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(push->easy, CURLINFO_RETRY_AFTER, &after_s);
    fk_push_cancel(push);
    result->state = judge(code, push->whole_head ? status : 0);
    if (after_s > 0 && after_s < 3600)
        result->retry_after_ns = after_s * FK_NS_PER_S;
    if (code != CURLE_OK)
        snprintf(result->reason, sizeof(result->reason), "%.200s",
            push->error[0] ? push->error : curl_easy_strerror(code));
    else
        snprintf(result->reason, sizeof(result->reason), "HTTP %ld %s%s",
            status, push->whole_head ? "" : "(the answer broke off) ",
            push->response);
}

void fk_push_wait(struct fk_push *push, int wait_ms)
{
    if (push->busy)
        curl_multi_poll(push->multi, NULL, 0, wait_ms, NULL);
}

void fk_push_crank(struct fk_push *push, struct fk_push_result *result)
{
    *result = (struct fk_push_result){.state = FK_PUSH_IDLE};
    if (!push->busy)
        return;
    int running = 0, queued = 0;
    curl_multi_perform(push->multi, &running);
    result->state = FK_PUSH_BUSY;
    for (CURLMsg *m; (m = curl_multi_info_read(push->multi, &queued)) != NULL;)
        if (m->msg == CURLMSG_DONE) {
            finish(push, m->data.result, result);
            return;
        }
}
