#!/bin/sh
# Scenario 07 where nothing is given: a network that is loopback only, nobody's
# user id, no capabilities, perf events refused, and both of the kit's ports
# taken by strangers. First the robot, then the page in a browser, whose tests
# fail when anything outside is asked for.
. tests/tap.sh
need unshare setpriv ip node curl jq
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
unshare -n true || { echo "1..0 # SKIP no network namespaces here"; exit 0; }

chmod 711 "$TMP"
mkdir -m 777 "$TMP/nobody"
cat >"$TMP/inside" <<'END'
ip link set lo up
strangers=
for port in 4040 5000; do
    node -e "require('net').createServer(s => s.end('no')).listen($port, '127.0.0.1')" &
    strangers="$strangers $!"
done
trap 'kill $strangers' EXIT
until grep -q ":0FC8 .* 0A" /proc/net/tcp && grep -q ":1388 .* 0A" /proc/net/tcp; do sleep 0.1; done
export HOME="$1" TMPDIR="$1"
shift
setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all \
    --bounding-set=-all build/release/tests/integration/no_perf "$@"
END
# in_there COMMAND...: its TAP becomes comments; the exit status is an answer.
in_there() {
    timeout 800 unshare -n sh "$TMP/inside" "$TMP/nobody" "$@" >"$TMP/out" 2>&1
    status=$?
    sed 's/^/# /' "$TMP/out"
    return $status
}

in_there sh -c 'curl -s -m 3 http://192.0.2.1/ || echo cut off' >"$TMP/said"
like "there is no network" "$(cat "$TMP/said")" "*cut off*"
in_there sh -c 'grep -E "^(Uid|CapEff|NoNewPrivs)" /proc/self/status' >"$TMP/said"
like "nobody, without capabilities" "$(tr '\t\n' '  ' <"$TMP/said")" \
    "*Uid: 65534*CapEff: 0000000000000000*NoNewPrivs: 1*"

in_there env FK_ROBOT_LIMIT=700 sh tests/exercises/07_robot.t
is "the robot solves all five, and everything else of its test holds" $? 0
like "on other ports than those that are taken" "$(cat "$TMP/out")" "*all five*"
if [ -d tests/ui/node_modules ] && [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
    in_there node --test --test-reporter=tap tests/ui/robots.test.js
    is "the page's robots pass, and ask for nothing outside" $? 0
else
    skip "the page's robots" "no browser, or its driver is not installed"
fi
tap_done
