#!/bin/sh
# loadgen.sh URL SECONDS: the mixed load against a service, for so long.
# Markers go to the kit's server when one is up.
set -eu
[ $# = 2 ] || { echo "usage: loadgen/loadgen.sh URL SECONDS" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
program=$root/build/release/bin/loadgen
[ -x "$program" ] || {
    echo "loadgen.sh: $program is not built yet; run \"make up\" in $root" >&2
    exit 2
}
env=${FLAMEKIT_STATE:-$root/.flamekit}/env
if [ -r "$env" ]; then
    # shellcheck disable=SC1090
    . "$env"
    export FLAMEKIT_RUN FLAMEKIT_SERVER
fi
exec "$program" "$1" "$2"
