#!/bin/sh
# The storm of tests/unit/test_agent_storm.c, a minute of it in five runs, and
# the same program under gperftools beside it.
. tests/tap.sh

storm=${FK_BUILD:-build/release}/tests/unit/test_agent_storm
for run in 1 2 3 4 5; do
    ok "a minute of storm, run $run" env FK_STORM_SECONDS=60 "$storm" pitfall_1
    grep '^# ' "$TMP/.ok"
done
FK_STORM_BESIDE=1 FK_STORM_SECONDS=60 "$storm" gperftools >"$TMP/beside" 2>&1
ok "the same under gperftools has an outcome, whatever it is" \
    grep -q 'gperftools came through\|gperftools did not\|SKIP' "$TMP/beside"
grep '^# \|SKIP' "$TMP/beside" | sed 's/^#* */# /'
tap_done
