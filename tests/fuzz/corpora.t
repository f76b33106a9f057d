#!/bin/sh
# Every input that a fuzzer ever needed, once more, without a fuzzer.
. tests/tap.sh

for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    name=${name#fuzz_}
    set -- "tests/fuzz/corpus/$name"/*
    if [ -f "$1" ]; then
        ok "$name: $# inputs" "${FK_BUILD:-build/release}/tests/fuzz/replay_$name" "$@"
    else
        fail "$name: tests/fuzz/corpus/$name is empty"
    fi
done
tap_done
