#include "agent/hooks.h"

#include "agent/heap.h"
#include "agent/hostlog.h"
#include "agent/locks.h"

#define HEAP_TYPES (FLAMEKIT_PROFILE_ALLOC | FLAMEKIT_PROFILE_INUSE)

unsigned fk_hooks_known(unsigned types)
{
    return types | (fk_heap_hooked ? HEAP_TYPES : 0) |
           (fk_locks_hooked ? FLAMEKIT_PROFILE_LOCK : 0);
}

static void out_of_memory(const char *what)
{
    fk_hostlog(FLAMEKIT_LOG_ERROR,
        "no profile of %s: there is no memory for its tables", what);
}

void fk_hooks_switch(const flamekit_config *config, unsigned types)
{
    bool alloc = types & FLAMEKIT_PROFILE_ALLOC;
    bool inuse = types & FLAMEKIT_PROFILE_INUSE;
    fk_hooks_stop();
    if (fk_heap_hooked && (alloc || inuse) &&
        fk_heap_start(config->alloc_sample_bytes, alloc, inuse) != 0)
        out_of_memory("the heap");
    if (fk_locks_hooked && (types & FLAMEKIT_PROFILE_LOCK) &&
        fk_locks_start(config->lock_sample_ns) != 0)
        out_of_memory("the locks");
}

void fk_hooks_stop(void)
{
    fk_heap_stop();
    fk_locks_stop();
}

void fk_hooks_add_sources(struct fk_collect *c, const flamekit_config *config)
{
    fk_collect_add(c, &(struct fk_source){.kind = &fk_kind_memory,
                          .period = (int64_t)config->alloc_sample_bytes,
                          .drain = fk_heap_drain});
    fk_collect_add(
        c, &(struct fk_source){
               .kind = &fk_kind_mutex, .period = 1, .drain = fk_locks_drain});
}

void fk_hooks_fork_prepare(void)
{
    fk_heap_fork_prepare();
    fk_locks_fork_prepare();
}

void fk_hooks_fork_done(void)
{
    fk_locks_fork_done();
    fk_heap_fork_done();
}
