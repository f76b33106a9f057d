/*
 * Pitfall 14, in libraries that wait in their own ways: a server by
 * libmicrohttpd whose answers sqlite reads and writes in a file, and clients
 * by libcurl, on a machine that is kept busy. Sampled a thousand times a
 * second, not one request may fail.
 */
#include "agent/flamekit.h"

#include <curl/curl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

enum { CLIENTS = 4, SERVERS = 3, HOGS = 2, BODY = 100000 };

static char url[64], database[64], body[BODY];
static _Atomic bool stop;
static _Atomic unsigned requests, failed_transfers, failed_queries;

/* ---- the server -----------------------------------------------------------*/

static int64_t row_count(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    int64_t n = -1;
    if (sqlite3_prepare_v2(db, "select count(*) from visits", -1, &s, NULL) ==
            SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    return sqlite3_finalize(s) == SQLITE_OK ? n : -1;
}

/* One connection a request: files are opened, locked, synced and closed. */
static bool visit(bool write)
{
    sqlite3 *db = NULL;
    bool ok = sqlite3_open(database, &db) == SQLITE_OK;
    sqlite3_busy_timeout(db, 20000);
    if (ok && write)
        ok = sqlite3_exec(db, "insert into visits values (1)", NULL, NULL,
                 NULL) == SQLITE_OK;
    ok = ok && row_count(db) >= 0;
    return sqlite3_close(db) == SQLITE_OK && ok;
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection,
    const char *path, const char *method, const char *version, const char *data,
    size_t *data_size, void **state)
{
    (void)cls, (void)path, (void)version, (void)data;
    if (*state == NULL || *data_size > 0) {
        *state = connection;
        *data_size = 0;
        return MHD_YES;
    }
    if (!visit(strcmp(method, "POST") == 0))
        atomic_fetch_add(&failed_queries, 1);
    struct MHD_Response *r =
        MHD_create_response_from_buffer(BODY, body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(connection, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return rc;
}

static struct MHD_Daemon *serve(void)
{
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL, answer,
        NULL, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)SERVERS, MHD_OPTION_END);
    CHECK(d != NULL);
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", info->port);
    return d;
}

static void make_database(void)
{
    sqlite3 *db;
    snprintf(database, sizeof(database), "/tmp/flamekit-clients.XXXXXX");
    int fd = mkstemp(database);
    CHECK(fd >= 0);
    close(fd);
    CHECK_INT(sqlite3_open(database, &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, "create table visits (n)", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
}

/* ---- its clients ----------------------------------------------------------*/

static size_t count_bytes(char *data, size_t size, size_t n, void *arg)
{
    (void)data;
    *(size_t *)arg += size * n;
    return size * n;
}

/* Every other request sends a body; every eighth has a connection of its own.
 */
static bool ask_once(CURL *curl, unsigned i)
{
    size_t got = 0;
    long status = 0;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &got);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, i % 8 == 0 ? 1L : 0L);
    if (i % 2 == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)BODY);
    }
    CURLcode rc = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK)
        fprintf(stderr, "# curl: %s\n", curl_easy_strerror(rc));
    return rc == CURLE_OK && status == 200 && got == BODY;
}

static void *ask(void *arg)
{
    CURL *curl = curl_easy_init();
    for (unsigned i = 0; !atomic_load(&stop); i++) {
        atomic_fetch_add(&requests, 1);
        if (!ask_once(curl, i))
            atomic_fetch_add(&failed_transfers, 1);
    }
    curl_easy_cleanup(curl);
    return arg;
}

static void *hog(void *arg)
{
    while (!atomic_load(&stop))
        host_spin(10000);
    return arg;
}

static bool enough(void)
{
    flamekit_stats s = host_stats();
    return requests >= 100 && s.signals >= 200 && s.wall_looks >= 100;
}

/* As long as was asked for, and until there was something to disturb. */
static void let_them_work(void)
{
    const char *asked = getenv("FK_CLIENTS_SECONDS");
    host_nap_ms(asked ? 1000 * strtol(asked, NULL, 10) : 2000);
    int64_t until = fk_mono_ns() + 60 * FK_NS_PER_S;
    while (!enough() && fk_mono_ns() < until)
        host_nap_ms(100);
    CHECK(enough());
}

TEST_TIMED(pitfall_14_no_request_of_libraries_fails, 300)
{
    pthread_t threads[CLIENTS + HOGS];
    memset(body, 'x', sizeof(body));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    make_database();
    flamekit_config c = host_config(1000);
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    c.wall_interval_ms = 1;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_thread_register("main");
    host_wait_sampled();
    struct MHD_Daemon *server = serve();
    for (int i = 0; i < CLIENTS + HOGS; i++)
        CHECK_INT(
            pthread_create(&threads[i], NULL, i < CLIENTS ? ask : hog, NULL),
            0);
    let_them_work();
    atomic_store(&stop, true);
    for (int i = 0; i < CLIENTS + HOGS; i++)
        pthread_join(threads[i], NULL);
    MHD_stop_daemon(server);
    flamekit_stats s = host_stats();
    unlink(database);
    tap_diag("%u requests, %lu signals, %lu looks", requests,
        (unsigned long)s.signals, (unsigned long)s.wall_looks);
    CHECK_INT(failed_transfers, 0);
    CHECK_INT(failed_queries, 0);
    flamekit_shutdown();
}

TAP_MAIN
