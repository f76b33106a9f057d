#!/bin/sh
# The page's exercise drawer: what it asks of a server that the kit started,
# and what strangers get.
. tests/tap.sh
need curl jq
. tests/kit.sh
kit_up
server=$(kit_value FLAMEKIT_SERVER)
one=$server/api/kit/exercises/07.2

get() { curl -s -m 60 "$@"; }
code() { curl -s -m 60 -o /dev/null -w '%{http_code}' "$@"; }
act() { get "$one" -d "$1"; }
said() { printf '%s' "$1" | jq -r .message; }

is "the list has the exercises in order" \
    "$(get "$server/api/kit/exercises" | jq -r '[.exercises[].id] | join(" ")')" \
    "$($kit list | awk '{ print $2 }' | paste -sd ' ')"
out=$(get "$one")
is "an exercise has a text" "$(printf '%s' "$out" | jq '.text | test("## 3 Do")')" true
is "without its front matter" "$(printf '%s' "$out" | jq '.text | test("machine_seconds")')" false
is "and is not solved" "$(printf '%s' "$out" | jq -r .verdict)" "NOT YET"
is "nor begun" "$(printf '%s' "$out" | jq -r .state)" fresh
is "nothing says which option is right" "$(printf '%s' "$out" | grep -c '"right"')" 0
is "no hint is given away" "$(printf '%s' "$out" | jq '.hints | length')" 0

is "a hint" "$(act '{"act":"hint"}' | jq '.hints | length')" 1
is "another" "$(act '{"act":"hint"}' | jq '.hints | length')" 2
is "a prediction is kept" \
    "$(act '{"act":"predict","value":"$(id) -h; \"x"}' | jq -r .prediction.guess)" \
    "\$(id) -h;  x"
like "and stays" "$(said "$(act '{"act":"predict","value":"other"}')")" "*it stays*"
is "an answer is kept" \
    "$(act '{"act":"answer","name":"share","value":"--help"}' | jq -r '.questions[1].answer')" \
    "--help"
is "the command line sees the same" "$($kit predict 07.2)" \
    "07.2: you predicted \$(id) -h;  x; now look"
is "it is begun now" "$(get "$one" | jq -r .state)" started

act '{"act":"run"}' >/dev/null
plays() { [ -n "$(kit_pid load)" ] && kill -0 "$(kit_pid load)" 2>/dev/null; }
wait_for 20 plays
is "the load plays" $? 0
judged() { [ "$(get "$one" | jq '.findings | length')" -gt 5 ]; }
wait_for 30 judged
is "and the lines are judged" $? 0
load_pid=$(kit_pid load)
$kit load stop >/dev/null
ok "the kit can stop it" gone "$load_pid"

# What is wrong is said, with a status; nothing of it becomes an argument.
while read -r want path body; do
    is "$want for $path ${body:-}" "$(code "$server$path" ${body:+-d "$body"})" "$want"
done <<'EOF'
400 /api/kit/exercises/07.99
404 /api/kit/exercises/--help
404 /api/kit/exercises/x
404 /api/kit/exercises/07.2%20hint
404 /api/kit/exercises/07.2%2f..
404 /api/kit/exercises/0123456789012345
400 /api/kit/exercises/07.2 {"act":"solve"}
400 /api/kit/exercises/07.2 {"act":"hint"
400 /api/kit/exercises/07.2 {"act":7}
400 /api/kit/exercises/07.2 {"act":"answer","name":"nothing","value":"1"}
400 /api/kit/exercises/07.2 {"act":"answer","name":"share"}
400 /api/kit/exercises/07.2 {"act":"predict","value":"a\u0000b"}
400 /api/kit/exercises/07.3 {"act":"predict","value":""}
400 /api/kit/exercises/07.3 {"act":"predict","value":"0123456789012345678901234567890123456789012345678901234567890123"}
EOF
is "a page of another site may not act" \
    "$(code -H 'Origin: http://other.example' -d '{"act":"run"}' "$one")" 403
is "nor make a browser ask" "$(code -H 'Sec-Fetch-Site: cross-site' "$one")" 403
is "nor under another name" "$(code -H 'Host: other.example' "$one")" 403
is "DELETE is no method" "$(code -X DELETE "$one")" 405

# Many at once: each is answered or told to wait, none is lost.
for i in 1 2 3 4 5 6 7 8; do
    code "$one" >"$TMP/many.$i" &
    many="${many-} $!"
done
# shellcheck disable=SC2086
wait $many
is "many at once: 200 or 429" "$(cat "$TMP"/many.* | sed 's/200//g;s/429//g')" ""
again() { [ "$(code "$one")" = 200 ]; }
wait_for 20 again
is "and the next is answered" $? 0

# A server that was not started by the kit has none, and says where they are.
build/release/bin/flamekit-server --listen 127.0.0.1:0 --data "$TMP/plain" \
    >"$TMP/ready" 2>"$TMP/plain.log" &
plain=$!
at_exit "kill $plain 2>/dev/null"
wait_for 20 grep -q '^ready ' "$TMP/ready"
url=$(sed -n 's/^ready //p' "$TMP/ready")
is "without --kit: 404" "$(code "$url/api/kit/exercises")" 404
like "with a sentence" "$(said "$(get "$url/api/kit/exercises")")" "*flamekit list*"
kill $plain
build/release/bin/flamekit-server --listen 0.0.0.0:0 --data "$TMP/open" \
    --kit "$PWD/$kit" >"$TMP/ready" 2>"$TMP/open.log"
is "--kit where strangers reach it: refused" $? 1
like "and why" "$(cat "$TMP/open.log")" "*--kit starts a program for whoever asks*"
tap_done
