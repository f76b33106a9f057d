#include "common/clock.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * FK_NS_PER_S + t.tv_nsec;
}

int64_t fk_wall_ns(void)
{
    return now_ns(CLOCK_REALTIME);
}

int64_t fk_mono_ns(void)
{
    return now_ns(CLOCK_MONOTONIC);
}

int64_t fk_cpu_ns(void)
{
    return now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void fk_sleep_until_mono(int64_t deadline_ns)
{
    struct timespec t = {deadline_ns / FK_NS_PER_S, deadline_ns % FK_NS_PER_S};
    if (deadline_ns <= 0)
        return;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

void fk_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

/* Longer names first where one begins like another. */
static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", FK_NS_PER_MS},
    {"s", FK_NS_PER_S},
    {"m", 60 * FK_NS_PER_S},
    {"h", 3600 * FK_NS_PER_S},
    {"d", 86400 * FK_NS_PER_S},
};

static const struct unit *unit_at(const char *text)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strncmp(text, units[i].name, strlen(units[i].name)))
            return &units[i];
    return NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One "1.5h" at *at: whole digits, perhaps a fraction, a unit. */
static bool read_term(const char **at, int64_t *ns)
{
    const char *c = *at;
    int64_t whole = 0, scaled = 0, scale = 1;
    if (!is_digit(*c))
        return false;
    for (; is_digit(*c); c++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, *c - '0', &whole))
            return false;
    if (*c == '.' && !is_digit(*++c))
        return false;
    for (; is_digit(*c); c++) {
        if (scale >= FK_NS_PER_S)
            continue; /* digits below one part in 10^9 are noise */
        scaled = scaled * 10 + (*c - '0');
        scale *= 10;
    }
    const struct unit *unit = unit_at(c);
    if (!unit || __builtin_mul_overflow(whole, unit->ns, &whole))
        return false;
    int64_t part = (int64_t)((double)scaled / (double)scale * (double)unit->ns);
    *at = c + strlen(unit->name);
    return !__builtin_add_overflow(whole, part, ns);
}

bool fk_duration_parse(const char *text, int64_t *ns)
{
    int64_t sum = 0, term;
    if (!strcmp(text, "0")) {
        *ns = 0;
        return true;
    }
    if (!*text)
        return false;
    while (*text)
        if (!read_term(&text, &term) || __builtin_add_overflow(sum, term, &sum))
            return false;
    *ns = sum;
    return true;
}
