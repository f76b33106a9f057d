/*
 * The agent in a real server: libmicrohttpd answers, sqlite and zlib work for
 * it, curl asks, all in this process and none of them with frame pointers.
 * How many stacks are whole, what a sample costs where it is taken (beside
 * glibc's backtrace() at the same places), whether all CPU time is accounted
 * for, how much memory it took, how long the program waits for it to start,
 * and what its thread uses at the usual interval of uploads, which the same
 * server takes.
 *
 *   agent [SECONDS]   for each rate; 5
 */
#include "agent/flamekit.h"

#include <curl/curl.h>
#include <execinfo.h>
#include <math.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "agent/handler.h"
#include "agent/unwind.h"
#include "common/clock.h"

#define CLIENTS     2
#define TIMINGS_MAX 4096
#define DEPTH       128
#define UPLOAD_MS   15000 /* the default */

/* ---- the server ----------------------------------------------------------
 */

/* Called by sqlite for each row: a callback below foreign frames. */
static void squeeze(sqlite3_context *c, int argc, sqlite3_value **argv)
{
    static _Thread_local unsigned char in[16384], out[20000];
    uLongf n = sizeof(out);
    int seed = argc > 0 ? sqlite3_value_int(argv[0]) : 0;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (unsigned char)((i * (size_t)(seed + 7)) >> 3);
    compress2(out, &n, in, sizeof(in), 1);
    sqlite3_result_int64(c, (sqlite3_int64)n);
}

static void query(void)
{
    sqlite3 *db;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        abort();
    sqlite3_create_function(
        db, "squeeze", 1, SQLITE_UTF8, NULL, squeeze, NULL, NULL);
    sqlite3_exec(db,
        "with recursive n(i) as (select 1 union all select i + 1 from n "
        "where i < 3) select sum(squeeze(i)) from n order by i",
        NULL, NULL, NULL);
    sqlite3_close(db);
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *data,
    size_t *data_size, void **state)
{
    (void)cls, (void)url, (void)version, (void)data;
    if (*state == NULL || *data_size > 0) {
        *state = connection;
        *data_size = 0;
        return MHD_YES;
    }
    static char ok[] = "ok";
    if (strcmp(method, "GET") == 0)
        query();
    struct MHD_Response *r =
        MHD_create_response_from_buffer(2, ok, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(connection, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return rc;
}

static _Atomic bool stop;
static _Atomic uint64_t answers;
static char url[64];

static size_t ignore(char *data, size_t size, size_t n, void *arg)
{
    (void)data, (void)arg;
    return size * n;
}

static void *ask(void *arg)
{
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    while (!atomic_load(&stop))
        if (curl_easy_perform(curl) == CURLE_OK)
            atomic_fetch_add(&answers, 1);
    curl_easy_cleanup(curl);
    return arg;
}

/* ---- around the handler --------------------------------------------------
 */

static struct timings {
    _Atomic uint32_t n;
    double us[TIMINGS_MAX];
} ours, theirs;

static _Atomic unsigned turn;

static void note(struct timings *t, int64_t ns)
{
    uint32_t i = atomic_fetch_add(&t->n, 1);
    if (i < TIMINGS_MAX)
        t->us[i] = (double)ns / 1e3;
}

void __real_fk_handler_on_signal(int signo, siginfo_t *info, void *context);
void __wrap_fk_handler_on_signal(int signo, siginfo_t *info, void *context);

/* They take turns, so that both meet the same caches. */
void __wrap_fk_handler_on_signal(int signo, siginfo_t *info, void *context)
{
    void *addresses[DEPTH];
    bool odd = atomic_fetch_add(&turn, 1) % 2;
    int64_t begin = fk_mono_ns();
    if (odd)
        backtrace(addresses, DEPTH);
    else
        __real_fk_handler_on_signal(signo, info, context);
    note(odd ? &theirs : &ours, fk_mono_ns() - begin);
    if (odd)
        __real_fk_handler_on_signal(signo, info, context);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(struct timings *t)
{
    uint32_t n = t->n < TIMINGS_MAX ? t->n : TIMINGS_MAX;
    qsort(t->us, n, sizeof(t->us[0]), ascending);
    return n > 0 ? t->us[n / 2] : NAN;
}

/* ---- rows ----------------------------------------------------------------
 */

static void tell(
    const char *name, double value, const char *unit, const char *goal, bool ok)
{
    printf("bench %s %.3g %s goal %s %s\n", name, value, unit, goal,
        ok ? "ok" : "short");
}

static double resident_mb(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL || fscanf(f, "%*u %lu", &pages) != 1)
        abort();
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double process_cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static flamekit_stats stats(void)
{
    flamekit_stats s;
    flamekit_get_stats(&s);
    return s;
}

static int64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

/* The CPU time that starting took here; the rest is done by its thread. */
static int64_t start_agent(unsigned rate, unsigned upload_ms)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "bench.agent";
    c.server_address = url;
    c.sample_rate = rate;
    c.upload_interval_ms = upload_ms;
    c.log_level = FLAMEKIT_LOG_NONE;
    int64_t begin = thread_cpu_ns();
    if (flamekit_configure(&c) != 0)
        abort();
    int64_t used = thread_cpu_ns() - begin;
    while (stats().signals == 0)
        fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_S / 10);
    /* Every thread has been found, and its stack's bounds learnt. */
    fk_sleep_until_mono(fk_mono_ns() + FK_NS_PER_S / 2);
    return used;
}

/* The first start of the process: nothing of it was ever touched. */
static void begin_and_go_on(void)
{
    double ms = (double)start_agent(100, UPLOAD_MS) / 1e6;
    tell("agent_start", ms, "ms", "1", ms <= 1);
    flamekit_stats from = stats();
    ms = (double)from.agent_cpu_ns / 1e6;
    tell("agent_tables", ms, "ms", "100", ms <= 100);
    int64_t begin = fk_mono_ns();
    fk_sleep_until_mono(begin + 2 * UPLOAD_MS * FK_NS_PER_MS);
    flamekit_stats to = stats();
    double share = 100 * (double)(to.agent_cpu_ns - from.agent_cpu_ns) /
                   (double)(fk_mono_ns() - begin);
    printf("# %llu uploads in 30 s, %llu failed\n",
        (unsigned long long)to.uploads_ok,
        (unsigned long long)to.uploads_failed);
    tell("agent_thread", share, "%_of_a_core", "0.2", share <= 0.2);
    flamekit_shutdown();
}

static void whole_stacks(const flamekit_stats *from, const flamekit_stats *to)
{
    uint64_t all = to->signals - from->signals;
    uint64_t whole = to->unwind_stops[FK_UNWIND_COMPLETE] -
                     from->unwind_stops[FK_UNWIND_COMPLETE];
    double share = 100 * (double)whole / (double)all;
    printf("# %llu of %llu stacks\n", (unsigned long long)whole,
        (unsigned long long)all);
    tell("agent_whole_stacks", share, "%", ">=99.5", share >= 99.5);
}

static void account(unsigned rate, int64_t ns)
{
    char name[32];
    start_agent(rate, 1000);
    flamekit_stats from = stats();
    double cpu = process_cpu_s();
    fk_sleep_until_mono(fk_mono_ns() + ns);
    flamekit_stats to = stats();
    /* What the agent's own thread uses is in no profile. */
    cpu = process_cpu_s() - cpu -
          (double)(to.agent_cpu_ns - from.agent_cpu_ns) / 1e9;
    double seen = (double)(to.samples - from.samples) / rate;
    snprintf(name, sizeof(name), "agent_cpu_total_%uhz", rate);
    tell(name, 100 * (seen / cpu - 1), "%_off", "2",
        fabs(seen / cpu - 1) <= 0.02);
    if (rate == 1000)
        whole_stacks(&from, &to);
    flamekit_shutdown();
}

int main(int argc, char **argv)
{
    int64_t ns = (argc > 1 ? strtol(argv[1], NULL, 10) : 5) * FK_NS_PER_S;
    void *once[1];
    backtrace(once, 1); /* loads its library outside of any handler */
    curl_global_init(CURL_GLOBAL_ALL);
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL, answer,
        NULL, MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_END);
    if (d == NULL)
        return 1;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/", info->port);
    pthread_t clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, ask, NULL);
    fk_sleep_until_mono(fk_mono_ns() + ns / 2);
    double before = resident_mb();
    begin_and_go_on();
    account(100, ns);
    ours.n = theirs.n = 0; /* the goal is that of many samples */
    account(1000, ns);
    double more = resident_mb() - before;
    tell("agent_resident", more, "MB", "12", more <= 12);
    double us = median(&ours), other = median(&theirs);
    tell("agent_handler", us, "us", "3", us <= 3);
    tell("agent_handler_vs_backtrace", us / other, "ratio", "0.25",
        us / other <= 0.25);
    atomic_store(&stop, true);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    MHD_stop_daemon(d);
    printf("# %llu answers\n", (unsigned long long)answers);
    return 0;
}
