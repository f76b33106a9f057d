/*
 * Preloaded into a program, it moves that program's wall clock: by as many
 * nanoseconds as the file named by FK_CLOCK_STEP holds, 8 bytes as the
 * machine has them. Whoever writes the file steps the clock. The monotonic
 * clock stays as it is.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT   __attribute__((visibility("default")))
#define NS_PER_S 1000000000ll

static const _Atomic int64_t *step;

__attribute__((constructor)) static void map_step(void)
{
    const char *path = getenv("FK_CLOCK_STEP");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *p = mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED)
        step = p;
    close(fd);
}

static int64_t wall_ns(void)
{
    struct timespec t;

    syscall(SYS_clock_gettime, CLOCK_REALTIME, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec + (step ? atomic_load(step) : 0);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
        return (int)syscall(SYS_clock_gettime, clock, out);
    int64_t ns = wall_ns();
    out->tv_sec = ns / NS_PER_S;
    out->tv_nsec = ns % NS_PER_S;
    return 0;
}

EXPORT int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    int64_t ns = wall_ns();

    (void)zone;
    out->tv_sec = ns / NS_PER_S;
    out->tv_usec = ns % NS_PER_S / 1000;
    return 0;
}

EXPORT time_t time(time_t *out)
{
    time_t now = wall_ns() / NS_PER_S;

    if (out)
        *out = now;
    return now;
}
