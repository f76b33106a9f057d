# shellcheck shell=sh disable=SC2317
# What integration tests of the server share: `. tests/integration/lib.sh`
# from the root of the checkout, after which everything of tests/tap.sh is
# there, and
#
#   start_server ARGS...   a server on a free port with a data folder of its
#                          own; sets $URL, $PORT, $server_pid; killed at exit
#   stop_server            SIGTERM, waits; sets $server_status
#   fetch ARGS...          curl; sets $status and $body
#   counter NAME           value of a line of /metrics, 0 if absent
#   message                the sentence of an error in $body
#   raw <REQUEST           bytes over a socket; prints what comes back
#   raw_stream <PIPE       the same, as the bytes come
#   unhex HEX              bytes
. tests/tap.sh
need curl perl

bin=${FK_BUILD:-build/${MODE:-release}}/bin
server_pid=

kill_server() {
    [ -z "$server_pid" ] || kill -9 "$server_pid" 2>/dev/null
    wait "$server_pid" 2>/dev/null || true
}
at_exit kill_server

start_server() {
    : >"$TMP/ready"
    "$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/data" "$@" \
        >"$TMP/ready" 2>"$TMP/server.log" &
    server_pid=$!
    if ! wait_for 20 grep -q '^ready ' "$TMP/ready"; then
        echo "Bail out! the server did not start: $(cat "$TMP/server.log")"
        exit 1
    fi
    URL=$(sed -n 's/^ready //p' "$TMP/ready")
    PORT=${URL##*:}
}

# shellcheck disable=SC2034
stop_server() {
    kill -TERM "$server_pid"
    server_status=0
    wait "$server_pid" || server_status=$?
    server_pid=
}

fetch() {
    status=$(curl -s -m 60 -o "$TMP/body" -w '%{http_code}' "$@") || true
    body=$(tr -d '\000' <"$TMP/body" 2>/dev/null) || body=
    : >"$TMP/body"
}

counter() {
    curl -s "$URL/metrics" | awk -v OFMT=%.15g -v n="$1" '$1 == n { v = $2 } END { print v + 0 }'
}

message() {
    printf '%s' "$body" | sed -n 's/.*"message":"\(.*\)"}.*/\1/p'
}

raw() {
    perl -MIO::Socket::INET -e '
        $SIG{ALRM} = sub { exit 1 }; alarm 30; $SIG{PIPE} = "IGNORE";
        my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or exit 1;
        local $/; print $s scalar(<STDIN>); $s->flush;
        while (sysread($s, my $got, 65536)) { print $got }' "$PORT"
}

# The same, but both ways as the bytes come, until both ends are closed.
raw_stream() {
    perl -MIO::Socket::INET -MIO::Select -e '
        $SIG{ALRM} = sub { exit 1 }; alarm 60; $SIG{PIPE} = "IGNORE"; $| = 1;
        my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or exit 1;
        my $all = IO::Select->new($s, \*STDIN); my $got;
        while ($all->count) {
            for my $f ($all->can_read) {
                my $n = sysread($f, $got, 65536);
                if (!$n) { $all->remove($f); last }
                syswrite($f == $s ? \*STDOUT : $s, $got);
            }
        }' "$PORT"
}

unhex() { perl -e 'print pack("H*", join("", @ARGV))' "$@"; }

# make_pprof TYPES PERIOD TIME_NS <LINES: a profile; each line is a stack,
# root first, labels (k=v,k=v or -) and a value for each type.
#   make_pprof samples/count,cpu/nanoseconds cpu/nanoseconds 0 <<EOF
#   main;work region=eu 2 20000000
#   EOF
make_pprof() {
    perl -e '
        my ($types, $period, $time) = @ARGV;
        my (%ids, @strings, %functions, $out);
        sub varint { my ($n, $o) = (shift, "");
            do { my $b = $n & 127; $n >>= 7; $o .= chr($b | ($n ? 128 : 0)) } while $n; $o }
        sub number { varint($_[0] << 3) . varint($_[1]) }
        sub bytes { varint($_[0] << 3 | 2) . varint(length $_[1]) . $_[1] }
        sub string { my $s = shift; $ids{$s} //= do { push @strings, $s; $#strings } }
        sub pair { my ($a, $b) = split m{/}, shift; number(1, string($a)) . number(2, string($b)) }
        string("");
        $out .= bytes(1, pair($_)) for split /,/, $types;
        while (<STDIN>) {
            my ($stack, $labels, @values) = split;
            my @at = map { $functions{$_} //= 1 + keys %functions } split /;/, $stack;
            my $sample = bytes(1, join "", map { varint($_) } reverse @at);
            $sample .= bytes(2, join "", map { varint($_) } @values);
            for (split /,/, $labels eq "-" ? "" : $labels) {
                my ($k, $v) = split /=/;
                $sample .= bytes(3, number(1, string($k)) . number(2, string($v)));
            }
            $out .= bytes(2, $sample);
        }
        for my $f (sort { $functions{$a} <=> $functions{$b} } keys %functions) {
            my $id = $functions{$f};
            $out .= bytes(5, number(1, $id) . number(2, string($f)));
            $out .= bytes(4, number(1, $id) . bytes(4, number(1, $id)));
        }
        $out .= bytes(11, pair($period)) . number(9, $time);
        print $out, map { bytes(6, $_) } @strings;' "$@"
}
