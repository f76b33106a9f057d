#!/bin/sh
# Eight clients do everything at once with one server for a minute
# (FK_SIEGE_SECONDS) while it seals, is reloaded, checked, backed up and
# restored; then it is told to end with all of them at it.
. tests/tap.sh
need node

node tests/long/siege.js "${FK_BUILD:-build/release}" "$TMP"
