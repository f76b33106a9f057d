#!/bin/sh
# shellcheck disable=SC2016,SC2317
# Nothing is lost in silence: CPU samples taken = delivered + each kind of
# loss, exactly, in the program, on the server's /metrics and in its store; and
# the time of the wall clock, too.
. tests/integration/lib.sh
need cc jq

cat >"$TMP/host.c" <<'END'
#include "agent/flamekit.h"
#include <stdio.h>
#include <time.h>

static volatile unsigned long sink;

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void burn(double s)
{
    for (double end = cpu_s() + s; cpu_s() < end;)
        for (int i = 0; i < 100000; i++)
            sink = sink * 31 + 7;
}

int main(void)
{
    flamekit_config config;
    flamekit_config_init(&config);
    config.log_level = FLAMEKIT_LOG_NONE;
    config.upload_interval_ms = 100;
    config.push_queue_capacity = 1;
    config.sample_rate = 1000;
    config.profile_types = FLAMEKIT_PROFILE_CPU | FLAMEKIT_PROFILE_WALL;
    if (flamekit_configure(&config) != 0)
        return 1;
    flamekit_thread_register("main");
    flamekit_stats s;
    do {
        burn(0.2);
        flamekit_get_stats(&s);
    } while (s.uploads_dropped < 2);
    puts("lost some");
    fflush(stdout);
    getchar();
    burn(0.5);
    flamekit_shutdown();
    flamekit_get_stats(&s);
    printf("cpu %llu %llu %llu %llu\n", (unsigned long long)(s.samples + s.lost),
        (unsigned long long)s.weight_uploaded, (unsigned long long)s.lost,
        (unsigned long long)s.weight_dropped);
    printf("wall %llu %llu %llu %llu\n",
        (unsigned long long)(s.wall_ns + s.wall_lost_ns),
        (unsigned long long)s.wall_uploaded_ns,
        (unsigned long long)s.wall_lost_ns,
        (unsigned long long)s.wall_dropped_ns);
    return 0;
}
END
cc -O1 -g -I. -o "$TMP/host" "$TMP/host.c" -Lbuild/release/lib -lflamekit

start_server
address=127.0.0.1:$PORT
stop_server
mkfifo "$TMP/go"
LD_LIBRARY_PATH=build/release/lib PYROSCOPE_APPLICATION_NAME=counted \
    PYROSCOPE_SERVER_ADDRESS=http://$address "$TMP/host" \
    <"$TMP/go" >"$TMP/told" 2>&1 &
host_pid=$!
exec 9>"$TMP/go"
at_exit 'kill -9 $host_pid 2>/dev/null || true'
ok "uploads are given up while the server is away" \
    wait_for 30 grep -q '^lost some' "$TMP/told"
start_server --listen "$address"
echo go >&9
host_status=0
wait $host_pid || host_status=$?
is "the program ended well" $host_status 0

stored() { # QUERY
    curl -s -G "$URL/pyroscope/render" -d from=now-1h -d until=now%2B1h \
        --data-urlencode "query=$1{service_name=\"counted\"}" |
        jq .flamebearer.numTicks
}
of() { counter "flamekit_agent_$1{service_name=\"counted\"$2}"; }

# adds_up KIND METRIC QUERY: in the program, on the page, in the store
adds_up() {
    read -r taken delivered table dropped <<END
$(sed -n "s/^$1 //p" "$TMP/told")
END
    ok "$1: there was some" [ "${taken:-0}" -gt 0 ]
    is "$1: the program's counters add up" \
        $((delivered + table + dropped)) "$taken"
    is "$1: the server knows: taken" "$(of "$2_taken_total")" "$taken"
    is "$1: delivered" "$(of "$2_delivered_total")" "$delivered"
    is "$1: lost in the table" "$(of "$2_lost_total" ',reason="table"')" "$table"
    profile=$(of "$2_lost_total" ',reason="profile"')
    queue=$(of "$2_lost_total" ',reason="queue"')
    ok "$1: some was lost in the queue" [ "$queue" -gt 0 ]
    is "$1: lost on the way" $((profile + queue)) "$dropped"
    is "$1: nothing waits" "$(of "$2_waiting")" 0
    is "$1: what was delivered is what is stored" "$(stored "$3")" "$delivered"
}
adds_up cpu samples process_cpu:samples:count:cpu:nanoseconds
adds_up wall wall_nanoseconds wall:wall:nanoseconds:wall:nanoseconds
ok "how often the wall clock's threads are looked at" \
    [ "$(of wall_round_nanoseconds)" -gt 0 ]
tap_done
