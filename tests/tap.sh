# shellcheck shell=sh
# TAP for shell tests: `. tests/tap.sh` from the root of the checkout.
#
#   ok "what" COMMAND...         passes when the command succeeds
#   is "what" GOT WANT           equal strings
#   like "what" GOT PATTERN      shell pattern, such as '*ready*'
#   skip "what" WHY              visible, never silent
#   wait_for SECONDS COMMAND...  polls ten times a second
#   gone PID                     is that process no more?
#   tap_done                     prints the plan; the last line of a test
#
# $TMP is a folder of this test's own, removed at its end; what `at_exit`
# was given runs first, the latest first.

# These choose another demo app; see scenarios/07-continuous-profiling.
unset BUILD FEATURE

# Whoever reads this twice, through two files of helpers, has one test.
[ -z "${tap_n:-}" ] || return 0
tap_n=0
tap_failed=0
tap_cleanup=:
TMP=$(mktemp -d "${TMPDIR:-/tmp}/flamekit-test.XXXXXX") || exit 1

at_exit() { tap_cleanup="$1; $tap_cleanup"; }

tap_exit() {
    status=$?
    trap - EXIT INT TERM
    eval "$tap_cleanup"
    rm -rf "$TMP"
    exit $status
}
trap tap_exit EXIT
trap 'exit 130' INT TERM

pass() {
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1"
}

fail() {
    tap_n=$((tap_n + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_n - $1"
    shift
    for tap_line in "$@"; do
        echo "$tap_line" | sed 's/^/#   /'
    done
}

ok() {
    tap_what=$1
    shift
    if "$@" >"$TMP/.ok" 2>&1; then
        pass "$tap_what"
    else
        fail "$tap_what" "$*" "$(tail -n 20 "$TMP/.ok")"
    fi
}

is() {
    if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:  $2" "want: $3"; fi
}

like() {
    # shellcheck disable=SC2254
    case $2 in
    $3) pass "$1" ;;
    *) fail "$1" "got:  $2" "like: $3" ;;
    esac
}

skip() {
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP $2"
}

# A tool that a test needs: a visible skip of the whole test, an error in CI.
need() {
    for tap_tool in "$@"; do
        command -v "$tap_tool" >/dev/null 2>&1 && continue
        [ -z "${CI:-}" ] || { echo "Bail out! $tap_tool is missing"; exit 1; }
        echo "1..0 # SKIP $tap_tool is not installed"
        exit 0
    done
}

wait_for() {
    tap_left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        tap_left=$((tap_left - 1))
        [ $tap_left -gt 0 ] || return 1
        sleep 0.1
    done
}

# Ended, even if nobody has collected its exit status yet.
gone() { [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }

tap_done() {
    echo "1..$tap_n"
    [ $tap_failed = 0 ] || exit 1
    exit 0
}
