#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# The server starts, says who it is, and ends in an orderly way.
. tests/integration/lib.sh

start_server --run r-test
is "one line on stdout" "$(wc -l <"$TMP/ready" | tr -d ' ')" 1
like "it tells where it serves" "$(cat "$TMP/ready")" "ready http://127.0.0.1:*"
fetch "$URL/ready"
is "/ready" "$status $body" "200 ready"
fetch "$URL/health"
is "/health: the store can write" "$status" 200
fetch "$URL/api/kit/hello"
like "hello tells kit, part and run" "$body" \
    '{"kit":"flamekit","component":"server",*"run":"r-test",*'
like "hello tells the process" "$body" "*\"pid\":$server_pid,*"
fetch "$URL/api/v1/status/buildinfo"
like "build info" "$body" "*\"version\":\"$(cat VERSION)\"*"
fetch "$URL/metrics"
like "metrics" "$body" "*pyroscope_build_info*"
fetch -X DELETE "$URL/ready"
is "wrong method" "$status" 405
like "Allow names the right one" \
    "$(curl -s -i -X DELETE "$URL/ready" | tr -d '\r')" "*Allow: GET*"
fetch "$URL/no/such/path"
is "unknown path" "$status" 404

# A second server on the same port tells whose it is.
"$bin/flamekit-server" --listen "127.0.0.1:$PORT" --data "$TMP/data2" \
    >"$TMP/second" 2>&1
is "a taken port is an error" $? 1
like "it names the process that has it" "$(cat "$TMP/second")" \
    "*127.0.0.1 port $PORT: flamekit-server (pid $server_pid)*--listen*"

"$bin/flamekit-server" --listen nowhere --data "$TMP/data2" >"$TMP/out" 2>&1
is "a bad address is an error" $? 1
like "it shows a good one" "$(cat "$TMP/out")" "*such as 127.0.0.1:4040*"
"$bin/flamekit-server" --ingest-window soon >"$TMP/out" 2>&1
is "a bad option is an error" $? 2
"$bin/flamekit-server" --help >"$TMP/out" 2>&1
is "--help succeeds" $? 0
like "--help names the options" "$(cat "$TMP/out")" "*--ingest-window*"

# Draining: a request under way is answered, newcomers are refused.
in_flight() { [ "$(counter flamekit_http_in_flight)" -ge "$1" ]; }
refused() { ! curl -s -o /dev/null "$URL/ready"; }
mkfifo "$TMP/pipe"
raw_stream <"$TMP/pipe" >"$TMP/slow" &
client=$!
exec 3>"$TMP/pipe"
printf 'POST /ingest?name=drain.cpu HTTP/1.1\r\nHost: x\r\n' >&3
printf 'Content-Length: 6\r\nConnection: close\r\n\r\na;b' >&3
ok "a request is under way" wait_for 10 in_flight 2
kill -TERM "$server_pid"
ok "newcomers are refused while it drains" wait_for 5 refused
printf ' 1\n' >&3
exec 3>&-
wait $client
like "the request under way is answered" "$(cat "$TMP/slow")" "HTTP/1.1 200*"
server_status=0
wait "$server_pid" || server_status=$?
server_pid=
is "SIGTERM ends it with 0" "$server_status" 0

# An idle keep-alive connection holds nobody up.
start_server
mkfifo "$TMP/rest"
raw_stream <"$TMP/rest" >"$TMP/idle" &
client=$!
exec 3>"$TMP/rest"
printf 'GET /ready HTTP/1.1\r\nHost: x\r\n\r\n' >&3
ok "a connection rests" wait_for 10 grep -q '^ready' "$TMP/idle"
before=$(date +%s)
stop_server
is "it ends with 0 all the same" "$server_status" 0
took=$(($(date +%s) - before))
ok "within 5 s (took $took)" [ $took -le 5 ]
exec 3>&-
wait $client
tap_done
