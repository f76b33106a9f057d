#!/bin/sh
# Real clients against our server: `make check-interop`. Every test fetches
# its client from the ordinary registry of its language, pinned by a lock
# file, and keeps it in build/interop; where a toolchain is missing the test
# says SKIP. The last line is
#     N passed, N failed, N skipped
#   run.sh [TEST...]
set -u
cd "$(dirname "$0")/../.." || exit 1
FK_TAP=build/interop/tap
export FK_TAP
rm -rf $FK_TAP
mkdir -p $FK_TAP
[ $# -gt 0 ] || set -- tests/interop/*.t
prove --exec tests/run_one.sh "$@"
status=$?
awk -f tests/count.awk $FK_TAP/*.log || status=1
exit $status
