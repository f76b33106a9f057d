#!/bin/sh
# The command line against a server: query, diff, series, labels, export,
# import, push; with --json, tokens, and outside of a kit.
. tests/integration/lib.sh
need jq openssl

printf 'all read,write * %s\n' "$(printf secret | openssl dgst -sha256 -r | cut -d' ' -f1)" >"$TMP/tokens"
chmod 600 "$TMP/tokens"
start_server --ingest-window off --tokens "$TMP/tokens"
kit=$PWD/$bin/flamekit
cd "$TMP" || exit 1
FLAMEKIT_SERVER=$URL FLAMEKIT_TOKEN=secret
export FLAMEKIT_SERVER FLAMEKIT_TOKEN
# run ARGS...: the command, outside of a kit; sets $code, $out, $err
run() {
    code=0
    "$kit" "$@" >"$TMP/out" 2>"$TMP/err" || code=$?
    out=$(cat "$TMP/out") err=$(cat "$TMP/err")
}
cpu=process_cpu:cpu:nanoseconds:cpu:nanoseconds

# ---- in -------------------------------------------------------------------------
make_pprof samples/count,cpu/nanoseconds cpu/nanoseconds 0 >one.pb <<EOF
main;work - 3 3000000000
main;idle - 1 1000000000
EOF
run push --name shop --label region=eu one.pb
is "push" "$code $out" "0 sent      1 file, $(wc -c <one.pb | tr -d ' ') bytes"
printf 'main;work 300\nmain;hash 100\n' >two.folded
run import --name web.cpu --label region=us --json two.folded
is "import folded text" "$code $(printf %s "$out" | jq -c .)" "0 {\"files\":1,\"bytes\":28}"
gzip -k one.pb
run import --name zip one.pb.gz
is "import pprof" "$code" 0
run push --name shop --at now-2h --label region=eu one.pb
is "push of an earlier time" "$code" 0

# ---- what is there ------------------------------------------------------------------
run series
is "series" "$code $(printf %s "$out" | grep "$cpu" | sort | cut -d' ' -f2 | tr '\n' ' ')" \
    '0 service_name="shop" service_name="web" service_name="zip" '
run labels
like "names of labels" "$out" '*region*service_name*'
run labels region
is "values of a label" "$out" 'eu
us'
run labels --query '{service_name="web"}' --json region
is "of a selector, as JSON" "$(printf %s "$out" | jq -c .)" '{"names":["us"]}'

# ---- query and diff --------------------------------------------------------------------
run query --query "$cpu{service_name=\"shop\"}"
is "query" "$code" 0
like "its table" "$out" '4.00 s in all*3.00 s  75.0%       3.00 s  75.0%  work*1.00 s  25.0%*idle*'
run query --query "$cpu{service_name=\"shop\"}" --from now-3h --json
is "as JSON" "$(printf %s "$out" | jq .flamebearer.numTicks)" 8000000000
run query --query "$cpu{service_name=\"nobody\"}"
is "nothing there: exit 1" "$code" 1
like "with what to do" "$err" 'flamekit: *flamekit series*'
run diff --query "$cpu{service_name=\"web\"}" --left-query "$cpu{service_name=\"shop\"}"
is "diff" "$code" 0
like "its table" "$out" '*0.0%    25.0%   +25.0%  hash*25.0%     0.0%   -25.0%  idle*'
run diff --query "$cpu{service_name=\"web\"}" --left-query "$cpu{service_name=\"shop\"}" --json
is "as JSON" "$(printf %s "$out" | jq -c '[.leftTicks, .rightTicks]')" '[4000000000,4000000000]'

# ---- out ----------------------------------------------------------------------------
query="$cpu{service_name=\"shop\"}"
for format in pprof folded speedscope flamebearer dot; do
    run export --query "$query" --format $format -o out.$format
    is "export as $format" "$code" 0
    like "which is said" "$err" "out.$format: $format, * bytes"
done
is "folded text" "$(sort out.folded)" 'main;idle 1000000000
main;work 3000000000'
is "speedscope" "$(jq -c '[.profiles[0].unit, .profiles[0].endValue, (.profiles[0].weights | add)]' out.speedscope)" \
    '["nanoseconds",4000000000,4000000000]'
is "a flame graph" "$(jq .flamebearer.numTicks out.flamebearer)" 4000000000
like "a graph" "$(cat out.dot)" 'digraph *'
run top out.pprof
cp out.pprof again.pb.gz
run top again.pb.gz
like "pprof" "$out" '*work*idle*'
for format in pprof folded speedscope; do
    run import --name again.cpu --label from=$format --format $format out.$format
    is "$format goes in again" "$code" 0
done
run export --query "$query" -o x.speedscope.json
is "the ending is enough" "$code $(jq -r '.["$schema"]' x.speedscope.json)" \
    "0 https://www.speedscope.app/file-format-schema.json"
"$kit" export --query "$query" -f folded | sort >piped
is "through a pipe" "$(cat piped)" "$(sort out.folded)"
run export --query "$cpu{service_name=\"nobody\"}" -f folded
is "nothing to export: exit 1" "$code" 1

# ---- what goes wrong -------------------------------------------------------------------
FLAMEKIT_TOKEN=wrong run query
is "a wrong token: exit 2" "$code" 2
like "with the server's sentence" "$err" '*401*this token is not known here*'
FLAMEKIT_SERVER=http://127.0.0.1:1 run labels
is "nobody there: exit 3" "$code" 3
run push one.pb
like "no name" "$code $err" '2 flamekit: --name is missing*'
run push --name shop missing.pb
is "no file: exit 1" "$code" 1
echo nonsense >bad.pb
run push --name shop one.pb bad.pb
is "a bad file: exit 2" "$code" 2
like "is named" "$err" '*bad.pb: *400*1 of 2 files were sent*'
run query --from yesterday
like "a bad time" "$code $err" "2 flamekit: 'yesterday' is no time*"
run query extra
is "an argument too many" "$code" 2
run export --format png
is "a format that is none" "$code" 2
for verb in query diff series labels export import push; do
    run $verb --help
    like "$verb explains itself" "$code $out" "0 usage: flamekit $verb*--server URL*"
done
cd - >/dev/null || exit 1
stop_server
tap_done
