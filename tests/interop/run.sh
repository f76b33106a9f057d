#!/bin/sh
# Real clients against our server: `make check-interop`. Every test fetches
# its client from the ordinary registry of its language, pinned by a lock
# file, and keeps it in build/interop. Toolchains that Debian has are
# installed; where one is missing or too old the test says SKIP, and in CI it
# fails. Two run at a time: while one waits or fetches, the other compiles.
# The last line is
#     N passed, N failed, N skipped
#   run.sh [TEST...]
set -u
cd "$(dirname "$0")/../.." || exit 1
sh scenarios/install.sh interop || test -z "${CI:-}" || exit 1
FK_TAP=build/interop/tap
export FK_TAP
rm -rf $FK_TAP
mkdir -p $FK_TAP
[ $# -gt 0 ] || set -- tests/interop/*.t
prove -j 2 --exec tests/run_one.sh "$@"
status=$?
awk -f tests/count.awk $FK_TAP/*.log || status=1
exit $status
