#!/bin/sh
# 200 agents push for half an hour (FK_SOAK_SECONDS) while the server and
# agents are killed, the clock steps and the disk fills up: what was
# acknowledged is stored, and nothing grows.
. tests/tap.sh
need node unshare

build=${FK_BUILD:-build/release}
# A disk of its own, in a mount namespace of its own.
cat >"$TMP/inside.sh" <<EOF2
mkdir -p "$TMP/disk"
if ! mount -t tmpfs -o size=320m,mode=700 none "$TMP/disk"; then
    echo "1..0 # SKIP this machine allows no mount of one's own"
    exit 0
fi
exec node tests/long/soak.js "$build" "$TMP/disk" "$TMP/step"
EOF2
[ "$(id -u)" = 0 ] && user= || user=-r
# shellcheck disable=SC2086
unshare $user -m sh "$TMP/inside.sh"
