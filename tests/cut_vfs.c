#include "tests/cut_vfs.h"

#include "common/rng.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, MAX_FILES = 64 };

/* What a sector held when its file was last synced. */
struct before {
    int64_t number;
    int len; /* less than a sector: the file ended there */
    char bytes[SECTOR];
};

struct history {
    char path[PATH_MAX];
    int64_t size; /* when last synced */
    struct before *before;
    size_t count, cap;
    bool used;
};

struct cut_file {
    sqlite3_file base;
    struct history *history; /* NULL: not followed */
    sqlite3_file *real;      /* behind this */
};

static struct {
    sqlite3_vfs vfs, *real;
    sqlite3_io_methods methods;
    pthread_mutex_t lock;
    struct history history[MAX_FILES];
    int64_t operations, at;
    bool cut, lies;
} the = {.lock = PTHREAD_MUTEX_INITIALIZER};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct cut_file *)f)->real;
}

/* With the lock held: one more operation; false from the cut on. */
static bool count_operation(void)
{
    if (++the.operations >= the.at)
        the.cut = true;
    return !the.cut;
}

static struct history *history_of(const char *path)
{
    for (int i = 0; i < MAX_FILES; i++) {
        struct history *h = &the.history[i];
        if (h->used && strcmp(h->path, path) == 0)
            return h;
        if (h->used)
            continue;
        *h = (struct history){.used = true};
        snprintf(h->path, sizeof h->path, "%s", path);
        return h;
    }
    abort();
}

/* Keep what [at, at + n) holds, unless it is kept already. */
static void keep_before(struct cut_file *f, int64_t at, int64_t n)
{
    struct history *h = f->history;
    for (int64_t s = at / SECTOR; s <= (at + n - 1) / SECTOR; s++) {
        bool known = false;
        for (size_t i = 0; i < h->count && !known; i++)
            known = h->before[i].number == s;
        if (known)
            continue;
        if (h->count == h->cap) {
            h->cap = h->cap ? 2 * h->cap : 64;
            h->before = reallocarray(h->before, h->cap, sizeof *h->before);
            if (!h->before)
                abort();
        }
        struct before *b = &h->before[h->count++];
        int64_t left = h->size - s * SECTOR;
        b->number = s;
        b->len = left < 0 ? 0 : left < SECTOR ? (int)left : SECTOR;
        memset(b->bytes, 0, sizeof b->bytes);
        if (b->len)
            f->real->pMethods->xRead(f->real, b->bytes, b->len, s * SECTOR);
    }
}

/* ---- operations of a file ---- */

static int cut_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int cut_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
}

static int cut_write(
    sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    struct cut_file *f = (struct cut_file *)file;
    int code = SQLITE_IOERR_WRITE;
    pthread_mutex_lock(&the.lock);
    if (count_operation()) {
        if (f->history)
            keep_before(f, at, n);
        code = f->real->pMethods->xWrite(f->real, from, n, at);
    }
    pthread_mutex_unlock(&the.lock);
    return code;
}

static int cut_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct cut_file *f = (struct cut_file *)file;
    int code = SQLITE_IOERR_TRUNCATE;
    pthread_mutex_lock(&the.lock);
    if (count_operation()) {
        if (f->history && size < f->history->size)
            keep_before(f, size, f->history->size - size);
        code = f->real->pMethods->xTruncate(f->real, size);
    }
    pthread_mutex_unlock(&the.lock);
    return code;
}

static int cut_sync(sqlite3_file *file, int flags)
{
    struct cut_file *f = (struct cut_file *)file;
    int code = SQLITE_IOERR_FSYNC;
    (void)flags; /* the real disk is not asked: this is about the order */
    pthread_mutex_lock(&the.lock);
    if (count_operation()) {
        sqlite3_int64 size = 0;
        code = f->real->pMethods->xFileSize(f->real, &size);
        if (f->history && !the.lies) {
            f->history->count = 0;
            f->history->size = size;
        }
    }
    pthread_mutex_unlock(&the.lock);
    return code;
}

static int cut_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int cut_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int cut_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int cut_check_lock(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int cut_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int cut_sector(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}

static int cut_traits(sqlite3_file *f)
{
    (void)f;
    return 0; /* promises nothing */
}

static int cut_shm_map(
    sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int cut_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void cut_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int cut_shm_unmap(sqlite3_file *f, int remove)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

/* ---- the layer ---- */

static int cut_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
    int flags, int *out_flags)
{
    struct cut_file *f = (struct cut_file *)file;
    const int followed = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL;
    (void)vfs;
    f->base.pMethods = NULL;
    f->real = (sqlite3_file *)(f + 1);
    f->history = NULL;
    pthread_mutex_lock(&the.lock);
    int code = the.cut
                   ? SQLITE_CANTOPEN
                   : the.real->xOpen(the.real, name, f->real, flags, out_flags);
    if (!code && name && flags & followed) {
        f->history = history_of(name);
        sqlite3_int64 size = 0;
        if (!f->history->count)
            f->real->pMethods->xFileSize(f->real, &size);
        if (!f->history->count)
            f->history->size = size;
    }
    if (!code)
        f->base.pMethods = &the.methods;
    pthread_mutex_unlock(&the.lock);
    return code;
}

static int cut_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    pthread_mutex_lock(&the.lock);
    bool go = count_operation();
    if (go) {
        struct history *h = history_of(name);
        h->count = 0;
        h->size = 0;
    }
    pthread_mutex_unlock(&the.lock);
    return go ? the.real->xDelete(the.real, name, sync) : SQLITE_IOERR_DELETE;
}

void cut_install(int64_t at_operation, bool lies)
{
    the.lies = lies;
    the.real = sqlite3_vfs_find(NULL);
    the.vfs = *the.real;
    the.vfs.zName = "cut";
    the.vfs.szOsFile = (int)sizeof(struct cut_file) + the.real->szOsFile;
    the.vfs.xOpen = cut_open;
    the.vfs.xDelete = cut_delete;
    the.vfs.pNext = NULL;
    the.methods = (sqlite3_io_methods){2, cut_close, cut_read, cut_write,
        cut_truncate, cut_sync, cut_size, cut_lock, cut_unlock, cut_check_lock,
        cut_control, cut_sector, cut_traits, cut_shm_map, cut_shm_lock,
        cut_shm_barrier, cut_shm_unmap, NULL, NULL};
    the.at = at_operation;
    the.operations = 0;
    the.cut = false;
    sqlite3_vfs_register(&the.vfs, 1);
}

bool cut_happened(void)
{
    pthread_mutex_lock(&the.lock);
    bool cut = the.cut;
    pthread_mutex_unlock(&the.lock);
    return cut;
}

/* Of the sectors that were written but not synced, half are lost; and the
 * file's length may be the old one. */
static void lose_of(struct history *h, uint64_t seed)
{
    int fd = open(h->path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    bool shorten = fk_rng_at(seed, 1) % 4 == 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct before *b = &h->before[i];
        if (fk_rng_at(seed, 2 + i) % 2)
            continue;
        if (b->len == SECTOR || b->number * SECTOR < h->size || !shorten)
            if (pwrite(fd, b->bytes, SECTOR, b->number * SECTOR) != SECTOR)
                abort();
    }
    if (shorten && h->count && ftruncate(fd, h->size))
        abort();
    close(fd);
}

void cut_lose(uint64_t seed)
{
    sqlite3_vfs_unregister(&the.vfs);
    sqlite3_vfs_register(the.real, 1);
    for (int i = 0; i < MAX_FILES; i++) {
        char shm[PATH_MAX + 8];
        struct history *h = &the.history[i];
        if (!h->used)
            continue;
        lose_of(h, fk_rng_at(seed, (uint64_t)i));
        snprintf(shm, sizeof shm, "%s-shm", h->path);
        unlink(shm);
        free(h->before);
        *h = (struct history){0};
    }
}
