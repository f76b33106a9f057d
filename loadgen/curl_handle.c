/* Handles of libcurl, and single requests by them. */
#include "loadgen/curl_handle.h"

#include "common/check.h"
#include "loadgen/engine.h"

#include <stdio.h>

static struct engine_tls tls; /* set before any thread is started */

static void set_file(CURL *easy, CURLoption option, const char *file)
{
    if (file && *file)
        curl_easy_setopt(easy, option, file);
}

CURL *curl_handle_new(void)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    set_file(easy, CURLOPT_CAINFO, tls.ca);
    set_file(easy, CURLOPT_SSLCERT, tls.cert);
    set_file(easy, CURLOPT_SSLKEY, tls.key);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.insecure ? 0L : 2L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "loadgen/" FK_VERSION);
    return easy;
}

int64_t curl_handle_ns(CURL *easy, CURLINFO what)
{
    curl_off_t us = 0;
    curl_easy_getinfo(easy, what, &us);
    return us * 1000;
}

void engine_global_init(const struct engine_tls *wanted)
{
    if (wanted)
        tls = *wanted;
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t add_to_reply(char *bytes, size_t size, size_t n, void *arg)
{
    struct engine_reply *reply = arg;
    fk_buf_add(&reply->body, bytes, size * n);
    return reply->body.err ? 0 : size * n;
}

enum fk_err engine_fetch(const char *url, const char *json, long timeout_ms,
    struct engine_reply *reply, struct fk_diag *diag)
{
    *reply = (struct engine_reply){0};
    fk_buf_init(&reply->body, 1024 * 1024);
    CURL *easy = curl_handle_new();
    FK_ASSERT(easy);
    struct curl_slist *header = curl_slist_append(NULL, CURL_HANDLE_JSON);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, add_to_reply);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
    if (json) {
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json);
    }
    CURLcode code = curl_easy_perform(easy);
    long status = 0;
    char *address = NULL;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
    reply->status = (int)status;
    reply->resolve_ns = curl_handle_ns(easy, CURLINFO_NAMELOOKUP_TIME_T);
    snprintf(
        reply->address, sizeof reply->address, "%s", address ? address : "");
    curl_easy_cleanup(easy);
    curl_slist_free_all(header);
    if (code != CURLE_OK)
        return fk_diag_set(
            diag, FK_ERR_UNAVAILABLE, "%s: %s", url, curl_easy_strerror(code));
    return FK_OK;
}
