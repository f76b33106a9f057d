# shellcheck shell=sh
# What interop tests share, on top of tests/tap.sh:
#   toolchain TOOL...       a visible skip of the whole test without it
#   fetch_client COMMAND... once; its output is shown when it fails
# $CACHE is build/interop, absolute, where downloads stay.
. tests/tap.sh
need node

CACHE=$PWD/build/interop
mkdir -p "$CACHE"

toolchain() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null 2>&1 && continue
        echo "1..0 # SKIP $tool is not installed"
        exit 0
    done
}

fetch_client() {
    "$@" >"$TMP/fetch.log" 2>&1 </dev/null && return
    sed 's/^/# /' "$TMP/fetch.log" | tail -n 40
    echo "Bail out! the client could not be fetched or built: $*"
    exit 1
}

# The examples themselves are the programs under test.
POLYGLOT=$PWD/scenarios/polyglot
