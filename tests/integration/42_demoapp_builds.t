#!/bin/sh
# The demo app as BUILD= makes it: what a profile of each loses, and what it
# keeps, as exercise 07.2m tells.
# shellcheck disable=SC2317 # functions are called by name
. tests/integration/programs.sh
need jq
. tests/kit.sh

start server "$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/data"
SERVER=$URL

# folded BUILD KIND FILE: its stacks, a line each, with what they cost.
folded() {
    case $2 in
    cpu) query="process_cpu:cpu:nanoseconds:cpu:nanoseconds{build=\"$1\"}" ;;
    wall) query="wall:wall:nanoseconds:wall:nanoseconds{build=\"$1\",endpoint=\"/api/slow_io\"}" ;;
    esac
    $kit export --server "$SERVER" --query "$query" --from now-10m -o "$3" >/dev/null
}
# play BUILD PROGRAM: some of each request, then its profile, in files. About
# seventy of its hundred samples are of primes, twenty of hashes: the bounds
# below are far enough from that for chance.
play() {
    start "$1" "$bin/$2" --listen localhost:0 --server "$SERVER" --tag build="$1"
    curl -s -m 60 -o /dev/null "$URL/api/primes_slow?n=300000&i=[1-25]"
    curl -s -m 60 -o /dev/null "$URL/api/hash/[1-60]"
    curl -s -m 60 -o /dev/null "$URL/api/slow_io?ms=200&i=[1-3]"
    sent=$(status_of -X POST "$URL/api/kit/flush")
    stop "$PID"
    folded "$1" cpu "$TMP/$1.folded"
    folded "$1" wall "$TMP/$1-wall.folded"
    is "$1: its profile is sent" "$sent" 200
}
# share BUILD PATTERN: of the samples whose stack matches, in percent.
share() {
    awk -v pattern="$2" '{ n = $NF; sub(/ [0-9]+$/, ""); all += n }
        $0 ~ pattern { some += n }
        END { printf "%.1f\n", all ? 100 * some / all : -1 }' "$TMP/$1.folded"
}
shown() { # BUILD PATTERN OP PERCENT
    echo "$1: $2 has $(share "$1" "$2") %"
    compare "$(share "$1" "$2")" "$3" "$4"
}

play plain demoapp
ok "plain: the whole path of the primes" shown plain \
    'handle_primes_slow;compute_primes_slow;is_prime_slow$' '>=' 40
ok "plain: and of the hash" shown plain \
    'handle_hash;compute_hash;hash_rounds$' '>' 0
ok "plain: and of the wait" shown plain-wall \
    'handle_slow_io;simulate_io;.*clock_nanosleep' '>=' 95

play inline demoapp-inline
ok "inline: no frame of is_prime_slow" shown inline is_prime_slow == 0
ok "inline: what it burnt is self of its caller" shown inline \
    'handle_primes_slow;compute_primes_slow$' '>=' 40

play stripped demoapp-stripped
ok "stripped: nearly all stacks end in an address" shown stripped \
    '[+]0x[0-9a-f]+$' '>=' 90
ok "stripped: no function of the service has a name" shown stripped \
    'handle_|compute_|is_prime|hash_rounds' == 0
sort -t' ' -k2nr "$TMP/stripped.folded" | head -n 1 >"$TMP/largest"
compare "$(awk '{ n += $2 } END { print n }' "$TMP/largest")" '>=' \
    "0.4 * $(awk '{ n += $NF } END { print n }' "$TMP/stripped.folded")" &&
    pass "stripped: one address for each function, so shares are right" ||
    fail "stripped: one address for each function, so shares are right" \
        "$(cat "$TMP/largest")" "most of the samples"

play tail demoapp-tail
ok "tail: compute_hash left the stack before its last call" shown tail compute_hash == 0
ok "tail: so hash_rounds stands under the handler" shown tail \
    'handle_hash;hash_rounds$' '>' 0
ok "tail: is_prime_slow, called in a loop, keeps its caller" shown tail \
    'handle_primes_slow;compute_primes_slow;is_prime_slow$' '>=' 40
ok "tail: simulate_io is not in the wall profile" shown tail-wall simulate_io == 0
ok "tail: whose time is still the handler's" shown tail-wall \
    'handle_slow_io;.*clock_nanosleep' '>=' 95

play noframes demoapp-noframes
ok "noframes: self is right" shown noframes 'is_prime_slow$' '>=' 40
ok "noframes: the handlers are lost" shown noframes handle_primes_slow == 0
ok "noframes: and the cut is shown" shown noframes \
    '^.truncated.;.*is_prime_slow$' '>=' 40

# What debug information remembers, for an agent that is asked to read it.
if ldconfig -p | grep -q 'libdw\.so\.1' && pkg-config --exists libdw; then
    PYROSCOPE_SYMBOLIZE=lines start lines "$bin/demoapp-inline" \
        --listen localhost:0 --server "$SERVER" --tag build=lines
    # The agent reads a little for each upload: ask until it knows them.
    back() {
        curl -s -m 60 -o /dev/null "$URL/api/primes_slow?n=300000&i=[1-5]"
        status_of -X POST "$URL/api/kit/flush" >/dev/null
        folded lines cpu "$TMP/lines.folded"
        shown lines 'compute_primes_slow;is_prime_slow$' '>' 0 >/dev/null
    }
    ok "inline, with lines: is_prime_slow is back under its caller" wait_for 60 back
else
    skip "inline, with lines: is_prime_slow is back under its caller" \
        "libdw is not installed"
fi

# ---- through the kit ---------------------------------------------------------
kit_up
app=$(kit_pid demoapp)
out=$(BUILD=odd $kit restart app 2>&1)
is "a build that nobody made is refused" $? 2
like "with what to type" "$out" "*make restart ARGS=app BUILD=odd*inline*noframes*stripped*tail*"
ok "and what runs goes on" kill -0 "$app"
BUILD=stripped $kit restart app >"$TMP/out" 2>&1
is "a build without names starts, its round trip proven" $? 0
like "by its request, not by a name" "$(cat "$TMP/out")" "*hello     wrote*"
SERVER=$(kit_value FLAMEKIT_SERVER)
folded stripped cpu "$TMP/kit.folded"
ok "its profiles say which build it is" [ -s "$TMP/kit.folded" ]
$kit check 07.2m >"$TMP/out" 2>&1 </dev/null
is "07.2m: a fresh world does not pass" $? 1
like "07.2m: and says which build has no load yet" "$(cat "$TMP/out")" \
    "*not yet: play the load against BUILD=inline *BUILD=noframes *"
tap_done
