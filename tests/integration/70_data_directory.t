#!/bin/sh
# What an operator does to a data directory: check it, copy it while it is in
# use, restore the copy, compact it; what is damaged is named.
. tests/integration/lib.sh
need tar

server="$bin/flamekit-server"
now=$(date +%s)

push() { # STACK [AGE]
    at=$((now - ${2:-0}))
    echo "$1 1" | curl -s -m 20 -o /dev/null -w '%{http_code}' --data-binary @- \
        "$URL/ingest?name=kept.cpu&from=$at&until=$at"
}

render() {
    curl -s -m 20 -G "$URL/pyroscope/render" --data-urlencode \
        'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="kept"}' \
        -d "from=$((now - 864000))" -d "until=$((now + 60))" |
        sed 's/.*"names":\[\([^]]*\)\].*"numTicks":\([0-9]*\).*/\1 \2/'
}

start_server --ingest-window off
for i in 1 2 3 4 5 6 7 8; do
    push "main;work_$i" $((i * 40000)) >/dev/null
done
is "a profile is taken" "$(push 'main;last')" 200
before=$(render)
like "it is shown" "$before" '*work_8*'

"$server" --check "$TMP/data" >"$TMP/check" 2>&1
is "a directory in use passes its check" $? 0
like "every file is named" "$(cat "$TMP/check")" '*ok  t-anonymous/meta.db*'
"$server" --data "$TMP/data" --backup "$TMP/backup.tar" >"$TMP/out" 2>&1
is "a directory in use can be copied" $? 0
push "main;after_the_copy" >/dev/null
"$server" --data "$TMP/data" --compact >"$TMP/out" 2>&1
is "one in use is not compacted" $? 1
like "and says who has it" "$(cat "$TMP/out")" '*in use by process*'
stop_server

mkdir "$TMP/restored" && tar -xf "$TMP/backup.tar" -C "$TMP/restored"
is "the copy is an archive of the machine's tar" $? 0
start_server --data "$TMP/restored" --ingest-window off
is "a server on the copy answers as the first one did" "$(render)" "$before"
stop_server

"$server" --data "$TMP/data" --compact >"$TMP/out" 2>&1
is "a directory nobody uses is compacted" $? 0
"$server" --check "$TMP/data" >"$TMP/check" 2>&1
is "and passes its check" $? 0
like "with sums" "$(cat "$TMP/check")" '* profiles, [1-9]* sums*'
start_server --ingest-window off
like "nothing is lost" "$(render)" '*after_the_copy*'
stop_server

set -- "$TMP"/data/t-anonymous/day-*.db
dd if=/dev/zero of="$1" bs=1024 seek=6 count=40 conv=notrunc 2>/dev/null
"$server" --check "$TMP/data" >"$TMP/check" 2>&1
is "damage fails the check" $? 1
like "the file is named" "$(cat "$TMP/check")" "*BAD t-anonymous/$(basename "$1")*"
like "and what to do" "$(cat "$TMP/check")" '*restore a backup*'
start_server --ingest-window off
wait_for 20 test -e "$TMP/data/t-anonymous/bad-$(basename "$1" | cut -c5-)"
is "a server sets the file aside" $? 0
like "and serves the rest" "$(render)" '*after_the_copy*'
stop_server

"$server" --check "$TMP/nowhere" >"$TMP/check" 2>&1
is "a directory that is not there is an error" $? 1
tap_done
