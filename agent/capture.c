#include "agent/capture.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/labels.h"
#include "agent/unwind.h"

#define OWN_FRAMES 16 /* between the interposed function and here */
#define PAGE       4096
#define LISTING    2048         /* bytes of /proc/self/maps at a time */
#define MAIN_GAP   (128u << 20) /* nothing else is mapped in it */

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

static bool read_hex(const char **at, uintptr_t *value)
{
    const char *from = *at;
    for (*value = 0;; (*at)++) {
        char c = **at;
        if (c >= '0' && c <= '9')
            *value = *value << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *value = *value << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return *at > from;
    }
}

/* A stack of the thread's own has its control block at the upper end; the
 * kernel names the main one, which grows down within its gap. */
static bool is_own(const char *line, uintptr_t sp)
{
    uintptr_t lo, hi, tp = (uintptr_t)pthread_self();
    const char *at = line;
    if (!read_hex(&at, &lo) || *at++ != '-' || !read_hex(&at, &hi) || sp < lo ||
        sp >= hi)
        return false;
    bool main_stack = strstr(at, "[stack]") != NULL;
    if (!main_stack && (tp <= sp || tp > hi))
        return false;
    own_stack.lo = main_stack ? hi - MAIN_GAP : lo;
    own_stack.hi = main_stack ? hi : tp;
    return true;
}

/* Plain system calls: whoever waits for a lock may be an allocator, so nothing
 * may be allocated here, and nothing may be a place where threads are
 * cancelled, for taking a lock is none. */
static void ask_stack(uintptr_t sp)
{
    char text[LISTING + 1];
    size_t kept = 0;
    own_stack.asked = true;
    long fd =
        syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    for (long n; own_stack.hi == 0 && (n = syscall(SYS_read, fd, text + kept,
                                           LISTING - kept)) > 0;) {
        kept += (size_t)n;
        text[kept] = '\0';
        char *line = text;
        for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            *end = '\0';
            if (is_own(line, sp))
                break;
        }
        kept = (size_t)(text + kept - line);
        kept = kept < LISTING ? kept : 0; /* no line is that long */
        memmove(text, line, kept);
    }
    syscall(SYS_close, fd);
}

/* On a coroutine's stack only the page at hand is known to be there. */
static struct fk_stack stack_at(uintptr_t sp)
{
    if (!own_stack.asked)
        ask_stack(sp);
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

/* The walk may have ended within our own frames: before the tables are there
 * only frame pointers lead on. The caller is known all the same. */
static bool begin_with(struct fk_capture *c, uintptr_t caller)
{
    uint32_t i = 0;
    while (i < c->trace.depth && i < OWN_FRAMES && c->pcs[i] != caller - 1)
        i++;
    bool found = i < c->trace.depth && i < OWN_FRAMES;
    if (!found)
        c->pcs[i = 0] = caller - 1;
    c->trace.depth = found ? c->trace.depth - i : 1;
    c->trace.pcs = c->pcs + i;
    return found;
}

void fk_capture_take(struct fk_capture *c, const void *caller)
{
    enum fk_unwind_stop why = FK_UNWIND_NO_RULE;
    struct fk_regs regs = here();
    struct fk_stack stack = stack_at(regs.sp);
    uint32_t generation = fk_stacktab_enter(capture.guard);
    c->trace = (struct fk_trace){.labels = fk_labels_current};
    c->trace.depth = fk_unwind(
        fk_objects_current(), &regs, &stack, c->pcs, capture.max_depth, &why);
    fk_stacktab_leave(capture.guard, generation);
    bool whole = begin_with(c, (uintptr_t)caller) && why == FK_UNWIND_COMPLETE;
    c->trace.flags = whole ? 0 : FK_TRACE_CUT;
    if (capture.tell_threads)
        c->trace.tid = (pid_t)syscall(SYS_gettid);
}
