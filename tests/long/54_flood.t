#!/bin/sh
# shellcheck disable=SC3045 # dash has ulimit -n
# 10,000 connections of one process that never end: nothing said, a head or a
# body a byte a second, answered and resting. Others are served all the same,
# files and memory stay within bounds, and afterwards all is as before.
. tests/integration/lib.sh
need python3
(ulimit -n 10500) 2>/dev/null || { echo "1..0 # SKIP this machine allows no 10,500 files"; exit 0; }
ulimit -n 10500

cat >"$TMP/flood.py" <<'EOF2'
"""flood.py PORT KIND: holds 10,000 connections for a minute at most; says
`there` once they have been tried. Dies with its parent's signal."""
import socket, sys, time

port, kind = int(sys.argv[1]), sys.argv[2]
first, drip = {
    "silent": (b"", b""),
    "head": (b"GET /ready HTTP/1.1\r\nHost: x\r\n", b"X-Drip: 1\r\n"),
    "body": (b"POST /ingest?name=a.cpu HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", b"a"),
    "rest": (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b""),
}[kind]
fresh, said = [], []
for n in range(10000):
    s = socket.socket()
    s.setblocking(False)
    s.bind((f"127.0.0.{2 + n % 4}", 0))
    s.connect_ex(("127.0.0.1", port))
    fresh.append(s)
print("there", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end and fresh + said:
    for group, text in ((said, drip), (fresh, first)):
        for s in list(group):
            try:
                if text:
                    s.send(text)
                if s.recv(65536) == b"":
                    raise OSError
            except BlockingIOError:
                pass
            except OSError:
                s.close()
                group.remove(s)
                continue
            if group is fresh and s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                group.remove(s)
                said.append(s)
    time.sleep(1)
EOF2

start_server
kib() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$server_pid/status"; }
files() { find "/proc/$server_pid/fd" -mindepth 1 2>/dev/null | wc -l; }
few() { [ "$(files)" -lt 60 ]; }
for kind in silent head body rest; do
    : >"$TMP/there"
    python3 "$TMP/flood.py" "$PORT" $kind >"$TMP/there" &
    flood=$!
    at_exit "kill $flood 2>/dev/null"
    ok "$kind: they are there" wait_for 60 grep -q there "$TMP/there"
    slowest=0
    for n in 1 2 3 4 5; do
        before=$(date +%s)
        fetch -m 60 --data-binary 'a 1' "$URL/ingest?name=$kind.cpu&from=now-${n}m"
        took=$(($(date +%s) - before))
        [ $took -le $slowest ] || slowest=$took
        [ "$status" = 200 ] || break
    done
    is "$kind: others are served" "$status" 200
    ok "$kind: within 20 s (took $slowest)" [ $slowest -le 20 ]
    ok "$kind: files stay within bounds ($(files))" [ "$(files)" -le 1100 ]
    ok "$kind: memory as well ($(kib) KiB)" [ "$(kib)" -le 300000 ]
    kill $flood
    wait $flood 2>/dev/null
    ok "$kind: afterwards all are gone" wait_for 60 few
done
stop_server
is "the server ends well" "$server_status" 0
tap_done
