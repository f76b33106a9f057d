#!/bin/sh
# The load generator against a service that does what it is told: rates,
# stalls, Ctrl-C, a target that is gone, markers. Tests $FK_BUILD.
# shellcheck disable=SC2317 # functions are called by name
. tests/integration/programs.sh
need jq
unset FLAMEKIT_RUN FLAMEKIT_SERVER FLAMEKIT_PLANS
target=${FK_BUILD:-build/release}/tests/integration/target
loadgen=$bin/loadgen

# plan NAME LINE...: a plan of one phase against an endpoint "x".
plan() {
    plan_name=$1
    shift
    {
        echo "[phase a]"
        for line in "$@"; do echo "$line"; done
        echo "mix = x 1"
        printf '[endpoint x]\nget = /x/{{seq}}\n'
    } >"$TMP/$plan_name.load"
}

# play NAME ARGS...: the report is in $TMP/NAME.json, the exit status in $CODE.
play() {
    play_name=$1
    shift
    CODE=0
    "$loadgen" --plan "$TMP/$play_name.load" --target "$URL" --report json \
        -o "$TMP/$play_name.json" "$@" >"$TMP/play.out" 2>"$TMP/play.err" ||
        CODE=$?
}
got() { jq -r "$2" "$TMP/$1.json"; }

# ---- rates ----------------------------------------------------------------------
start plain "$target"
PLAIN=$PID
plan even 'duration = 2s' 'arrive = constant 500/s'
play even
is "an even rate ends with 0" "$CODE" 0
is "it sends exactly what was promised" "$(got even .all.sent)" 1000
rate_of() { compare "$(got "$1" '.phases[0].rate')" '>=' "$2 * 0.98" &&
    compare "$(got "$1" '.phases[0].rate')" '<=' "$2 * 1.02"; }
ok "the achieved rate is within 2 %" rate_of even 500
is "all are answered" "$(got even .all.ok)" 1000
connections() { # each request opened a connection or used one again
    equal "$(got even '.all | .newConnections + .reusedConnections')" 1000 &&
        equal "$(got even '.all | .failedConnections, .connect.count |
            tostring' | tr '\n' ' ')" "0 $(got even .all.newConnections) "
}
ok "connections are counted: opened, used again, failed" connections
buckets() { equal "$(got even '[.all.response.buckets[][1]] | add')" 1000; }
ok "the buckets of a histogram are in the report" buckets
few() { compare "$(got even .all.newConnections)" '<=' 256; }
ok "connections are used again" few

plan slow 'duration = 4s' 'arrive = constant 0.5/s'
play slow --workers 4
is "half a request a second on four threads" "$(got slow .all.sent)" 2

plan pairs 'duration = 1s' 'arrive = poisson 300/s'
play pairs --workers 1
one=$(got pairs .all.sent)
play pairs --workers 3
is "the requests do not depend on the threads" "$(got pairs .all.sent)" "$one"

plan closed 'duration = 1s' 'arrive = clients 4 think 10ms'
play closed
# Each comes again, and none without its pause; how often, a busy machine says:
# the sender and the service both wait for a core in every round.
closed_rate() { compare "$(got closed .all.sent)" '>=' 8 &&
    compare "$(got closed .all.sent)" '<=' 404; }
ok "clients with time to think" closed_rate
plan busy 'duration = 1s' 'arrive = clients 1'
play busy
# A transfer may end inside the call that starts it; waiting then costs all of
# them the time of a timer, also the one in the middle.
no_gaps() { compare "$(got busy .all.service.p50Ms)" '<' 10 &&
    compare "$(got busy .all.sent)" '>=' 8; }
ok "one client, no thinking: no lost wake-ups" no_gaps

plan fast 'duration = 8s' 'arrive = constant 25/s'
play fast --speed 4
is "--speed keeps the number of requests" "$(got fast .all.sent)" 200
quick() { compare "$(got fast '.phases[0].seconds')" '==' 2; }
ok "--speed divides the time" quick
play fast --for 1s
is "--for keeps the rate" "$(got fast .all.sent)" 25

seconds() { # WORKERS: a line a second, which add up to what the report says
    play even --workers "$1" --csv "$TMP/even.csv" &&
        tr -d '\r' <"$TMP/even.csv" | awk -F, -v ok="$(got even .all.ok)" '
            NR == 1 { head = $0; next }
            NF != 13 || $1 != "a" || $4 != "x" || $10 > $12 || $12 > $13 ||
                seen[$2]++ { exit 1 }
            { sent += $6; all += $7 }
            END { exit !(head ~ /^phase,second,time,endpoint,region,sent,ok/ &&
                sent == 1000 && all == ok) }'
}
ok "--csv has every second" seconds 1
ok "of all threads together" seconds 3
hgrm() { # shares rise to 1, the last line has the count
    play even --for 1s --hgrm "$TMP/even.hgrm" &&
        awk 'NR < 3 || /^#/ { next }
            $2 < share || $1 < value || $3 < count { exit 1 }
            { value = $1; share = $2; count = $3; n++ }
            END { exit !(share == 1 && count == 500 && n > 5) }' \
            "$TMP/even.hgrm" &&
        has "$(cat "$TMP/even.hgrm")" "Total count    =          500]"
}
ok "--hgrm is a spectrum of percentiles" hgrm

merged() { # two machines with a share of the seeds each, as one
    play even --for 1s --seed 1 && cp "$TMP/even.json" "$TMP/one.json" &&
        play even --for 1s --seed 2 && cp "$TMP/even.json" "$TMP/two.json" &&
        "$loadgen" merge --report json -o "$TMP/both.json" "$TMP/two.json" \
            "$TMP/one.json" || return 1
    equal "$(got both '[.runs, .all.sent, .all.ok, .all.response.count,
        ([.all.response.buckets[][1]] | add), .phases[0].planned] |
        join(" ")')" "2 1000 1000 1000 1000 1000" &&
        equal "$(got both .phases[0].from)" "$(got one .phases[0].from)"
}
ok "merge adds up what several runs reported" merged

# ---- priority: taken where it is given, and told --------------------------------
may_nice() { [ "$(nice -n -10 nice 2>/dev/null)" -lt "$(nice)" ]; }
may_realtime() { chrt -f 1 true 2>/dev/null; }
priority_is() { # OPTION ALLOWED_BY NAME OTHERWISE
    play even --for 1s --priority "$1" && [ "$CODE" = 0 ] || return 1
    if $2; then
        equal "$(got even .priority)" "$3"
    else
        equal "$(got even .priority)" "$4"
    fi
}
ok "--priority normal asks for nothing" priority_is normal true normal normal
ok "the usual priority is a little more, where it is given" \
    priority_is nice may_nice raised normal
if may_nice; then less=raised; else less=normal; fi
ok "--priority realtime is real, where it is given" \
    priority_is realtime may_realtime real-time $less
cost_is_told() { compare "$(got even .senderCpuSeconds)" '>' 0 &&
    compare "$(got even .senderWaitSeconds)" '>=' 0; }
ok "what sending took is told" cost_is_told

proxied() {
    http_proxy=http://127.0.0.1:1 play fast --for 1s
    equal "$CODE" 0
}
ok "a proxy of the environment is not used" proxied

engines() { # both: what was sent, and its digest
    for e in fast curl; do
        play pairs --engine $e || return 1
        equal "$(got pairs .engine)" $e || return 1
        got pairs '.all | .sent, .ok, .requests' >"$TMP/pairs.$e"
    done
    cmp "$TMP/pairs.fast" "$TMP/pairs.curl"
}
ok "both engines send the same requests" engines

# ---- the same seed, the same requests --------------------------------------------
cat >"$TMP/kinds.load" <<'END'
[phase rising]
duration = 400ms
arrive = ramp 10/s..300/s
mix = get 3, post 2
keys = 100 zipf 1.2
[phase random]
duration = 400ms
repeat = 2
arrive = poisson 300/s
mix = get 10, post 85, one 5
keys = 9 uniform
[phase new]
duration = 200ms
arrive = constant 300/s
mix = one 1
keys = unique
[endpoint get]
get = /x/{{key}}/{{rand -5 5}}
[endpoint post]
post = /x/{{choice a b c}}
body = {"id":"{{uuid}}","n":{{seq}}}
[endpoint one]
get = /x?{{key}}
END
check_of() { "$loadgen" --check "$TMP/kinds.load" --seed "$1"; }
is "--check twice is the same" "$(check_of 5)" "$(check_of 5)"
differ() { ! equal "$(check_of 5)" "$(check_of 6)"; }
ok "another seed is another plan" differ
like "--check prints urls" "$(check_of 5)" "*/x/key-*digest*"
digests() { # of the requests that were sent
    for n in 1 4 16; do
        for e in fast curl; do
            play kinds --seed 5 --workers $n --engine $e
            got kinds .all.requests
        done
    done | sort -u
}
is "1, 4 and 16 threads of both engines send the requests that --check tells" \
    "$(digests)" "$(check_of 5 | sed -n 's/^requests //p')"
sed 's/300/290/' "$TMP/pairs.load" >"$TMP/pairs2.load"
like "--diff says how two plans differ" "$("$loadgen" --diff "$TMP/pairs.load" \
    --plan "$TMP/pairs2.load")" "*phase a*-   arrive = poisson 300/s*+   arrive = poisson 290/s*"
like "--explain says when what happens" \
    "$("$loadgen" --explain cached --seed 5)" \
    "*phase*requests*samples*uncached * 3521 *cached *70.0*3616*130 s in all*"
html() {
    "$loadgen" --plan hello --target "$URL" --report html -o "$TMP/run.html" &&
        grep -q '<h1>Plan hello</h1>' "$TMP/run.html" &&
        grep -q '<h2>Connections</h2>' "$TMP/run.html" &&
        grep -q '<polyline class="due"' "$TMP/run.html" &&
        ! grep -qE '(src|href)=' "$TMP/run.html"
}
ok "--report html is one page that loads nothing" html
like "plans are found by name" "$("$loadgen" --check mixed)" "plan mixed*"

# ---- too many failures ------------------------------------------------------------
cat >"$TMP/wrong.load" <<'END'
abort_if = errors > 10%
[phase a]
duration = 60s
arrive = constant 200/s
mix = right 3, wrong 1
[phase b]
duration = 60s
arrive = constant 200/s
mix = right 1
[endpoint right]
get = /right
[endpoint wrong]
get = /wrong
expect = status 404
END
play wrong
is "a plan of which too much fails ends with 1" "$CODE" 1
like "it is told" "$(got wrong .stopped)" "*% of the requests failed, more than the 10 %*"
is "and what comes after it is not played" "$(got wrong '.phases | length')" 1
few_wrong() { compare "$(got wrong '.phases[0].seconds')" '<=' 10; }
ok "within 10 s" few_wrong

# ---- stop_on = ask: the next phase waits for a person -------------------------------
cat >"$TMP/ask.load" <<'END'
[phase a]
duration = 200ms
arrive = constant 50/s
mix = x 1
stop_on = ask
[phase b]
duration = 200ms
arrive = constant 50/s
mix = x 1
[endpoint x]
get = /x
END
play ask </dev/null
is "where no person is, nobody is asked" \
    "$CODE $(got ask '[.phases[].sent] | join(" ")')" "0 10 10"
asked() { # KEYS CODE: a person at a terminal; the report is not there before
    rm -f "$TMP/keys" "$TMP/ask.json"
    mkfifo "$TMP/keys"
    script -qec "$loadgen --plan $TMP/ask.load --target $URL --report json \
        -o $TMP/ask.json" /dev/null <"$TMP/keys" >"$TMP/ask.pty" &
    ASK=$!
    programs="$programs $ASK"
    exec 3>"$TMP/keys"
    wait_for 20 grep -q 'after a; Enter goes on' "$TMP/ask.pty" &&
        [ ! -e "$TMP/ask.json" ] || return 1
    # shellcheck disable=SC2059 # the keys are escapes
    printf "$1" >&3
    wait_for 20 test -s "$TMP/ask.json" || return 1
    exec 3>&-
    CODE=0
    wait $ASK || CODE=$?
    equal "$CODE" "$2"
}
goes_on() { asked '\n' 0 &&
    equal "$(got ask '[.phases[].sent] | join(" ")')" "10 10"; }
stays() { asked '\003' 130 &&
    equal "$(got ask '"\(.interrupted) \(.phases | length)"')" "true 1"; }
if command -v script >/dev/null; then
    ok "Enter goes on with the next phase" goes_on
    ok "Ctrl-C ends the run there" stays
else
    skip "a person is asked" "no script(1)"
fi

# ---- several instances, repeats, a header -------------------------------------------
ONE=$URL
start other "$target" --log "$TMP/other.log"
OTHER=$PID TWO=$URL URL=$ONE
cat >"$TMP/regions.load" <<END
drain = 20s # all are answered before the instances are ended and counted
[region north]
target = $ONE
[region south]
target = $TWO
[phase a]
duration = 1s
repeat   = 2
arrive   = constant 100/s
region   = north 25, south 75
with     = header "X-Seat: seven"
mix      = x 1
[endpoint x]
post = /x/{{seq}}
body = {{key}}
[thresholds]
a-2.errors < 1%
END
play regions
is "two instances, twice: held" "$CODE" 0
shares() { # KEY: of the regions
    got regions "[.regions[] | .name, .$1] | join(\" \")"
}
is "a quarter goes north, the rest south" "$(shares sent)" "north 50 south 150"
is "all of them are answered" "$(shares ok)" "north 50 south 150"
is "the second time is a phase of its own" \
    "$(got regions '[.phases[] | .name, .sent] | join(" ")')" "a 100 a-2 100"
stop "$OTHER"
# By the bodies of this plan: who else may ask a port of ours does not count.
is "the instance in the south had its share" \
    "$(grep -c '^key-' "$TMP/other.log")" 150

# It answers 75 and the question who it is, and is gone: what was meant for it
# fails, the rest goes on, and nothing is left out of the account.
start leaving "$target" --end-after 76
sed "s,^target = $TWO,target = $URL,; s/^drain.*/drain = 20s/" \
    "$TMP/regions.load" >"$TMP/cut.load"
wait_cut=$PID URL=$ONE
play cut
wait "$wait_cut"
is "an instance that goes away is a failure" "$CODE" 1
account() { got cut "[.regions[] | .name, .sent, .ok, .failed, .aborted,
    .dropped] | join(\" \")"; }
is "of its own share alone, all of which is accounted for" "$(account)" \
    "north 50 50 0 0 0 south 150 75 75 0 0"
stop "$PLAIN"

# ---- a stall is seen from the due time --------------------------------------------
start stall "$target" --stall-at 2000 --stall-for 1000
plan stalled 'duration = 5s' 'arrive = constant 500/s'
printf 'max_inflight = 16\n' | cat - "$TMP/stalled.load" >"$TMP/stall.load"
play stall
stall_seen() { # a fifth of the requests meet the second of silence
    compare "$(got stall .all.response.p90Ms)" '>=' 400 &&
        compare "$(got stall .all.response.p90Ms)" '<=' 620 &&
        compare "$(got stall .all.response.p99Ms)" '>=' 880 &&
        compare "$(got stall .all.response.p99Ms)" '<=' 1100
}
if [ "$bin" = build/release/bin ]; then
    ok "p90 and p99 show the stall" stall_seen
else
    skip "p90 and p99 show the stall" "measured in the release build"
fi
blind() { compare "$(got stall .all.response.p90Ms)" '>' \
    "1.5 * $(got stall .all.service.p90Ms)"; }
ok "the time from sending hides it" blind
is "and nothing was lost" "$(got stall .all.ok)" 2500
stop "$PID"

# ---- answers that are failures ------------------------------------------------------
start failing "$target" --status 500
play fast --for 1s
is "when nothing succeeds it is 3" "$CODE" 3
is "statuses are counted" "$(got fast '.all.statuses."500"')" 25
stop "$PID"
start closing "$target" --close-after 1
play fast --for 1s
is "a service that closes connections is no failure" "$CODE" 0
is "new connections are counted" "$(got fast .all.newConnections)" 25
stop "$PID"
is "no request was sent twice in silence" \
    "$(sed -n 's/^requests \([0-9]*\) .*/\1/p' "$TMP/closing.out")" 26

cat "$TMP/fast.load" - >"$TMP/strict.load" <<'END'
[thresholds]
x.p50 < 5ms
END
start slow "$target" --delay 20
play strict --for 1s
is "a missed threshold is 1" "$CODE" 1
is "and is named" "$(got strict '.thresholds[0].held')" false

# ---- more than the service can do -----------------------------------------------------
# It answers fifty a second of the five hundred that are planned.
plan much 'duration = 60s' 'arrive = constant 500/s'
printf 'max_inflight = 8\nabort_if = late > 5%% or errors > 5%%\n' |
    cat - "$TMP/much.load" >"$TMP/over.load"
play over
is "a plan that is too much ends with 1" "$CODE" 1
soon() { compare "$(got over '.phases[0].seconds')" '<=' 10; }
ok "overload is recognised within 10 s" soon
like "and told" "$(got over .stopped)" "*% of the requests were sent late, more than the 5 %*"

plan late 'duration = 1s' 'arrive = constant 5/s' 'timeout = 30s'
printf 'drain = 100ms\n' | cat - "$TMP/late.load" >"$TMP/drain.load"
stop "$PID"
start slower "$target" --delay 700
play drain
is "what is under way at the end is no failure" "$(got drain .all.failed)" 0
given_up() { compare "$(got drain .all.aborted)" '>=' 1; }
ok "but is counted" given_up
stop "$PID"

# ---- nobody there ---------------------------------------------------------------------
play fast --for 1s
is "a target that is gone is 3" "$CODE" 3
like "with a sentence" "$(cat "$TMP/play.err")" "*Nothing answers*make up*"

# ---- Ctrl-C ------------------------------------------------------------------------------
start steady "$target" --log "$TMP/steady.log"
STEADY=$PID
interrupted() { # SIGNALS
    "$loadgen" --plan "$TMP/$1.load" --for 60s --target "$URL" \
        --server "$URL" --report json -o "$TMP/int.json" \
        2>"$TMP/int.err" &
    INT=$!
    programs="$programs $INT"
    wait_for 10 grep -q 'sent [1-9]' "$TMP/int.err"
    FILES=$(awk '/^FDSize:/ { print $2 }' /proc/$INT/status)
    kill -INT $INT
    CODE=0
    wait $INT || CODE=$?
}
interrupted fast
is "Ctrl-C ends with 130" "$CODE" 130
# Growing it while there are threads stops the sender for some 10 ms.
most=$(awk '/^Max open files/ { print $5 }' /proc/self/limits)
[ "$most" != unlimited ] && [ "$most" -le 12288 ] || most=12288
ok "its table of files was made at once" compare "$FILES" '>=' "$most"
is "the summary is there" "$(got int .interrupted)" true
some() { compare "$(got int .all.ok)" '>=' 1; }
ok "and says what was done" some
like "progress is one line a second" "$(cat "$TMP/int.err")" "a 1/1 *sent*ok*"
closed_marker() { grep -q '"until":-1' "$TMP/steady.log"; }
ok "the marker is closed" closed_marker
in_place() { # on a terminal of 60 columns
    NO_COLOR=1 script -qec "stty cols 60; $loadgen --plan $TMP/fast.load --for 1s \
        --target $URL" /dev/null >"$TMP/pty" </dev/null
    tr '\r' '\n' <"$TMP/pty" | sed -n 's/^.\[K//p' >"$TMP/lines"
    [ -s "$TMP/lines" ] && awk 'length > 59 { exit 1 }' "$TMP/lines" &&
        has "$(cat "$TMP/lines")" "a 1/1" &&
        has "$(cat "$TMP/lines")" "  phase     p50"
}
behind() { # with job control, as `loadgen ... &` in a shell
    script -qec "sh -mc '$loadgen --plan $TMP/fast.load --for 1s --target $URL & wait'" \
        /dev/null </dev/null >"$TMP/behind" 2>&1
    ! grep -q 'waiting' "$TMP/behind" && grep -q '^phase a' "$TMP/behind"
}
if command -v script >/dev/null; then
    ok "in the background it only says what came of it" behind
    ok "on a terminal the line stays in its place" in_place
else
    skip "on a terminal the line stays in its place" "no script(1)"
fi
stop "$STEADY"

# ---- what the server is told --------------------------------------------------------------
start server "$target" --log "$TMP/posts"
SERVER=$PID SERVER_URL=$URL
start app "$target"
play fast --for 1s --server "$SERVER_URL" --run r-1
# N JQ: of the N-th post.
post() { sed -n "$1p" "$TMP/posts" | jq -r "$2"; }
is "first comes the run" "$(post 1 '.plan, .finished, .phases[0].sent' |
    tr '\n' ' ')" "fast false 0 "
is "then the open marker" "$(post 2 '.kind, .content, .timestamp, .until' |
    tr '\n' ' ')" "phase phase: a 0 0 "
is "it carries run and app" "$(post 2 '.run, .appName' | tr '\n' ' ')" \
    "r-1 target "
is "it is closed under the same id" "$(post 3 .id)" "$(post 2 .id)"
is "with what was sent" "$(post 3 '.until, .data.sent, .data.ok,
    .data.failed, .data.phase, .data.rate' | tr '\n' ' ')" "-1 25 25 0 a 25 "
is "last comes the run again" \
    "$(post 4 '.finished, .phases[0].endpoints.x.sent' | tr '\n' ' ')" "true 25 "
is "under its own id" "$(post 4 .id)" "$(post 1 .id)"
printf 'markers = hidden\n' | cat - "$TMP/fast.load" >"$TMP/hidden.load"
: >"$TMP/posts"
play hidden --for 1s --server "$SERVER_URL"
is "hidden markers are for teachers" "$(post 2 .visibility)" teacher
printf 'markers = off\n' | cat - "$TMP/fast.load" >"$TMP/off.load"
: >"$TMP/posts"
play off --for 1s --server "$SERVER_URL"
is "markers = off: only the run" "$(wc -l <"$TMP/posts" | tr -d ' ')" 2
stop "$SERVER"
play fast --for 1s --server "$SERVER_URL"
is "a server that is away is not fatal" "$CODE" 0
is "but counted" "$(got fast .postsFailed)" 4

# ---- https: libcurl, and only who is vouched for ----------------------------------
tls() { # NAME ARGS...: plays a second against the server with a certificate
    tls_name=$1
    shift
    CODE=0
    "$loadgen" --plan "$TMP/secure.load" --target "https://127.0.0.1:$TLS_PORT" \
        --report json -o "$TMP/$tls_name.json" "$@" >"$TMP/tls.out" \
        2>"$TMP/tls.err" || CODE=$?
}
printf '[phase a]\nduration = 1s\narrive = constant 20/s\nmix = ready 1\n%s' \
    '[endpoint ready]
get = /ready
' >"$TMP/secure.load"
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/key.pem" \
        -out "$TMP/cert.pem" -days 2 -subj /CN=localhost \
        -addext subjectAltName=IP:127.0.0.1 2>"$TMP/openssl.log"
    start secure "$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/tls" \
        --cert "$TMP/cert.pem" --key "$TMP/key.pem"
    TLS_PORT=${URL##*:}
    tls good --cacert "$TMP/cert.pem"
    is "a server that is vouched for is asked" \
        "$CODE $(got good '"\(.engine) \(.all.ok)"')" "0 curl 20"
    like "libcurl is chosen, and why is said" "$(cat "$TMP/tls.err")" \
        "*is asked by libcurl: the fast engine cannot, because it does not speak TLS*"
    tls strange
    is "one that nobody knows is not" "$CODE" 3
    tls any --insecure
    is "--insecure believes it" "$CODE $(got any .all.ok)" "0 20"
    tls forced --engine fast --insecure
    is "the fast engine is refused there" "$CODE" 2
    stop "$PID"
else
    skip "https" "openssl is not installed"
fi

# ---- arguments ------------------------------------------------------------------------------
bad() { # WHAT SENTENCE ARGS...
    bad_what=$1 sentence=$2
    shift 2
    CODE=0
    "$loadgen" "$@" >"$TMP/bad.out" 2>&1 || CODE=$?
    is "$bad_what is 2" "$CODE" 2
    like "$bad_what is explained" "$(cat "$TMP/bad.out")" "*$sentence*"
}
echo 'seed = x' >"$TMP/bad.load"
bad "a bad plan" "bad.load:1:8: an integer" --check "$TMP/bad.load"
bad "an unknown plan" 'no nowhere.load' --plan nowhere --target "$URL"
bad "a bad address" 'http://' --plan "$TMP/fast.load" --target nonsense
bad "no target" '--target' --plan "$TMP/fast.load"
echo '{"version":1,"all":{"sent":1,"ok":2}}' >"$TMP/odd.json"
bad "nothing to merge" 'merge' merge
bad "a damaged report" 'odd.json: This is no report' merge "$TMP/odd.json"
bad "three arguments" 'URL SECONDS' "$URL" 1 2
bad "a bad seed" '--seed' --plan "$TMP/fast.load" --target "$URL" --seed x
bad "a bad speed" '--speed' --plan "$TMP/fast.load" --target "$URL" --speed 0
bad "a bad priority" 'normal, nice or realtime' --priority high --target "$URL"
bad "a bad engine" 'auto, fast or curl' --engine wget --target "$URL"
bad "a bad report" 'json, text or html' --report yaml --target "$URL"

# ---- the demo app, and the form with two arguments ----------------------------------------------
start demo "$bin/demoapp" --listen localhost:0 --run r-9
other_run() {
    "$loadgen" --run r-8 "$URL" 1 2>"$TMP/run.err"
    equal $? 2 && has "$(cat "$TMP/run.err")" "belongs to run r-9"
}
ok "a target of another run is refused" other_run
CODE=0
FLAMEKIT_STATE=$TMP/none loadgen/loadgen.sh "http://localhost:${URL##*:}" 2 \
    >"$TMP/two.out" 2>"$TMP/two.err" || CODE=$?
is "loadgen.sh URL SECONDS" "$CODE" 0
like "plays the five endpoints" "$(cat "$TMP/two.out")" \
    "*primes_slow*primes_fast*hash*hash_cached*slow_io*all*"
usage() { loadgen/loadgen.sh "$URL" 2>"$TMP/usage"; equal $? 2; }
ok "loadgen.sh wants two arguments" usage
tap_done
