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
    fetch -m 600 -H 'Content-Type: application/json' -d "{\"profileTypeID\":\"$cpu\",\"labelSelector\":\"{}\",\"start\":$((now - 3600000)),\"end\":$((now + 600000))$2}" \
        "$URL/querier.v1.QuerierService/$1"
}
# Seconds of the processor that the server has used: what else runs on this
# machine does not count, and a sanitizer's build may take ten times as long.
used() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) / hz) }' "/proc/$server_pid/stat"; }
[ "${FK_BUILD:-build/release}" = build/release ] && room=10 || room=200
# cheap WHAT COMMAND...: it takes about a second of the processor at most.
# Without a limit these take minutes.
cheap() {
    what=$1 began=$(used)
    shift
    "$@"
    took=$(($(used) - began))
    ok "$what ends soon (took $took s)" [ "$took" -le "$room" ]
}
# selector PATTERN: 60 regular expressions over all labels.
selector() {
    perl -e 'print "{", join(",", map { "l" . ($_ % 20 + 1) . "=~\"$ARGV[0]|.*\"" } 1 .. 60), "}"' "$1"
}
evil=$(selector '(.*a){50}b')
query=$(printf '%s' "$evil" | jq -Rr @json)
cheap "a query of 60 patterns" ask SelectMergeStacktraces ",\"labelSelector\":$query"
is "with 422" "$status" 422
like "and a sentence" "$(message)" '*narrow the time range*'
cheap "one for names of labels" fetch -m 600 -H 'Content-Type: application/json' \
    -d "{\"matchers\":[$query]}" "$URL/querier.v1.QuerierService/LabelNames"
is "with 422" "$status" 422
like "and a sentence" "$(message)" '*instead of regular expressions*'
cheap "one of another spelling" fetch -m 600 -G "$URL/labels" --data-urlencode "query=$evil"
is "with 422" "$status" 422
cheap "a year in steps of 1 ms" ask SelectSeries ",\"start\":$((now - 31536000000)),\"step\":0.001,\"groupBy\":[\"n\",\"l1\"]"
ok "with an answer or a sentence ($status)" [ "$status" = 200 ] || [ "$status" = 422 ]
cheap "the same as a heatmap" ask SelectHeatmap ",\"start\":$((now - 31536000000)),\"step\":0.001,\"queryType\":1,\"groupBy\":[\"n\"]"
ok "with an answer or a sentence ($status)" [ "$status" = 200 ] || [ "$status" = 422 ]
cheap "all of time" ask SelectSeries ',"start":"-9223372036854775808","end":"9223372036854775807","step":1e300'
ok "with an answer or a sentence ($status)" [ "$status" = 200 ] || [ "$status" = 400 ]
nest() { perl -e 'print "[" x $ARGV[0], "]" x $ARGV[0]' "$1"; }
cheap "JSON nested 100,000 deep" ask LabelNames ",\"matchers\":$(nest 50000)"
is "with 400" "$status" 400

# ---- others meanwhile ---------------------------------------------------------------
printf '{"profileTypeID":"%s","labelSelector":%s,"start":%s,"end":%s}' "$cpu" "$query" \
    $((now - 3600000)) $((now + 600000)) >"$TMP/evil.json"
seq 500 | awk -v u="$URL" -v f="$TMP/evil.json" '{ if (NR > 1) print "next"
    printf "url = \"%s/querier.v1.QuerierService/SelectMergeStacktraces\"\nheader = \"Content-Type: application/json\"\ndata = \"@%s\"\noutput = /dev/null\n", u, f }' >"$TMP/crowd"
curl -s -o /dev/null --no-progress-meter --parallel --parallel-max 6 --parallel-immediate -K "$TMP/crowd" &
crowd=$!
at_exit "kill $crowd 2>/dev/null"
in_flight() { counter flamekit_http_in_flight; }
busy() { [ "$(in_flight)" -gt 4 ]; }
ok "six of them run, more than may at once" wait_for 60 busy
fetch -d 'main;work 3' "$URL/ingest?name=shop.cpu"
is "an upload is stored" "$status" 200
fetch "$URL/ready"
is "a probe is answered" "$status" 200
ok "both while they run" kill -0 "$crowd"
kill "$crowd"
wait "$crowd" 2>/dev/null
calm() { [ "$(in_flight)" -le 1 ]; }
ok "they end" wait_for 600 calm
ask SelectMergeStacktraces ""
is "afterwards all is as before" "$status $(printf %s "$body" | jq -r .flamegraph.total)" "200 30000100"

# ---- whoever leaves is not worked for -----------------------------------------------------
# The server sleeps while its client asks and leaves, so that it finds both at
# once; without a look at the client it would answer 200.
stop_server
start_server --access-log
fetch -d 'main;work 3' "$URL/ingest?name=shop.cpu"
ask SelectMergeStacktraces ""
is "who waits is answered" "$status" 200
answers() { grep -c "SelectMergeStacktraces.* status=$1 " "$TMP/server.log"; }
kill -STOP "$server_pid"
perl -MIO::Socket::INET -e '
    my ($port, $body) = @ARGV;
    my $s = IO::Socket::INET->new("127.0.0.1:$port") or exit 1;
    print $s "POST /querier.v1.QuerierService/SelectMergeStacktraces HTTP/1.1\r\n" .
        "Host: 127.0.0.1\r\nContent-Type: application/json\r\n" .
        "Content-Length: " . length($body) . "\r\n\r\n$body";
    close $s;' "$PORT" \
    "{\"profileTypeID\":\"$cpu\",\"labelSelector\":\"{}\",\"start\":$((now - 3600000)),\"end\":$((now + 600000))}"
kill -CONT "$server_pid"
gone() { [ "$(answers 499)" = 1 ]; }
ok "who left is not worked for" wait_for 60 gone
is "and nobody else is told so" "$(answers 200)" 1
stop_server
is "the server ends well" "$server_status" 0
tap_done
