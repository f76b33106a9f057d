#!/bin/sh
# Runs the benchmarks: every program, script and page test of tests/bench/
# but this one. Each prints lines
#     bench NAME VALUE UNIT goal GOAL ok|short
# which go to the terminal and, as JSON, to build/bench.json.
#   run.sh [NAME]     only the benchmark of that name
# Figures are ratios within one run wherever they can be, because machines
# differ and are shared; the load of this one is printed beside them.
set -u
cd "$(dirname "$0")/../.." || exit 1
only=${1:-}
lines=build/bench.txt
mkdir -p build
: >"$lines"

run_one() {
    case $1 in
    *.c) "build/release/${1%.c}" ;;
    *.sh) sh "$1" ;;
    *.js) node "$1" ;;
    esac
}

echo "machine: $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), kernel $(uname -r)"
status=0
for file in tests/bench/*.c tests/bench/*.sh tests/bench/*.js; do
    name=$(basename "$file")
    name=${name%.*}
    [ -e "$file" ] || continue
    [ "$name" != run ] || continue
    [ "${only:-$name}" = "$name" ] || continue
    echo "# $name"
    { run_one "$file" 2>&1; echo $? >build/bench.status; } |
        tee build/bench.one
    [ "$(cat build/bench.status)" = 0 ] || status=1
    grep '^bench ' build/bench.one >>"$lines"
    rm -f build/bench.one build/bench.status
done

awk 'BEGIN { print "[" }
    { printf "%s {\"name\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"goal\":\"%s\",\"verdict\":\"%s\"}",
        (NR > 1 ? ",\n" : ""), $2, $3 + 0, $4, $6, $7 }
    END { print "\n]" }' "$lines" >build/bench.json
[ -s "$lines" ] || { echo "no benchmark is named '$only'" >&2; exit 2; }
echo "$(grep -c ' ok$' "$lines") met their goal, $(grep -c ' short$' "$lines") fell short; build/bench.json has them"
exit $status
