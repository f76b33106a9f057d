#!/bin/sh
# make up, status, down as a student uses them, in a state folder of the
# test's own, so that a kit which is up is not touched.
. tests/apart.sh
. tests/tap.sh
need curl jq
. tests/kit.sh

run_of() { curl -s "$1/api/kit/hello" | jq -r .run; }

out=$($kit up 2>&1)
is "up succeeds" $? 0
like "it says how \`flamekit\` becomes a command" "$out" "*export PATH=\"$PWD:*"
is "and not where it is one" "$(PATH=$PWD:$PATH $kit up | grep -c "export PATH")" 0
is "from anywhere" "$(cd / && PATH=$OLDPWD:$PATH flamekit --version)" "flamekit $(cat VERSION)"
like "it says where the page is" "$out" "*Next: open http://127.0.0.1:*"
like "the round trip is proven before the address" "$out" "*hello     wrote*Next:*"
server=$(kit_value FLAMEKIT_SERVER) app=$(kit_value FLAMEKIT_APP) run=$(kit_value FLAMEKIT_RUN)
like "a run id was minted" "$run" "r-????????"
is "the server carries it" "$(run_of "$server")" "$run"
is "the demo app carries it" "$(run_of "$app")" "$run"
names=$(curl -s -G "$server/pyroscope/render" \
    --data-urlencode 'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="workshop.demo.app"}' \
    -d from=now-5m -d until=now | jq -r '.flamebearer.names[]')
like "hello_profiler is in the profile" "$names" "*hello_profiler*"

server_pid=$(kit_pid server) app_pid=$(kit_pid demoapp)
out=$($kit up 2>&1)
is "a second up succeeds" $? 0
is "and keeps the run" "$(kit_value FLAMEKIT_RUN)" "$run"
is "and the processes" "$(kit_pid server) $(kit_pid demoapp)" "$server_pid $app_pid"
ok "status says that all runs" $kit status

# Another kit beside the first: other ports, said by whom; never mixed.
FLAMEKIT_STATE=$TMP/second
at_exit "FLAMEKIT_STATE=$TMP/second $kit down >/dev/null 2>&1"
out=$($kit up 2>&1)
is "a second kit comes up beside it" $? 0
like "and names the run that holds the port" "$out" "*another Flamekit (run r-*"
second=$(kit_value FLAMEKIT_SERVER) app2=$(kit_value FLAMEKIT_APP)
[ "$second" != "$server" ]
is "on a port of its own" $? 0
is "with its own run" "$(run_of "$second")" "$(kit_value FLAMEKIT_RUN)"
like "the commands of an exercise have its address" "$($kit next 07.4)" \
    "*curl -s ${app2#http://}/api/slow_io*"
$kit down >/dev/null
FLAMEKIT_STATE=$TMP/state
is "its end leaves the first alone" "$(run_of "$server")" "$run"

# The server is killed: up brings it back on the same port, with its data.
kill -9 "$server_pid"
wait_for 10 gone "$server_pid"
out=$($kit up 2>&1)
is "up after the server was killed" $? 0
is "the same address" "$(kit_value FLAMEKIT_SERVER)" "$server"
is "the same run" "$(run_of "$server")" "$run"
is "the demo app never stopped" "$(kit_pid demoapp)" "$app_pid"
names=$(curl -s -G "$server/pyroscope/render" \
    --data-urlencode 'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="workshop.demo.app"}' \
    -d from=now-5m -d until=now | jq -r '.flamebearer.names[]')
like "what was stored is there" "$names" "*hello_profiler*"

out=$($kit down 2>&1)
is "down succeeds" $? 0
like "and lists what it stopped" "$out" "*stopped   demoapp*stopped   server*"
ok "no process is left" gone "$app_pid"
ok "the port is free" sh -c "! curl -s -m 2 $server/ready"
ok "down again is no error" $kit down
like "hello has nobody to greet" "$($kit hello 2>&1)" "*nothing is up*make up*"
ok "status says that nothing runs" sh -c "$kit status | grep -q 'nothing is up'"

$kit reset >/dev/null
is "reset leaves no data" "$(ls "$FLAMEKIT_STATE")" ""
tap_done
