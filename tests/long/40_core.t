#!/bin/sh
# Every test of the agent's core, built for aarch64 (with signed return
# addresses), with musl, and without a loader. What is emulated: signals come
# between blocks of translated code, so the walk from every instruction is
# tested with blocks of one instruction each. What the emulator lacks:
# process_vm_readv (the agent reads /proc/self/mem in its place), /proc's
# `syscall` of emulated threads (no wall-clock view of them), perf_event_open,
# ptrace (no single-step oracle), a vDSO with a trampoline.
# Pitfalls of the agent: 1, 2, 3, 26, 27, 50.
. tests/tap.sh
. tests/core/core.sh

for mode in static musl arm64; do
    if ! core_has $mode; then
        skip "$mode" "$CORE_WHY"
        continue
    fi
    ok "$mode: builds" core_make $mode core-tests
    # shellcheck disable=SC2046
    for source in $(core_make $mode core-list); do
        ok "$mode: $source" core_run $mode "tests/unit/test_$source"
        grep -h '^# \|SKIP' "$TMP/.ok" | sed 's/^#* */#   /'
    done
done

whole() { # PROBE: its "samples N whole N", 98 of 100 with the whole path
    CORE_QEMU=$2 core_run arm64 "tests/unit/path-$1" >"$TMP/probe" || return 1
    cat "$TMP/probe"
    awk '{ exit !($2 >= 100 && $4 * 100 >= $2 * 98) }' "$TMP/probe"
}
if core_has arm64; then
    for how in gcc-O0 gcc-O1 gcc-O2 gcc-O3 gcc-nopie-O2 gcc-static-O2; do
        ok "27: $how: whole paths" whole $how ""
    done
    for how in gcc-O1 gcc-O2; do
        ok "24: $how: whole paths from any instruction" whole $how -singlestep
        sed 's/^/#   /' "$TMP/probe"
    done
fi
tap_done
