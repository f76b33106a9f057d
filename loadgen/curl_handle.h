/* A handle of libcurl with what all of ours have: no signals, no proxy of the
 * environment, nothing but HTTP. For engine_curl.c. */
#ifndef FK_LOADGEN_CURL_HANDLE_H
#define FK_LOADGEN_CURL_HANDLE_H

#include <curl/curl.h>
#include <stdint.h>

#define CURL_HANDLE_JSON "Content-Type: application/json"

/* NULL when there is no memory. */
CURL *curl_handle_new(void);
/* One of libcurl's times of the latest transfer. */
int64_t curl_handle_ns(CURL *easy, CURLINFO what);

#endif
