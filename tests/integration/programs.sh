# shellcheck shell=sh disable=SC2317
# What stories about the demo app and the load generator share:
# `. tests/integration/programs.sh` from the root of the checkout, after which
# everything of tests/tap.sh is there, and
#
#   $bin                      the programs under test
#   start NAME COMMAND...     in the background; sets $PID and $URL from its
#                             ready line; output in $TMP/NAME.out and .err
#   stop PID                  SIGTERM, waits; sets $STATUS
#   status_of CURL-ARGS...    prints the status; the body is in $TMP/body
#   equal A B, has TEXT PART, compare A OP B   for use with `ok`
. tests/tap.sh
need curl perl

bin=${FK_BUILD:-build/release}/bin
programs=
at_exit 'for p in $programs; do kill -9 "$p" 2>/dev/null; done'

start() {
    name=$1
    shift
    "$@" >"$TMP/$name.out" 2>"$TMP/$name.err" &
    PID=$!
    programs="$programs $PID"
    if ! wait_for 20 grep -q '^ready ' "$TMP/$name.out"; then
        echo "Bail out! $name did not start: $(cat "$TMP/$name.err")"
        exit 1
    fi
    URL=$(sed -n 's/^ready //p' "$TMP/$name.out")
}

# shellcheck disable=SC2034
stop() {
    kill -TERM "$1"
    STATUS=0
    wait "$1" || STATUS=$?
}

status_of() { curl -s -m 60 -o "$TMP/body" -w '%{http_code}' "$@"; }

equal() { [ "$1" = "$2" ] || { echo "got '$1', want '$2'"; return 1; }; }

has() {
    case $1 in
    *"$2"*) ;;
    *) echo "no '$2' in: $1" && return 1 ;;
    esac
}

# Numbers with a point; OP and what stands right of it are awk's.
compare() {
    awk "BEGIN { exit !($1 $2 $3) }" || { echo "not $1 $2 $3"; return 1; }
}
