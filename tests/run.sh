#!/bin/sh
# Runs suites through prove and adds them up. Failures go to the terminal,
# everything to build/check.log; the last line is always
#     N passed, N failed, N skipped
# and the exit status is 0 only when nothing failed.
#   run.sh [SUITE...]    unit fuzz lint stories ui long, or the halves of the
#                        stories: exercises integration; without an argument
#                        all but long
# FK_BUILD is the build whose programs are tested (build/release). In other
# builds only those stories run that take their programs from FK_BUILD, by
# themselves or through lib.sh.
set -u
cd "$(dirname "$0")/.." || exit 1
FK_BUILD=${FK_BUILD:-build/release}
FK_TAP=build/tap
# Tests ask for absurd sizes on purpose.
ASAN_OPTIONS=allocator_may_return_null=1:${ASAN_OPTIONS:-}
# The agent's thread lives until its host ends.
TSAN_OPTIONS=allocator_may_return_null=1:report_thread_leaks=0:suppressions=$PWD/tests/tsan.supp:${TSAN_OPTIONS:-}
export FK_BUILD FK_TAP ASAN_OPTIONS TSAN_OPTIONS
rm -rf $FK_TAP
mkdir -p $FK_TAP

stories() {
    for f in "$@"; do
        [ -f "$f" ] || continue
        [ "$FK_BUILD" = build/release ] || grep -q -e FK_BUILD -e integration/lib.sh "$f" || continue
        echo "$f"
    done
}

# A program without its source is left over from another branch.
units() {
    for f in tests/unit/test_*.c; do
        name=$(basename "$f" .c)
        [ "$FK_BUILD" != build/tsan ] || ! grep -qx "$name" tests/tsan.skip || continue
        echo "$FK_BUILD/tests/unit/$name"
    done
}

files_of() {
    case $1 in
    unit) units ;;
    fuzz) echo tests/fuzz/corpora.t ;;
    lint) stories tests/lint/*.t ;;
    integration) stories tests/integration/*.t ;;
    exercises) stories tests/exercises/*.t ;;
    stories) stories tests/exercises/*.t tests/integration/*.t ;;
    ui) stories tests/ui/*.test.js ;;
    long) stories tests/long/*.t ;;
    *) echo "run.sh: there is no suite '$1'" >&2 && exit 2 ;;
    esac
}

# Each story has a kit, ports and a directory of its own, and mostly waits.
# What takes long measures the whole machine.
jobs_of() {
    case $1 in long) echo 1 ;; stories) echo 3 ;; *) echo 2 ;; esac
}

status=0
[ $# -gt 0 ] || set -- unit fuzz lint stories ui
for suite in "$@"; do
    files=$(files_of "$suite") || exit 2
    [ -n "$files" ] || continue
    echo "== $suite"
    # shellcheck disable=SC2086
    prove --timer -j "$(jobs_of "$suite")" --exec tests/run_one.sh $files || status=1
done

cat $FK_TAP/*.log >build/check.log 2>/dev/null
awk -f tests/count.awk $FK_TAP/*.log || status=1
exit $status
