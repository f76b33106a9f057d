#!/bin/sh
# Every command of every README of the exercises is run, in order, against a
# kit of the test's own, and what it prints is compared with the block of
# output below it: {x} stands for anything in a line, a line of three dots for
# any lines. Loads are shorter; the seed document's own commands run,
# too, when it is there.
. tests/tap.sh
. tests/shown.sh
need curl jq

ROOT=$(pwd)
FLAMEKIT_STATE=$TMP/state
export FLAMEKIT_STATE ROOT
unset FLAMEKIT_RUN FLAMEKIT_SERVER FLAMEKIT_APP FLAMEKIT_NIGHT
kit=$ROOT/build/release/bin/flamekit
at_exit "$kit down >/dev/null 2>&1"

# The commands as a student has them, with shorter loads.
mkdir "$TMP/bin"
cat >"$TMP/bin/flamekit" <<'END'
#!/bin/sh
[ "$1" = run ] && set -- "$@" --for 15s
exec "$ROOT/build/release/bin/flamekit" "$@"
END
chmod +x "$TMP/bin/flamekit"
PATH=$TMP/bin:$PATH

# A check of so short a load may have any verdict.
run_block() { # FILE
    { here "$1"; echo; echo 'last=$?; wait; exit $last'; } >"$TMP/now.sh"
    sh "$TMP/now.sh" >"$TMP/out" 2>&1 </dev/null
    status=$?
    grep -q '^flamekit check' "$1" && [ $status -le 3 ] || [ $status = 0 ]
}

$kit up >"$TMP/up" 2>&1 || { cat "$TMP/up"; echo "Bail out! make up fails"; exit 1; }
set -a
. "$FLAMEKIT_STATE/env"
set +a

for readme in exercises/[0-9]*/README.md; do
    blocks "$readme"
    for block in "$TMP"/block.*.sh; do
        what="$(basename "$(dirname "$readme")"): $(head -n 1 "$block" | cut -c1-60)"
        ok "$what" run_block "$block"
        [ -f "${block%.sh}.text" ] || continue
        matches "${block%.sh}.text" "$TMP/out" >"$TMP/why" &&
            pass "$what: prints what is shown" ||
            fail "$what: prints what is shown" "$(cat "$TMP/why")" "$(cat "$TMP/out")"
    done
done

seed=$(ls ../shared/seeds/002_*.txt 2>/dev/null)
if [ -n "$seed" ]; then
    # The loops of its HTML lost their line ends.
    grep -o 'for i in .* done' "$seed" | sed 's/" done/"; done/' >"$TMP/loops"
    is "the seed has two loops" "$(wc -l <"$TMP/loops")" 2
    while read -r loop; do
        echo "$loop" >"$TMP/loop.sh"
        ok "the seed's own: $(echo "$loop" | cut -c1-50)" run_block "$TMP/loop.sh"
    done <"$TMP/loops"
    sed -n 's,^\./\(loadgen.sh http.*\) 120.*,loadgen/\1 3,p' "$seed" >"$TMP/load.sh"
    ok "the seed's own: $(cat "$TMP/load.sh"), shorter" run_block "$TMP/load.sh"
else
    skip "the seed's own commands" "the seed document is not here"
fi
tap_done
