# shellcheck shell=sh
# What interop tests share, on top of tests/tap.sh:
#   toolchain TOOL MIN COMMAND...   TOOL is there, and COMMAND prints at least
#                           MIN; a visible skip otherwise, an error in CI
#   fetch_client COMMAND... once; its output is shown when it fails
# $CACHE is build/interop, absolute, where downloads stay.
. tests/tap.sh
need node

CACHE=$PWD/build/interop
mkdir -p "$CACHE"

toolchain() {
    need "$1"
    tool=$1 least=$2
    shift 2
    version=$("$@" | grep -oE '[0-9]+\.[0-9.]+' | head -n 1)
    [ "$(printf '%s\n%s\n' "$least" "$version" | sort -V | head -n 1)" = "$least" ] &&
        return
    [ -z "${CI:-}" ] || { echo "Bail out! $tool $version is older than $least"; exit 1; }
    echo "1..0 # SKIP $tool $version is older than $least"
    exit 0
}

fetch_client() {
    "$@" >"$TMP/fetch.log" 2>&1 </dev/null && return
    sed 's/^/# /' "$TMP/fetch.log" | tail -n 40
    echo "Bail out! the client could not be fetched or built: $*"
    exit 1
}

# The examples themselves are the programs under test.
POLYGLOT=$PWD/scenarios/polyglot
