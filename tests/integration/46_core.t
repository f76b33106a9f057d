#!/bin/sh
# The agent's core elsewhere: compiled for aarch64 (with signed return
# addresses) and run by an emulator, with musl, and without a loader. A smoke
# test; all of it is in tests/long/40_core.t. Pitfalls of the agent: 27, 50.
. tests/tap.sh
. tests/core/core.sh

for mode in static musl arm64; do
    if ! core_has $mode; then
        skip "$mode" "$CORE_WHY"
        continue
    fi
    ok "$mode: builds" core_make $mode "build/$mode/tests/core/smoke" \
        "build/$mode/tests/unit/test_cfi"
    ok "$mode: call frame tables" core_run $mode tests/unit/test_cfi
    core_smoke $mode "$TMP/cpu.folded" 1500 cpu
    like "$mode: a profile names the path to the hot function" \
        "$(cat "$TMP/cpu.folded")" '*;main;warm_function;hot_function*'
    share=$(core_share "$TMP/cpu.folded" 'main;warm_function;hot_function')
    ok "$mode: most stacks have it whole: $share %" [ "$share" -ge 60 ]
done

# Emulated system calls tell of the emulator, not of the program.
for mode in static musl; do
    core_has $mode || continue
    core_smoke $mode "$TMP/wall.folded" 300 wall
    working=$(core_share "$TMP/wall.folded" 'hot_function|^\[running\]')
    ok "$mode: 0.3 s of work are seen beside 0.4 s of sleep: $working %" \
        [ "$working" -ge 20 -a "$working" -le 96 ]
done
tap_done
