/*
 * The walk against the truth. The oracle steps a child through functions one
 * instruction at a time and keeps its own list of return addresses by watching
 * calls and returns; at every pc the unwinder, given the registers and a copy
 * of the stack, has to find the same list.
 */
#include "agent/unwind.h"

#include "tests/tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

extern void *__libc_stack_end;

enum { FRAMES_MAX = 256, COPY_MAX = 256 << 10, STEPS_MAX = 400000 };

#if defined(__x86_64__)

/* ---- what is stepped
 * ---------------------------------------------------------- */

static volatile int sink;
static volatile size_t three = 3, seventy = 70;

#define STEPPED __attribute__((noipa)) static

STEPPED int leaf(int x)
{
    return x * 3 + 1;
}

STEPPED int pushes(int a, int b)
{
    int c = leaf(a), d = leaf(b), e = leaf(c + d);
    return leaf(a + b + c) + leaf(c + d + e) + a + b + c + d + e;
}

STEPPED int recursion(int n)
{
    return n ? recursion(n - 1) + leaf(n) : leaf(0);
}

STEPPED void prologues(void)
{
    sink = pushes(1, 2) + recursion(5);
}

STEPPED int fill(char *room, size_t n)
{
    for (size_t i = 0; i < n; i++)
        room[i] = (char)leaf((int)i);
    return room[n - 1];
}

STEPPED void variable_stack(void)
{
    char *first = __builtin_alloca(three * 9);
    sink = fill(first, three * 9);
    char *second = __builtin_alloca(seventy);
    sink += fill(second, seventy) + fill(first, three);
}

struct wide {
    _Alignas(64) char bytes[64];
};

STEPPED int aligned_inner(struct wide *w, int n)
{
    return fill(w->bytes, sizeof w->bytes) + n;
}

/* Realigned, with alloca and more arguments than registers: the form in which
 * gcc finds its frame through r10. */
STEPPED int aligned(int a, int b, int c, int d, int e, int f, int g, int h)
{
    struct wide w;
    char *more = __builtin_alloca((size_t)h * 8);
    sink = aligned_inner(&w, a + b + c + d + e + f + g + h);
    return fill(more, (size_t)h * 8) + w.bytes[5];
}

STEPPED int aligned_plain(int a)
{
    struct wide w;
    return aligned_inner(&w, a) + w.bytes[a & 63];
}

STEPPED void realigned(void)
{
    sink = aligned_plain(3) + aligned(1, 2, 3, 4, 5, 6, 7, 8);
}

__attribute__((noipa, noreturn)) static void never_returns(int x)
{
    sink = leaf(x);
    __asm__ volatile("int3; nop" ::: "memory");
    __builtin_unreachable();
}

/* Its call is its last instruction: the return address is in the next
 * function. */
STEPPED void ends_in_call(int x)
{
    sink = leaf(x);
    never_returns(x);
}

STEPPED void noreturn(void)
{
    ends_in_call(4);
}

static int by_value(const void *a, const void *b)
{
    return leaf(*(const int *)a) - leaf(*(const int *)b);
}

STEPPED void through_libc(void)
{
    int numbers[] = {5, 3, 9, 1, 7, 8, 2};
    char text[64];
    qsort(numbers, sizeof numbers / sizeof *numbers, sizeof *numbers, by_value);
    sink = snprintf(text, sizeof text, "%d %s %.3f", numbers[0], "x", 2.5);
}

/* Functions nobody has called yet: through the lazy PLT, twice. */
STEPPED void through_plt(void)
{
    for (int i = 0; i < 2; i++)
        sink = (int)a64l("abc") + l64a(7)[0];
}

static void on_signal(int sig)
{
    sink = recursion(2) + sig;
}

STEPPED void signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    sink = pushes(1, 2);
    raise(SIGUSR1);
    sink = pushes(2, 3);
}

/* The oracle stands here: what is above is not left while it looks. */
__attribute__((noipa)) static void stage(void (*scene)(void))
{
    __asm__ volatile("int3; nop" ::: "memory");
    scene();
    __asm__ volatile("int3; nop" ::: "memory");
}

/* ---- the oracle
 * ------------------------------------------------------------------ */

struct frame {
    uintptr_t slot; /* where its return address lies; gone once sp is above */
    uintptr_t pc;   /* what the unwinder is to say */
};

struct oracle {
    pid_t child;
    struct user_regs_struct regs;
    struct frame frames[FRAMES_MAX];
    unsigned depth;
    uintptr_t base[FRAMES_MAX];
    unsigned base_depth;
    unsigned long steps, compared, unknown;
};

static uint8_t copy[COPY_MAX];

static void get_regs(struct oracle *o)
{
    CHECK(!ptrace(PTRACE_GETREGS, o->child, NULL, &o->regs));
}

/* Step, delivering `sig`; returns the signal that stopped it next. */
static int step(struct oracle *o, int sig)
{
    int status;
    CHECK(!ptrace(PTRACE_SINGLESTEP, o->child, NULL, (long)sig));
    CHECK_INT(waitpid(o->child, &status, 0), o->child);
    if (!WIFSTOPPED(status))
        tap_fail(__FILE__, __LINE__, "the child ended, status %#x", status);
    get_regs(o);
    return WSTOPSIG(status);
}

static size_t read_child(
    const struct oracle *o, uintptr_t from, void *to, size_t size)
{
    struct iovec local = {to, size}, remote = {(void *)from, size};
    ssize_t got = process_vm_readv(o->child, &local, 1, &remote, 1, 0);
    return got < 0 ? 0 : (size_t)got;
}

static unsigned unwind(
    const struct oracle *o, uintptr_t *pcs, enum fk_unwind_stop *why)
{
    const struct user_regs_struct *r = &o->regs;
    struct fk_regs regs = {.pc = r->rip,
        .sp = r->rsp,
        .general = {r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp,
            r->rsp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
            r->r15},
        .known = true};
    uintptr_t lo = regs.sp - FK_RED_ZONE, hi = (uintptr_t)__libc_stack_end;
    hi = (hi + 15) & ~(uintptr_t)15;
    CHECK(hi - lo < sizeof copy);
    CHECK_INT(read_child(o, lo, copy, hi - lo), hi - lo);
    struct fk_stack stack = {lo, hi, (ptrdiff_t)((uintptr_t)copy - lo), NULL};
    return fk_unwind(fk_objects_current(), &regs, &stack, pcs, FRAMES_MAX, why);
}

static bool is_call(uintptr_t pc)
{
    const uint8_t *code = (const uint8_t *)pc;
    while (*code == 0xf2 || *code == 0x3e || *code == 0x66 ||
           (*code & 0xf0) == 0x40)
        code++;
    return *code == 0xe8 || (*code == 0xff && (code[1] >> 3 & 7) == 2);
}

static void push(struct oracle *o, uintptr_t slot, uintptr_t pc)
{
    CHECK(o->depth < FRAMES_MAX);
    o->frames[o->depth++] = (struct frame){slot, pc};
}

/* What the instruction at `pc`, with the stack at `sp`, did to the calls. */
static void follow(struct oracle *o, uintptr_t pc, uintptr_t sp)
{
    uintptr_t ra = 0;
    while (o->depth && o->regs.rsp > o->frames[o->depth - 1].slot)
        o->depth--;
    if (o->regs.rsp != sp - 8 || !is_call(pc))
        return;
    CHECK_INT(read_child(o, o->regs.rsp, &ra, sizeof ra), sizeof ra);
    push(o, o->regs.rsp, ra - 1);
}

/* The kernel made a frame for a handler: it returns into the trampoline, and
 * that to the exact pc that was interrupted. */
static void follow_signal(struct oracle *o, uintptr_t pc, uintptr_t sp)
{
    uintptr_t trampoline = 0;
    read_child(o, o->regs.rsp, &trampoline, sizeof trampoline);
    push(o, sp - 1, pc);
    push(o, o->regs.rsp, trampoline - 1);
}

/* The resolver of lazy calls finds its frame through rbx, which nobody follows
 * through the functions it calls; the walk may go wrong there, and nowhere
 * else. */
static bool through_rbx(const struct fk_object *object, uintptr_t pc)
{
    const struct fk_row *row = fk_cfi_row(&object->cfi, pc);
    uint64_t bits = row ? fk_row_bits(row) : 0;
    return fk_bits_are_extra(bits) &&
           object->cfi.extras[fk_bits_extra(bits)].base == FK_BASE_REG;
}

static bool resolving(const struct oracle *o)
{
    for (unsigned i = 0; i < o->depth; i++) {
        const struct fk_object *object =
            fk_objects_find(fk_objects_current(), o->frames[i].pc);
        if (object && !strncmp(object->name, "ld-linux", 8) &&
            through_rbx(object, o->frames[i].pc))
            return true;
    }
    return false;
}

static void explain(const struct oracle *o, const uintptr_t *got, unsigned n,
    const uintptr_t *want, unsigned m)
{
    for (unsigned i = 0; i < n || i < m; i++)
        tap_diag("%2u got %#lx want %#lx", i, i < n ? got[i] : 0,
            i < m ? want[i] : 0);
    tap_diag("step %lu rsp %#llx", o->steps, o->regs.rsp);
}

static void compare(struct oracle *o)
{
    uintptr_t got[FRAMES_MAX], want[2 * FRAMES_MAX + 1];
    enum fk_unwind_stop why;
    unsigned n = unwind(o, got, &why), m = 0;
    want[m++] = o->regs.rip;
    for (unsigned i = o->depth; i > 0; i--)
        want[m++] = o->frames[i - 1].pc;
    for (unsigned i = 1; i < o->base_depth; i++)
        want[m++] = o->base[i];
    o->compared++;
    if (n == m && why == FK_UNWIND_COMPLETE &&
        !memcmp(got, want, n * sizeof *got))
        return;
    if (resolving(o)) {
        o->unknown++;
        return;
    }
    explain(o, got, n, want, m);
    tap_fail(__FILE__, __LINE__, "frames differ, stopped for reason %d", why);
}

/* Runs the child up to the int3 of stage(). */
static void find_stage(struct oracle *o, void (*scene)(void))
{
    int status;
    fk_objects_refresh();
    o->child = fork();
    if (!o->child) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        stage(scene);
        _exit(0);
    }
    CHECK_INT(waitpid(o->child, &status, 0), o->child);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
    get_regs(o);
    enum fk_unwind_stop why;
    o->base_depth = unwind(o, o->base, &why);
    CHECK_INT(why, FK_UNWIND_COMPLETE);
    CHECK(o->base_depth > 4);
}

static bool at_curtain(const struct oracle *o)
{
    return *(const uint8_t *)o->regs.rip == 0xcc;
}

static void watch(void (*scene)(void), unsigned long at_least)
{
    struct oracle o = {0};
    find_stage(&o, scene);
    int sig = 0;
    while (!at_curtain(&o)) {
        uintptr_t pc = o.regs.rip, sp = o.regs.rsp;
        int stop = step(&o, sig);
        CHECK(++o.steps < STEPS_MAX);
        if (sig && o.regs.rip != pc)
            follow_signal(&o, pc, sp);
        else
            follow(&o, pc, sp);
        sig = stop == SIGTRAP ? 0 : stop;
        if (!sig)
            compare(&o);
    }
    kill(o.child, SIGKILL);
    waitpid(o.child, NULL, 0);
    tap_diag("%lu pcs compared, %lu of them in the lazy resolver", o.compared,
        o.unknown);
    CHECK(o.compared - o.unknown >= at_least);
}

TEST(every_pc_of_prologues_and_epilogues)
{
    watch(prologues, 140);
}

TEST(every_pc_with_a_variable_stack)
{
    watch(variable_stack, 500);
}

TEST(every_pc_on_a_realigned_stack)
{
    watch(realigned, 500);
}

TEST(every_pc_before_a_call_that_never_returns)
{
    watch(noreturn, 15);
}

TEST(every_pc_of_callbacks_through_libc)
{
    watch(through_libc, 2000);
}

TEST(every_pc_of_lazy_calls)
{
    watch(through_plt, 150);
}

TEST(every_pc_around_a_signal)
{
    watch(signals, 200);
}

#endif

TAP_MAIN
