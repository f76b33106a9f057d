/*
 * Profiles itself on the path that the workshop's first exercise shows, and
 * prints how many of the samples in is_prime_slow have the whole path above
 * them: "samples N whole N". Compiled once for each compiler and level named
 * in agent/module.mk, without frame pointers.
 */
#include "agent/symbols.h"
#include "agent/unwind.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { WANTED = 300, DEPTH = 128, DEADLINE_S = 20 };

static struct sample {
    unsigned count;
    enum fk_unwind_stop why;
    uintptr_t pcs[DEPTH];
} samples[WANTED];

static volatile sig_atomic_t taken;
static struct fk_stack stack;

static void on_sigprof(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    if (taken == WANTED)
        return;
    struct fk_regs regs = fk_regs_from_ucontext(context);
    struct sample *s = &samples[taken];
    s->count =
        fk_unwind(fk_objects_current(), &regs, &stack, s->pcs, DEPTH, &s->why);
    taken++;
}

#define KEPT __attribute__((noinline))

int is_prime_slow(unsigned n);
unsigned compute_primes_slow(unsigned limit);
unsigned handle_primes_slow(unsigned limit);

KEPT int is_prime_slow(unsigned n)
{
    for (unsigned d = 2; d < n; d++)
        if (n % d == 0)
            return 0;
    return n > 1;
}

KEPT unsigned compute_primes_slow(unsigned limit)
{
    unsigned count = 0;
    for (unsigned n = 2; n < limit; n++)
        count += (unsigned)is_prime_slow(n);
    return count;
}

KEPT unsigned handle_primes_slow(unsigned limit)
{
    char line[32];
    unsigned count = compute_primes_slow(limit);
    return count + (unsigned)snprintf(line, sizeof line, "%u", count);
}

/* The name of frame i of a sample, "" when it has none. */
static const char *name_of(const struct sample *s, unsigned i)
{
    static struct fk_symbol symbol;
    struct fk_object *object =
        i < s->count ? fk_objects_locate(s->pcs[i]) : NULL;
    if (!object)
        return "";
    fk_symbols_name(object, s->pcs[i], &symbol);
    return symbol.name;
}

static int is_whole(const struct sample *s)
{
    return s->why == FK_UNWIND_COMPLETE &&
           !strcmp(name_of(s, 1), "compute_primes_slow") &&
           !strcmp(name_of(s, 2), "handle_primes_slow") &&
           !strcmp(name_of(s, 3), "main");
}

static struct fk_stack own_stack(void)
{
    pthread_attr_t attr;
    void *lo = NULL;
    size_t size = 0;
    if (!pthread_getattr_np(pthread_self(), &attr)) {
        pthread_attr_getstack(&attr, &lo, &size);
        pthread_attr_destroy(&attr);
    }
    return (struct fk_stack){(uintptr_t)lo, (uintptr_t)lo + size, 0, NULL};
}

int main(void)
{
    struct sigaction action = {
        .sa_sigaction = on_sigprof, .sa_flags = SA_SIGINFO | SA_RESTART};
    struct itimerval every_ms = {{0, 1000}, {0, 1000}};
    unsigned in_prime = 0, whole = 0;
    time_t end = time(NULL) + DEADLINE_S;
    stack = own_stack();
    if (fk_objects_refresh() != 1 || sigaction(SIGPROF, &action, NULL) ||
        setitimer(ITIMER_PROF, &every_ms, NULL))
        return 1;
    volatile unsigned total = 0;
    while (taken < WANTED && time(NULL) < end)
        total += handle_primes_slow(3000);
    for (sig_atomic_t i = 0; i < taken; i++) {
        if (strcmp(name_of(&samples[i], 0), "is_prime_slow"))
            continue;
        in_prime++;
        whole += (unsigned)is_whole(&samples[i]);
    }
    printf("samples %u whole %u\n", in_prime, whole);
    return 0;
}
