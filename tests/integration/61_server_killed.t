#!/bin/sh
# kill -9 of the server in the middle of an exercise, and again just before
# its load ends; each time make up after as long as a person needs: nothing
# acknowledged is lost, the timeline has no gap, no request of the demo app
# fails, and the verdicts are right: while the server is away, and after.
. tests/apart.sh
. tests/tap.sh
need curl jq
. tests/kit.sh

# check EXERCISE -> $out, $verdict
check() {
    out=$($kit check "$1" 2>&1 </dev/null)
    verdict=$?
}

kit_up
server=$(kit_value FLAMEKIT_SERVER)
from=$(date +%s)
$kit run 07.4 --speed 2 --report json -o "$TMP/report.json" >"$TMP/load" 2>&1 &
load=$!
at_exit "kill $load 2>/dev/null"

# One profile after another, each with a stack of its own; what was answered
# with 200 is on record.
pusher() {
    i=0
    while [ ! -e "$TMP/stop" ]; do
        i=$((i + 1))
        status=$(echo "acked;stack_$i 1" | curl -s -m 5 -o /dev/null \
            -w '%{http_code}' --data-binary @- \
            "$server/ingest?name=killed.cpu&from=$(date +%s)&until=$(date +%s)")
        [ "$status" != 200 ] || echo "stack_$i" >>"$TMP/acked"
    done
}
pusher &
pusher=$!
# shellcheck disable=SC2317
acked_at_least() { [ "$(wc -l <"$TMP/acked")" -ge "$1" ]; }
wait_for 30 acked_at_least 20

# at SECOND: the load has come so far. away: the server is, and comes back.
at() { wait_for 40 grep -q "^io 1/1 $1s" "$TMP/load"; }
away() {
    kill -9 "$(kit_pid server)"
    before=$(wc -l <"$TMP/acked")
    check 07.4
    is "$1: without a server: BROKEN, not NOT YET" $verdict 3
    like "$1: and what to do" "$out" "*make up*"
    sleep 6
    $kit up >/dev/null 2>&1
    is "$1: make up brings it back" $? 0
    wait_for 30 acked_at_least $((before + 5))
    is "$1: and it takes profiles again" $? 0
}
at '[6-9]'
away "in the middle"
at '2[6-9]'
away "at the end"
: >"$TMP/stop"
wait $pusher
wait $load
is "the load ended well" $? 0
is "no request of the demo app failed" "$(jq '[.phases[].failed] | add' "$TMP/report.json")" 0

curl -s -G "$server/pyroscope/render" --data-urlencode \
    'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="killed"}' \
    -d from=now-10m -d until=now+1m -d max-nodes=100000 |
    jq -r '.flamebearer.names[]' | sort >"$TMP/stored"
sort "$TMP/acked" >"$TMP/wanted"
lost=$(comm -23 "$TMP/wanted" "$TMP/stored" | wc -l)
is "of $(wc -l <"$TMP/wanted") acknowledged profiles none is lost" "$lost" 0

# From one 5 s step with data to the next; threads wait when nobody calls.
gap() {
    curl -s "$server/querier.v1.QuerierService/SelectSeries" \
        -H 'Content-Type: application/json' -d "{
        \"profileTypeID\":\"wall:wall:nanoseconds:wall:nanoseconds\",
        \"labelSelector\":\"{service_name=\\\"workshop.demo.app\\\"}\",
        \"start\":\"${from}000\",\"end\":\"$(($(date +%s) + 5))000\",\"step\":5}" |
        jq '[.series[].points[].timestamp | tonumber] | sort | unique
            | [., .[1:]] | transpose | map(select(.[1] != null) | .[1] - .[0])
            | max / 1000'
}
gap=$(gap)
ok "the longest gap on the timeline, $gap s, is at most 15 s" test "${gap%.*}" -le 15

# ---- the band and the verdicts -------------------------------------------------
band=$(curl -s "$server/api/annotations?kind=phase&from=${from}000" |
    jq -r '.[] | select(.data.phase == "io") | (.until - .timestamp) / 1000 | round')
ok "the band is as long as the phase was: $band s" test "$band" -ge 29 -a "$band" -le 40
check 07.4
is "what was measured is right, the rest is the student's: NOT YET" $verdict 1
is "no line of the world is wrong" "$(echo "$out" | grep '^  [✗…]')" ""
$kit solve 07.4 --no-load >"$TMP/solved" 2>&1
is "solved: PASS" $? 0
$kit answer 07.4 cpu=120 >/dev/null
check 07.4
is "a wrong answer: NOT YET" $verdict 1
like "with its reason" "$out" "*\[M7\]*"
tap_done
