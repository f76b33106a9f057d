/*
 * Pitfall 43: a server that is away, slow, or answers nonsense. The program
 * is never blocked, the queue stays bounded, and when the server is back
 * profiles arrive again.
 */
#include "agent/flamekit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/fakeserver.h"
#include "tests/received.h"
#include "tests/tap.h"

#define INTERVAL_MS 100
#ifdef FK_SANITIZED
#define CHECK_FLAT(kib) (void)(kib) /* freed memory is kept for a while */
#else
#define CHECK_FLAT(kib) CHECK((kib) < 2048)
#endif

/* Burns CPU so that there is something to upload, and notes the longest time
 * that a round of calls into the agent took. */
static struct {
    pthread_t thread;
    _Atomic bool stop;
    _Atomic int64_t longest_ns;
    _Atomic uint64_t rounds;
} host;

static _Thread_local volatile uint64_t sink;

static void *host_main(void *arg)
{
    while (!atomic_load(&host.stop)) {
        for (int i = 0; i < 100000; i++)
            sink = sink * 31 + 7;
        int64_t start = fk_mono_ns();
        {
            FLAMEKIT_TAG("endpoint", "/x");
            flamekit_stats s;
            flamekit_get_stats(&s);
            flamekit_thread_register("host");
        }
        int64_t took = fk_mono_ns() - start;
        if (took > atomic_load(&host.longest_ns))
            atomic_store(&host.longest_ns, took);
        atomic_fetch_add(&host.rounds, 1);
    }
    return arg;
}

static unsigned warnings_told;

static void count_warnings(int level, const char *message, void *arg)
{
    (void)message;
    (void)arg;
    warnings_told += level >= FLAMEKIT_LOG_WARN;
}

static void start(const char *url)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "test.server";
    c.server_address = url;
    c.sample_rate = 250;
    c.upload_interval_ms = INTERVAL_MS;
    c.push_queue_capacity = 4;
    c.log = count_warnings;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(pthread_create(&host.thread, NULL, host_main, NULL), 0);
}

static void stop(void)
{
    atomic_store(&host.stop, true);
    pthread_join(host.thread, NULL);
    flamekit_shutdown();
}

static flamekit_stats stats(void)
{
    flamekit_stats s;
    flamekit_get_stats(&s);
    return s;
}

typedef bool (*condition_fn)(const flamekit_stats *s);

static bool wait_for(condition_fn ok, int seconds)
{
    int64_t until = fk_mono_ns() + seconds * FK_NS_PER_S;
    flamekit_stats s = stats();
    while (!ok(&s) && fk_mono_ns() < until) {
        fk_sleep_until_mono(fk_mono_ns() + 10 * FK_NS_PER_MS);
        s = stats();
    }
    return ok(&s);
}

static bool dropped_some(const flamekit_stats *s)
{
    return s->uploads_dropped >= 3;
}

static bool failed_some(const flamekit_stats *s)
{
    return s->uploads_failed >= 2;
}

static bool sent_some(const flamekit_stats *s)
{
    return s->uploads_ok >= 2;
}

static void check_host_was_free(void)
{
    tap_diag("longest call %.2f ms", (double)host.longest_ns / 1e6);
    CHECK(atomic_load(&host.rounds) > 10);
    /* Far below a time-out of the network; above a busy scheduler. */
    CHECK(atomic_load(&host.longest_ns) < 1000 * FK_NS_PER_MS);
    CHECK(stats().queued <= 4);
}

/* Trouble, then recovery. */
static void bad_then_good(enum fake_mode mode)
{
    struct fake_server *server = fake_server_start(mode);
    start(fake_server_url(server));
    CHECK(wait_for(mode == FAKE_SILENT ? dropped_some : failed_some, 20));
    CHECK_INT(stats().uploads_ok, 0);
    check_host_was_free();
    fake_server_set(server, FAKE_OK);
    CHECK(wait_for(sent_some, 20));
    stop();
    flamekit_stats s = stats();
    CHECK_INT(s.samples, s.weight_uploaded + s.weight_dropped);
    CHECK_INT(s.queued, 0);
    CHECK(warnings_told <= 4);
    fake_server_stop(server);
}

TEST(pitfall_43_answers_500)
{
    bad_then_good(FAKE_500);
}

TEST(pitfall_43_answers_429)
{
    bad_then_good(FAKE_429);
}

TEST(pitfall_43_resets_the_connection)
{
    bad_then_good(FAKE_RESET);
}

TEST(pitfall_43_sends_half_a_response)
{
    bad_then_good(FAKE_HALF);
}

TEST(pitfall_43_answers_garbage)
{
    bad_then_good(FAKE_GARBAGE);
}

TEST(pitfall_43_takes_the_request_and_says_nothing)
{
    bad_then_good(FAKE_SILENT);
}

TEST(a_refused_profile_is_not_sent_again)
{
    struct fake_server *server = fake_server_start(FAKE_400);
    start(fake_server_url(server));
    CHECK(wait_for(dropped_some, 20));
    stop();
    flamekit_stats s = stats();
    CHECK_INT(s.uploads_ok, 0);
    CHECK_INT(s.uploads_failed, fake_server_count(server));
    CHECK_INT(s.uploads_dropped, s.uploads_failed);
    fake_server_stop(server);
}

TEST(an_endless_answer_is_cut_and_counts_as_taken)
{
    struct fake_server *server = fake_server_start(FAKE_ENDLESS);
    start(fake_server_url(server));
    CHECK(wait_for(sent_some, 20));
    check_host_was_free();
    stop();
    fake_server_stop(server);
}

TEST(pitfall_43_server_away)
{
    /* A port that was free a moment ago. */
    struct fake_server *server = fake_server_start(FAKE_OK);
    char url[64];
    strncat(
        memset(url, 0, sizeof(url)), fake_server_url(server), sizeof(url) - 1);
    fake_server_stop(server);
    start(url);
    CHECK(wait_for(dropped_some, 30));
    check_host_was_free();
    CHECK_INT(flamekit_flush(5000), -EAGAIN);
    int64_t before = fk_mono_ns();
    stop();
    /* Nobody waits two seconds for a server that refuses at once. */
    CHECK(fk_mono_ns() - before < 1500 * FK_NS_PER_MS);
    flamekit_stats s = stats();
    CHECK_INT(s.samples, s.weight_dropped);
    CHECK_INT(warnings_told, 1);
}

static long resident_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long total = 0, resident = 0;
    CHECK(f != NULL);
    CHECK_INT(fscanf(f, "%ld %ld", &total, &resident), 2);
    fclose(f);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static bool dropped_many(const flamekit_stats *s)
{
    return s->uploads_dropped >= 40;
}

/* Tags that change all the time make every profile different and large. */
static void *tag_for_ever(void *arg)
{
    for (unsigned i = 0; !atomic_load(&host.stop); i++) {
        char value[16];
        snprintf(value, sizeof(value), "%u", i % 1000);
        FLAMEKIT_TAG("user", value);
        for (int n = 0; n < 20000; n++)
            sink = sink * 31 + 7;
    }
    return arg;
}

TEST(pitfall_43_memory_stays_flat)
{
    struct fake_server *server = fake_server_start(FAKE_RESET);
    start(fake_server_url(server));
    pthread_t tagger;
    CHECK_INT(pthread_create(&tagger, NULL, tag_for_ever, NULL), 0);
    CHECK(wait_for(dropped_some, 20)); /* warm: queue full, tables there */
    long before = resident_kib();
    CHECK(wait_for(dropped_many, 40));
    long grown = resident_kib() - before;
    tap_diag("%ld KiB more after 40 dropped uploads", grown);
    CHECK_FLAT(grown);
    CHECK(stats().queued_bytes <= 8u << 20);
    atomic_store(&host.stop, true);
    pthread_join(tagger, NULL);
    stop();
    fake_server_stop(server);
}

TEST(shutdown_does_not_wait_for_a_silent_server)
{
    struct fake_server *server = fake_server_start(FAKE_SILENT);
    start(fake_server_url(server));
    CHECK(fake_server_wait(server, 1, 10));
    CHECK_INT(flamekit_flush(50), -ETIMEDOUT);
    int64_t before = fk_mono_ns();
    stop();
    CHECK(fk_mono_ns() - before < 4 * FK_NS_PER_S);
    fake_server_stop(server);
}

TEST(a_retry_carries_the_same_bytes_and_id)
{
    struct fake_server *server = fake_server_start(FAKE_500);
    start(fake_server_url(server));
    CHECK(fake_server_wait(server, 2, 20));
    size_t a_len, b_len;
    const void *a = fake_server_body(server, 0, &a_len);
    const void *b = fake_server_body(server, 1, &b_len);
    struct received one, two;
    received_read(&one, a, a_len);
    received_read(&two, b, b_len);
    CHECK(fk_slice_eq(one.id, two.id));
    CHECK_MEM(a, a_len, b, b_len);
    stop();
    received_free(&one);
    received_free(&two);
    fake_server_stop(server);
}

TEST(credentials_and_headers_are_sent)
{
    struct fake_server *server = fake_server_start(FAKE_OK);
    static const char *const headers[] = {"X-Extra: yes", NULL};
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "test.server";
    char url[96];
    snprintf(url, sizeof(url), "%s/prefix/", fake_server_url(server));
    c.server_address = url;
    c.tenant_id = "team-a";
    c.auth_token = "secret";
    c.http_headers = headers;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_thread_register(NULL);
    int64_t until = fk_mono_ns() + 20 * FK_NS_PER_S;
    while (stats().samples == 0 && fk_mono_ns() < until)
        for (int i = 0; i < 100000; i++)
            sink = sink * 31 + 7;
    CHECK_INT(flamekit_flush(5000), 0);
    const char *head = fake_server_head(server, 0);
    CHECK(head != NULL);
    CHECK(strstr(head, "POST /prefix/push.v1.PusherService/Push ") != NULL);
    CHECK(strstr(head, "X-Scope-OrgID: team-a\r\n") != NULL);
    CHECK(strstr(head, "Authorization: Bearer secret\r\n") != NULL);
    CHECK(strstr(head, "X-Extra: yes\r\n") != NULL);
    CHECK(strstr(head, "User-Agent: flamekit/") != NULL);
    CHECK(strstr(head, "Expect:") == NULL);
    flamekit_shutdown();
    fake_server_stop(server);
}

TEST(a_bad_address_is_told_and_harmless)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "test.server";
    c.server_address = "localhost without a scheme";
    c.log = count_warnings;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_flush(5000), -EIO);
    flamekit_shutdown();
    CHECK_INT(warnings_told, 1);
}

TAP_MAIN
