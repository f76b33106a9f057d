/* Good manners: what the program under the agent must not notice. Numbers are
 * the pitfalls of the agent's design. */
#include "agent/flamekit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "agent/cputimer.h"
#include "common/clock.h"
#include "tests/agent_host.h"
#include "tests/tap.h"

TEST(pitfall_4_errno_survives)
{
    host_start(1000);
    host_wait_sampled();
    uint64_t before = host_stats().signals;
    while (host_stats().signals < before + 200) {
        errno = 7;
        host_spin(20000);
        CHECK_INT(errno, 7);
    }
    flamekit_shutdown();
}

#if defined(__x86_64__)
/* A leaf without a frame keeps data below the stack pointer, and registers
 * that only the kernel saves. Returns 0 when all of it came back. */
static uint64_t red_zone_and_registers(uint64_t seed, uint64_t rounds)
{
    uint64_t bad = 0;
    __asm__ volatile(
        "movq %[seed], %%xmm7\n\t"
        "movq %[seed], %%xmm15\n\t"
        "fldpi\n\t"
        "movq %[seed], -8(%%rsp)\n\t"
        "movq %[seed], -64(%%rsp)\n\t"
        "movq %[seed], -128(%%rsp)\n\t"
        "movq %[seed], %%r11\n\t"
        "stc\n"
        "1:\n\t"
        "leaq -1(%[n]), %[n]\n\t"
        "pushfq\n\t" /* keeps the carry flag; -8 is rewritten below */
        "popfq\n\t"
        "jnc 2f\n\t"
        "movq %[seed], -8(%%rsp)\n\t"
        "cmpq %[seed], %%r11\n\t"
        "jne 2f\n\t"
        "stc\n\t"
        "jrcxz 3f\n\t"
        "jmp 1b\n"
        "2:\n\t"
        "movq $1, %[bad]\n"
        "3:\n\t"
        "cmpq %[seed], -8(%%rsp)\n\t"
        "jne 4f\n\t"
        "cmpq %[seed], -64(%%rsp)\n\t"
        "jne 4f\n\t"
        "cmpq %[seed], -128(%%rsp)\n\t"
        "jne 4f\n\t"
        "movq %%xmm7, %%r11\n\t"
        "cmpq %[seed], %%r11\n\t"
        "jne 4f\n\t"
        "movq %%xmm15, %%r11\n\t"
        "cmpq %[seed], %%r11\n\t"
        "jne 4f\n\t"
        "fldpi\n\t"
        "fcomip %%st(1), %%st\n\t"
        "je 5f\n"
        "4:\n\t"
        "movq $1, %[bad]\n"
        "5:\n\t"
        "fstp %%st(0)\n\t"
        : [n] "+c"(rounds), [bad] "+&r"(bad)
        : [seed] "r"(seed)
        : "r11", "xmm7", "xmm15", "cc", "memory", "st");
    return bad;
}

TEST(pitfall_5_red_zone_and_registers_survive)
{
    host_start(1000);
    host_wait_sampled();
    uint64_t before = host_stats().signals, seed = 0x123456789abcdef1;
    while (host_stats().signals < before + HOST_FULL(300, 50))
        CHECK_INT(red_zone_and_registers(seed++, 3000000), 0);
    flamekit_shutdown();
}
#endif

#ifndef FK_SANITIZED
static void *burn_on_small_stack(void *arg)
{
    flamekit_thread_register("small");
    host_burn(200 * FK_NS_PER_MS);
    return arg;
}

static ucontext_t main_context, coroutine;

static void coroutine_main(void)
{
    host_burn(300 * FK_NS_PER_MS);
    __asm__ volatile(""); /* no tail call */
}

TEST(pitfall_16_small_stacks)
{
    host_start(1000);
    host_wait_sampled();
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    CHECK_INT(pthread_attr_setstacksize(&attr, 16384), 0);
    pthread_t t;
    CHECK_INT(pthread_create(&t, &attr, burn_on_small_stack, NULL), 0);
    pthread_join(t, NULL);

    /* A coroutine on 16 KiB between two guard pages. */
    char *stack =
        mmap(NULL, 6 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED);
    CHECK_INT(mprotect(stack + 4096, 16384, PROT_READ | PROT_WRITE), 0);
    CHECK_INT(getcontext(&coroutine), 0);
    coroutine.uc_stack.ss_sp = stack + 4096;
    coroutine.uc_stack.ss_size = 16384;
    coroutine.uc_link = &main_context;
    makecontext(&coroutine, coroutine_main, 0);
    CHECK_INT(swapcontext(&main_context, &coroutine), 0);
    munmap(stack, 6 * 4096);
    host_burn(200 * FK_NS_PER_MS);
    CHECK_INT(flamekit_flush(5000), 0);
    flamekit_shutdown();

    struct received r;
    size_t len;
    const void *body = fake_server_body(host_server(), 0, &len);
    received_read(&r, body, len);
    int64_t there = received_of(&r, 0, "coroutine_main");
    static const char *const path[] = {
        "host_burn", "burn_on_small_stack", NULL};
    tap_diag("%lld in the coroutine, %lld on the small stack", (long long)there,
        (long long)received_sum(&r, 0, path));
    CHECK(there > 250);
    CHECK(received_sum(&r, 0, path) > 150);
    received_free(&r);
}
#endif

static _Atomic unsigned app_signals;

static void on_app_signal(int signo)
{
    (void)signo;
    atomic_fetch_add(&app_signals, 1);
}

TEST(pitfall_18_the_program_owns_SIGPROF)
{
    struct sigaction own = {.sa_handler = on_app_signal};
    CHECK_INT(sigaction(SIGPROF, &own, NULL), 0);
    host_start(1000);
    host_wait_sampled();
    CHECK(fk_cputimer_signal() != SIGPROF);
    raise(SIGPROF);
    CHECK_INT(atomic_load(&app_signals), 1);
    flamekit_shutdown();
    raise(SIGPROF);
    CHECK_INT(atomic_load(&app_signals), 2);
}

TEST(pitfall_18_the_program_takes_SIGPROF_later)
{
    host_start(1000);
    host_wait_sampled();
    CHECK_INT(fk_cputimer_signal(), SIGPROF);
    struct sigaction own = {.sa_handler = on_app_signal};
    own.sa_flags = SA_RESTART;
    CHECK_INT(sigaction(SIGPROF, &own, NULL), 0);
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (fk_cputimer_signal() == SIGPROF && fk_mono_ns() < until)
        host_spin(100000);
    host_wait_sampled();
    unsigned before = atomic_load(&app_signals);
    raise(SIGPROF);
    CHECK_INT(atomic_load(&app_signals), before + 1);
    flamekit_shutdown();
    struct sigaction now;
    sigaction(SIGPROF, NULL, &now);
    CHECK(now.sa_handler == on_app_signal);
}

static void *block_everything(void *arg)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    sigdelset(&all, SIGPROF);
    int got;
    sigset_t wait;
    sigfillset(&wait);
    while (sigwait(&wait, &got) == 0 && got != SIGUSR1)
        if (got == SIGPROF)
            atomic_fetch_add(&app_signals, 1);
    return arg;
}

TEST(pitfall_18_a_thread_that_waits_for_all_signals)
{
    pthread_t t;
    CHECK_INT(pthread_create(&t, NULL, block_everything, NULL), 0);
    host_nap_ms(20);
    host_start(1000);
    host_wait_sampled();
    int64_t until = fk_mono_ns() + 5 * FK_NS_PER_S;
    while (host_stats().blocked == 0 && fk_mono_ns() < until)
        host_spin(100000);
    CHECK(host_stats().blocked >= 1);
    pthread_kill(t, SIGUSR1);
    pthread_join(t, NULL);
    CHECK_INT(atomic_load(&app_signals), 0);
    flamekit_shutdown();
}

TEST(pitfall_19_signals_from_elsewhere_are_ignored)
{
    host_start(100);
    host_wait_sampled();
    uint64_t before = host_stats().ignored, samples = host_stats().samples;
    for (int i = 0; i < 50; i++)
        kill(getpid(), SIGPROF);
    pthread_kill(pthread_self(), SIGPROF);
    sigqueue(getpid(), SIGPROF, (union sigval){.sival_ptr = &before});
    CHECK(host_stats().ignored > before);
    CHECK(host_stats().samples <= samples + 3);
    flamekit_shutdown();
    struct sigaction now;
    sigaction(SIGPROF, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL);
}

TEST(switched_off_means_no_signals)
{
    host_start(1000);
    host_wait_sampled();
    CHECK_INT(flamekit_set_enabled(FLAMEKIT_PROFILE_CPU, 0), 0);
    uint64_t before = host_stats().samples;
    host_burn(200 * FK_NS_PER_MS);
    CHECK_INT(host_stats().samples, before);
    CHECK_INT(flamekit_set_enabled(FLAMEKIT_PROFILE_CPU, 1), 0);
    host_wait_sampled();
    flamekit_shutdown();
}

TAP_MAIN
