#!/bin/sh
# kill -9 of the server under load, then make up: nothing acknowledged is
# lost, the gap on the timeline is short, no request of the demo app fails.
. tests/tap.sh
need curl jq
. tests/kit.sh

kit_up
server=$(kit_value FLAMEKIT_SERVER)
app=$(kit_value FLAMEKIT_APP)

from=$(date +%s)
build/release/bin/loadgen --plan mixed --for 40s --target "$app" \
    --server "$server" --report json -o "$TMP/report.json" \
    >"$TMP/load" 2>&1 &
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
wait_for 30 acked_at_least 100

kill -9 "$(kit_pid server)"
before=$(wc -l <"$TMP/acked")
$kit up >/dev/null 2>&1
is "make up brings the server back" $? 0
wait_for 30 acked_at_least $((before + 20))
is "and it takes profiles again" $? 0
: >"$TMP/stop"
wait $pusher
wait $load
is "the load ended well" $? 0

curl -s -G "$server/pyroscope/render" --data-urlencode \
    'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="killed"}' \
    -d from=now-10m -d until=now+1m -d max-nodes=100000 |
    jq -r '.flamebearer.names[]' | sort >"$TMP/stored"
sort "$TMP/acked" >"$TMP/wanted"
lost=$(comm -23 "$TMP/wanted" "$TMP/stored" | wc -l)
is "of $(wc -l <"$TMP/wanted") acknowledged profiles none is lost" "$lost" 0

is "no request of the demo app failed" "$(jq '[.phases[].failed] | add' "$TMP/report.json")" 0

# Empty 5 s steps in a row, between the first and the last step with data.
gap=$(curl -s "$server/querier.v1.QuerierService/SelectSeries" \
    -H 'Content-Type: application/json' -d "{
    \"profileTypeID\":\"process_cpu:cpu:nanoseconds:cpu:nanoseconds\",
    \"labelSelector\":\"{service_name=\\\"workshop.demo.app\\\"}\",
    \"start\":\"${from}000\",\"end\":\"$(($(date +%s) + 5))000\",\"step\":5}" |
    jq '[.series[].points[].timestamp | tonumber] | sort | unique
        | [., .[1:]] | transpose | map(select(.[1] != null) | .[1] - .[0])
        | max / 1000')
ok "the longest gap on the timeline, $gap s, is at most 20 s" \
    test "${gap%.*}" -le 20
tap_done
