#!/bin/sh
# Exercises 07.3 to 07.5 through the page, with their loads in real time.
. tests/tap.sh
need node
[ -d tests/ui/node_modules ] || { echo "1..0 # SKIP sh tests/ui/install.sh was not run"; exit 0; }
FK_ROBOT=real timeout 850 node --test --test-reporter=tap tests/ui/robots.test.js >"$TMP/out" 2>&1
is "the page's robots, in real time" $? 0
sed 's/^/# /' "$TMP/out"
tap_done
