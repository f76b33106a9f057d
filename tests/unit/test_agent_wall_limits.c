/*
 * Sandboxes: what the kernel refuses is left out, the rest goes on, and the
 * host is told once. Pitfalls 28 and 29.
 */
#include "agent/flamekit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

static sem_t forever;
static _Atomic unsigned told;
static char last_told[512];

static void note(int level, const char *message, void *arg)
{
    (void)arg;
    if (level < FLAMEKIT_LOG_WARN || strncmp(message, "wall:", 5) != 0)
        return;
    snprintf(last_told, sizeof(last_told), "%s", message);
    told++;
}

__attribute__((noipa)) static void waits(void)
{
    sem_wait(&forever);
    __asm__ volatile("");
}

static void *waiter(void *arg)
{
    waits();
    return arg;
}

static void start_wall(void)
{
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    c.log = note;
    CHECK_INT(flamekit_configure(&c), 0);
    flamekit_thread_register("main");
    host_wait_sampled();
    pthread_t t;
    CHECK_INT(pthread_create(&t, NULL, waiter, NULL), 0);
    host_nap_ms(300);
}

static void receive(struct received *r)
{
    size_t len;
    CHECK_INT(flamekit_flush(10000), 0);
    unsigned last = fake_server_count(host_server()) - 1;
    const void *bytes = fake_server_body(host_server(), last, &len);
    CHECK(received_read_named(r, bytes, len, "wall"));
}

/* Until what was seen before the sandbox is gone. */
static void in_sandbox(struct received *r)
{
    sem_post(&forever); /* that waiter ends: a new one is met in the sandbox */
    pthread_t t;
    host_nap_ms(100);
    CHECK_INT(flamekit_flush(10000), 0);
    CHECK_INT(pthread_create(&t, NULL, waiter, NULL), 0);
    host_burn(200 * FK_NS_PER_MS);
    host_nap_ms(800);
    receive(r);
}

/* One call fails with EPERM from now on; `number2` may be the same. For all
 * threads, as a container's filter does. */
static void forbid(unsigned number, unsigned number2)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog all = {sizeof(program) / sizeof(program[0]), program};
    CHECK_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
            &all) != 0)
        tap_skip("no seccomp here");
}

TEST(pitfall_29_without_process_vm_readv_stacks_are_read_from_proc)
{
    struct received r;
    start_wall();
    forbid(SYS_process_vm_readv, SYS_process_vm_readv);
    in_sandbox(&r);
    static const char *const path[] = {"waits", "waiter", NULL};
    CHECK(received_sum(&r, 0, path) > 500 * FK_NS_PER_MS);
    CHECK_INT(host_stats().wall_limits, 0);
    CHECK_INT(told, 0);
    flamekit_shutdown();
    received_free(&r);
}

TEST(pitfall_29_without_proc_waiting_is_seen_but_not_where)
{
    struct received r;
    start_wall();
    forbid(SYS_openat, SYS_open_by_handle_at);
    in_sandbox(&r);
    CHECK(received_of(&r, 0, "[waiting]") > 300 * FK_NS_PER_MS);
    /* Files with names cannot be read either, but what runs has a stack. */
    CHECK(received_total(&r, 0) - received_of(&r, 0, "[waiting]") >
          100 * FK_NS_PER_MS);
    CHECK_INT(host_stats().wall_limits, FLAMEKIT_WALL_NO_PLACES);
    CHECK_INT(told, 1);
    CHECK(strstr(last_told, "[waiting]") != NULL);
    flamekit_shutdown();
    received_free(&r);
}

/* CPU timers are refused: the program runs on, every thread is counted as
 * unsampled, and the wall-clock profile shows the time all the same. */
TEST(pitfall_29_without_timers_running_is_seen_by_the_clock)
{
    struct received r;
    forbid(SYS_timer_create, SYS_timer_settime);
    flamekit_config c = host_config(100);
    c.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    c.log_level = FLAMEKIT_LOG_NONE;
    CHECK_INT(flamekit_configure(&c), 0);
    int64_t until = fk_mono_ns() + 10 * FK_NS_PER_S;
    while (host_stats().no_timer == 0 && fk_mono_ns() < until)
        host_nap_ms(10);
    CHECK(host_stats().no_timer > 0);
    host_burn(400 * FK_NS_PER_MS);
    host_nap_ms(100);
    receive(&r);
    CHECK(received_of(&r, 0, "[running]") > 200 * FK_NS_PER_MS);
    CHECK_INT(host_stats().samples, 0);
    flamekit_shutdown();
    received_free(&r);
}

TEST(pitfall_28_a_process_that_is_not_dumpable)
{
    struct received r;
    if (getuid() != 0)
        tap_skip("only root can become somebody else");
    start_wall();
    CHECK_INT(setresgid(65534, 65534, 65534), 0);
    CHECK_INT(setresuid(65534, 65534, 65534), 0);
    CHECK_INT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    in_sandbox(&r);
    CHECK(received_of(&r, 0, "[waiting]") > 300 * FK_NS_PER_MS);
    CHECK(received_of(&r, 0, "host_burn") > 100 * FK_NS_PER_MS);
    CHECK_INT(host_stats().wall_limits, FLAMEKIT_WALL_NO_PLACES);
    CHECK_INT(told, 1);
    tap_diag("%s", last_told);
    flamekit_shutdown();
    received_free(&r);
}

/* ---- fork -----------------------------------------------------------------*/

TEST(pitfall_12_children_can_fork_off_and_start_again)
{
    start_wall();
    for (int i = 0; i < 30; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            if (i % 10 == 0) {
                flamekit_config c = host_config(100);
                c.profile_types = FLAMEKIT_PROFILE_WALL;
                c.server_address = "http://127.0.0.1:1";
                c.log_level = FLAMEKIT_LOG_NONE;
                if (flamekit_configure(&c) != 0)
                    _exit(3);
                host_nap_ms(250);
                if (host_stats().wall_round_ns == 0)
                    _exit(4);
                flamekit_shutdown();
            }
            _exit(0);
        }
        host_child_ends(pid);
    }
    struct received r;
    receive(&r);
    received_free(&r);
    flamekit_shutdown();
}

TAP_MAIN
