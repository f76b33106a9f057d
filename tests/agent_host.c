#include "tests/agent_host.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/tap.h"

static _Thread_local volatile uint64_t sink;

struct fake_server *host_server(void)
{
    static struct fake_server *server;
    if (server == NULL)
        server = fake_server_start(FAKE_OK);
    return server;
}

int64_t host_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

__attribute__((noipa)) void host_spin(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        sink = sink * 31 + 7;
    __asm__ volatile("");
}

__attribute__((noipa)) void host_burn(int64_t cpu_ns)
{
    int64_t until = host_cpu_ns() + cpu_ns;
    while (host_cpu_ns() < until)
        host_spin(2000);
    __asm__ volatile("");
}

void host_nap_ms(int64_t ms)
{
    fk_sleep_until_mono(fk_mono_ns() + ms * FK_NS_PER_MS);
}

flamekit_config host_config(unsigned rate)
{
    flamekit_config c;
    flamekit_config_init(&c);
    c.application_name = "test.agent";
    c.server_address = fake_server_url(host_server());
    c.sample_rate = rate;
    c.upload_interval_ms = 3600000;
    return c;
}

void host_start(unsigned rate)
{
    flamekit_config c = host_config(rate);
    CHECK_INT(flamekit_configure(&c), 0);
    CHECK_INT(flamekit_thread_register(NULL), 0);
}

flamekit_stats host_stats(void)
{
    flamekit_stats s;
    flamekit_get_stats(&s);
    return s;
}

void host_wait_sampled(void)
{
    uint64_t before = host_stats().signals;
    int64_t until = fk_mono_ns() + 10 * FK_NS_PER_S;
    while (host_stats().signals == before && fk_mono_ns() < until)
        host_spin(100000);
    CHECK(host_stats().signals > before);
}

_Noreturn void host_exit(void)
{
#ifdef FK_SANITIZED
    _exit(0);
#else
    exit(0);
#endif
}

/* Where each thread of it is: for whoever reads of the failure. */
static void tell_threads(pid_t pid)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/syscall", (int)pid,
            e->d_name);
        FILE *f = fopen(path, "re");
        if (f == NULL)
            continue;
        if (fgets(line, sizeof(line), f) != NULL)
            tap_diag("thread %.16s: %s", e->d_name, line);
        fclose(f);
    }
    if (dir != NULL)
        closedir(dir);
}

void host_child_ends(pid_t pid)
{
    int status;
    int64_t until = fk_mono_ns() + 40 * FK_NS_PER_S;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        host_nap_ms(1);
        if (fk_mono_ns() > until) {
            tell_threads(pid);
            kill(pid, SIGKILL);
            tap_fail(__FILE__, __LINE__, "a forked child hangs");
        }
    }
    CHECK_INT(status, 0);
}
