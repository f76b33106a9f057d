#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# Queries made to be expensive end soon, with a sentence, and nobody else
# waits for them: not an upload, not a probe, not a cheap query.
. tests/integration/lib.sh
need jq

start_server --distributor.ingestion-rate-limit-mb 1000 --distributor.ingestion-burst-size-mb 1000
cpu=process_cpu:cpu:nanoseconds:cpu:nanoseconds
now=$(date +%s)000
one=$(echo 'main;work - 1' | make_pprof cpu/nanoseconds cpu/nanoseconds 0 | base64 -w0)

# 100 series of 20 labels with 2,000 bytes each.
perl -e 'my $one = shift; print "{\"series\":[", join(",", map { my $n = $_;
    "{\"labels\":[{\"name\":\"__name__\",\"value\":\"process_cpu\"},{\"name\":\"n\",\"value\":\"$n\"}," .
    join(",", map { "{\"name\":\"l$_\",\"value\":\"" . "a" x 2000 . "$n\"}" } 1 .. 20) .
    "],\"samples\":[{\"rawProfile\":\"$one\"}]}" } 1 .. 100), "]}"' "$one" >"$TMP/many.json"
fetch -H 'Content-Type: application/json' --data-binary "@$TMP/many.json" "$URL/push.v1.PusherService/Push"
is "100 series with long labels" "$status" 200

ask() { # METHOD FIELDS
    fetch -H 'Content-Type: application/json' -d "{\"profileTypeID\":\"$cpu\",\"labelSelector\":\"{}\",\"start\":$((now - 3600000)),\"end\":$((now + 600000))$2}" \
        "$URL/querier.v1.QuerierService/$1"
}
# soon WHAT SECONDS COMMAND...: it ends within that time, which leaves much
# room for a busy machine: without a limit these take minutes.
soon() {
    what=$1 limit=$2 began=$(date +%s)
    shift 2
    "$@"
    took=$(($(date +%s) - began))
    ok "$what ends soon (took $took s)" [ "$took" -le "$limit" ]
}
# selector PATTERN: 60 regular expressions over all labels.
selector() {
    perl -e 'print "{", join(",", map { "l" . ($_ % 20 + 1) . "=~\"$ARGV[0]|.*\"" } 1 .. 60), "}"' "$1"
}
evil=$(selector '(.*a){50}b')
query=$(printf '%s' "$evil" | jq -Rr @json)
soon "a query of 60 patterns" 20 ask SelectMergeStacktraces ",\"labelSelector\":$query"
is "with 422" "$status" 422
like "and a sentence" "$(message)" '*narrow the time range*'
soon "one for names of labels" 20 fetch -H 'Content-Type: application/json' \
    -d "{\"matchers\":[$query]}" "$URL/querier.v1.QuerierService/LabelNames"
is "with 422" "$status" 422
like "and a sentence" "$(message)" '*instead of regular expressions*'
soon "one of another spelling" 20 fetch -G "$URL/labels" --data-urlencode "query=$evil"
is "with 422" "$status" 422
soon "a year in steps of 1 ms" 20 ask SelectSeries ",\"start\":$((now - 31536000000)),\"step\":0.001,\"groupBy\":[\"n\",\"l1\"]"
ok "with an answer or a sentence ($status)" [ "$status" = 200 ] || [ "$status" = 422 ]
soon "the same as a heatmap" 20 ask SelectHeatmap ",\"start\":$((now - 31536000000)),\"step\":0.001,\"queryType\":1,\"groupBy\":[\"n\"]"
ok "with an answer or a sentence ($status)" [ "$status" = 200 ] || [ "$status" = 422 ]
soon "all of time" 20 ask SelectSeries ',"start":"-9223372036854775808","end":"9223372036854775807","step":1e300'
ok "with an answer or a sentence ($status)" [ "$status" = 200 ] || [ "$status" = 400 ]
nest() { perl -e 'print "[" x $ARGV[0], "]" x $ARGV[0]' "$1"; }
soon "JSON nested 100,000 deep" 20 ask LabelNames ",\"matchers\":$(nest 50000)"
is "with 400" "$status" 400

# ---- others meanwhile ---------------------------------------------------------------
printf '{"profileTypeID":"%s","labelSelector":%s,"start":%s,"end":%s}' "$cpu" "$query" \
    $((now - 3600000)) $((now + 600000)) >"$TMP/evil.json"
seq 200 | awk -v u="$URL" -v f="$TMP/evil.json" '{ if (NR > 1) print "next"
    printf "url = \"%s/querier.v1.QuerierService/SelectMergeStacktraces\"\nheader = \"Content-Type: application/json\"\ndata = \"@%s\"\noutput = /dev/null\n", u, f }' >"$TMP/crowd"
curl -s -o /dev/null --no-progress-meter --parallel --parallel-max 8 --parallel-immediate -K "$TMP/crowd" &
crowd=$!
at_exit "kill $crowd 2>/dev/null"
busy() { [ "$(counter flamekit_http_in_flight)" -gt 4 ]; }
ok "eight of them run, more than may at once" wait_for 20 busy
soon "an upload" 5 fetch -d 'main;work 3' "$URL/ingest?name=shop.cpu"
is "is stored" "$status" 200
soon "a probe" 5 fetch "$URL/ready"
is "is answered" "$status" 200
kill "$crowd"
wait "$crowd" 2>/dev/null
ask SelectMergeStacktraces ""
is "afterwards all is as before" "$status $(printf %s "$body" | jq -r .flamegraph.total)" "200 30000100"
stop_server
is "the server ends well" "$server_status" 0
tap_done
