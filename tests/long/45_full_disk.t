#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# A full disk: the server says that it is not ready, refuses what it cannot
# keep, still answers queries, and recovers by itself.
if [ -z "${FK_OWN_MOUNTS:-}" ]; then
    [ "$(id -u)" = 0 ] && user='' || user=-r
    # shellcheck disable=SC2086
    unshare $user -m true 2>/dev/null || { echo "1..0 # SKIP no mounts of one's own here"; exit 0; }
    FK_OWN_MOUNTS=1 exec unshare $user -m sh "$0"
fi
. tests/integration/lib.sh
need jq

mkdir "$TMP/data"
if ! mount -t tmpfs -o size=64m,mode=700 none "$TMP/data"; then
    echo "1..0 # SKIP no mounts of one's own here"
    exit 0
fi
at_exit "umount '$TMP/data'"
start_server --ingest-window off
put() { fetch -d 'main;work 3' "$URL/ingest?name=shop.cpu"; }
ready() { curl -s -o /dev/null -w '%{http_code}' "$URL/ready"; }
is_ready() { [ "$(ready)" = "$1" ]; }
ticks() {
    curl -s "$URL/pyroscope/render?query=process_cpu:cpu:nanoseconds:cpu:nanoseconds%7B%7D&from=now-1h&until=now%2B1h" |
        jq -r .flamebearer.numTicks
}
put
is "a profile is stored" "$status $(ready)" "200 200"
dd if=/dev/zero of="$TMP/data/filler" bs=1M 2>/dev/null
ok "a full disk is not ready" wait_for 120 is_ready 503
put
is "what cannot be kept is refused" "$status" 503
like "with a sentence" "$(message)" "*disk*"
fetch "$URL/health"
is "health says the same" "$status" 503
like "and why" "$(message)" "*MiB left*"
is "queries are answered" "$(ticks)" 30000000
rm "$TMP/data/filler"
ok "room again: ready again" wait_for 120 is_ready 200
again() { put && [ "$status" = 200 ]; }
ok "profiles are stored again" wait_for 120 again
is "none was lost" "$(ticks)" 60000000
stop_server
is "the server ends well" "$server_status" 0
tap_done
