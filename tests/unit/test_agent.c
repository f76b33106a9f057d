/* The agent from end to end: a program with known shares, profiled at full
 * speed, and what a server receives from it. */
#include "agent/flamekit.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <time.h>

#include "common/clock.h"
#include "common/rng.h"
#include "tests/fakeserver.h"
#include "tests/received.h"
#include "tests/tap.h"

static volatile uint64_t sink;

__attribute__((noipa)) static void burn(int64_t cpu_ns)
{
    struct timespec t;
    int64_t now, until = 0;
    do {
        for (int i = 0; i < 2000; i++)
            sink = sink * 2654435761u + 1;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        now = t.tv_sec * FK_NS_PER_S + t.tv_nsec;
        if (until == 0)
            until = now + cpu_ns;
    } while (now < until);
    __asm__ volatile("");
}

__attribute__((noipa)) static void three_quarters(int64_t unit_ns)
{
    burn(3 * unit_ns);
    __asm__ volatile("");
}

__attribute__((noipa)) static void one_quarter(int64_t unit_ns)
{
    burn(unit_ns);
    __asm__ volatile("");
}

/* Rounds of different lengths, out of step with the scheduler's tick. */
__attribute__((noipa)) static void work(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        int64_t unit =
            500000 + (int64_t)fk_rng_below(fk_rng_at(1, (uint64_t)i), 1000000);
        three_quarters(unit);
        one_quarter(unit);
    }
    __asm__ volatile("");
}

static flamekit_config config_for(struct fake_server *server, unsigned rate)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "test.agent";
    c.server_address = fake_server_url(server);
    c.sample_rate = rate;
    c.upload_interval_ms = 3600000;
    return c;
}

TEST(a_75_25_split_arrives_with_names_and_paths)
{
    struct fake_server *server = fake_server_start(FAKE_OK);
    flamekit_config c = config_for(server, 1000);
    flamekit_tag tags[] = {{"env", "workshop"}, {"version", "1.0.0"}};
    c.tags = tags;
    c.num_tags = 2;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_configure(&c), -EALREADY);
    CHECK_INT(flamekit_thread_register("main"), 0);
    work(400);
    CHECK_INT(flamekit_flush(5000), 0);
    flamekit_shutdown();

    size_t len;
    const void *body = fake_server_body(server, 0, &len);
    struct received r;
    received_read(&r, body, len);
    CHECK(fk_slice_eqz(
        fk_labels_get(&r.labels, FK_SLICE("service_name")), "test.agent"));
    CHECK(fk_slice_eqz(
        fk_labels_get(&r.labels, FK_SLICE("__name__")), "process_cpu"));
    CHECK(fk_slice_eqz(fk_labels_get(&r.labels, FK_SLICE("env")), "workshop"));
    CHECK_INT(r.labels.count, 4);
    CHECK_INT(r.id.len, 36);
    CHECK(strstr(fake_server_head(server, 0),
              "POST /push.v1.PusherService/Push HTTP/1.1\r\n") != NULL);
    CHECK(strstr(fake_server_head(server, 0),
              "Content-Type: application/proto\r\n") != NULL);
    CHECK(strstr(fake_server_head(server, 0), "Content-Encoding: gzip\r\n") !=
          NULL);

    CHECK_INT(r.profile.num_types, 2);
    CHECK(fk_slice_eqz(r.profile.types[1].type, "cpu"));
    CHECK(fk_slice_eqz(r.profile.types[1].unit, "nanoseconds"));
    CHECK_INT(r.profile.period, 1000000);

    int64_t all = received_total(&r, 0);
    static const char *const heavy[] = {"burn", "three_quarters", "work", NULL};
    static const char *const light[] = {"burn", "one_quarter", "work", NULL};
    int64_t a = received_sum(&r, 0, heavy), b = received_sum(&r, 0, light);
    tap_diag("%lld samples, heavy %lld, light %lld, %u stacks", (long long)all,
        (long long)a, (long long)b, r.profile.num_samples);
    CHECK(all >= 1400);
    CHECK(a + b >= all * 98 / 100);
    /* Overruns come in lumps of about four at 250 ticks a second. */
    double n = (double)(a + b) / 4, sigma = sqrt(0.75 * 0.25 / n);
    CHECK(fabs((double)a / (double)(a + b) - 0.75) < 3 * sigma);
    CHECK_INT(received_total(&r, 1), all * 1000000);
    received_free(&r);
    fake_server_stop(server);
}

TAP_MAIN
