#!/bin/sh
# loadgen beside wrk and hey: closed loop, the same endpoint, the same number
# of connections, one thread each, one after the other in every round, both
# engines. Ratios
# are medians over rounds. Also: how exactly the open loop keeps its rate.
# The endpoint is the fastest server at hand, so that the client is measured.
set -u
rounds=${ROUNDS:-3}
tmp=$(mktemp -d) || exit 1
build/release/tests/integration/target >"$tmp/ready" &
target=$!
trap 'kill $target; rm -rf "$tmp"' EXIT
for tool in wrk hey jq; do
    command -v $tool >/dev/null || { echo "$tool is not installed"; exit 0; }
done
while ! grep -q '^ready ' "$tmp/ready"; do sleep 0.05; done
url=$(sed -n 's/^ready //p' "$tmp/ready")

plan() { # ARRIVAL SECONDS
    printf 'max_inflight = 1000\nabort_if = late > 50%% or errors > 50%%\n'
    printf '[phase a]\narrive = %s\nduration = %ss\n' "$1" "$2"
    printf 'mix = x 1\n[endpoint x]\nget = /x\n'
}
# Runs a command; its CPU seconds go to $tmp/cpu.
cpu_of() {
    perl -e 'my $s = system(@ARGV); my (undef, undef, $u, $k) = times;
        open(my $f, ">", $ENV{CPU}); print $f $u + $k; exit($s >> 8)' "$@"
}
export CPU="$tmp/cpu"
loadgen() { # ENGINE CONNECTIONS: requests a second
    plan "clients $2" 1 >"$tmp/bench.load"
    cpu_of build/release/bin/loadgen --plan "$tmp/bench.load" --target "$url" \
        --engine "$1" --report json -q | jq '.phases[0].rate'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk "BEGIN { printf \"%.3f\n\", $1 / ($2 > 0 ? $2 : 1) }"; }
# cost REQUESTS: CPU microseconds of one of them, by what cpu_of saw.
cost() { awk "BEGIN { printf \"%.3f\n\", 1e6 * $(cat "$tmp/cpu") / ($1 > 0 ? $1 : 1) }"; }
# line NAME VALUE UNIT OP GOAL
line() {
    verdict=$(awk "BEGIN { print ($2 $4 $5) ? \"ok\" : \"short\" }")
    echo "bench $1 $2 $3 goal $4$5 $verdict"
}

for c in 1 8 64; do
    for what in wrk hey wrk_cpu hey_cpu curl curl_cpu; do : >"$tmp/$what"; done
    for _ in $(seq "$rounds"); do
        # wrk and hey for a second each: requests a second are requests.
        wrk=$(cpu_of wrk -t1 -c$c -d1 "$url/x" | awk '/^Requests.sec/ { print $2 }')
        wrk_cost=$(cost "$wrk")
        ours=$(loadgen fast $c)
        our_cost=$(cost "$ours")
        curl=$(loadgen curl $c)
        curl_cost=$(cost "$curl")
        hey=$(GOMAXPROCS=1 cpu_of hey -c $c -z 1s "$url/x" |
            awk '/Requests.sec/ { print $2 }')
        hey_cost=$(cost "$hey")
        ratio "$ours" "$wrk" >>"$tmp/wrk"
        ratio "$ours" "$hey" >>"$tmp/hey"
        ratio "$our_cost" "$wrk_cost" >>"$tmp/wrk_cpu"
        ratio "$our_cost" "$hey_cost" >>"$tmp/hey_cpu"
        ratio "$curl" "$wrk" >>"$tmp/curl"
        ratio "$curl_cost" "$wrk_cost" >>"$tmp/curl_cpu"
    done
    line "loadgen_to_wrk_c$c" "$(median <"$tmp/wrk")" x '>=' 0.85
    line "loadgen_to_hey_c$c" "$(median <"$tmp/hey")" x '>=' 2.0
    line "loadgen_cpu_to_wrk_c$c" "$(median <"$tmp/wrk_cpu")" x '<=' 1.25
    line "loadgen_cpu_to_hey_c$c" "$(median <"$tmp/hey_cpu")" x '<=' 1.0
    goal=$(echo "1:0.60 8:0.35 64:0.30" | tr ' ' '\n' | sed -n "s/^$c://p")
    line "loadgen_curl_to_wrk_c$c" "$(median <"$tmp/curl")" x '>=' "$goal"
    line "loadgen_curl_cpu_to_wrk_c$c" "$(median <"$tmp/curl_cpu")" x '<=' 3.5
done

# The open loop: does it send what was planned, when it was due? As anybody
# may run it, and with the priority that only root can give: the difference is
# the time for which the sending thread waited for a core.
for rate in 500 1000 5000; do
    plan "constant $rate/s" 2 >"$tmp/bench.load"
    for priority in nice realtime; do
        build/release/bin/loadgen --plan "$tmp/bench.load" --target "$url" \
            --priority $priority --report json -q >"$tmp/$priority.json"
    done
    line "loadgen_rate_error_$rate" "$(jq "((.phases[0].rate - $rate) / $rate * 100) | fabs" \
        "$tmp/nice.json")" % '<=' 2
    jitter=.all.lateness.p99Ms
    line "loadgen_send_jitter_p99_$rate" "$(jq $jitter "$tmp/nice.json")" ms '<=' 0.5
    echo "# of it the thread waited $(jq .senderWaitSeconds "$tmp/nice.json") s for a core"
    if [ "$(jq -r .priority "$tmp/realtime.json")" = real-time ]; then
        line "loadgen_send_jitter_p99_realtime_$rate" \
            "$(jq $jitter "$tmp/realtime.json")" ms '<=' 0.5
    fi
done

# More than the service can do: how long until the generator says so?
build/release/bin/demoapp --listen 127.0.0.1:0 >"$tmp/app" &
app=$!
trap 'kill $target $app; rm -rf "$tmp"' EXIT
while ! grep -q '^ready ' "$tmp/app"; do sleep 0.05; done
{
    printf 'abort_if = late > 5%% or errors > 5%%\n'
    printf '[phase over]\nduration = 60s\narrive = constant 500/s\nmix = primes_slow 1\n'
} >"$tmp/over.load"
build/release/bin/loadgen --plan "$tmp/over.load" --report json -q \
    --target "$(sed -n 's/^ready //p' "$tmp/app")" >"$tmp/over.json"
said=$(jq -r 'if .stopped == "" then 60 else .phases[0].seconds end' "$tmp/over.json")
line loadgen_overload_recognised "$said" s '<=' 10
