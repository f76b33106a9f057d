#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# What a tenant may send and ask for, with Pyroscope's names, statuses and
# texts; and the file that sets it.
. tests/integration/lib.sh
need jq

cat >"$TMP/server.yaml" <<EOF
# limits of the lab
ingest-window: 1h
validation.max-label-names-per-series: 4
validation.max-length-label-name: 13
validation.max-length-label-value: 16   # bytes
validation.max-profile-size-bytes: 1000
validation.max-profile-stacktrace-samples: 3
ingester.max-global-series-per-tenant: 3
querier.max-query-length: 2h
querier.max-flamegraph-nodes-default: 2
querier.max-flamegraph-nodes-max: 100
EOF
start_server --config "$TMP/server.yaml" -querier.max-flamegraph-nodes-max=50
push=$URL/push.v1.PusherService/Push
cpu=process_cpu:cpu:nanoseconds:cpu:nanoseconds

# said WHAT STATUS TEXT: of the last answer.
said() {
    is "$1: $2" "$status" "$2"
    like "$1: says so" "$(message)" "*$3*"
}
profile() { make_pprof cpu/nanoseconds cpu/nanoseconds 0 | base64 -w0; }
one=$(echo 'main;work - 1' | profile)
# sent LABELS [PROFILE]: over Push; labels as "name":"value",...
sent() {
    pairs=$(printf '{%s}' "$1" | jq -c 'to_entries | map({name: .key, value: .value})')
    fetch -H 'Content-Type: application/json' --data-binary \
        "{\"series\":[{\"labels\":$pairs,\"samples\":[{\"rawProfile\":\"${2:-$one}\"}]}]}" "$push"
}
base='"__name__":"process_cpu","service_name":"shop"'
sent "$base"
is "a good one" "$status" 200
sent "$base,\"a\":\"1\",\"b\":\"2\",\"c\":\"3\""
said "five labels" 400 "has 5 label names; limit 4"
sent "$base,\"fourteen_bytes\":\"1\""
said "a label name too long" 400 "label name too long: 'fourteen_bytes"
sent "$base,\"a\":\"12345678901234567\""
said "a label value too long" 400 "label value too long"
sent "$base" "$(seq 2 | awk '{ printf "main;%0600d - 1\n", $1 }' | profile)"
said "a profile too large" 400 "exceeds the size limit (max_profile_size_byte, actual:*limit: 1000)"
sent "$base" "$(printf 'a - 1\nb - 1\nc - 1\nd - 1\n' | profile)"
said "too many samples" 400 "exceeds the samples count limit (max_profile_stacktrace_samples, actual: 4, limit: 3)"
sent "$base,\"a\":\"1\"" && sent "$base,\"a\":\"2\""
is "three series" "$status" 200
sent "$base,\"a\":\"3\""
said "a fourth" 429 "Maximum active series limit exceeded (3/3), reduce the number of active streams"
fetch -d 'a 1' "$URL/ingest?name=old.cpu&from=now-2h"
said "too old" 422 "outside of ingestion window"

# ---- queries ---------------------------------------------------------------------
fetch "$URL/pyroscope/render?query=$cpu%7B%7D&from=now-3h&until=now"
said "a long range" 400 "the query time range exceeds the limit (max_query_length, actual: 10800s, limit: 7200s)"
ask() {
    fetch -H 'Content-Type: application/json' -d "{\"profileTypeID\":\"$cpu\",\"labelSelector\":\"{}\",\"start\":$(date +%s000 -d -1hour),\"end\":$(date +%s000)$1}" \
        "$URL/querier.v1.QuerierService/SelectMergeStacktraces"
}
ask ',"maxNodes":51'
said "too many nodes" 400 "max flamegraph nodes limit 51 is greater than allowed 50"
fetch "$URL/api/v1/status/config"
like "the file is in force" "$body" '*querier.max-query-length: 2h*'
like "the command line goes before it" "$body" '*querier.max-flamegraph-nodes-max: 50*'
fetch "$URL/api/v1/status/config/diff"
like "what differs" "$body" '*ingest-window: 1h*'
ok "what does not" sh -c "! grep -q engine '$TMP/body'"
fetch "$URL/api/v1/status/config/default"
like "the defaults" "$body" '*ingest-window: 168h*'
curl -s "$URL/api/v1/status/config" >"$TMP/again.yaml"

# ---- reload ----------------------------------------------------------------------
sed -i 's/names-per-series: 4/names-per-series: 5/; s/^ingester.*/ingester.max-global-series-per-tenant: 9/' "$TMP/server.yaml"
kill -HUP "$server_pid"
wait_for 10 grep -q ' reloaded ' "$TMP/server.log"
sent "$base,\"a\":\"2\",\"b\":\"\",\"c\":\"\""
is "five labels after a reload" "$status" 200
like "what needs a restart is named" "$(cat "$TMP/server.log")" \
    '*needs_restart option=ingester.max-global-series-per-tenant*'
stop_server
is "the server ends well" "$server_status" 0
sed -i '/^listen:/d; /^data:/d' "$TMP/again.yaml"
start_server --config "$TMP/again.yaml"
is "what it told is a file it reads" \
    "$(curl -s "$URL/api/v1/status/config" | grep -v '^listen:\|^data:' | cmp - "$TMP/again.yaml" 2>&1)" ""
stop_server

echo 'ingest-windw: 1h' >"$TMP/bad.yaml"
out=$("$bin/flamekit-server" --config "$TMP/bad.yaml" 2>&1)
is "a word that is none: exit 2" $? 2
like "names file and line" "$out" "*bad.yaml line 1: *ingest-windw*"

# ---- rate -------------------------------------------------------------------------
start_server --distributor.ingestion-rate-limit-mb 1 --distributor.ingestion-burst-size-mb 1
seq 60000 | awk '{ print "main;work 1" }' >"$TMP/most"
fetch --data-binary "@$TMP/most" "$URL/ingest?name=shop.cpu"
is "within the burst" "$status" 200
# More than the burst is too much at any time, on any machine.
cat "$TMP/most" "$TMP/most" >"$TMP/more"
fetch --data-binary "@$TMP/more" "$URL/ingest?name=shop.cpu"
said "past it" 429 "push rate limit (1.0 MiB) exceeded while adding 1.4 MiB"
is "with a counter of its own" "$(counter 'pyroscope_discarded_samples_total{reason="rate_limit"}')" 1
again() {
    fetch --data-binary "@$TMP/most" "$URL/ingest?name=shop.cpu"
    [ "$status" = 200 ]
}
ok "less is well again" wait_for 30 again
stop_server
tap_done
