/* What arrives at the server: whole, with its tags, without the agent, and
 * without gaps. Numbers are the pitfalls of the agent's design. */
#include "agent/flamekit.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

__attribute__((noipa)) static void only_tagged(void)
{
    host_spin(3000);
    __asm__ volatile("");
}

__attribute__((noipa)) static void never_tagged(void)
{
    host_spin(3000);
    __asm__ volatile("");
}

TEST(pitfall_37_no_sample_without_its_tag)
{
    host_start(1000);
    host_wait_sampled();
    flamekit_flush(5000);
    uint64_t until = host_stats().signals + HOST_FULL(300, 60);
    while (host_stats().signals < until) {
        {
            FLAMEKIT_TAG("tag", "x");
            only_tagged();
        }
        never_tagged();
    }
    unsigned at = fake_server_count(host_server());
    CHECK_INT(flamekit_flush(5000), 0);
    flamekit_shutdown();
    struct received r;
    size_t len;
    const void *body = fake_server_body(host_server(), at, &len);
    received_read(&r, body, len);
    unsigned tagged = 0, bare = 0;
    for (uint32_t i = 0; i < r.profile.num_samples; i++) {
        const struct fk_pprof_sample *s = &r.profile.samples[i];
        bool has = sample_has_label(s, "tag", "x");
        if (sample_has_function(&r, s, "only_tagged"))
            CHECK(has);
        if (sample_has_function(&r, s, "never_tagged"))
            CHECK(!has);
        tagged += sample_has_function(&r, s, "only_tagged");
        bare += sample_has_function(&r, s, "never_tagged");
    }
    CHECK(tagged > 0 && bare > 0);
    received_free(&r);
}

TEST(pitfall_44_the_agent_is_not_in_its_profiles)
{
    flamekit_config c = host_config(1000);
    c.upload_interval_ms = 100;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_wait_sampled();
    /* Calls into the agent, from the program's own thread. */
    int64_t until = fk_mono_ns() + 800 * FK_NS_PER_MS;
    while (fk_mono_ns() < until)
        for (int i = 0; i < 1000; i++) {
            FLAMEKIT_TAG("k", i % 2 ? "a" : "b");
        }
    flamekit_shutdown();
    static const char *const ours[] = {"worker_main", "fk_collect_take",
        "fk_handler_on_signal", "flamekit_tag_push", "fk_labels_with", NULL};
    CHECK(fake_server_count(host_server()) >= 3);
    for (unsigned i = 0; i < fake_server_count(host_server()) && i < 64; i++) {
        struct received r;
        size_t len;
        const void *body = fake_server_body(host_server(), i, &len);
        received_read(&r, body, len);
        for (int f = 0; ours[f] != NULL; f++)
            if (received_of(&r, 0, ours[f]) != 0)
                tap_fail(__FILE__, __LINE__, "%s is in profile %u", ours[f], i);
        received_free(&r);
    }
}

/* Pitfalls 46 and 47: profiles tile the timeline, whatever the wall clock
 * says; durations are what really went by. */
TEST(pitfall_47_profiles_tile_the_timeline)
{
    flamekit_config c = host_config(1000);
    c.upload_interval_ms = 500;
    int64_t start = fk_mono_ns();
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_wait_sampled();
    int64_t sampled = fk_mono_ns();
    /* Never idle, so that no interval is empty and left out; long intervals,
     * because a busy machine may give this thread nothing for a while. */
    while (fk_mono_ns() < sampled + 5000 * FK_NS_PER_MS)
        host_spin(10000);
    int64_t inner = fk_mono_ns() - sampled;
    host_wait_sampled(); /* or the last interval could be empty */
    flamekit_shutdown();
    int64_t outer = fk_mono_ns() - start, sum = 0, end = 0;
    unsigned n = fake_server_count(host_server());
    CHECK(n >= 8 && n < 64);
    for (unsigned i = 0; i < n; i++) {
        struct received r;
        size_t len;
        const void *body = fake_server_body(host_server(), i, &len);
        received_read(&r, body, len);
        if (i > 0)
            CHECK_INT(r.profile.time_ns, end);
        end = r.profile.time_ns + r.profile.duration_ns;
        sum += r.profile.duration_ns;
        received_free(&r);
    }
    tap_diag("%u profiles, %.1f ms in %.1f to %.1f", n, (double)sum / 1e6,
        (double)inner / 1e6, (double)outer / 1e6);
    CHECK(inner <= sum && sum <= outer);
    CHECK(llabs(end - fk_wall_ns()) < FK_NS_PER_S);
}

TEST(samples_add_up)
{
    flamekit_config c = host_config(1000);
    c.upload_interval_ms = 100;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_burn(500 * FK_NS_PER_MS);
    flamekit_shutdown();
    flamekit_stats s = host_stats();
    int64_t arrived = 0;
    for (unsigned i = 0; i < fake_server_count(host_server()); i++) {
        struct received r;
        size_t len;
        const void *body = fake_server_body(host_server(), i, &len);
        received_read(&r, body, len);
        arrived += received_total(&r, 0);
        received_free(&r);
    }
    CHECK(s.samples > 400);
    CHECK_INT(s.samples, arrived);
    CHECK_INT(s.weight_uploaded, arrived);
    CHECK_INT(s.lost, 0);
}

/* The same of the wall clock: every nanosecond in the table arrives. */
TEST(wall_clock_time_adds_up)
{
    flamekit_config c = host_config(1000);
    c.upload_interval_ms = 100;
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_burn(200 * FK_NS_PER_MS);
    host_nap_ms(300);
    flamekit_shutdown();
    flamekit_stats s = host_stats();
    int64_t arrived = 0;
    for (unsigned i = 0; i < fake_server_count(host_server()); i++) {
        struct received r;
        size_t len;
        const void *body = fake_server_body(host_server(), i, &len);
        if (received_read_named(&r, body, len, "wall"))
            arrived += received_total(&r, 0);
        received_free(&r);
    }
    CHECK(s.wall_ns > 100 * FK_NS_PER_MS);
    CHECK_INT(s.wall_lost_ns, 0);
    CHECK_INT(s.wall_dropped_ns, 0);
    CHECK_INT(s.wall_uploaded_ns, arrived);
    CHECK_INT(s.wall_ns, arrived);
}

TEST(exit_uploads_what_is_left)
{
    host_server(); /* before the fork, so that both see it */
    pid_t pid = fork();
    if (pid == 0) {
        host_start(1000);
        host_wait_sampled();
        host_burn(50 * FK_NS_PER_MS);
        exit(0);
    }
    host_child_ends(pid);
    CHECK_INT(fake_server_count(host_server()), 1);
    struct received r;
    size_t len;
    const void *body = fake_server_body(host_server(), 0, &len);
    received_read(&r, body, len);
    CHECK(received_total(&r, 0) >= 40);
    received_free(&r);
}

TAP_MAIN
