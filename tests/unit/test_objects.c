/* Objects that come and go while somebody unwinds. */
#include "agent/objects.h"

#include "agent/symbols.h"
#include "agent/unwind.h"
#include "tests/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 64 };

typedef int callback_fn(int);
typedef int run_fn(callback_fn *, int);

/* ---- plumbing
 * ------------------------------------------------------------------ */

static void plugin_path(const char *name, char *path, size_t room)
{
    char self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(len > 0);
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(path, room, "%s/plugin-%s.so", self, name);
}

static void *load(const char *name, run_fn **run)
{
    char path[600];
    plugin_path(name, path, sizeof path);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        tap_fail(__FILE__, __LINE__, "%s", dlerror());
    *(void **)run = dlsym(handle, "run");
    CHECK(*run);
    return handle;
}

static struct fk_stack own_stack(void)
{
    pthread_attr_t attr;
    void *lo = NULL;
    size_t size = 0;
    CHECK(!pthread_getattr_np(pthread_self(), &attr));
    pthread_attr_getstack(&attr, &lo, &size);
    pthread_attr_destroy(&attr);
    return (struct fk_stack){(uintptr_t)lo, (uintptr_t)lo + size, 0, NULL};
}

/* What the last signal on this thread saw. */
static _Thread_local struct {
    struct fk_stack stack;
    uintptr_t pcs[DEPTH];
    unsigned count;
    enum fk_unwind_stop why;
} seen;

static atomic_ulong unwound;

/* Who is in a handler, by generation: how the agent knows that nobody uses a
 * snapshot any more. */
static atomic_uint generation, inside[2];

static unsigned enter(void)
{
    for (;;) {
        unsigned now = atomic_load(&generation);
        atomic_fetch_add(&inside[now], 1);
        if (atomic_load(&generation) == now)
            return now;
        atomic_fetch_sub(&inside[now], 1);
    }
}

static void flip_and_reclaim(void)
{
    unsigned old = atomic_load(&generation);
    atomic_store(&generation, old ^ 1);
    while (atomic_load(&inside[old]))
        sched_yield();
    fk_objects_reclaim();
}

static void on_sigprof(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    unsigned entered = enter();
    struct fk_regs regs = fk_regs_from_ucontext(context);
    seen.count = fk_unwind(
        fk_objects_current(), &regs, &seen.stack, seen.pcs, DEPTH, &seen.why);
    atomic_fetch_add(&unwound, 1);
    atomic_fetch_sub(&inside[entered], 1);
}

static void listen_to_sigprof(void)
{
    struct sigaction action = {
        .sa_sigaction = on_sigprof, .sa_flags = SA_SIGINFO | SA_RESTART};
    CHECK(!sigaction(SIGPROF, &action, NULL));
    seen.stack = own_stack();
}

static int sample_here(int n)
{
    raise(SIGPROF);
    return n;
}

/* The plugin's frame among what was seen: its object, or NULL. */
static struct fk_object *object_named(const char *part, uintptr_t *pc)
{
    for (unsigned i = 0; i < seen.count; i++) {
        struct fk_object *o = fk_objects_locate(seen.pcs[i]);
        if (!o || !strstr(o->name, part))
            continue;
        *pc = seen.pcs[i];
        return o;
    }
    return NULL;
}

/* ---- tests
 * ------------------------------------------------------------------------ */

TEST(refresh_is_idle_until_something_is_loaded)
{
    run_fn *run;
    CHECK_INT(fk_objects_refresh(), 1);
    const struct fk_objects *first = fk_objects_current();
    CHECK_INT(fk_objects_refresh(), 0);
    CHECK(fk_objects_current() == first);
    void *handle = load("a", &run);
    CHECK_INT(fk_objects_refresh(), 1);
    CHECK(fk_objects_current() != first);
    CHECK_INT(fk_objects_current()->count, first->count + 1);
    CHECK(fk_objects_current()->epoch != first->epoch);
    dlclose(handle);
    CHECK_INT(fk_objects_refresh(), 1);
    fk_objects_fini();
}

TEST(objects_are_sorted_named_and_have_tables)
{
    uintptr_t vdso = getauxval(AT_SYSINFO_EHDR);
    bool saw_program = false, saw_libc = false, saw_vdso = !vdso;
    CHECK_INT(fk_objects_refresh(), 1);
    const struct fk_objects *all = fk_objects_current();
    for (size_t i = 0; i < all->count; i++) {
        const struct fk_object *o = all->spans[i].object;
        CHECK(o->lo < o->hi);
        CHECK(!i || all->spans[i - 1].hi <= o->lo);
        CHECK(fk_objects_find(all, o->lo) == o);
        CHECK(fk_objects_find(all, o->hi - 1) == o);
        CHECK(o->cfi.row_count > 0);
        saw_program |= o->program && !strcmp(o->name, "test_objects");
        saw_libc |= !strncmp(o->name, "libc.so", 7);
        saw_vdso |= !strcmp(o->name, "[vdso]");
    }
    CHECK(saw_program);
    CHECK(saw_libc);
    CHECK(saw_vdso);
    struct fk_objects_stats stats;
    fk_objects_stats(&stats);
    CHECK_INT(stats.objects, all->count);
    CHECK_INT(stats.without_table, 0);
    CHECK(stats.table_bytes < FK_CFI_BYTES_MAX);
}

TEST(code_without_an_object_is_missed_and_survived)
{
#if defined(__x86_64__)
    static const uint8_t call_first[] = {
        0x50, 0xff, 0xd7, 0x5a, 0xc3}; /* push; call rdi; pop; ret */
#else
    static const uint32_t call_first[] = {
        0xa9bf7bfd,              /* stp fp, lr, [sp, -16]! */
        0x910003fd, 0xd63f0000,  /* mov fp, sp; blr x0 */
        0xa8c17bfd, 0xd65f03c0}; /* ldp fp, lr, [sp], 16; ret */
#endif
    listen_to_sigprof();
    CHECK_INT(fk_objects_refresh(), 1);
    CHECK(!fk_objects_missed());
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    memcpy(page, call_first, sizeof call_first);
    __builtin___clear_cache(page, (char *)page + sizeof call_first);
    int (*generated)(callback_fn *);
    *(void **)&generated = page;
    generated(sample_here);
    CHECK(seen.count >= 3);
    CHECK(fk_objects_missed());
    CHECK(!fk_objects_missed());
    bool in_page = false;
    for (unsigned i = 0; i < seen.count; i++)
        in_page |= seen.pcs[i] - (uintptr_t)page < 4096;
    CHECK(in_page);
}

TEST(a_loaded_library_is_unwound_after_a_refresh)
{
    run_fn *run;
    uintptr_t pc;
    listen_to_sigprof();
    CHECK_INT(fk_objects_refresh(), 1);
    void *handle = load("a", &run);
    run(sample_here, 1);
    CHECK(fk_objects_missed());
    CHECK_INT(fk_objects_refresh(), 1);
    run(sample_here, 1);
    CHECK_INT(seen.why, FK_UNWIND_COMPLETE);
    CHECK(object_named("plugin-a", &pc));
    CHECK(!fk_objects_missed());
    dlclose(handle);
}

/* Both plugins have the same size, so the loader puts the second where the
 * first was; what was sampled in the first must not get the second's names. */
TEST(a_recycled_address_gets_no_wrong_name)
{
    run_fn *run_a, *run_b;
    uintptr_t pc = 0;
    listen_to_sigprof();
    void *a = load("a", &run_a);
    CHECK_INT(fk_objects_refresh(), 1);
    run_a(sample_here, 1);
    CHECK(object_named("plugin-a", &pc));
    dlclose(a);
    void *b = load("b", &run_b);
    CHECK_INT(fk_objects_refresh(), 1);
    if ((void *)run_a != (void *)run_b)
        tap_skip("the loader did not use the address again");
    CHECK(!fk_objects_locate(pc));
    fk_objects_reclaim();
    CHECK(!fk_objects_locate(pc));
    fk_objects_reclaim();
    CHECK(fk_objects_locate(pc));
    CHECK_STR(fk_objects_locate(pc)->name, "plugin-b.so");
    run_b(sample_here, 1);
    CHECK_INT(seen.why, FK_UNWIND_COMPLETE);
    dlclose(b);
}

TEST(an_unloaded_library_keeps_its_names_for_two_generations)
{
    run_fn *run;
    uintptr_t pc = 0;
    listen_to_sigprof();
    void *handle = load("a", &run);
    CHECK_INT(fk_objects_refresh(), 1);
    run(sample_here, 1);
    CHECK(object_named("plugin-a", &pc));
    dlclose(handle);
    CHECK_INT(fk_objects_refresh(), 1);
    CHECK(!fk_objects_find(fk_objects_current(), pc));
    struct fk_object *o = fk_objects_locate(pc);
    CHECK(o);
    CHECK_STR(o->name, "plugin-a.so");
    fk_objects_reclaim();
    CHECK(fk_objects_locate(pc) == o);
    fk_objects_reclaim();
    CHECK(!fk_objects_locate(pc));
}

/* ---- churn
 * ------------------------------------------------------------------------ */

static atomic_bool stop;

static void *unwind_all_the_time(void *arg)
{
    (void)arg;
    seen.stack = own_stack();
    while (!atomic_load(&stop)) {
        sample_here(0);
        if (seen.why == FK_UNWIND_COMPLETE)
            continue;
        atomic_store(&stop, true);
        return &stop;
    }
    return NULL;
}

static void *call_plugins(void *arg)
{
    (void)arg;
    seen.stack = own_stack();
    while (!atomic_load(&stop)) {
        run_fn *run;
        void *handle = load(atomic_load(&unwound) & 1 ? "a" : "b", &run);
        run(sample_here, 3);
        dlclose(handle);
    }
    return NULL;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One thread unwinds all the time, one loads and unloads and is unwound inside
 * the loaded code; this one plays the agent. */
TEST(unwinding_survives_dlopen_and_dlclose)
{
    pthread_t unwinder, loader;
    void *failed = NULL;
    unsigned long snapshots = 0;
    listen_to_sigprof();
    CHECK_INT(fk_objects_refresh(), 1);
    CHECK(!pthread_create(&unwinder, NULL, unwind_all_the_time, NULL));
    CHECK(!pthread_create(&loader, NULL, call_plugins, NULL));
    for (double end = seconds() + 2; seconds() < end && !atomic_load(&stop);) {
        int changed = fk_objects_refresh();
        CHECK(changed >= 0);
        snapshots += (unsigned long)changed;
        flip_and_reclaim();
    }
    atomic_store(&stop, true);
    pthread_join(loader, NULL);
    pthread_join(unwinder, &failed);
    CHECK(!failed);
    tap_diag("%lu unwinds, %lu snapshots", atomic_load(&unwound), snapshots);
    CHECK(snapshots > 10);
    CHECK(atomic_load(&unwound) > 1000);
    fk_objects_fini();
}

TAP_MAIN
