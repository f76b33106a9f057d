#!/bin/sh
# shellcheck disable=SC2016,SC2119,SC2317
# flamekit-perf: profiles from outside of a program that knows nothing of it,
# was compiled without frame pointers, and is not started again.
. tests/integration/lib.sh
need cc jq awk

perf=$bin/flamekit-perf
cat >"$TMP/busy.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

volatile unsigned long sink;

/* Never the same twice: a loop as long as the time between two samples would
 * be seen at one place only. */
static int length = 1;

static void vary(void)
{
    static unsigned seed = 1;
    seed = seed * 1103515245 + 12345;
    length = 300000 + (int)(seed >> 16) * 20;
}

__attribute__((noinline)) void light(void)
{
    for (int i = 0; i < length; i++)
        sink = sink * 31 + 1;
}

__attribute__((noinline)) void heavy(void)
{
    for (int i = 0; i < 3 * length; i++)
        sink = sink * 31 + 2;
}

/* Called by the C library, which has no frame pointers either. */
static int compare(const void *a, const void *b)
{
    heavy();
    return *(const int *)a - *(const int *)b;
}

int main(void)
{
    char bytes[4096];
    FILE *zeros = fopen("/dev/zero", "r");
    setvbuf(zeros, NULL, _IONBF, 0);
    puts("busy");
    fflush(stdout);
    for (;;) {
        int pair[2] = {2, 1};
        vary();
        light();
        qsort(pair, 2, sizeof(int), compare);
        for (int i = 0; i < 3000; i++)
            sink += fread(bytes, 1, sizeof(bytes), zeros);
    }
}
END
cc -O2 -fomit-frame-pointer -o "$TMP/busy" "$TMP/busy.c"
"$TMP/busy" >"$TMP/busy.out" &
busy_pid=$!
at_exit 'kill -9 $busy_pid 2>/dev/null || true'
wait_for 10 grep -q busy "$TMP/busy.out"

if ! "$perf" -p $busy_pid --for 100ms -o "$TMP/first" 2>"$TMP/why"; then
    echo "1..0 # SKIP $(cat "$TMP/why")"
    exit 0
fi

# share PATTERN FILE: percent of the values whose stack matches
share() {
    awk -v p="$1" '{ v = $NF; all += v; if ($0 ~ p) of += v }
        END { printf "%d", all ? 100 * of / all : -1 }' "$2"
}

# Until there are so many samples that chance cannot tip the shares below: on
# a busy machine a second has few. 300 at 499 Hz are 0.6 s.
: >"$TMP/one.folded"
enough() {
    [ "$(awk '/heavy|light/ { n += $NF } END { print n + 0 }' "$TMP/one.folded")" -ge 600000000 ]
}
for run in 1 2 3 4 5 6 7 8 9 10; do
    "$perf" -p $busy_pid --hz 499 --for 1s -o "$TMP/part.folded" 2>"$TMP/told"
    cat "$TMP/part.folded" >>"$TMP/one.folded"
    ! enough || break
done
ok "nearly every stack leads from main, through the C library, to the leaf" \
    [ "$(share '^_start;.*;main;.*qsort.*;compare;heavy' "$TMP/one.folded")" -gt 40 ]
ok "stacks are complete" [ "$(share '^_start;' "$TMP/one.folded")" -ge 95 ]
heavy=$(share 'heavy' "$TMP/one.folded")
light=$(share 'light' "$TMP/one.folded")
ok "three parts heavy, one part light: $heavy, $light" \
    [ "$heavy" -gt $((2 * light)) ]
ok "and not more" [ "$heavy" -lt $((5 * light)) ]
like "it counts what it lost" "$(cat "$TMP/told")" '*samples, 0 lost, *'
kernel=$(share '_\[k\]' "$TMP/one.folded")
case $(cat "$TMP/told") in
*"part of the stacks is left out"*) skip "the kernel's frames" "not allowed here" ;;
*) ok "frames of the kernel are marked" [ "$kernel" -gt 0 ] ;;
esac
# Without a sample there is no file, and a busy machine may give it none.
user_part() {
    "$perf" -p $busy_pid --no-kernel --for 1s -o "$TMP/user.folded" 2>/dev/null
    [ -s "$TMP/user.folded" ]
}
wait_for 60 user_part
is "and left out on demand" "$(share '_\[k\]' "$TMP/user.folded")" 0

"$perf" -p $busy_pid --for 1s -o "$TMP/one.pb" 2>/dev/null
ok "pprof by the file's ending" "$bin/flamekit" top "$TMP/one.pb"

# Between two looks at its map, 300 pieces of code come and go at once.
cat >"$TMP/restless.c" <<'END'
#include <fcntl.h>
#include <sys/mman.h>

enum { PAGE = 4096, PIECES = 300 };

int main(void)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    char *at = mmap(0, PIECES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < PIECES; i++) /* the same page, so that none are joined */
        mmap(at + i * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
    for (;;) {
        mprotect(at, PIECES * PAGE, PROT_READ | PROT_EXEC);
        mprotect(at, PIECES * PAGE, PROT_READ);
    }
}
END
cc -O1 -o "$TMP/restless" "$TMP/restless.c"
"$TMP/restless" &
restless_pid=$!
at_exit 'kill -9 $restless_pid 2>/dev/null || true'
ok "a map that grows while it is read" \
    "$perf" -p $restless_pid --hz 999 --for 3s -o "$TMP/restless.folded"
kill -9 $restless_pid

# The main thread leaves, and its event is never silent again.
cat >"$TMP/left.c" <<'END'
#include <pthread.h>
#include <stdio.h>
volatile unsigned long sink;
static void *work(void *arg)
{
    for (;;)
        sink++;
    return arg;
}
int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    puts("left");
    fflush(stdout);
    pthread_exit(NULL);
}
END
cc -O1 -pthread -o "$TMP/left" "$TMP/left.c"
"$TMP/left" >"$TMP/left.out" &
left_pid=$!
at_exit 'kill -9 $left_pid 2>/dev/null || true'
wait_for 10 grep -q left "$TMP/left.out"
wait_for 10 grep -q '^State:.*Z' /proc/$left_pid/status
rounds() { # waits of flamekit-perf in a second
    strace -f -e trace=poll,ppoll -o "$TMP/waits" "$perf" -p $left_pid \
        --for 1s -o "$TMP/left.folded" 2>/dev/null
    grep -c 'poll(' "$TMP/waits"
}
if command -v strace >/dev/null; then
    waits=$(rounds)
    ok "it waits while the main thread is gone: $waits times in a second" \
        [ "$waits" -lt 200 ]
else
    skip "it waits while the main thread is gone" "no strace"
fi
kill -9 $left_pid

start_server
odd=$TMP/$(printf 'na\377me')
cp "$TMP/busy" "$odd"
"$odd" >"$TMP/odd.out" &
odd_pid=$!
at_exit 'kill -9 $odd_pid 2>/dev/null || true'
wait_for 10 grep -q busy "$TMP/odd.out"
if "$perf" --all --for 2s --interval 1s --server "$URL" 2>"$TMP/told"; then
    curl -s -G "$URL/pyroscope/render" -d from=now-1h -d until=now%2B1h \
        --data-urlencode 'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="busy",comm="busy",pid="'$busy_pid'"}' \
        >"$TMP/render"
    like "the whole machine: each program is a service, with pid and comm" \
        "$(jq -r '.flamebearer.names | join(" ")' "$TMP/render")" '*heavy*'
    services=$(curl -s "$URL/pyroscope/label-values?label=service_name")
    like "a name that is no text does not cost the profiles of all others" \
        "$services" '*"na?me"*'
    kill -9 $odd_pid
    ok "what it counts is on /metrics" [ "$(counter \
        'flamekit_agent_samples_delivered_total{service_name="flamekit-perf"}')" -gt 0 ]
    "$perf" --container no-such-group --for 300ms -o "$TMP/none" 2>"$TMP/told"
    like "a container: nothing of others" "$(cat "$TMP/told")" '*: 0 samples,*'
    group=$(awk -F: 'length($3) > n { n = length($3); g = $3 } END { print g }' \
        /proc/$busy_pid/cgroup)
    "$perf" --container "$group" --for 1s -o "$TMP/group.folded" 2>"$TMP/told"
    ok "a container: all of its own, by program" \
        [ "$(share '^busy;_start;.*heavy' "$TMP/group.folded")" -gt 0 ]
else
    skip "the whole machine" "$(cat "$TMP/told")"
fi

says() {
    what=$1 want=$2
    shift 2
    like "$what" "$("$@" 2>&1)" "$want"
}
says "no such process" '*there is no process 4194000' \
    "$perf" -p 4194000 --for 1s -o "$TMP/x"
says "what to watch" '*one of -p PID, --container TEXT and --all*' \
    "$perf" -o "$TMP/x"
says "where to" '*one of -o FILE and --server URL*' "$perf" --all
says "a file that cannot be written" '*/no/such/folder/x cannot be written*' \
    "$perf" -p $busy_pid --for 1s -o /no/such/folder/x
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null &&
    [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 0 ]; then
    cp "$perf" "$TMP/perf"
    chmod 755 "$TMP"
    says "the missing privilege, in one sentence" \
        '*CAP_PERFMON capability is missing*run it as root*' \
        setpriv --reuid 65534 --clear-groups "$TMP/perf" --all --for 1s -o /dev/null
else
    skip "the missing privilege" "everything is allowed here"
fi
ok "the program still runs" kill -0 $busy_pid
tap_done
