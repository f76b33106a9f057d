#include "agent/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/slice.h"

#define INDEX_SIZE (2 * FK_THREADS_MAX) /* a power of two, half empty */

/* `lock` guards all of it. Free records are handed out lowest first, so that
 * as little of the slab is touched as possible. */
static struct {
    pthread_mutex_t lock;
    _Atomic uint32_t used; /* records [0, used) may be taken */
    uint32_t full;         /* records [0, full) are taken */
    uint32_t scan;
    uint32_t without_record; /* threads of the last scan */
    pid_t excluded[FK_EXCLUDED_MAX];
    _Atomic uint32_t changes;
    uint16_t index[INDEX_SIZE]; /* tid -> record number plus one */
} reg = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct fk_thread *fk_registry_slab;

bool fk_registry_init(void)
{
    if (fk_registry_slab != NULL)
        return true;
    void *m = mmap(NULL, FK_THREADS_MAX * sizeof(struct fk_thread),
        PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
        0);
    if (m == MAP_FAILED)
        return false;
    fk_registry_slab = m;
    return true;
}

void fk_registry_lock(void)
{
    pthread_mutex_lock(&reg.lock);
}

void fk_registry_unlock(void)
{
    pthread_mutex_unlock(&reg.lock);
}

/* The index slot that holds tid, or the free one where it belongs. */
static uint32_t index_slot(pid_t tid)
{
    uint32_t i = (uint32_t)tid * 2654435761u;
    for (;; i++) {
        uint16_t n = reg.index[i % INDEX_SIZE];
        if (n == 0 || atomic_load(&fk_registry_slab[n - 1].tid) == tid)
            return i % INDEX_SIZE;
    }
}

struct fk_thread *fk_registry_find(pid_t tid)
{
    uint16_t n = reg.index[index_slot(tid)];
    return n ? &fk_registry_slab[n - 1] : NULL;
}

static struct fk_thread *free_record(void)
{
    for (; reg.full < reg.used; reg.full++)
        if (atomic_load(&fk_registry_slab[reg.full].tid) == 0)
            return &fk_registry_slab[reg.full];
    return reg.used < FK_THREADS_MAX ? &fk_registry_slab[reg.used++] : NULL;
}

struct fk_thread *fk_registry_add(pid_t tid)
{
    uint32_t slot = index_slot(tid);
    if (reg.index[slot] != 0)
        return &fk_registry_slab[reg.index[slot] - 1];
    struct fk_thread *t = free_record();
    if (t == NULL)
        return NULL;
    /* Not the whole record: a page that was never touched stays that way. */
    memset(t, 0, offsetof(struct fk_thread, pcs));
    t->timer = FK_NO_TIMER;
    t->seen = reg.scan;
    reg.index[slot] = (uint16_t)(t - fk_registry_slab + 1);
    atomic_store(&t->tid, tid);
    atomic_fetch_add(&reg.changes, 1);
    return t;
}

void fk_registry_remove(struct fk_thread *thread)
{
    uint32_t hole = index_slot(atomic_load(&thread->tid));
    uint32_t number = (uint32_t)(thread - fk_registry_slab);
    reg.full = number < reg.full ? number : reg.full;
    atomic_store(&thread->tid, 0);
    atomic_fetch_add(&reg.changes, 1);
    reg.index[hole] = 0;
    /* Close the gap: entries after it may have been pushed past it. */
    for (uint32_t i = (hole + 1) % INDEX_SIZE; reg.index[i] != 0;
         i = (i + 1) % INDEX_SIZE) {
        uint16_t n = reg.index[i];
        reg.index[i] = 0;
        reg.index[index_slot(atomic_load(&fk_registry_slab[n - 1].tid))] = n;
    }
}

struct fk_thread *fk_registry_next(struct fk_thread *after)
{
    uint32_t i = after ? (uint32_t)(after - fk_registry_slab) + 1 : 0;
    for (; i < reg.used; i++)
        if (atomic_load(&fk_registry_slab[i].tid) != 0)
            return &fk_registry_slab[i];
    return NULL;
}

void fk_registry_exclude(pid_t tid)
{
    int i = 0;
    while (i < FK_EXCLUDED_MAX - 1 && reg.excluded[i] != 0)
        i++;
    reg.excluded[i] = tid;
}

uint32_t fk_registry_excluded(void)
{
    uint32_t n = 0;
    for (int i = 0; i < FK_EXCLUDED_MAX; i++)
        n += reg.excluded[i] != 0;
    return n;
}

static bool is_excluded(pid_t tid)
{
    for (int i = 0; i < FK_EXCLUDED_MAX; i++)
        if (reg.excluded[i] == tid)
            return true;
    return false;
}

uint32_t fk_registry_used(void)
{
    return reg.used;
}

uint32_t fk_registry_changes(void)
{
    return atomic_load(&reg.changes);
}

void fk_registry_clear(void)
{
    for (uint32_t i = 0; i < reg.used; i++)
        atomic_store(&fk_registry_slab[i].tid, 0);
    memset(reg.index, 0, sizeof(reg.index));
    reg.used = reg.full = 0;
    atomic_fetch_add(&reg.changes, 1);
    memset(reg.excluded, 0, sizeof(reg.excluded));
}

static void read_name(struct fk_thread *t)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/comm", (int)t->tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, t->name, sizeof(t->name) - 1);
    t->name[n > 0 ? n - (t->name[n - 1] == '\n') : 0] = '\0';
    close(fd);
}

static void see(pid_t tid)
{
    if (is_excluded(tid))
        return;
    struct fk_thread *t = fk_registry_find(tid);
    if (t == NULL) {
        t = fk_registry_add(tid);
        if (t == NULL) {
            reg.without_record++;
            return;
        }
        read_name(t);
    }
    t->seen = reg.scan;
}

/* A listing that changes while it is read may leave a living thread out. */
static bool is_gone(pid_t tid)
{
    return syscall(SYS_tgkill, getpid(), tid, 0) != 0 && errno == ESRCH;
}

bool fk_registry_scan(void (*gone)(struct fk_thread *thread))
{
    DIR *dir = opendir("/proc/self/task");
    if (dir == NULL)
        return false;
    reg.scan++;
    reg.without_record = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        uint64_t tid;
        if (fk_slice_u64(fk_slice_of(e->d_name), &tid))
            see((pid_t)tid);
    }
    closedir(dir);
    for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
         t = fk_registry_next(t)) {
        if (t->seen == reg.scan || !is_gone(t->tid))
            continue;
        gone(t);
        fk_registry_remove(t);
    }
    return true;
}

uint32_t fk_registry_without_record(void)
{
    return reg.without_record;
}

size_t fk_registry_bytes(void)
{
    return reg.used * sizeof(struct fk_thread);
}
