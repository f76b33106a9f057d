# shellcheck shell=sh
# Helpers of the stories about the demo app and the load generator. Sourced.
set -u
cd "$(dirname "$0")/../.." || exit 1
BIN=${FK_BUILD:-build/release}/bin
TMP=$(mktemp -d)
NUMBER=0
PIDS=

finish() {
    for pid in $PIDS; do kill -9 "$pid" 2>/dev/null; done
    rm -rf "$TMP"
    echo "1..$NUMBER"
}
trap finish EXIT

# ok TEXT COMMAND...: one test; passes when the command succeeds.
ok() {
    title=$1
    shift
    NUMBER=$((NUMBER + 1))
    if "$@" >"$TMP/ok.log" 2>&1; then
        echo "ok $NUMBER - $title"
    else
        echo "not ok $NUMBER - $title"
        echo "# failed: $*"
        sed 's/^/# /' "$TMP/ok.log"
    fi
}

skip() {
    NUMBER=$((NUMBER + 1))
    echo "ok $NUMBER # SKIP $1"
}

is() { [ "$1" = "$2" ] || { echo "got '$1', want '$2'"; return 1; }; }
has() { case $1 in *"$2"*) ;; *) echo "no '$2' in: $1"; return 1 ;; esac; }
# compare A OP B: numbers with a point, OP of awk.
compare() {
    awk "BEGIN { exit !($1 $2 $3) }" || { echo "not $1 $2 $3"; return 1; }
}

# wait_for SECONDS COMMAND...: polls until it succeeds.
wait_for() {
    tries=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.05
    done
}

# start NAME COMMAND...: in the background; its ready line gives $URL, its
# process id is $PID, its output is in $TMP/NAME.out and .err.
start() {
    name=$1
    shift
    "$@" >"$TMP/$name.out" 2>"$TMP/$name.err" &
    PID=$!
    PIDS="$PIDS $PID"
    wait_for 20 grep -q '^ready ' "$TMP/$name.out" || {
        echo "Bail out! $name is not ready: $(cat "$TMP/$name.err")"
        exit 1
    }
    URL=$(sed -n 's/^ready //p' "$TMP/$name.out")
}

# stop PID: SIGTERM; its exit status is $STATUS.
stop() {
    kill -TERM "$1"
    wait "$1"
    STATUS=$?
}

status_of() { curl -s -o "$TMP/body" -w '%{http_code}' "$@"; }
