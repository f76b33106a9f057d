#!/bin/sh
# The preload library at moments that no program chooses: a thread is
# cancelled while we look at it, a handler ends the process while it forks, a
# child comes into being behind our back, another allocator is in front.
# Pitfalls of the agent: 53, 54, 55, 56, 58, 59.
. tests/tap.sh
need cc
lib=$PWD/build/release/lib/libflamekit_preload.so
[ -e "$lib" ] || { echo "1..0 # SKIP no preload library in this build"; exit 0; }

# preload FILE COMMAND...: FILE is where its profile goes
preload() {
    file=$1
    shift
    timeout -k 1 30 env FLAMEKIT_OUTPUT="$file" LD_PRELOAD="$lib" \
        PYROSCOPE_SAMPLE_RATE=1000 PYROSCOPE_UPLOAD_INTERVAL=100ms \
        PYROSCOPE_PROFILER_LOCK=1us \
        PYROSCOPE_PROFILING_ALLOCATION_ENABLED=1 PYROSCOPE_PROFILER_ALLOC=1k \
        PYROSCOPE_PROFILING_LOCK_ENABLED=1 "$@"
}

cat >"$TMP/moments.c" <<'END'
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long sink;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int taken, allocated;

static long now_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

__attribute__((noipa)) void hot_function(long ms)
{
    long until = now_ms(CLOCK_THREAD_CPUTIME_ID) + ms;
    while (now_ms(CLOCK_THREAD_CPUTIME_ID) < until)
        for (int i = 0; i < 20000; i++)
            sink = sink * 31 + 7;
}

__attribute__((noipa)) void after_them(long ms)
{
    hot_function(ms);
}

/* Neither of them is a place where a thread is cancelled. */
static void *wait_cancelled(void *arg)
{
    pthread_cancel(pthread_self());
    pthread_mutex_lock(&lock);
    taken++;
    pthread_mutex_unlock(&lock);
    pthread_testcancel();
    return arg;
}

static void *allocate_cancelled(void *arg)
{
    pthread_cancel(pthread_self());
    for (int i = 0; i < 1000; i++) {
        void *volatile block = malloc(4096);
        allocated++;
        free(block);
    }
    pthread_testcancel();
    return arg;
}

static int deferred(void)
{
    pthread_t t;
    void *result = NULL;
    for (int i = 0; i < 5; i++) {
        pthread_mutex_lock(&lock);
        pthread_create(&t, NULL, wait_cancelled, NULL);
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        pthread_mutex_unlock(&lock);
        pthread_join(t, &result);
        if (pthread_mutex_trylock(&lock) != 0)
            return puts("a dead thread holds the lock");
        pthread_mutex_unlock(&lock);
    }
    pthread_create(&t, NULL, allocate_cancelled, NULL);
    pthread_join(t, &result);
    printf("%d %d %d\n", taken, allocated, result == PTHREAD_CANCELED);
    return 0;
}

/* A cancellation that meets a thread anywhere, mostly at its end. */
static void *spin(void *started)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    *(volatile int *)started = 1;
    for (long i = 0; i < 2000; i++)
        sink += i;
    return NULL;
}

static int at_any_time(void)
{
    for (int i = 0; i < 600; i++) {
        pthread_t t;
        volatile int started = 0;
        pthread_create(&t, NULL, spin, (void *)&started);
        while (!started)
            sched_yield();
        for (int k = 0; k < 37 * i % 8000; k++)
            sink += k;
        pthread_cancel(t);
        pthread_join(t, NULL);
    }
    return 0;
}

static void end(int signo)
{
    exit(signo == SIGALRM ? 3 : 4);
}

/* Where a sample takes its time. */
__attribute__((noipa)) static void deep(int frames)
{
    volatile int here = frames;
    if (frames > 0)
        deep(frames - 1);
    else
        hot_function(1000);
    here = 0;
}

static void *go_deep(void *arg)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    deep(400);
    return arg;
}

static int in_a_sample(void)
{
    for (int i = 0; i < 800; i++) {
        pthread_t t;
        pthread_create(&t, NULL, go_deep, NULL);
        nanosleep(&(struct timespec){.tv_nsec = 1000000 + 779 * i}, NULL);
        pthread_cancel(t);
        pthread_join(t, NULL);
    }
    puts("and on");
    after_them(200);
    return 0;
}

static void bye(void)
{
    puts("bye");
}

static void *last_words(void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    puts("worker");
    return arg;
}

static int main_leaves(int threads)
{
    pthread_t t;
    atexit(bye);
    for (int i = 0; i < threads; i++) {
        pthread_create(&t, NULL, last_words, NULL);
        pthread_detach(t);
    }
    pthread_exit(NULL);
}

static int ended_in_fork(long us)
{
    signal(SIGALRM, end);
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = us}, NULL);
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
}

static int child_of(const char *how)
{
    int status = 0;
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    long begin = now_ms(CLOCK_MONOTONIC);
    pid_t pid = strcmp(how, "vfork") ? syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)
                                     : vfork();
    if (pid == 0)
        exit(6);
    waitpid(pid, &status, 0);
    printf("%d in %s\n", WEXITSTATUS(status),
        now_ms(CLOCK_MONOTONIC) - begin < 2000 ? "time" : "no time");
    fflush(stdout);
    hot_function(200);
    return 0;
}

int main(int argc, char **argv)
{
    if (!strcmp(argv[1], "deferred"))
        return deferred();
    if (!strcmp(argv[1], "anytime"))
        return at_any_time();
    if (!strcmp(argv[1], "sample"))
        return in_a_sample();
    if (!strcmp(argv[1], "leaves"))
        return main_leaves(atoi(argv[argc - 1]));
    if (!strcmp(argv[1], "bare"))
        syscall(SYS_exit, 4);
    if (!strcmp(argv[1], "ended"))
        return ended_in_fork(atol(argv[argc - 1]));
    return child_of(argv[1]);
}
END
cc -O1 -fno-builtin -pthread -o "$TMP/moments" "$TMP/moments.c" 2>/dev/null

# ---- threads that are cancelled ---------------------------------------------
is "53: neither a lock nor malloc is where a thread is cancelled" \
    "$(preload "$TMP/d.folded" "$TMP/moments" deferred; echo $?)" "5 1000 1
0"
preload "$TMP/a.folded" "$TMP/moments" anytime
is "53: threads cancelled at any time leave no lock behind" $? 0
is "53: threads may be cancelled while a sample is taken of them" \
    "$(preload "$TMP/s.folded" env PYROSCOPE_MAX_STACK_DEPTH=512 \
        PYROSCOPE_PROFILING_WALLTIME_ENABLED=1 "$TMP/moments" sample)" "and on"
like "53: and samples are taken later on" "$(cat "$TMP/s.folded")" '*after_them*'

# ---- fork -------------------------------------------------------------------
ended=
for us in 1000 1700 2300 3100 3700 4300 5100 5900 6700 7300 8100 9700; do
    preload "$TMP/f.folded" "$TMP/moments" ended $us
    ended="$ended$? "
done
is "54: a handler may end the process while it forks" \
    "$ended" "3 3 3 3 3 3 3 3 3 3 3 3 "

for how in clone vfork; do
    is "55: a child by $how alone ends at once" \
        "$(preload "$TMP/$how.folded" "$TMP/moments" $how)" "6 in time"
    like "55: and its parent is profiled on" \
        "$(cat "$TMP/$how.folded")" '*hot_function *'
done

# ---- the last thread ---------------------------------------------------------
for threads in 0 1 8; do
    "$TMP/moments" leaves $threads >"$TMP/want"
    is "58: main leaves $threads threads behind, and the last one ends the process" \
        "$(preload "$TMP/m.folded" "$TMP/moments" leaves $threads; echo $?)" \
        "$(cat "$TMP/want")
0"
done
preload "$TMP/b.folded" "$TMP/moments" bare
is "58: main leaves by the bare system call" $? 4
cat >"$TMP/killed.c" <<'END'
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(void)
{
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    return getpid();
}
END
cc -O1 -o "$TMP/killed" "$TMP/killed.c"
preload "$TMP/k.folded" "$TMP/killed" 2>/dev/null
is "58: the kernel kills the only thread of the host" $? 137

# ---- a sandbox that comes after the agent -------------------------------------
cat >"$TMP/sandbox.c" <<'END'
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

static volatile unsigned long sink;

__attribute__((noinline)) void hot_function(void)
{
    for (int i = 0; i < 20000000; i++)
        sink = sink * 31 + 1;
}

/* Until the agent has written its file twice: it knows this thread. */
static int wait_for(const char *file)
{
    struct stat st;
    ino_t last = 0;
    time_t until = time(NULL) + 100;
    for (int writes = 0; time(NULL) < until;) {
        hot_function();
        if (stat(file, &st) == 0 && st.st_ino != last) {
            last = st.st_ino;
            if (++writes == 2)
                return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned action = strcmp(argv[1], "kill") == 0
                          ? SECCOMP_RET_KILL_PROCESS
                          : SECCOMP_RET_ERRNO | EPERM;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_timer_settime, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_timer_create, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, action),
    };
    struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
    if (argc > 2 && !wait_for(argv[2]))
        return 4;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        return 3;
    for (int i = 0; i < 10; i++)
        hot_function();
    puts("done");
    return 7;
}
END
cc -O1 -o "$TMP/sandbox" "$TMP/sandbox.c"
for how in "refuse 100" "refuse 1000" "kill 1000"; do
    rm -f "$TMP/sandbox.folded"
    is "59: a filter set later, $how Hz" "$(timeout -k 1 120 env \
        FLAMEKIT_OUTPUT="$TMP/sandbox.folded" LD_PRELOAD="$lib" \
        PYROSCOPE_SAMPLE_RATE="${how#* }" PYROSCOPE_UPLOAD_INTERVAL=100ms \
        "$TMP/sandbox" "${how% *}" "$TMP/sandbox.folded" 2>&1; echo $?)" "done
7"
done

# ---- another allocator ------------------------------------------------------
cat >"$TMP/own.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static _Alignas(16) char pool[64 << 20];
static size_t used;
void *malloc(size_t size)
{
    size_t *block = (void *)(pool + used);
    used += 16 + (size + 15) / 16 * 16;
    *block = size;
    return used <= sizeof(pool) ? block + 2 : NULL;
}
void *calloc(size_t n, size_t size)
{
    return malloc(n * size);
}
void free(void *block)
{
    (void)block;
}
void *realloc(void *old, size_t size)
{
    void *block = malloc(size);
    if (old != NULL && block != NULL)
        memcpy(block, old, ((size_t *)old)[-2]);
    return block;
}
int main(void)
{
    char *text = malloc(16);
    strcpy(text, "moved");
    puts(reallocarray(text, 100, 100));
    return 0;
}
END
cc -O1 -fno-builtin -o "$TMP/own" "$TMP/own.c"
is "56: reallocarray of a block that is another allocator's" \
    "$(preload "$TMP/o.folded" "$TMP/own" 2>&1; echo $?)" "moved
0"
tap_done
