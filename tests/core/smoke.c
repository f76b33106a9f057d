/*
 * The agent's core in a program of another processor, another C library or no
 * loader: profiles this program into the file it is given, and leaves. It
 * computes for as many milliseconds of CPU time as the second word says; the
 * third, if it is "wall", asks for time in place of CPU time.
 */
#include "agent/flamekit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile unsigned long sink;

__attribute__((noipa)) static void hot_function(long ms)
{
    struct timespec now;
    long until = 0;
    do {
        for (int i = 0; i < 20000; i++)
            sink = sink * 31 + 7;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        long at = now.tv_sec * 1000 + now.tv_nsec / 1000000;
        until = until != 0 ? until : at + ms;
        ms = until - at;
    } while (ms > 0);
}

__attribute__((noipa)) static void warm_function(long ms)
{
    hot_function(ms);
    sink++;
}

__attribute__((noipa)) static void sleepy_function(void)
{
    struct timespec t = {0, 400000000};
    nanosleep(&t, NULL);
    sink++;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    flamekit_config config;
    flamekit_config_init(&config);
    config.application_name = "test.smoke";
    config.output_file = argv[1];
    config.sample_rate = 1000;
    if (argc > 3 && strcmp(argv[3], "wall") == 0)
        config.profile_types = FLAMEKIT_PROFILE_WALL;
    if (flamekit_configure(&config) != 0)
        return 3;
    warm_function(strtol(argv[2], NULL, 10));
    sleepy_function();
    flamekit_shutdown();
    flamekit_stats stats;
    flamekit_get_stats(&stats);
    printf("samples %llu lost %llu ignored %llu\n",
        (unsigned long long)stats.samples, (unsigned long long)stats.lost,
        (unsigned long long)stats.ignored);
    return 0;
}
