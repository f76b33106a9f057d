/* The walk in signal handlers: other stacks, limits, other people's assembly,
 * and the path that the workshop's first exercise is about. */
#include "agent/unwind.h"

#include "tests/tap.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { FRAMES_MAX = 256 };

/* ---- signals on this thread
 * --------------------------------------------------------- */

static struct {
    struct fk_stack stack, signal_stack;
    uintptr_t pcs[FRAMES_MAX];
    unsigned count;
    unsigned long stops[FK_UNWIND_STOPS];
} seen;

static void on_sigprof(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)info;
    enum fk_unwind_stop why;
    struct fk_regs regs = fk_regs_from_ucontext(context);
    bool own = regs.sp >= seen.stack.lo && regs.sp < seen.stack.hi;
    seen.count = fk_unwind(fk_objects_current(), &regs,
        own ? &seen.stack : &seen.signal_stack, seen.pcs, FRAMES_MAX, &why);
    seen.stops[why]++;
}

static void listen_to_sigprof(void)
{
    struct sigaction action = {
        .sa_sigaction = on_sigprof, .sa_flags = SA_SIGINFO | SA_RESTART};
    pthread_attr_t attr;
    void *lo = NULL;
    size_t size = 0;
    CHECK(!pthread_getattr_np(pthread_self(), &attr));
    pthread_attr_getstack(&attr, &lo, &size);
    pthread_attr_destroy(&attr);
    seen.stack =
        (struct fk_stack){(uintptr_t)lo, (uintptr_t)lo + size, 0, NULL};
    CHECK(fk_objects_refresh() >= 0);
    CHECK(!sigaction(SIGPROF, &action, NULL));
}

static bool saw(uintptr_t function)
{
    for (unsigned i = 0; i < seen.count; i++) {
        const struct fk_object *object =
            fk_objects_find(fk_objects_current(), seen.pcs[i]);
        if (object && fk_cfi_function(&object->cfi, seen.pcs[i]) == function)
            return true;
    }
    return false;
}

#if defined(__aarch64__)
/* Handlers return through the vDSO, which emulators do not map; this program
 * brings a trampoline of its own, without a description. */
__asm__(".text\n.balign 16\nown_trampoline: mov x8, #139\nsvc #0\n");
extern void own_trampoline(void);

static int handle(int sig, void (*handler)(int), int flags)
{
    const struct {
        void (*handler)(int);
        unsigned long flags;
        void (*restorer)(void);
        uint64_t mask;
    } action = {handler, (unsigned long)flags | 0x04000000 /* SA_RESTORER */,
        own_trampoline, 0};

    return (int)syscall(SYS_rt_sigaction, sig, &action, NULL, 8);
}
#else
static int handle(int sig, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    return sigaction(sig, &action, NULL);
}
#endif

static volatile sig_atomic_t handled;

static void on_another_stack(int sig)
{
    raise(SIGPROF);
    handled = sig;
}

/* From the alternate stack, through the signal frame, to the thread's own. */
TEST(a_handler_on_an_alternate_stack_is_walked_to_the_thread)
{
    static char room[64 << 10];
    stack_t alternate = {.ss_sp = room, .ss_size = sizeof room};
    listen_to_sigprof();
    seen.signal_stack = (struct fk_stack){
        (uintptr_t)room, (uintptr_t)room + sizeof room, 0, &seen.stack};
    CHECK(!sigaltstack(&alternate, NULL));
    CHECK(!handle(SIGUSR2, on_another_stack, SA_ONSTACK));
    raise(SIGUSR2);
    CHECK_INT(handled, SIGUSR2);
    CHECK_INT(seen.stops[FK_UNWIND_COMPLETE], 1);
    CHECK(saw((uintptr_t)on_another_stack));
    CHECK(saw((uintptr_t)tap_main));
}

TEST(a_walk_ends_at_its_limits)
{
    uintptr_t pcs[3] = {0, 0, 7};
    enum fk_unwind_stop why;
    ucontext_t context;
    listen_to_sigprof();
    getcontext(&context);
    struct fk_regs regs = fk_regs_from_ucontext(&context);
    CHECK_INT(
        fk_unwind(fk_objects_current(), &regs, &seen.stack, pcs, 2, &why), 2);
    CHECK_INT(why, FK_UNWIND_DEPTH);
    CHECK_INT(pcs[2], 7);
    struct fk_stack short_stack = {seen.stack.lo, regs.sp + 8, 0, NULL};
    CHECK(
        fk_unwind(fk_objects_current(), &regs, &short_stack, pcs, 3, &why) < 3);
    CHECK_INT(why, FK_UNWIND_OFF_STACK);
    struct fk_stack nothing = {0, 0, 0, NULL};
    CHECK_INT(
        fk_unwind(fk_objects_current(), &regs, &nothing, pcs, 3, &why), 1);
    CHECK_INT(pcs[0], regs.pc);
    CHECK(why != FK_UNWIND_COMPLETE);
}

#if defined(__aarch64__)
__attribute__((noipa)) static void keep_return_address(uintptr_t *kept)
{
    const uintptr_t *frame = __builtin_frame_address(0);
    raise(SIGPROF);
    *kept = frame[1];
}

/* Pitfall 27: functions are compiled to sign where they will return to. */
TEST(signed_return_addresses_are_stripped)
{
    uintptr_t kept = 0;
    if (!(getauxval(AT_HWCAP) & HWCAP_PACA))
        tap_skip("this processor does not sign");
    listen_to_sigprof();
    keep_return_address(&kept);
    CHECK(kept >> 48 != 0);
    CHECK(fk_strip(kept) == (kept & 0xffffffffffff));
    CHECK_INT(seen.stops[FK_UNWIND_COMPLETE], 1);
    CHECK(saw((uintptr_t)keep_return_address));
    CHECK(saw((uintptr_t)tap_main));
}
#endif

/* OpenSSL's assembly: frames in any register, or no description at all. */
TEST(hand_written_code_is_walked)
{
    void *crypto = dlopen("libcrypto.so.3", RTLD_NOW);
    if (!crypto)
        tap_skip("no libcrypto.so.3 here");
    static unsigned char key[64], iv[64], in[1 << 16], to[sizeof in + 64];
    void *(*context_new)(void), *(*cipher)(void);
    int (*init)(void *, void *, void *, unsigned char *, unsigned char *);
    int (*update)(void *, unsigned char *, int *, unsigned char *, int);
    *(void **)&context_new = dlsym(crypto, "EVP_CIPHER_CTX_new");
    *(void **)&cipher = dlsym(crypto, "EVP_aes_128_gcm");
    *(void **)&init = dlsym(crypto, "EVP_EncryptInit_ex");
    *(void **)&update = dlsym(crypto, "EVP_EncryptUpdate");
    void *context = context_new();
    CHECK(init(context, cipher(), NULL, key, iv));
    listen_to_sigprof();
    struct itimerval every_ms = {{0, 1000}, {0, 1000}};
    CHECK(!setitimer(ITIMER_PROF, &every_ms, NULL));
    unsigned long taken = 0, whole = 0;
    for (int len; taken < 100; taken = whole + seen.stops[FK_UNWIND_NO_RULE] +
                                       seen.stops[FK_UNWIND_OFF_STACK]) {
        CHECK(update(context, to, &len, in, sizeof in));
        whole = seen.stops[FK_UNWIND_COMPLETE];
    }
    void (*context_free)(void *);
    *(void **)&context_free = dlsym(crypto, "EVP_CIPHER_CTX_free");
    context_free(context);
    tap_diag("%lu of %lu complete", whole, taken);
    CHECK(whole * 100 >= taken * 95);
}

/* ---- the path of the first exercise
 * ------------------------------------------------ */

/* The probe built as `how`; skips the test when this mode has none. */
static void probe_path(const char *how, char *path, size_t room)
{
    char self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(len > 0);
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(path, room, "%s/path-%s", self, how);
    if (!access(path, X_OK))
        return;
#ifndef FK_SANITIZED
    if (getenv("CI"))
        tap_fail(__FILE__, __LINE__, "%s was not built", path);
#endif
    tap_skip("%s was not built: no such compiler, or sanitizers", path);
}

static void expect_whole_paths(const char *how)
{
    char path[600], line[100] = "";
    unsigned samples = 0, whole = 0;
    int pipe_fds[2];
    probe_path(how, path, sizeof path);
    CHECK(!pipe(pipe_fds));
    pid_t pid = fork();
    if (!pid) {
        dup2(pipe_fds[1], 1);
        execl(path, path, (char *)NULL);
        snprintf(line, sizeof line, "%s", errno == ENOEXEC ? "emulated" : "");
        ssize_t told = write(1, line, strlen(line));
        _exit(told < 0 ? 126 : 127);
    }
    close(pipe_fds[1]);
    CHECK(read(pipe_fds[0], line, sizeof line - 1) > 0);
    if (!strcmp(line, "emulated"))
        tap_skip("an emulated program cannot start another; see 40_core.t");
    CHECK_INT(sscanf(line, "samples %u whole %u", &samples, &whole), 2);
    tap_diag("%s: %u of %u samples have the whole path", how, whole, samples);
    CHECK(samples >= 100);
    CHECK(whole * 100 >= samples * 98);
}

TEST(whole_paths_gcc_O0)
{
    expect_whole_paths("gcc-O0");
}

TEST(whole_paths_gcc_O1)
{
    expect_whole_paths("gcc-O1");
}

TEST(whole_paths_gcc_O2)
{
    expect_whole_paths("gcc-O2");
}

TEST(whole_paths_gcc_O3)
{
    expect_whole_paths("gcc-O3");
}

/* Addresses of the file are addresses of the program. */
TEST(whole_paths_gcc_O2_not_position_independent)
{
    expect_whole_paths("gcc-nopie-O2");
}

/* Its tables have no header to search by. */
TEST(whole_paths_gcc_O2_static)
{
    expect_whole_paths("gcc-static-O2");
}

TEST(whole_paths_clang_O2)
{
    expect_whole_paths("clang-O2");
}

TAP_MAIN
