#include "agent/capture.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/labels.h"
#include "agent/unwind.h"

#define OWN_FRAMES 16  /* between the interposed function and here */
#define PAGE       4096

static struct fk_capture_config capture;

static _Thread_local struct {
    bool asked;
    uintptr_t lo, hi;
} own_stack;

void fk_capture_init(const struct fk_capture_config *config)
{
    capture = *config;
    if (capture.max_depth > FK_CAPTURE_MAX)
        capture.max_depth = FK_CAPTURE_MAX;
}

static void ask_stack(void)
{
    pthread_attr_t attr;
    void *lo;
    size_t size;
    own_stack.asked = true;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &lo, &size) == 0) {
        own_stack.lo = (uintptr_t)lo;
        own_stack.hi = (uintptr_t)lo + size;
    }
    pthread_attr_destroy(&attr);
}

/* On a coroutine's stack only the page at hand is known to be there. */
static struct fk_stack stack_at(uintptr_t sp)
{
    if (!own_stack.asked)
        ask_stack();
    if (sp >= own_stack.lo && sp < own_stack.hi)
        return (struct fk_stack){.lo = sp, .hi = own_stack.hi};
    return (struct fk_stack){.lo = sp, .hi = (sp / PAGE + 1) * PAGE};
}

static inline __attribute__((always_inline)) struct fk_regs here(void)
{
    struct fk_regs regs = {.known = true};
#if defined(__x86_64__)
    uintptr_t *g = regs.general;
    __asm__ volatile("lea 0f(%%rip), %0\n0:\n\tmov %%rsp, %1"
                     : "=r"(regs.pc), "=r"(regs.sp));
    __asm__ volatile("mov %%rbx, 24(%0)\n\tmov %%rbp, 48(%0)\n\t"
                     "mov %%rsp, 56(%0)\n\tmov %%r12, 96(%0)\n\t"
                     "mov %%r13, 104(%0)\n\tmov %%r14, 112(%0)\n\t"
                     "mov %%r15, 120(%0)"
                     :
                     : "r"(g)
                     : "memory");
#elif defined(__aarch64__)
    uintptr_t *g = regs.general;
    __asm__ volatile("adr %0, 0f\n0:\n\tmov %1, sp"
                     : "=r"(regs.pc), "=r"(regs.sp));
    __asm__ volatile("stp x19, x20, [%0, #152]\n\tstp x21, x22, [%0, #168]\n\t"
                     "stp x23, x24, [%0, #184]\n\tstp x25, x26, [%0, #200]\n\t"
                     "stp x27, x28, [%0, #216]\n\tstp x29, x30, [%0, #232]"
                     :
                     : "r"(g)
                     : "memory");
#endif
    return regs;
}

static uint32_t frames_before(const struct fk_capture *c, uintptr_t caller)
{
    for (uint32_t i = 0; i < c->trace.depth && i < OWN_FRAMES; i++)
        if (c->pcs[i] == caller - 1)
            return i;
    return 0;
}

void fk_capture_take(struct fk_capture *c, const void *caller)
{
    enum fk_unwind_stop why = FK_UNWIND_NO_RULE;
    struct fk_regs regs = here();
    struct fk_stack stack = stack_at(regs.sp);
    uint32_t generation = fk_stacktab_enter(capture.guard);
    c->trace = (struct fk_trace){.labels = fk_labels_current};
    c->trace.depth = fk_unwind(fk_objects_current(), &regs, &stack, c->pcs,
        capture.max_depth, &why);
    fk_stacktab_leave(capture.guard, generation);
    uint32_t own = frames_before(c, (uintptr_t)caller);
    c->trace.depth -= own;
    c->trace.pcs = c->pcs + own;
    c->trace.flags = why == FK_UNWIND_COMPLETE ? 0 : FK_TRACE_CUT;
    if (capture.tell_threads)
        c->trace.tid = (pid_t)syscall(SYS_gettid);
}
