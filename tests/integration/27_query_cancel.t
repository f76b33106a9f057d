#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# Whoever leaves while a query runs is not worked for any longer, whatever
# the query is at. It is slow by what it adds up: more than half a million nodes.
. tests/integration/lib.sh
need jq

start_server --access-log --distributor.ingestion-rate-limit-mb 1000 --distributor.ingestion-burst-size-mb 1000
perl -e '
    for my $part (0 .. 5) {
        open my $f, ">", "$ARGV[0]/part$part" or die;
        print $f "main;u$part-$_;a;b;c;d;e;f 1\n" for 1 .. 14000;
    }' "$TMP"
for part in 0 1 2 3 4 5; do
    fetch --data-binary "@$TMP/part$part" "$URL/ingest?name=wide.cpu"
    [ "$status" = 200 ] || break
done
is "stacks of 600,000 nodes" "$status" 200

now=$(date +%s)000
printf '{"profileTypeID":"process_cpu:cpu:nanoseconds:cpu:nanoseconds","labelSelector":"{}","start":%s,"end":%s,"maxNodes":1000000}' \
    $((now - 3600000)) $((now + 600000)) >"$TMP/ask.json"
ticks() { awk '{ print $14 + $15 }' "/proc/$server_pid/stat"; }
running() { counter flamekit_queries_running; }
idle() { [ "$(running)" = 0 ]; }
# leave METHOD: asks, and goes as soon as the query runs.
leave() {
    perl -MIO::Socket::INET -e '
        my ($port, $method, $file) = @ARGV;
        local $/;
        open my $f, "<", $file or exit 1;
        my $body = <$f>;
        my $s = IO::Socket::INET->new("127.0.0.1:$port") or exit 1;
        print $s "POST /querier.v1.QuerierService/$method HTTP/1.1\r\n" .
            "Host: 127.0.0.1\r\nContent-Type: application/json\r\n" .
            "Content-Length: " . length($body) . "\r\n\r\n$body";
        $s->flush;
        for (1 .. 6000) {
            my $m = IO::Socket::INET->new("127.0.0.1:$port") or exit 1;
            print $m "GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n";
            exit 0 if <$m> =~ /^flamekit_queries_running 1/m;
            select undef, undef, undef, 0.005;
        }
        exit 1' "$PORT" "$1" "$TMP/ask.json"
}
ask() {
    status=$(curl -s -m 120 -o "$TMP/answer" -w '%{http_code}' -H 'Content-Type: application/json' \
        --data-binary "@$TMP/ask.json" "$URL/querier.v1.QuerierService/$1")
}
counted() { [ "$(counter flamekit_queries_cancelled_total)" = "$1" ]; }
answers() { grep -c "$1.* status=$2 " "$TMP/server.log"; }

# A server that misses that its client left does all of the work all the same;
# one that looks at every step has most of it before itself.
n=0
for method in SelectMergeStacktraces SelectMergeProfile; do
    n=$((n + 1))
    before=$(ticks)
    ask $method
    whole=$(($(ticks) - before))
    is "$method: who waits is answered" "$status" 200
    before=$(ticks)
    ok "$method: it runs" leave $method
    ok "$method: the worker is free again" wait_for 60 idle
    took=$(($(ticks) - before))
    ok "$method: the rest is not done ($took of $whole ticks)" [ $took -le $((whole * 2 / 3)) ]
    ok "$method: which is counted" wait_for 30 counted $n
    is "$method: and answered to nobody" "$(answers $method 499) $(answers $method 200)" "1 1"
done

# ---- memory ------------------------------------------------------------------------
kib() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$server_pid/status"; }
# Allocators keep some for later; a dozen trees would be 350 MB.
before=$(kib)
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do leave SelectMergeStacktraces; done
ok "all workers are free again" wait_for 60 idle
after=$(kib)
ok "memory is back ($before, then $after KiB)" [ "$after" -le $((before + 150000)) ]
ask SelectMergeStacktraces
is "the next one is answered" "$status $(jq -r .flamegraph.total "$TMP/answer")" "200 840000000000"
stop_server
is "the server ends well" "$server_status" 0
tap_done
