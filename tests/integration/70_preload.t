#!/bin/sh
# The preload library in programs that know nothing of it: they do what they
# did, and there is a profile, or the reason why not.
# Pitfalls of the agent: 8, 11, 12, 30, 50, 51.
. tests/tap.sh
need cc nm readelf
lib=$PWD/build/release/lib/libflamekit_preload.so
[ -e "$lib" ] || { echo "1..0 # SKIP no preload library in this build"; exit 0; }

# A cache before the compiler would answer the second time in no time.
CCACHE_DISABLE=1
export CCACHE_DISABLE

# preload FILE COMMAND...: FILE is where its profile goes
preload() {
    file=$1
    shift
    env FLAMEKIT_OUTPUT="$file" PYROSCOPE_UPLOAD_INTERVAL=1s \
        LD_PRELOAD="$lib" "$@"
}
# same NAME COMMAND...: equal output, errors and status with and without
same() {
    what=$1
    shift
    "$@" >"$TMP/plain.out" 2>"$TMP/plain.err" </dev/null
    plain=$?
    preload "$TMP/same.%p.pb" env PYROSCOPE_PROFILING_WALLTIME_ENABLED=1 \
        PYROSCOPE_PROFILING_ALLOCATION_ENABLED=1 \
        PYROSCOPE_PROFILING_HEAP_ENABLED=1 PYROSCOPE_PROFILING_LOCK_ENABLED=1 \
        PYROSCOPE_PROFILER_ALLOC=4k \
        "$@" >"$TMP/pre.out" 2>"$TMP/pre.err" </dev/null
    is "$what: status" "$?" "$plain"
    ok "$what: output" cmp -s "$TMP/plain.out" "$TMP/pre.out"
    ok "$what: errors" cmp -s "$TMP/plain.err" "$TMP/pre.err"
}

# profiled NAME: and `same` left a profile of it
profiled() {
    seen=0
    for file in "$TMP"/same.*.pb; do
        ! build/release/bin/flamekit top -t wall "$file" >/dev/null 2>&1 ||
            seen=$((seen + 1))
    done
    ok "$1: a profile ($seen)" test $seen -gt 0
    rm -f "$TMP"/same.*.pb
}

like "it brings no library but the C library" \
    "$(readelf -d "$lib" | grep NEEDED | grep -v 'libc\.so\|ld-linux')" ""
is "what it puts in front of the host's functions" \
    "$(nm -D --defined-only "$lib" | awk '{ print $3 }' | grep -v '^flamekit_' |
        grep -vE '^(pthread_(create|exit|mutex_|rwlock_)|sigaction$|signal$|malloc$|calloc$|realloc|free$|memalign$|aligned_alloc$|posix_memalign$|valloc$|pvalloc$)')" ""

cat >"$TMP/spin.c" <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static volatile unsigned long sink;
__attribute__((noipa)) void hot_function(long ms)
{
    struct timespec t;
    long until;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    until = t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
    do {
        for (int i = 0; i < 20000; i++)
            sink = sink * 31 + 7;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    } while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < until);
}
static void *brief(void *arg)
{
    hot_function(2);
    if (arg)
        pthread_exit(arg);
    return "done";
}
int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    if (!strcmp(how, "threads"))
        for (int i = 0; i < 400; i++) {
            pthread_t t;
            void *got;
            pthread_create(&t, NULL, brief, i % 2 ? "left" : NULL);
            pthread_join(t, &got);
            if (strcmp(got, i % 2 ? "left" : "done"))
                return 9;
        }
    else
        hot_function(400);
    if (!strcmp(how, "exec"))
        execl(argv[0], argv[0], "again", (char *)NULL);
    puts(how);
    return 5;
}
END
cc -O1 -pthread -o "$TMP/spin" "$TMP/spin.c"
cc -O1 -pthread -static -o "$TMP/static" "$TMP/spin.c"
echo 'int puts(const char *); int main(void) { puts("brief"); return 0; }' |
    cc -O1 -x c -o "$TMP/brief" -

is "a program runs under it" "$(preload "$TMP/a.folded" "$TMP/spin" x; echo $?)" "x
5"
like "and its profile names the hot function" \
    "$(cat "$TMP/a.folded")" "*;main;hot_function *"
is "no profile where nobody asked" \
    "$(cd "$TMP" && LD_PRELOAD=$lib ./spin y; set -- "$TMP"/*pb*; test -e "$1"; echo $?)" "y
1"
preload "$TMP/t.folded" env PYROSCOPE_SAMPLE_RATE=1000 "$TMP/spin" threads >"$TMP/out"
is "threads keep their results" "$? $(cat "$TMP/out")" "5 threads"
ns=$(awk '/hot_function/ { s += $NF } END { print s + 0 }' "$TMP/t.folded")
echo "# 8: $((ns / 1000000)) ms seen of 800 in threads of 2 ms"
ok "8: threads of 2 ms are seen" test "$ns" -gt 720000000 -a "$ns" -lt 900000000
is "and their stacks begin as without it" \
    "$(grep -c 'flamekit_.*;brief' "$TMP/t.folded")" 0
is "11: exec under it" "$(preload "$TMP/e.folded" "$TMP/spin" exec; echo $?)" "again
5"
preload "$TMP/only.folded" env PYROSCOPE_PRELOAD_ONLY=other "$TMP/spin" >/dev/null
ok "PYROSCOPE_PRELOAD_ONLY keeps others out" test ! -e "$TMP/only.folded"
preload "$TMP/only.folded" env PYROSCOPE_PRELOAD_ONLY=other,spin "$TMP/spin" >/dev/null
ok "and lets those in" test -e "$TMP/only.folded"
is "PYROSCOPE_PRELOAD_CHILDREN=0 ends with the program itself" \
    "$(preload "$TMP/none" env PYROSCOPE_PRELOAD_CHILDREN=0 sh -c 'echo "[$LD_PRELOAD]"')" "[]"
is "50: a static program runs as it would" \
    "$(preload "$TMP/s.folded" "$TMP/static" z; echo $?)" "z
5"

# 18: a program that takes signals after the library has come.
cat >"$TMP/takes.c" <<'END'
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static volatile sig_atomic_t calls, last;
static void on_signal(int signo) { calls++; last = signo; }
static void on_info(int signo, siginfo_t *info, void *context)
{
    on_signal(context && info->si_signo == signo ? signo : -1);
}
__attribute__((noipa)) static void hot_function(void)
{
    struct timespec t;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < 300);
}
static int told(const char *what, int ok) { if (!ok) puts(what); return !ok; }
int main(int argc, char **argv)
{
    struct sigaction a = {.sa_handler = on_signal}, old;
    struct itimerval timer = {.it_value.tv_usec = 10000};
    int bad = 0;
    for (int s = 1; s < NSIG; s++)
        sigaction(s, &a, NULL);
    bad += told("kept", !sigaction(SIGPROF, NULL, &old) &&
                            old.sa_handler == on_signal);
    hot_function();
    bad += told("none came by itself", calls == 0);
    raise(SIGPROF);
    bad += told("its own came", calls == 1 && last == SIGPROF);
    bad += told("signal tells the old one", signal(SIGPROF, SIG_DFL) == on_signal);
    a.sa_sigaction = on_info;
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGPROF, &a, &old);
    bad += told("and keeps the new one", old.sa_handler == SIG_DFL);
    setitimer(ITIMER_PROF, &timer, NULL);
    while (calls == 1)
        ;
    bad += told("with what it was told", last == SIGPROF);
    if (fork() == 0) {
        raise(SIGPROF);
        _exit(calls == 3 ? 7 : 8);
    }
    int status;
    wait(&status);
    bad += told("in a child, too", status == 7 << 8);
    signal(SIGPROF, SIG_IGN);
    if (argc > 1)
        execl("/bin/sh", "sh", "-c", "kill -PROF $$; echo alive", NULL);
    return bad;
}
END
cc -O1 -o "$TMP/takes" "$TMP/takes.c"
is "18: it runs as it would" "$("$TMP/takes"; echo $?)" 0
is "18: and under the library" "$(preload "$TMP/k.folded" "$TMP/takes"; echo $?)" 0
like "18: with a profile" "$(cat "$TMP/k.folded")" "*main;hot_function*"
is "18: an ignored signal is inherited" \
    "$(preload "$TMP/k.folded" "$TMP/takes" exec)" alive

# 18: two profilers, one signal. Ours begins when its thread was given a core.
other=$(ls /usr/lib/*/libprofiler.so.0 2>/dev/null | head -n 1)
if [ -n "$other" ]; then
    for pair in "$other:$lib" "$lib:$other"; do
        env FLAMEKIT_OUTPUT="$TMP/two.folded" CPUPROFILE="$TMP/prof" \
            LD_PRELOAD="$pair" "$TMP/spin" both >"$TMP/out" 2>"$TMP/err"
        theirs=$(sed -n 's|.*bytes = \([0-9]*\)/.*|\1|p' "$TMP/err")
        ours=$(awk '/hot_function/ { s += $NF } END { print s / 1e7 }' "$TMP/two.folded")
        echo "# 18: $ours samples, and $theirs of gperftools"
        ok "18: beside gperftools each has its samples" \
            awk -v a="$ours" -v b="${theirs:-0}" \
            'BEGIN { exit !(a >= 5 && b > 30) }'
    done
else
    skip "18: beside gperftools" "no libprofiler.so.0"
fi

# 51: a program that runs with its owner's rights. The loader ignores
# LD_PRELOAD then; a program that is linked with the library has it still.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    mkdir -m 777 "$TMP/set"
    chmod 755 "$TMP"
    cp "$lib" "$TMP/set/"
    for how in preloaded linked; do
        [ $how = preloaded ] || set -- -L"$TMP/set" -Wl,--no-as-needed \
            -lflamekit_preload -Wl,-rpath,"$TMP/set"
        cc -O1 -pthread -o "$TMP/set/$how" "$TMP/spin.c" "$@"
        set --
        cp "$TMP/set/$how" "$TMP/set/plain-$how"
        chmod 4755 "$TMP/set/$how"
        for file in "plain-$how" "$how"; do
            (cd "$TMP/set" && setpriv --reuid 65534 --regid 65534 --clear-groups \
                env FLAMEKIT_OUTPUT="$TMP/set/$file.folded" \
                LD_PRELOAD="$TMP/set/libflamekit_preload.so" \
                "./$file" s) >"$TMP/out" 2>&1
            is "51: $file: runs as it would" "$? $(cat "$TMP/out")" "5 s"
        done
        ok "51: $how: without another's rights there is a profile" \
            test -e "$TMP/set/plain-$how.folded"
        ok "51: $how: with them there is none" \
            test ! -e "$TMP/set/$how.folded"
    done
else
    skip "51: a setuid program" "needs root and setpriv"
fi
if command -v valgrind >/dev/null; then
    is "51: valgrind finds nothing" \
        "$(preload "$TMP/v.folded" valgrind -q --error-exitcode=9 "$TMP/brief" </dev/null 2>&1; echo $?)" "brief
0"
else
    skip "51: valgrind" "not installed"
fi

# Hosts.
seq 300000 | sort -R >"$TMP/numbers"
same "sort" sort -n "$TMP/numbers"
profiled "sort"
same "sort, wrong option" sort --nonsense
same "bash" bash -c 'x=0; for i in $(seq 100000); do x=$((x + i)); done
    echo $x | cat; exec 3<"$0"; read -u 3 l; echo "$l"; (exit 4)' "$TMP/numbers"
profiled "bash"
cat >"$TMP/t.c" <<'END'
int main(void) { return undeclared; }
END
same "gcc, an error" gcc -c "$TMP/t.c" -o "$TMP/t.o"
rm -f "$TMP"/same.*.pb
# Enough to do that the agent's thread gets its turn beside it.
for i in $(seq 500); do
    echo "int f$i(int x) { int s = $i; for (int i = 0; i < x; i++) s += i * s ^ x; return s; }"
done >"$TMP/large.c"
same "gcc" gcc -O2 -c "$TMP/large.c" -o "$TMP/large.o"
profiled "gcc"
python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)
if [ -n "$python" ]; then
    same "python3" "$python" -c 'import threading, subprocess, os, sys
def f(): return sum(i * i for i in range(300000))
ts = [threading.Thread(target=f) for _ in range(4)]
[t.start() for t in ts]; [t.join() for t in ts]
print(subprocess.run(["echo", "child"], capture_output=True).stdout)
pid = os.fork()
if pid == 0: os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), os.open("/dev/null", 0))
sys.exit(6)'
    profiled "python3"
else
    skip "python3" "not installed"
fi

# 31: other allocators, before us and behind us. 64 MB in blocks of 1000.
cat >"$TMP/blocks.c" <<'END'
#include <stdlib.h>
static void *volatile kept[65536];
__attribute__((noipa)) void take_blocks(void)
{
    for (int i = 0; i < 65536; i++)
        kept[i] = malloc(1000);
}
int main(void)
{
    take_blocks();
    for (int i = 0; i < 65536; i++)
        free(kept[i]);
    return 0;
}
END
cc -O1 -o "$TMP/blocks" "$TMP/blocks.c"
estimate() { # NAME LD_PRELOAD
    rm -f "$TMP/h.folded"
    env FLAMEKIT_OUTPUT="$TMP/h.pb" LD_PRELOAD="$2" \
        PYROSCOPE_PROFILING_CPU_ENABLED=0 PYROSCOPE_PROFILER_ALLOC=32k \
        PYROSCOPE_PROFILING_ALLOCATION_ENABLED=1 "$TMP/blocks" ||
        { fail "31: $1" "status $?"; return; }
    got=$(build/release/bin/flamekit top -t alloc_objects "$TMP/h.pb" |
        awk '$NF == "take_blocks" { print $1 }')
    echo "# 31: $1: ${got:-0} of 65536"
    ok "31: $1: within 10 % (4.5 deviations)" \
        test "${got:-0}" -gt 58900 -a "${got:-0}" -lt 72200
}
estimate "the C library's malloc" "$lib"
for name in libtcmalloc_minimal.so.4 libjemalloc.so.2; do
    other=$(ls /usr/lib/*/$name 2>/dev/null | head -n 1)
    if [ -n "$other" ]; then
        estimate "$name behind" "$lib:$other"
        env FLAMEKIT_OUTPUT="$TMP/o.pb" LD_PRELOAD="$other:$lib" "$TMP/blocks"
        is "31: $name in front runs, and keeps us out" $? 0
    else
        skip "31: $name" "not installed"
    fi
done
tap_done
