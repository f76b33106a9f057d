/* clock_gettime, /proc/self/task/TID/syscall and schedstat. */
#include "agent/procstat.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/slice.h"

bool fk_thread_cpu_ns(pid_t tid, int64_t *cpu_ns)
{
    struct timespec t;
    if (clock_gettime(fk_thread_clock(tid), &t) != 0)
        return false;
    *cpu_ns = t.tv_sec * FK_NS_PER_S + t.tv_nsec;
    return true;
}

static size_t read_file(pid_t tid, const char *name, char *to, size_t room)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/%s", (int)tid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, to, room);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

/* "ON_CPU WAITED SLICES\n" */
bool fk_thread_delay_ns(pid_t tid, int64_t *delay_ns)
{
    char text[96];
    struct fk_slice rest = {text, read_file(tid, "schedstat", text, 96)}, word;
    uint64_t ns;
    if (!fk_slice_split(&rest, ' ', &word) ||
        !fk_slice_split(&rest, ' ', &word) || !fk_slice_u64(word, &ns) ||
        ns > INT64_MAX)
        return false;
    *delay_ns = (int64_t)ns;
    return true;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes the last "0x..." off the text. */
static bool take_last(const char *text, size_t *len, uintptr_t *value)
{
    size_t end = *len, at = end;
    *value = 0;
    while (at > 0 && digit(text[at - 1]) >= 0)
        at--;
    for (size_t i = at; i < end; i++)
        *value = *value << 4 | (uintptr_t)digit(text[i]);
    if (at == end || end - at > 16 || at < 3 || text[at - 1] != 'x' ||
        text[at - 3] != ' ')
        return false;
    *len = at - 3;
    return true;
}

/* "NUMBER ARGUMENTS... SP PC", "-1 SP PC" or "running". */
enum fk_whereabouts fk_thread_where_of(
    const char *text, size_t len, uintptr_t *pc, uintptr_t *sp)
{
    while (len > 0 && text[len - 1] == '\n')
        len--;
    if (len == 0)
        return FK_THREAD_HIDDEN;
    if (!take_last(text, &len, pc) || !take_last(text, &len, sp))
        return FK_THREAD_RUNS;
    return FK_THREAD_WAITS;
}

enum fk_whereabouts fk_thread_where(pid_t tid, uintptr_t *pc, uintptr_t *sp)
{
    char text[256];
    return fk_thread_where_of(
        text, read_file(tid, "syscall", text, sizeof(text)), pc, sp);
}
