#!/bin/sh
# What a service manager and an operator see.
. tests/integration/lib.sh
# As a session has it by default.
# shellcheck disable=SC3045 # dash has ulimit
ulimit -S -n 1000
need python3 jq

# ---- the service manager's socket ----------------------------------------------
python3 - "$TMP/notify" >"$TMP/notified" <<'EOF' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
s.settimeout(60)
while True:
    text = s.recv(4096).decode()
    print(text.replace("\n", " "), flush=True)
    if text == "STOPPING=1":
        break
EOF
listener=$!
at_exit "kill $listener 2>/dev/null"
wait_for 10 test -S "$TMP/notify"
NOTIFY_SOCKET=$TMP/notify
export NOTIFY_SOCKET
start_server --access-log
unset NOTIFY_SOCKET
ok "it says when it is ready" wait_for 10 grep -q '^READY=1$' "$TMP/notified"
kill -HUP "$server_pid"
ok "that it reloads" wait_for 10 grep -q '^RELOADING=1 MONOTONIC_USEC=[0-9]' "$TMP/notified"
ok "that it is ready again" wait_for 10 sh -c "[ \$(grep -c READY=1 '$TMP/notified') = 2 ]"

# ---- the access log ---------------------------------------------------------------
fetch -d 'main;work 3' "$URL/ingest?name=shop.cpu"
fetch "$URL/no/such%20page%0Astatus=200"
printf 'G\033[31m"=T /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | raw >"$TMP/odd"
like "a method of a stranger is refused" "$(cat "$TMP/odd")" '*405*'
ok "a line a request" wait_for 10 grep -q 'status=404' "$TMP/server.log"
like "with its keys" "$(grep 'status=200' "$TMP/server.log")" \
    '*http method=POST path=/ingest status=200 received=11 sent=0 took_us=*tenant=- token=-*'
ok "a method as well" wait_for 10 grep -qF 'method="G\x1b[31m\"=T" path=/ready status=405' "$TMP/server.log"
is "one line each, whatever the path" "$(grep -c 'status=404' "$TMP/server.log")" 1

# ---- files ------------------------------------------------------------------------
files_limit() { awk -v f="$1" '/^Max open files/ { print $f }' "/proc/$server_pid/limits"; }
hard=$(files_limit 5)
[ "$hard" -lt 65536 ] || hard=65536
is "it takes as many files as it may have" "$(files_limit 4)" "$hard"

# ---- ready only while it can write --------------------------------------------------
fetch "$URL/ready"
is "ready" "$status $body" "200 ready"
stop_server
is "it ends well" "$server_status" 0
ok "and says so" wait_for 10 grep -q '^STOPPING=1$' "$TMP/notified"

# ---- installed ----------------------------------------------------------------------
make -s install MODE="${MODE:-release}" DESTDIR="$TMP/root" PREFIX=/opt/kit >"$TMP/install.log" 2>&1
is "make install" $? 0
for file in bin/flamekit-server bin/flamekit bin/demoapp bin/loadgen lib/libflamekit.so \
    include/flamekit.h share/man/man1/flamekit-server.1 share/man/man1/flamekit.1 \
    share/man/man1/loadgen.1 share/man/man1/demoapp.1 lib/systemd/system/flamekit-server.service; do
    ok "there is $file" test -s "$TMP/root/opt/kit/$file"
done
like "the unit starts what was installed" \
    "$(cat "$TMP/root/opt/kit/lib/systemd/system/flamekit-server.service")" \
    '*ExecStart=/opt/kit/bin/flamekit-server *'
like "it runs" "$("$TMP/root/opt/kit/bin/flamekit-server" --version)" "flamekit-server *"
page=$TMP/root/opt/kit/share/man/man1/flamekit-server.1
for option in $("$bin/flamekit-server" --help | sed -n 's/^ *\(-., \)\{0,1\}--\([a-z.-]*\).*/\2/p'); do
    grep -q "$(printf %s "$option" | sed 's/-/\\\\-/g')" "$page" || echo "$option"
done >"$TMP/missing"
is "the manual has every option" "$(cat "$TMP/missing")" ""
if command -v man >/dev/null; then
    is "and reads well" "$(MANROFFSEQ='' man --warnings -l "$page" 2>&1 >/dev/null)" ""
fi
tap_done
