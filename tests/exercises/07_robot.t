#!/bin/sh
# Scenario 07 for a robot: a fresh world does not pass, the solved one does,
# every wrong answer fails with its own reason, and with a part killed the
# verdict is BROKEN.
. tests/tap.sh
need curl jq
. tests/kit.sh

check() { # EXERCISE -> $out, $verdict
    out=$($kit check "$1" 2>&1 </dev/null)
    verdict=$?
}

check 07.1
is "nothing is up: BROKEN" $verdict 3
like "and what to do" "$out" "*make up*"
kit_up

for ex in 07.1 07.2; do
    check $ex
    is "$ex: a fresh world does not pass" $verdict 1
    like "$ex: and says what to run" "$out" "*flamekit run $ex*"
done

$kit solve 07.1 --speed 3 >"$TMP/solve1" 2>&1
is "the robot solves 07.1" $? 0
[ "$(tail -n 1 "$TMP/solve1" | cut -c1-4)" = PASS ] || sed 's/^/# /' "$TMP/solve1"
$kit solve 07.2 --speed 3 >"$TMP/solve2" 2>&1
is "the robot solves 07.2" $? 0
[ "$(tail -n 1 "$TMP/solve2" | cut -c1-4)" = PASS ] || sed 's/^/# /' "$TMP/solve2"
check 2
is "the bare number is an alias" $verdict 0
like "the list shows both as solved" "$($kit list)" "*● 07.1*● 07.2*"

# mutant EXERCISE NAME VALUE CODE: only this answer is wrong.
mutant() {
    right=$(sed -n "s/^answer \"$2\" \"\(.*\)\"$/\1/p" \
        "$FLAMEKIT_STATE/progress/$1" | tail -n 1)
    $kit answer "$1" "$2=$3" >/dev/null
    check "$1"
    is "$1: $2=$3 does not pass" $verdict 1
    like "$1: $2=$3 smells of $4" "$out" "*\[$4\]*"
    $kit answer "$1" "$2=$right" >/dev/null
}
mutant 07.1 app demoapp M27
mutant 07.1 cores 100 M10
mutant 07.1 hundred a M10
mutant 07.1 hundred c M11
mutant 07.2 top_self compute_primes_slow M28
mutant 07.2 top_self handle_primes_slow M4
mutant 07.2 share 20 M11
mutant 07.2 hot-callers b M6
mutant 07.2 hot-callers d M5

check 07.2
is "put right again, it passes" $verdict 0

app_pid=$(kit_pid demoapp)
kill "$app_pid"
wait_for 15 gone "$app_pid"
check 07.2
is "with the demo app gone: BROKEN, not NOT YET" $verdict 3
like "and it says which part" "$out" "*does not answer*"
tap_done
