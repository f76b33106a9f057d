#!/bin/sh
# flamekit-perf: source lines and inlined functions of a program that runs
# already, and services that are called after their cgroup.
. tests/integration/lib.sh
need cc curl jq

perf=$bin/flamekit-perf
cat >"$TMP/shelf.c" <<'END'
#include <stdio.h>

static volatile unsigned long sink;

static inline __attribute__((always_inline)) void innermost(long n)
{
    for (long i = 0; i < n; i++)
        sink = sink * 31 + 7;
}

__attribute__((noinline)) void around(long n)
{
    innermost(n);
    sink = sink + 1;
}

int main(void)
{
    puts("ready");
    fflush(stdout);
    for (long n = 50000;; n = n * 5 % 90001 + 10000)
        around(n);
}
END
cc -O2 -g -o "$TMP/inside" "$TMP/shelf.c"
cp "$TMP/inside" "$TMP/outside"
start_busy() { # NAME: its pid in $busy_pid
    "$TMP/$1" >"$TMP/$1.out" &
    busy_pid=$!
    at_exit "kill -9 $busy_pid 2>/dev/null || true; wait $busy_pid 2>/dev/null || true"
    wait_for 10 grep -q ready "$TMP/$1.out"
}
start_busy inside
inside=$busy_pid
if ! "$perf" -p "$inside" --for 100ms -o "$TMP/first" 2>"$TMP/why"; then
    echo "1..0 # SKIP $(cat "$TMP/why")"
    exit 0
fi

# ---- lines ------------------------------------------------------------------
if pkg-config --exists libdw && ldconfig -p | grep -q 'libdw\.so\.1'; then
    "$perf" -p "$inside" --lines --for 1s -o "$TMP/lines.folded" 2>/dev/null
    like "an inlined function, and the one that has it" \
        "$(cat "$TMP/lines.folded")" '*main;around;innermost *'
    "$perf" -p "$inside" --lines --for 1s -o "$TMP/lines.pb" 2>/dev/null
    ok "the file of source is in the profile" grep -q 'shelf\.c' "$TMP/lines.pb"
else
    skip "an inlined function, and the one that has it" "libdw is not installed"
fi
"$perf" -p "$inside" --for 1s -o "$TMP/plain.folded" 2>/dev/null
like "without it, functions" "$(cat "$TMP/plain.folded")" '*main;around *'
is "and nothing that was inlined" "$(grep -c innermost "$TMP/plain.folded")" 0

# ---- cgroups ----------------------------------------------------------------
# A process is in one group of each hierarchy, and the longest path names it.
group=flamekit-test-$$-of-a-shop-whose-path-is-longer-than-those-of-the-machine
join_group() { # PID: in the first hierarchy that lets us
    while read -r _ at type _; do
        case $type in cgroup | cgroup2) ;; *) continue ;; esac
        mkdir "$at/$group" 2>"$TMP/why" || continue
        at_exit "kill -9 $1 2>/dev/null; wait $1 2>/dev/null; rmdir '$at/$group' || true"
        echo "$1" 2>"$TMP/why" >"$at/$group/cgroup.procs" && return 0
    done </proc/self/mounts
    return 1
}
start_busy outside
outside=$busy_pid
group_of() { # COMM PID: samples of that process in the group's service
    curl -s -G "$URL/pyroscope/render" -d from=now-1h -d until=now%2B1h \
        --data-urlencode "query=process_cpu:samples:count:cpu:nanoseconds{service_name=\"$group\",comm=\"$1\",pid=\"$2\"}" |
        jq .flamebearer.numTicks
}
if ! join_group "$inside"; then
    skip "a service by its cgroup" "no cgroup can be made here: $(cat "$TMP/why")"
elif start_server; ! "$perf" --all --service-by cgroup --for 2s --server "$URL" \
    2>"$TMP/told"; then
    skip "a service by its cgroup" "$(cat "$TMP/told")"
else
    ok "a service is called after its cgroup" \
        [ "$(group_of inside "$inside")" -gt 0 ]
    is "and has nothing of processes elsewhere" "$(group_of outside "$outside")" 0
    "$perf" --container "$group" --for 1s -o "$TMP/group.folded" 2>/dev/null
    is "a group by a part of its path: one program" \
        "$(cut -d';' -f1 "$TMP/group.folded" | sort -u)" inside
fi
tap_done
