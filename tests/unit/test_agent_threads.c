/* Every thread is sampled alike, and coming and going leaves nothing behind.
 * Numbers are the pitfalls of the agent's design. */
#include "agent/flamekit.h"

#include <errno.h>
#include <link.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/cputimer.h"
#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

static void weights_match_cpu_time(unsigned rate)
{
    host_start(rate);
    host_wait_sampled();
    uint64_t before = host_stats().samples;
    int64_t cpu_before = host_cpu_ns();
    host_burn(1200 * FK_NS_PER_MS);
    int64_t cpu = host_cpu_ns() - cpu_before;
    double got = (double)(host_stats().samples - before) / rate * 1e9;
    tap_diag("%u Hz: %.1f %% of the CPU time", rate, 100 * got / (double)cpu);
    /* One tick at either end, and this thread is nearly all there is. */
    CHECK(fabs(got - (double)cpu) < 0.03 * (double)cpu);
    CHECK_INT(host_stats().lost, 0);
    flamekit_shutdown();
}

TEST(pitfall_6_weights_match_at_100_hz)
{
    weights_match_cpu_time(100);
}

TEST(pitfall_6_weights_match_at_250_hz)
{
    weights_match_cpu_time(250);
}

TEST(pitfall_6_weights_match_at_1000_hz)
{
    weights_match_cpu_time(1000);
}

#define NUM_FAIR 8

static void *burn_a_second(void *arg)
{
    flamekit_thread_register("fair");
    *(int64_t *)arg = host_cpu_ns();
    host_burn(1000 * FK_NS_PER_MS);
    *(int64_t *)arg = (int64_t)syscall(SYS_gettid);
    return NULL;
}

TEST(pitfall_7_threads_are_treated_alike)
{
    flamekit_config c = host_config(250);
    c.report_thread_id = 1;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register("main"), 0);
    host_wait_sampled();
    pthread_t threads[NUM_FAIR];
    int64_t tids[NUM_FAIR];
    for (int i = 0; i < NUM_FAIR; i++)
        CHECK_INT(
            pthread_create(&threads[i], NULL, burn_a_second, &tids[i]), 0);
    for (int i = 0; i < NUM_FAIR; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(flamekit_flush(5000), 0);
    flamekit_shutdown();
    struct received r;
    size_t len;
    const void *body = fake_server_body(host_server(), 0, &len);
    received_read(&r, body, len);
    for (int i = 0; i < NUM_FAIR; i++) {
        char tid[24];
        snprintf(tid, sizeof(tid), "%lld", (long long)tids[i]);
        int64_t n = received_label(&r, 0, "thread_id", tid);
        tap_diag("thread %s: %.1f %%", tid, 100 * (double)n / 250);
        CHECK(n >= 237 && n <= 263);
    }
    received_free(&r);
}

static unsigned count_timers(void)
{
    FILE *f = fopen("/proc/self/timers", "re");
    char line[256];
    unsigned n = 0;
    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        n += strncmp(line, "ID:", 3) == 0;
    if (f != NULL)
        fclose(f);
    return n;
}

static void *leave_early(void *arg)
{
    flamekit_thread_register(NULL);
    if (arg != NULL)
        pthread_exit(NULL);
    return NULL;
}

TEST(pitfall_9_timers_do_not_leak)
{
    host_start(100);
    host_wait_sampled();
    unsigned before = count_timers();
    for (uintptr_t i = 0; i < HOST_FULL(3000, 500); i++) {
        pthread_t t;
        CHECK_INT(pthread_create(&t, NULL, leave_early, (void *)(i & 1)), 0);
        pthread_join(t, NULL);
    }
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (count_timers() > before && fk_mono_ns() < until)
        host_nap_ms(20);
    CHECK(count_timers() <= before);
    flamekit_shutdown();
    CHECK_INT(count_timers(), 0);
}

static _Atomic bool leave;

static void *wait_to_leave(void *arg)
{
    while (!atomic_load(&leave))
        host_nap_ms(10);
    return arg;
}

TEST(pitfall_10_too_few_timers)
{
    struct rlimit limit = {16, 16};
    CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
    host_start(100);
    pthread_t threads[64];
    for (int i = 0; i < 64; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, wait_to_leave, NULL), 0);
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (host_stats().no_timer == 0 && fk_mono_ns() < until)
        host_nap_ms(10);
    CHECK(host_stats().no_timer > 0);
    atomic_store(&leave, true);
    for (int i = 0; i < 64; i++)
        pthread_join(threads[i], NULL);
    flamekit_shutdown();
}

static void child_work(void)
{
    char text[64];
    void *p = malloc(1000);
    snprintf(text, sizeof(text), "%p", p);
    free(p);
    host_burn(2 * FK_NS_PER_MS);
}

TEST(pitfall_12_forked_children_run_and_upload_nothing)
{
    flamekit_config c = host_config(1000);
    c.upload_interval_ms = 100;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_wait_sampled();
    pthread_t other;
    CHECK_INT(pthread_create(&other, NULL, wait_to_leave, NULL), 0);
    uint64_t parent_samples = host_stats().samples;
    for (int i = 0; i < HOST_FULL(200, 20); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            child_work();
            if (flamekit_flush(10) != -ESRCH)
                _exit(3);
            host_exit();
        }
        host_child_ends(pid);
    }
    atomic_store(&leave, true);
    pthread_join(other, NULL);
    host_spin(10000000);
    flamekit_shutdown();
    CHECK(host_stats().samples > parent_samples);
    CHECK_INT(host_stats().uploads_ok, fake_server_count(host_server()));
}

TEST(pitfall_12_a_child_may_start_its_own_agent)
{
    host_start(1000);
    host_wait_sampled();
    pid_t pid = fork();
    if (pid == 0) {
        flamekit_config c = host_config(1000);
        int rc = flamekit_configure(&c);
        if (rc != 0 || flamekit_thread_register(NULL) != 0)
            _exit(3);
        int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
        while (host_stats().signals == 0 && fk_mono_ns() < until)
            host_spin(100000);
        _exit(host_stats().signals > 0 && fk_cputimer_signal() == SIGPROF ? 0
                                                                          : 4);
    }
    host_child_ends(pid);
    flamekit_shutdown();
}

/* In the loader, where the agent reads the objects before it samples. */
static struct {
    _Atomic bool inside, leave;
} loader;

static int stay(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)info, (void)size, (void)arg;
    atomic_store(&loader.inside, true);
    while (!atomic_load(&loader.leave))
        host_nap_ms(1);
    return 1;
}

static void *stay_in_loader(void *arg)
{
    dl_iterate_phdr(stay, NULL);
    return arg;
}

TEST(cpu_time_before_the_first_tables_is_counted)
{
    pthread_t thread;
    CHECK_INT(pthread_create(&thread, NULL, stay_in_loader, NULL), 0);
    while (!atomic_load(&loader.inside))
        host_nap_ms(1);
    int64_t before = fk_cpu_ns();
    host_start(1000);
    host_burn(200 * FK_NS_PER_MS);
    CHECK_INT(host_stats().samples, 0);
    atomic_store(&loader.leave, true);
    pthread_join(thread, NULL);
    host_wait_sampled();
    host_burn(200 * FK_NS_PER_MS);
    CHECK_INT(flamekit_flush(10000), 0); /* publishes the agent's own time */
    flamekit_stats s = host_stats();
    double used = (double)(fk_cpu_ns() - before);
    double known = (double)(s.samples * FK_NS_PER_MS + s.cpu_unsampled_ns +
                            s.agent_cpu_ns);
    tap_diag("unsampled %.0f ms, known %.1f %% of the CPU time",
        (double)s.cpu_unsampled_ns / 1e6, 100 * known / used);
    CHECK(s.cpu_unsampled_ns >= 200 * FK_NS_PER_MS);
    CHECK(fabs(known - used) < 0.05 * used);
    flamekit_shutdown();
}

static void start_with_restart(unsigned interval_ms)
{
    flamekit_config c = host_config(1000);
    c.after_fork = FLAMEKIT_FORK_RESTART;
    c.upload_interval_ms = interval_ms;
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
    host_wait_sampled();
}

/* How many profiles arrived with this pid; none twice. */
static unsigned count_with_pid(const char *pid)
{
    unsigned with = 0, n = fake_server_count(host_server());
    struct received r, other;
    for (unsigned i = 0; i < n && i < 64; i++) {
        size_t len;
        const void *body = fake_server_body(host_server(), i, &len);
        received_read(&r, body, len);
        with += received_label(&r, 0, "pid", pid) > 0;
        for (unsigned k = 0; k < i; k++) {
            body = fake_server_body(host_server(), k, &len);
            received_read(&other, body, len);
            CHECK(!fk_slice_eq(r.id, other.id));
            received_free(&other);
        }
        received_free(&r);
    }
    return with;
}

static pid_t fork_sampled(bool by_call)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (by_call && flamekit_thread_register(NULL) != 0)
        _exit(3);
    int64_t until = fk_mono_ns() + 10 * FK_NS_PER_S;
    do
        host_burn(10 * FK_NS_PER_MS);
    while (host_stats().uploads_ok == 0 && fk_mono_ns() < until &&
           (host_stats().samples < 20 || flamekit_flush(3000) != 0));
    host_exit();
}

TEST(pitfall_12_a_child_starts_again_by_itself)
{
    start_with_restart(3600000);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork_sampled(i == 1);
        char text[16];
        host_child_ends(pid);
        snprintf(text, sizeof(text), "%d", (int)pid);
        CHECK(count_with_pid(text) >= 1);
    }
    CHECK_INT(flamekit_flush(3000), 0);
    char own[16];
    snprintf(own, sizeof(own), "%d", (int)getpid());
    CHECK_INT(count_with_pid(own), 0);
    flamekit_shutdown();
}

/* Short-lived children end before they would start again, and nobody hangs. */
TEST_TIMED(pitfall_12_children_that_end_at_once_upload_nothing, 120)
{
    bool late = false;
    start_with_restart(100);
    for (int i = 0; i < HOST_FULL(100, 20); i++) {
        int64_t began = fk_mono_ns();
        pid_t pid = fork();
        if (pid == 0) {
            child_work();
            host_exit();
        }
        host_child_ends(pid);
        /* On a busy machine one may live long enough to begin. */
        late = late || fk_mono_ns() - began > FK_NS_PER_S / 2;
    }
    flamekit_shutdown();
    if (!late)
        CHECK_INT(host_stats().uploads_ok, fake_server_count(host_server()));
}

/* Pitfall 11: a timer that outlived exec would kill the new program, which
 * has no handler for its signal. */
TEST(pitfall_11_exec_is_survived)
{
    host_server();
    for (int i = 0; i < HOST_FULL(20, 3); i++) {
        pid_t pid = fork();
        if (pid == 0) {
            host_start(1000);
            host_wait_sampled();
            host_burn(FK_NS_PER_MS);
            execl("/bin/sh", "sh", "-c",
                "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done",
                (char *)NULL);
            _exit(127);
        }
        host_child_ends(pid);
    }
}

static void *burn_for_ever(void *arg)
{
    while (!atomic_load(&leave))
        host_spin(1000);
    return arg;
}

TEST_TIMED(pitfall_45_start_and_stop_under_load, 120)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, burn_for_ever, NULL), 0);
    flamekit_config c = host_config(1000);
    for (int i = 0; i < HOST_FULL(1000, 50); i++) {
        CHECK_INT(flamekit_configure(&c), 0);
        CHECK_INT(flamekit_thread_register(NULL), 0);
        if (i % 50 == 0)
            host_wait_sampled();
        flamekit_shutdown();
    }
    CHECK_INT(count_timers(), 0);
    atomic_store(&leave, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

TAP_MAIN
