#!/bin/sh
# Fifty times up, load, down: no process, port, socket or file is left behind.
. tests/tap.sh
need curl jq
. tests/kit.sh

mkdir "$TMP/temporary"
export TMPDIR="$TMP/temporary"
round() {
    $kit up >"$TMP/up" 2>&1 || return 1
    pids="$(kit_pid server) $(kit_pid demoapp)"
    url=$(kit_value FLAMEKIT_SERVER)
    $kit load --for 2s >"$TMP/load" 2>&1 || return 2
    $kit down >"$TMP/down" 2>&1 || return 3
    for pid in $pids; do gone "$pid" || return 4; done
    ! curl -s -m 2 "$url/ready" >/dev/null || return 5
    [ ! -s "$FLAMEKIT_STATE/pids" ] || return 6
}
files() { find "$FLAMEKIT_STATE" ! -path '*/data/*' -type f | sed "s,$FLAMEKIT_STATE/,," | sort; }

good=0 first=
for n in $(seq 50); do
    round
    status=$?
    [ $status = 0 ] && good=$((good + 1)) || echo "# round $n ended with $status"
    [ -n "$first" ] || first=$(files)
done
is "fifty rounds" $good 50
is "the same files after the last as after the first" "$(files)" "$first"
is "nothing in the folder for temporary files" "$(ls -A "$TMPDIR")" ""
mine() { grep -lz "FLAMEKIT_STATE=$FLAMEKIT_STATE" /proc/[0-9]*/environ 2>/dev/null |
    grep -v -e self -e "/$$/"; }
# By the program, not by the command line: that of the grep has the names, too.
strays() { for e in $(mine); do readlink "${e%environ}exe"; done |
    grep -E '/(flamekit|loadgen|demoapp)[^/]*$'; }
is "no process of these kits is left" "$(strays)" ""
$kit reset >/dev/null
is "and reset leaves nothing at all" "$(ls "$FLAMEKIT_STATE")" ""
tap_done
