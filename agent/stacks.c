#include "agent/stacks.h"

#include <inttypes.h>
#include <string.h>

#define MAX_WAIT 1024 /* scans between two tries for one thread */

static _Atomic bool asked; /* by any thread, since the last time */

struct area {
    uintptr_t lo, hi;
    bool main_stack;
};

static bool read_area(FILE *maps, struct area *area)
{
    char line[512];
    while (fgets(line, sizeof(line), maps) != NULL) {
        int named = 0;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " rw%*c%*c %*s %*s %*s %n",
                &area->lo, &area->hi, &named) < 2)
            continue;
        area->main_stack = strncmp(line + named, "[stack]", 7) == 0;
        return true;
    }
    return false;
}

/* A thread's own stack has the thread's control block at its upper end; the
 * kernel names the main one. A coroutine's stack has neither, may be unmapped
 * at any time, and is never learnt. */
static void try_area(struct fk_thread *t, const struct area *area)
{
    uintptr_t sp = atomic_load(&t->strange_sp);
    uintptr_t tp = atomic_load(&t->strange_tp);
    if (sp < area->lo || sp >= area->hi)
        return;
    bool own = tp > sp && tp <= area->hi;
    if (!own && !area->main_stack)
        return;
    /* The upper bound goes last: while it is 0 nothing is inside. */
    atomic_store(&t->stack_lo, area->lo);
    atomic_store(&t->stack_hi, own ? tp : area->hi);
    atomic_store(&t->strange_sp, 0);
    t->stack_tries = 0;
}

static bool wants_look(struct fk_thread *t)
{
    if (atomic_load(&t->strange_sp) == 0)
        return false;
    if (t->stack_wait > 0) {
        t->stack_wait--;
        return false;
    }
    return true;
}

/* Look again after 1, 2, 4 ... scans in which somebody asked. */
static void put_off(struct fk_thread *t)
{
    if (atomic_load(&t->strange_sp) == 0)
        return;
    t->stack_wait = t->stack_tries < 10 ? 1u << t->stack_tries++ : MAX_WAIT;
    atomic_store(&t->strange_sp, 0);
}

static struct fk_thread *next_asking(struct fk_thread *after)
{
    struct fk_thread *t = fk_registry_next(after);
    while (t != NULL && !(atomic_load(&t->strange_sp) && t->stack_wait == 0))
        t = fk_registry_next(t);
    return t;
}

void fk_stacks_learn_from(FILE *maps)
{
    struct area area;
    while (read_area(maps, &area))
        for (struct fk_thread *t = next_asking(NULL); t; t = next_asking(t))
            try_area(t, &area);
    for (struct fk_thread *t = next_asking(NULL); t; t = next_asking(t))
        put_off(t);
}

void fk_stacks_ask(struct fk_thread *self, uintptr_t sp, uintptr_t tp)
{
    atomic_store_explicit(&self->strange_tp, tp, memory_order_relaxed);
    atomic_store_explicit(&self->strange_sp, sp, memory_order_release);
    atomic_store_explicit(&asked, true, memory_order_release);
}

void fk_stacks_learn(void)
{
    bool look = false;
    if (!atomic_exchange(&asked, false))
        return;
    for (struct fk_thread *t = fk_registry_next(NULL); t != NULL;
         t = fk_registry_next(t))
        look = wants_look(t) || look;
    if (!look)
        return;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return;
    fk_stacks_learn_from(maps);
    fclose(maps);
}
