# shellcheck shell=sh
# A kit of the test's own: `. tests/kit.sh` after tests/tap.sh. Its state lies
# in $TMP, so that a kit that is up is not touched, and it goes down at exit.
#
#   kit_up             make up; bails out when it fails
#   kit_value NAME     FLAMEKIT_SERVER, FLAMEKIT_APP, FLAMEKIT_RUN
#   kit_pid NAME       server, demoapp or load

# shellcheck disable=SC2034
kit=build/release/bin/flamekit
FLAMEKIT_STATE=$TMP/state
export FLAMEKIT_STATE
unset FLAMEKIT_RUN FLAMEKIT_SERVER FLAMEKIT_APP
at_exit "FLAMEKIT_STATE=$TMP/state $kit down >/dev/null 2>&1"

kit_value() { sed -n "s/^$1=//p" "$FLAMEKIT_STATE/env"; }
kit_pid() { awk -v n="$1" '$1 == n { print $2 }' "$FLAMEKIT_STATE/pids"; }

kit_up() {
    $kit up >"$TMP/up" 2>&1 && return
    sed 's/^/# /' "$TMP/up"
    echo "Bail out! make up fails"
    exit 1
}
