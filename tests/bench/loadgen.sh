#!/bin/sh
# loadgen beside wrk and hey: closed loop, the same endpoint, the same number
# of connections, one thread each, one after the other in every round. Ratios
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
    printf 'max_inflight = 1000\n[phase a]\narrive = %s\nduration = %ss\n' "$1" "$2"
    printf 'mix = x 1\n[endpoint x]\nget = /x\n'
}
loadgen() { # ARRIVAL SECONDS JQ
    plan "$1" "$2" >"$tmp/bench.load"
    build/release/bin/loadgen --plan "$tmp/bench.load" --target "$url" \
        --report json -q | jq "$3"
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk "BEGIN { printf \"%.3f\n\", $1 / ($2 > 0 ? $2 : 1) }"; }
# line NAME VALUE UNIT OP GOAL
line() {
    verdict=$(awk "BEGIN { print ($2 $4 $5) ? \"ok\" : \"short\" }")
    echo "bench $1 $2 $3 goal $4$5 $verdict"
}

for c in 1 8 64; do
    : >"$tmp/wrk"
    : >"$tmp/hey"
    for _ in $(seq "$rounds"); do
        wrk=$(wrk -t1 -c$c -d1 "$url/x" | awk '/^Requests.sec/ { print $2 }')
        ours=$(loadgen "clients $c" 1 '.phases[0].rate')
        hey=$(GOMAXPROCS=1 hey -c $c -z 1s "$url/x" |
            awk '/Requests.sec/ { print $2 }')
        ratio "$ours" "$wrk" >>"$tmp/wrk"
        ratio "$ours" "$hey" >>"$tmp/hey"
    done
    goal=$(echo "1:0.60 8:0.35 64:0.30" | tr ' ' '\n' | sed -n "s/^$c://p")
    line "loadgen_to_wrk_c$c" "$(median <"$tmp/wrk")" x '>=' "$goal"
    line "loadgen_to_hey_c$c" "$(median <"$tmp/hey")" x '>=' 1.0
done

sent=$(loadgen 'constant 1000/s' 2 '.phases[0].rate')
line loadgen_rate_error "$(awk "BEGIN { e = ($sent - 1000) / 10
    print e < 0 ? -e : e }")" % '<=' 0.1
late=$(loadgen 'constant 1000/s' 2 '.all.lateness.p99Ms')
line loadgen_send_lateness_p99 "$late" ms '<=' 0.5
