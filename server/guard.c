#include "server/guard.h"

#include "common/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB          ((uint64_t)1 << 20)
#define MAX_MIN_FREE ((uint64_t)1 << 30)

static void ballast_path(const struct guard *g, char path[PATH_MAX + 16])
{
    snprintf(path, PATH_MAX + 16, "%s/ballast", g->dir);
}

void guard_init(
    struct guard *g, const char *dir, uint64_t min_free, uint64_t ballast)
{
    struct statvfs disk;
    *g = (struct guard){.min_free = min_free, .ballast = ballast};
    snprintf(g->dir, sizeof g->dir, "%s", dir);
    if (min_free != UINT64_MAX)
        return;
    g->min_free = 0;
    if (statvfs(dir, &disk))
        return;
    uint64_t part = disk.f_blocks * (uint64_t)disk.f_frsize / 20;
    g->min_free = part < MAX_MIN_FREE ? part : MAX_MIN_FREE;
}

void guard_drop_ballast(struct guard *g)
{
    char path[PATH_MAX + 16];
    ballast_path(g, path);
    if (!unlink(path))
        fk_log(FK_LOG_WARN, "ballast_dropped", "dir=%s", g->dir);
}

static void make_ballast(const struct guard *g)
{
    char path[PATH_MAX + 16];
    ballast_path(g, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return; /* it is there */
    if (posix_fallocate(fd, 0, (off_t)g->ballast))
        unlink(path);
    close(fd);
}

bool guard_look(struct guard *g, struct fk_diag *diag)
{
    struct statvfs disk;
    if (!g->min_free || statvfs(g->dir, &disk))
        return true;
    uint64_t room = disk.f_bavail * (uint64_t)disk.f_frsize;
    /* Once low, a quarter more is wanted, or it would flutter. */
    uint64_t want = g->low ? g->min_free + g->min_free / 4 : g->min_free;
    g->low = room < want;
    if (!g->low) {
        if (g->ballast && room > want + 2 * g->ballast)
            make_ballast(g);
        return true;
    }
    guard_drop_ballast(g);
    fk_diag_set(diag, FK_ERR_UNAVAILABLE,
        "the disk of %s has %llu MiB left and wants %llu: nothing is taken "
        "and the oldest days are dropped until there is room; free some, or "
        "keep less (--retention)",
        g->dir, (unsigned long long)(room / MIB),
        (unsigned long long)(want / MIB));
    return false;
}
