#!/bin/sh
# What the wall-clock profile of the demo app shows: slow_io waits in
# simulate_io, nearly everything else waits for work, and nobody waits longer
# because of it.
# shellcheck disable=SC2317 # functions are called by name
. tests/integration/programs.sh
need jq

start server "$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/data"
SERVER=$URL
start app "$bin/demoapp" --listen localhost:0 --server "$SERVER" --name wall.app
APP=$URL

# thirty URL FILE: seconds that each took, the quickest first.
thirty() {
    i=0
    while [ $i -lt 30 ]; do
        curl -s -m 20 -o /dev/null -w '%{time_total}\n' "$1/api/slow_io"
        i=$((i + 1))
    done | sort -n >"$2"
}
# Never shorter: a sleep that a profiler's signal ends early would be. The
# quickest is what it takes where nobody is in the way.
in_time() { # FILE
    compare "$(head -n 1 "$1")" '>=' 0.195 && compare "$(head -n 1 "$1")" '<=' 0.205
}
thirty "$APP" "$TMP/times"
ok "slow_io takes 200 +- 5 ms with the profiler on" in_time "$TMP/times"
profiled=$PID
start bare "$bin/demoapp" --listen localhost:0
thirty "$URL" "$TMP/bare"
ok "and with the profiler off" in_time "$TMP/bare"
stop "$PID"
PID=$profiled

sent() { equal "$(status_of -X POST "$APP/api/kit/hello_profiler")" 200; }
ok "the profile is sent" sent

wall='wall:wall:nanoseconds:wall:nanoseconds'
# Nanoseconds in and below a function; "total" for all of it.
time_in() { # SELECTOR FUNCTION
    curl -s -m 20 -G "$SERVER/pyroscope/render" -d from=now-5m -d until=now \
        --data-urlencode "query=$wall{$1}" |
        jq --arg name "$2" '.flamebearer | .names as $names |
            [.levels[] | . as $row | range(0; length; 4) |
             select($names[$row[. + 3]] == $name) | $row[. + 1]] | add // 0'
}
share() { # SELECTOR FUNCTION
    awk "BEGIN { all = $(time_in "$1" total)
        print all ? 100 * $(time_in "$1" "$2") / all : 0 }"
}
app='service_name="wall.app"'
io="$app,endpoint=\"/api/slow_io\""
waits_in_io() { compare "$(share "$io" simulate_io)" '>=' 95; }
ok "by endpoint, slow_io is simulate_io" waits_in_io
# 30 requests of 200 ms, or what a busy machine made of them, by looks at
# threads whose times nobody told.
all_of_it() {
    seconds=$(awk "BEGIN { print $(time_in "$io" simulate_io) / 1e9 }")
    most=$(awk '{ s += $1 } END { print 1.1 * s }' "$TMP/times")
    compare "$seconds" '>=' 5.4 && compare "$seconds" '<=' "$most"
}
ok "and the time is that of its requests" all_of_it
waits_for_work() { compare "$(share "$app" wait_for_work)" '>=' 50; }
ok "without a filter most of it is wait_for_work" waits_for_work

# Switched off from outside, there is a CPU profile and no other.
PYROSCOPE_PROFILING_WALLTIME_ENABLED=false start quiet "$bin/demoapp" \
    --listen localhost:0 --server "$SERVER" --name quiet.app
quiet=$URL
for _ in 1 2 3; do status_of "$quiet/api/cpu_heavy" >/dev/null; done
equal "$(status_of -X POST "$quiet/api/kit/hello_profiler")" 200 ||
    fail "the second profile is sent" "$(cat "$TMP/body")"
ticks() { # TYPE
    curl -s -m 20 -G "$SERVER/pyroscope/render" -d from=now-5m -d until=now \
        --data-urlencode "query=$1{service_name=\"quiet.app\"}" |
        jq '.flamebearer.numTicks // 0'
}
has_cpu() {
    compare "$(ticks process_cpu:cpu:nanoseconds:cpu:nanoseconds)" '>' 0
}
ok "it has a CPU profile" has_cpu
is "and none of the clock: the environment switched it off" "$(ticks "$wall")" 0
tap_done
