#include "agent/handler.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "agent/chain.h"
#include "agent/counters.h"
#include "agent/cputimer.h"
#include "agent/labels.h"
#include "agent/stacks.h"
#include "agent/unwind.h"

#define COPY_BYTES  16384
#define COPY_PAGE   4096
#define NUM_COPIES  8 /* threads that copy at the same time */
#define COPY_PIECES (COPY_BYTES / COPY_PAGE + 1)

_Thread_local volatile sig_atomic_t fk_handler_active;
static _Thread_local pid_t own_tid;

static struct {
    struct fk_handler_config config;
    pid_t pid;
    _Atomic unsigned types;
} handler;

/* Room for stacks whose bounds nobody vouches for. Untouched until used. */
static struct copy {
    _Atomic bool taken;
    _Alignas(16) char bytes[COPY_BYTES];
} copies[NUM_COPIES];

void fk_handler_init(const struct fk_handler_config *config)
{
    handler.config = *config;
    handler.pid = getpid();
}

void fk_handler_enable(unsigned types)
{
    atomic_store(&handler.types, types);
}

void fk_handler_forget_tid(void)
{
    own_tid = 0;
}

static pid_t self_tid(void)
{
    if (own_tid == 0)
        own_tid = (pid_t)syscall(SYS_gettid);
    return own_tid;
}

static uintptr_t thread_pointer(void)
{
    uintptr_t tp;
#if defined(__x86_64__)
    __asm__("mov %%fs:0, %0" : "=r"(tp));
#elif defined(__aarch64__)
    __asm__("mrs %0, tpidr_el0" : "=r"(tp));
#endif
    return tp;
}

static struct copy *take_copy(void)
{
    for (int i = 0; i < NUM_COPIES; i++)
        if (!atomic_exchange(&copies[i].taken, true))
            return &copies[i];
    return NULL;
}

/* Copies what is mapped from `from` on; a page at a time, because the kernel
 * stops at the first piece that it cannot read. */
static size_t copy_stack(char *to, uintptr_t from)
{
    struct iovec local = {to, COPY_BYTES}, remote[COPY_PIECES];
    size_t n = 0;
    uintptr_t end = from + COPY_BYTES;
    for (uintptr_t at = from; at < end; n++) {
        uintptr_t next = (at / COPY_PAGE + 1) * COPY_PAGE;
        next = next < end ? next : end;
        /* An address of our own process, for the kernel only. */
        remote[n] = (struct iovec){(void *)at, next - at};
        at = next;
    }
    long got =
        syscall(SYS_process_vm_readv, handler.pid, &local, 1, remote, n, 0);
    return got > 0 ? (size_t)got : 0;
}

static struct fk_stack own_stack(const struct fk_thread *self)
{
    return (struct fk_stack){
        .lo = atomic_load_explicit(&self->stack_lo, memory_order_relaxed),
        .hi = atomic_load_explicit(&self->stack_hi, memory_order_acquire),
    };
}

/* The stack is not the thread's own: unwind a copy of its top. */
static uint32_t unwind_copy(struct fk_thread *self, const struct fk_regs *regs,
    enum fk_unwind_stop *why)
{
    struct copy *copy = take_copy();
    uintptr_t from = regs->sp - FK_RED_ZONE;
    size_t size = copy ? copy_stack(copy->bytes, from) : 0;
    struct fk_stack own = own_stack(self);
    struct fk_stack stack = {.lo = from, .hi = from + size};
    stack.next = own.hi != 0 ? &own : NULL;
    if (copy != NULL)
        stack.delta = (ptrdiff_t)((uintptr_t)copy->bytes - from);
    uint32_t depth = fk_unwind(fk_objects_current(), regs, &stack, self->pcs,
        handler.config.max_depth, why);
    if (copy != NULL)
        atomic_store(&copy->taken, false);
    return depth;
}

static uint32_t unwind(struct fk_thread *self, const struct fk_regs *regs,
    enum fk_unwind_stop *why)
{
    struct fk_stack stack = own_stack(self);
    if (regs->sp >= stack.lo && regs->sp < stack.hi)
        return fk_unwind(fk_objects_current(), regs, &stack, self->pcs,
            handler.config.max_depth, why);
    fk_stacks_ask(self, regs->sp, thread_pointer());
    return unwind_copy(self, regs, why);
}

/* A wall-clock profile gets its time on the CPU from here, and what wall.c saw
 * of this thread's waiting for a CPU along with it. */
static void add_wall(
    struct fk_thread *self, const struct fk_trace *trace, uint64_t weight)
{
    struct fk_stacktab *table = handler.config.wall;
    uint64_t ns = weight * (uint64_t)handler.config.period_ns +
                  atomic_exchange(&self->owed_ns, 0);
    uint32_t generation = fk_stacktab_enter(table);
    bool kept = fk_stacktab_add(table, generation, trace, ns);
    fk_stacktab_leave(table, generation);
    fk_count(kept ? &fk_counters.wall_ns : &fk_counters.wall_lost_ns, ns);
}

static void add_cpu(
    uint32_t generation, const struct fk_trace *trace, uint64_t weight)
{
    bool kept = fk_stacktab_add(handler.config.cpu, generation, trace, weight);
    fk_count(kept ? &fk_counters.samples : &fk_counters.lost, weight);
}

void fk_handler_credit(
    struct fk_thread *self, const struct fk_trace *trace, uint64_t weight)
{
    unsigned types = atomic_load_explicit(&handler.types, memory_order_acquire);
    struct fk_trace told = *trace;
    told.tid = handler.config.tell_threads ? self_tid() : 0;
    if (types & FLAMEKIT_PROFILE_CPU) {
        uint32_t generation = fk_stacktab_enter(handler.config.cpu);
        add_cpu(generation, &told, weight);
        fk_stacktab_leave(handler.config.cpu, generation);
    }
    if (types & FLAMEKIT_PROFILE_WALL)
        add_wall(self, &told, weight);
}

static void sample(
    struct fk_thread *self, uint64_t weight, void *context, unsigned types)
{
    fk_unwind_expect(self->pcs, self->last_depth);
    struct fk_regs regs = fk_regs_from_ucontext(context);
    uint32_t generation = fk_stacktab_enter(handler.config.cpu);
    enum fk_unwind_stop why = FK_UNWIND_NO_RULE;
    struct fk_trace trace = {.depth = unwind(self, &regs, &why)};
    trace.pcs = self->pcs;
    trace.labels = fk_labels_current;
    trace.tid = handler.config.tell_threads ? own_tid : 0;
    trace.flags = why == FK_UNWIND_COMPLETE ? 0 : FK_TRACE_CUT;
    if (types & FLAMEKIT_PROFILE_CPU)
        add_cpu(generation, &trace, weight);
    fk_stacktab_leave(handler.config.cpu, generation);
    if (types & FLAMEKIT_PROFILE_WALL)
        add_wall(self, &trace, weight);

    fk_count(&fk_counters.signals, 1);
    fk_count(&fk_counters.stops[why], 1);
    if (why == FK_UNWIND_DEPTH)
        fk_count(&fk_counters.truncated, 1);
    self->last_labels = trace.labels;
    self->last_depth = trace.depth;
    self->last_flags = trace.flags;
    atomic_fetch_add_explicit(&self->weight, weight, memory_order_relaxed);
}

/* Only our own timers carry a record of ours. */
static bool is_ours(const siginfo_t *info)
{
    return info->si_code == SI_TIMER &&
           fk_registry_owns(info->si_value.sival_ptr);
}

/* And only a thread's own. */
static struct fk_thread *record_of(const siginfo_t *info)
{
    struct fk_thread *t = is_ours(info) ? info->si_value.sival_ptr : NULL;
    return t != NULL && atomic_load(&t->tid) == self_tid() ? t : NULL;
}

void fk_handler_on_signal(int signo, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    fk_handler_active = 1;
    struct fk_thread *self = record_of(info);
    unsigned types = atomic_load_explicit(&handler.types, memory_order_acquire);
    if (self != NULL && types != 0) {
        uint64_t weight = 1 + (uint64_t)(unsigned)info->si_overrun;
        sample(self, weight, context, types);
        fk_cputimer_next(self, weight);
        /* Switched off meanwhile: what was just set is to be undone. */
        if (atomic_load(&handler.types) == 0)
            fk_cputimer_quiet(self);
    } else {
        fk_count(&fk_counters.ignored, 1);
    }
    fk_handler_active = 0;
    errno = saved_errno;
    /* Last, for it may jump out of here. */
    if (!is_ours(info))
        fk_chain_call(signo, info, context);
}
