#!/bin/sh
# shellcheck disable=SC2317,SC2119,SC3045 # called by name; dash has ulimit
# Clients that send a line a second hold every place the server has, and yet
# the next client is served once their time for a head is over (10 s).
. tests/integration/lib.sh

# Half of the files are for connections: 80.
(ulimit -n 160) || { echo "1..0 # SKIP ulimit does not work here"; exit 0; }
ulimit -n 160
start_server

perl -MIO::Socket::INET -e '
    $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { exit 0 }; alarm 40; $| = 1;
    my @s;
    for (1 .. 100) {
        my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or last;
        syswrite($s, "GET /ready HTTP/1.1\r\nHost: x\r\n");
        push @s, $s;
    }
    print "there\n";
    for my $n (1 .. 30) {
        sleep 1;
        syswrite($_, "X-Drip-$n: 1\r\n") for @s;
    }' "$PORT" >"$TMP/drip" &
dripper=$!
at_exit "kill $dripper 2>/dev/null"
ok "they are there" wait_for 20 grep -q there "$TMP/drip"
before=$(date +%s)
fetch -m 30 "$URL/ready"
took=$(($(date +%s) - before))
is "the next client is served" "$status" 200
ok "within 20 s (took $took)" [ $took -le 20 ]
reaped() { [ "$(counter flamekit_http_reaped_total)" -ge 80 ]; }
ok "the slow ones are gone, and counted" wait_for 15 reaped
kill $dripper 2>/dev/null
wait $dripper 2>/dev/null
fetch --data-binary 'a 1' "$URL/ingest?name=after.cpu"
is "uploads work as before" "$status" 200

# ---- clients that have been answered, and stay -----------------------------------------
# They may rest for a minute where there is room; here there is none.
perl -MIO::Socket::INET -e '
    $SIG{PIPE} = "IGNORE"; $SIG{ALRM} = sub { exit 0 }; alarm 90; $| = 1;
    my @s;
    for (1 .. 100) {
        my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or last;
        syswrite($s, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
        push @s, $s;
    }
    print "there\n";
    sleep 90;' "$PORT" >"$TMP/rest" &
resting=$!
at_exit "kill $resting 2>/dev/null"
ok "they are there" wait_for 20 grep -q there "$TMP/rest"
before=$(date +%s)
fetch -m 80 --data-binary 'a 1' "$URL/ingest?name=between.cpu"
took=$(($(date +%s) - before))
is "the next client is served" "$status" 200
ok "within 20 s (took $took)" [ $took -le 20 ]
files=$(find "/proc/$server_pid/fd" -mindepth 1 | wc -l)
ok "files are left for the store ($files of 160)" [ "$files" -lt 120 ]
kill $resting
wait $resting 2>/dev/null
stop_server
is "the server ends well" "$server_status" 0
tap_done
