#!/bin/sh
# The recorded world: replayed within ten seconds, every exercise can be
# solved in it, and what is recorded of a replay is what was replayed.
. tests/tap.sh
need jq
. tests/kit.sh

golden=scenarios/07-continuous-profiling/golden.rec
out=$($kit replay 2>&1)
is "nothing is up: no replay" $? 3
like "and it says what to do" "$out" "*make up*"

kit_up
out=$($kit catch-up 2 2>&1)
is "catch-up takes the bare number" $? 0
like "it plays the loads up to the exercise" "$out" "*mixed*flamekit check 07.2*"
like "and no others" "$($kit check 07.3 2>&1)" "*no load with a phase 'uncached'*"
$kit solve 07.2 --no-load >"$TMP/solved"
is "in the recording 07.2 can be solved" $? 0

began=$(date +%s)
$kit replay 07 >"$TMP/replayed" 2>&1
is "the whole scenario is replayed" $? 0
took=$(($(date +%s) - began))
ok "within ten seconds ($took s)" [ $took -le 10 ]
for ex in 07.1 07.3 07.4 07.5; do
    $kit check $ex >"$TMP/fresh" 2>&1 </dev/null
    is "$ex: data alone does not pass" $? 1
    $kit solve $ex --no-load >"$TMP/solved" 2>&1
    is "$ex can be solved in the recording" $? 0
    [ "$(tail -n 1 "$TMP/solved" | cut -c1-4)" = PASS ] || sed 's/^/# /' "$TMP/solved"
done
# ---- how a check is asked for ----
$kit check 07.3 -v >"$TMP/verbose" 2>&1 </dev/null
like "-v shows what was asked, as commands" "$(cat "$TMP/verbose")" \
    "*curl */pyroscope/render*PASS*"
grep -o 'curl .*' "$TMP/verbose" | sort -u >"$TMP/curls.sh"
sh -e "$TMP/curls.sh" >"$TMP/answers" 2>&1
is "which a student can repeat" $? 0
$kit answer 07.1 app=workshop.flask.app >/dev/null
$kit check 07.1 >"$TMP/flask" 2>&1 </dev/null
is "the seed document's name of the service is accepted" $? 0
$kit answer 07.1 app=nonsense >/dev/null
$kit check 07.1 --watch >"$TMP/watch" 2>&1 </dev/null &
watch=$!
at_exit "kill $watch 2>/dev/null"
wait_for 30 grep -q 'NOT YET' "$TMP/watch"
$kit answer 07.1 app=workshop.demo.app >/dev/null
wait_for 60 gone $watch
kill $watch 2>/dev/null # would wait for ever
wait $watch
is "--watch ends with PASS as soon as the answer is right" $? 0
$kit predict 07.1 40 >/dev/null
like "a prediction stays" "$($kit predict 07.1 80)" "*you predicted 40*"
spike() { SEAT_SEED=$1 build/release/bin/loadgen --explain timeline | sed -n 's/^burst *//p'; }
[ "$(spike 1)" != "$(spike 2)" ]
is "each seat has its own spike" $? 0

# A second one lies before the first, and never mixes with it.
$kit replay 07 >"$TMP/replayed" 2>&1
samples() { $kit check 07.2 | sed -n 's/.*samples is \([0-9]*\),.*/\1/p'; }
recorded=$(gzip -dc $golden | jq '[.runs[] | select(.plan == "mixed") |
    .profiles[] | select(.type == "cpu") | .stacks[] / 1e7] | add')
is "a second replay does not mix with the first" "$(samples)" "$recorded"

for plan in mixed cached io timeline; do
    out=$($kit plan expect $plan 2>&1)
    is "what the plan $plan expects is true" $? 0
done
like "expectations are shown phase by phase" "$out" "*PASS*calm.share*PASS*burst.share*"
printf '[phase mixed]\nduration=1s\narrive=constant 1/s\nmix=hash 1\nexpect = cores >= 3\n' >"$TMP/more.load"
$kit plan expect "$TMP/more.load" >"$TMP/expect" 2>&1
is "and one that is not true ends with BROKEN's status" $? 3
printf '[phase never]\nexpect = samples >= 3\n' >"$TMP/never.load"
$kit plan expect "$TMP/never.load" >"$TMP/expect" 2>&1
is "a phase that was not played: NOT YET" $? 1

# What the scenario says of the demo app, as it was recorded in real time.
in_golden() { # PLAN TYPE FUNCTION: nanoseconds of stacks with it
    gzip -dc $golden | jq --arg p "$1" --arg t "$2" --arg f "$3" \
        '[.runs[] | select(.plan == $p) | .profiles[] | select(.type == $t) |
          .stacks | to_entries[] | select(.key | split(";") | index($f)) |
          .value] | add // 0'
}
few() { [ "$(in_golden io cpu simulate_io)" -le 20000000 ]; }
ok "a minute of slow_io has at most two CPU samples of simulate_io" few
is "hash_rounds is called by compute_hash only" "$(in_golden cached cpu hash_rounds)" \
    "$(gzip -dc $golden | jq '[.runs[] | select(.plan == "cached") |
        .profiles[] | select(.type == "cpu") | .stacks | to_entries[] |
        select(.key | contains("compute_hash;hash_rounds")) | .value] | add')"
curl -s "$(kit_value FLAMEKIT_SERVER)/api/annotations?kind=phase&from=0" >"$TMP/phases"
edge() { # PHASE timestamp|until
    jq --arg p "$1" --arg e "$2" '[.[] | select(.data.phase == $p and
        .appName == "workshop.demo.app")][0][$e]' "$TMP/phases"
}
FLAMEKIT_SERVER=$(kit_value FLAMEKIT_SERVER) $kit diff -n 1 \
    --query 'process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="workshop.demo.app"}' \
    --left-from "$(edge uncached timestamp)" --left-until "$(edge uncached until)" \
    --from "$(edge cached timestamp)" --until "$(edge cached until)" >"$TMP/diff" 2>&1
like "cached against uncached: the diff's biggest change is the hash" \
    "$(cat "$TMP/diff")" "*-[78][0-9].[0-9]%  hash_rounds*"

$kit keep "$TMP/again.rec"
is "what was replayed can be recorded" $? 0
# The living demo app idles beside what is replayed, and said hello: of the
# requests, nanoseconds by plan, type and endpoint.
sums() {
    gzip -dc "$1" | jq -c '[.runs[] | .plan as $p | .profiles[] |
        select(.endpoint | startswith("/api/") and (startswith("/api/kit") | not)) |
        {k: ($p + " " + .type + " " + .endpoint), v: ([.stacks[]] | add)}] |
        group_by(.k) | map({(.[0].k): (map(.v) | add)}) | add'
}
is "and is the same" "$(sums "$TMP/again.rec")" "$(sums $golden)"
small() { [ "$(wc -c <$golden)" -lt 100000 ]; }
ok "the recording is small" small

echo nonsense >"$TMP/bad.rec"
like "another kit's world is unknown" "$($kit replay 99 2>&1)" "*no scenario '99'*"
tap_done
