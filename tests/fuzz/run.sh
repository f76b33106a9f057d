#!/bin/sh
# Runs each fuzzer for some seconds: run.sh [SECONDS]. New inputs stay in
# build/fuzz/corpus; one that crashes is kept and named, to be fixed and then
# committed under tests/fuzz/corpus.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
status=0
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    name=${name#fuzz_}
    found=build/fuzz/corpus/$name log=build/fuzz/$name.log
    mkdir -p "$found"
    if "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" \
        -max_len=65536 -rss_limit_mb=2048 -timeout=10 \
        -artifact_prefix="build/fuzz/$name-" \
        "$found" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        echo "fuzz $name: $(grep -o 'Done [0-9]* runs' "$log"), clean"
    else
        status=1
        echo "fuzz $name: FAILED, see $log"
        grep -m 3 -e ERROR -e 'Test unit written' -e 'must hold' "$log"
    fi
done
exit $status
