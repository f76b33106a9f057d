#!/bin/sh
# loadgen beside wrk and hey: closed loop, the same endpoint, the same number
# of connections, one thread each, slices of a second in turns. A slice of wrk
# lies before and after every slice of another tool, which is compared with the
# mean of the two; results are medians of such ratios, so that the load of other
# programs cancels out. Also: how exactly the open loop keeps its rate. The
# endpoint is the fastest server at hand, so that the client is measured.
set -u
rounds=${ROUNDS:-5}
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
    # As many as may come due while the service waits for a core: lateness is
    # that of the sender then, and not of who answers.
    printf 'max_inflight = 10000\nabort_if = errors > 50%%\n'
    printf '[phase a]\narrive = %s\nduration = %ss\n' "$1" "$2"
    printf 'mix = x 1\n[endpoint x]\nget = /x\n'
}
# Runs a command; its CPU seconds go to $tmp/cpu.
cpu_of() {
    perl -e 'my $s = system(@ARGV); my (undef, undef, $u, $k) = times;
        open(my $f, ">", $ENV{CPU}); print $f $u + $k; exit($s >> 8)' "$@"
}
export CPU="$tmp/cpu"
# Slices of CONNECTIONS; they print requests a second, which are requests.
wrk_slice() { cpu_of wrk -t1 -c"$1" -d1 "$url/x" | awk '/^Requests.sec/ { print $2 }'; }
hey_slice() { GOMAXPROCS=1 cpu_of hey -c "$1" -z 1s "$url/x" | awk '/Requests.sec/ { print $2 }'; }
our_slice() { # ENGINE
    plan "clients $1" 1 >"$tmp/bench.load"
    cpu_of build/release/bin/loadgen --plan "$tmp/bench.load" --target "$url" \
        --engine "$2" --report json -q -o "$tmp/slice.json"
    jq '.phases[0].rate' "$tmp/slice.json"
}
fast_slice() { our_slice "$1" fast; }
curl_slice() { our_slice "$1" curl; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk "BEGIN { d = $2; printf \"%.3f\n\", $1 / (d > 0 ? d : 1) }"; }
# of TOOL CONNECTIONS: "RATE COST" of a slice; a cost is CPU microseconds of a
# request, with what the program takes to start.
of() {
    rate=$("$1_slice" "$2")
    awk "BEGIN { print $rate + 0, 1e6 * $(cat "$tmp/cpu") / ($rate > 0 ? $rate : 1) }"
}
# line NAME VALUE UNIT OP GOAL
line() {
    verdict=$(awk "BEGIN { print ($2 $4 $5) ? \"ok\" : \"short\" }")
    echo "bench $1 $2 $3 goal $4$5 $verdict"
}

for c in 1 8 64; do
    for tool in fast curl hey; do : >"$tmp/$tool.rate" && : >"$tmp/$tool.cost"; done
    before=$(of wrk $c)
    for _ in $(seq "$rounds"); do
        for tool in fast curl hey; do
            it=$(of $tool $c)
            after=$(of wrk $c)
            # shellcheck disable=SC2086 # pairs of numbers
            set -- $before $it $after
            ratio "$3" "($1 + $5) / 2" >>"$tmp/$tool.rate"
            ratio "$4" "($2 + $6) / 2" >>"$tmp/$tool.cost"
            before=$after
        done
    done
    fast_rate=$(median <"$tmp/fast.rate") fast_cost=$(median <"$tmp/fast.cost")
    curl_rate=$(median <"$tmp/curl.rate") curl_cost=$(median <"$tmp/curl.cost")
    hey_rate=$(median <"$tmp/hey.rate") hey_cost=$(median <"$tmp/hey.cost")
    goal=$(echo "1:0.60 8:0.35 64:0.30" | tr ' ' '\n' | sed -n "s/^$c://p")
    line "loadgen_to_wrk_c$c" "$fast_rate" x '>=' 0.85
    line "loadgen_to_hey_c$c" "$(ratio "$fast_rate" "$hey_rate")" x '>=' 2.0
    line "loadgen_cpu_to_wrk_c$c" "$fast_cost" x '<=' 1.25
    line "loadgen_cpu_to_hey_c$c" "$(ratio "$fast_cost" "$hey_cost")" x '<=' 1.0
    line "loadgen_curl_to_wrk_c$c" "$curl_rate" x '>=' "$goal"
    line "loadgen_curl_cpu_to_wrk_c$c" "$curl_cost" x '<=' 3.5
done
echo "# load $(cut -d' ' -f1-3 /proc/loadavg) on $(nproc) cores"

# The open loop: does it send what was planned, when it was due? As anybody
# may run it, and with the priority that only root can give: the difference is
# the time for which the sending thread waited for a core.
for rate in 500 1000 5000; do
    plan "constant $rate/s" 2 >"$tmp/bench.load"
    for priority in nice realtime; do
        build/release/bin/loadgen --plan "$tmp/bench.load" --target "$url" \
            --priority $priority --report json -q >"$tmp/$priority.json"
    done
    jitter=.all.lateness.p99Ms error="((.phases[0].rate / $rate - 1) * 100) | fabs"
    line "loadgen_rate_error_$rate" "$(jq "$error" "$tmp/nice.json")" % '<=' 2
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
