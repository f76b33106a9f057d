#!/bin/sh
# The preload library in servers and in a Go program: what clients get, what
# they print and how they end is as without it, and there is a profile of each
# or the reason why not. Small programs are in integration/70_preload.t.
# Pitfalls of the agent: 12, 30, 43, 50.
. tests/tap.sh
need cc curl
built=$PWD/build/release
[ -e "$built/lib/libflamekit_preload.so" ] ||
    { echo "1..0 # SKIP no preload library in this build"; exit 0; }

# Servers that refuse to be root run as nobody, who has to reach the files.
chmod 755 "$TMP"
cp "$built/lib/libflamekit_preload.so" "$TMP/"
lib=$TMP/libflamekit_preload.so
as_user=
if [ "$(id -u)" = 0 ]; then
    need setpriv
    as_user="setpriv --reuid 65534 --regid 65534 --clear-groups"
fi

# with HOW FOLDER COMMAND...: HOW is plain or preloaded; profiles in FOLDER
with() {
    how=$1 folder=$2
    shift 2
    [ "$how" = plain ] || set -- env LD_PRELOAD="$lib" \
        FLAMEKIT_OUTPUT="$folder/%p.pb" PYROSCOPE_UPLOAD_INTERVAL=1s \
        PYROSCOPE_AFTER_FORK=restart PYROSCOPE_PROFILING_WALLTIME_ENABLED=1 \
        PYROSCOPE_PROFILING_ALLOCATION_ENABLED=1 \
        PYROSCOPE_PROFILING_LOCK_ENABLED=1 "$@"
    cd "$folder" && exec $as_user "$@"
}
folder() { # NAME: a folder for that user
    mkdir -m 777 "$TMP/$1"
    echo "$TMP/$1"
}
# names FOLDER TYPE: functions in all of its profiles
names() {
    for file in "$1"/*.pb; do
        "$built/bin/flamekit" top -n 200 -t "$2" "$file" 2>/dev/null
    done | awk '{ print $NF }' | sort -u | tr '\n' ' '
}
profiles() { set -- "$1"/*.pb; [ ! -e "$1" ] && echo 0 || echo $#; }

# ---- nginx: a master, workers by fork, a socket of its own ------------------
nginx_story() { # plain|preloaded
    at=$(folder "nginx-$1")
    mkdir -m 777 "$at/logs"
    seq 200000 >"$at/page.txt"
    cat >"$at/nginx.conf" <<END
daemon off;
worker_processes 2;
pid $at/pid;
events { }
http {
    access_log off;
    gzip on;
    gzip_types text/plain;
    gzip_comp_level 6;
    client_body_temp_path $at/body;
    proxy_temp_path $at/proxy;
    fastcgi_temp_path $at/fastcgi;
    uwsgi_temp_path $at/uwsgi;
    scgi_temp_path $at/scgi;
    server {
        listen unix:$at/socket;
        root $at;
        location /moved { return 302 /page.txt; }
    }
}
END
    (with "$1" "$at" nginx -p "$at" -e "$at/error.log" -c "$at/nginx.conf") \
        >"$at/out" 2>&1 &
    server=$!
    wait_for 20 curl -s -m 5 --unix-socket "$at/socket" -o /dev/null http://n/
    for round in $(seq 40); do
        for path in page.txt missing moved '../etc/passwd'; do
            curl -s -m 20 --path-as-is --compressed --unix-socket "$at/socket" \
                -w '%{http_code} %{size_download}\n' "http://n/$path?$round"
        done
    done | sed "s,$at,,g" | cksum >"$TMP/nginx.$1"
    kill -QUIT $server
    wait $server
    echo "status $? errors $(grep -c 'alert\|emerg\|crit' "$at/error.log")" \
        >>"$TMP/nginx.$1"
}
if command -v nginx >/dev/null; then
    nginx_story plain
    nginx_story preloaded
    is "nginx: answers, status and errors" \
        "$(cat "$TMP/nginx.preloaded")" "$(cat "$TMP/nginx.plain")"
    like "nginx: ends in peace" "$(cat "$TMP/nginx.preloaded")" '*status 0 errors 0'
    ok "nginx: profiles of its processes ($(profiles "$TMP/nginx-preloaded"))" \
        test "$(profiles "$TMP/nginx-preloaded")" -ge 1
    like "nginx: where its workers wait" \
        "$(names "$TMP/nginx-preloaded" wall)" '*epoll_wait*'
else
    skip "nginx" "not installed"
fi

# ---- postgres: processes by fork, shared memory, signals --------------------
# shellcheck disable=SC2012
pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
postgres_story() { # plain|preloaded
    at=$(folder "postgres-$1")
    (with plain "$at" "$pg/initdb" -D "$at/data" -U tester --no-sync -A trust) \
        >"$at/initdb.out" 2>&1 || return 1
    (with "$1" "$at" "$pg/postgres" -D "$at/data" -k "$at" -h '' -F) \
        >"$at/out" 2>&1 &
    server=$!
    wait_for 30 "$pg/psql" -h "$at" -U tester postgres -c 'select 1'
    "$pg/psql" -h "$at" -U tester -Xq postgres >"$TMP/postgres.$1" 2>&1 <<'END'
create table numbers as select n, md5(n::text) as text from generate_series(1, 200000) n;
create index on numbers (text);
analyze numbers;
select count(*), min(text), max(text), sum(n) from numbers;
select left(text, 1) as letter, count(*), sum(n) from numbers group by 1 order by 1;
select a.n, b.n from numbers a join numbers b on a.text = md5(b.n::text) where a.n % 40000 = 0 order by 1;
select nothing;
select 1 / 0;
END
    kill -INT $server
    wait $server
    echo "status $?" >>"$TMP/postgres.$1"
    sed -n 's/^.*\(ERROR\|STATEMENT\|WARNING\|PANIC\): */\1: /p' "$at/out" \
        >>"$TMP/postgres.$1"
}
if [ -n "$pg" ]; then
    ok "postgres: runs" postgres_story plain
    ok "postgres: runs under it" postgres_story preloaded
    is "postgres: results, status and errors in its log" \
        "$(cat "$TMP/postgres.preloaded")" "$(cat "$TMP/postgres.plain")"
    like "postgres: ends in peace" "$(cat "$TMP/postgres.preloaded")" '*status 0*'
    ok "postgres: profiles of its processes ($(profiles "$TMP/postgres-preloaded"))" \
        test "$(profiles "$TMP/postgres-preloaded")" -ge 1
    like "postgres: what a query spends its time in" \
        "$(names "$TMP/postgres-preloaded" cpu)" '*PostgresMain*'
else
    skip "postgres" "not installed"
fi

# ---- Go: linked statically, as it usually is --------------------------------
if command -v go >/dev/null; then
    cat >"$TMP/main.go" <<'END'
package main

import (
	"fmt"
	"os"
)

//go:noinline
func hot(n uint64) (sum uint64) {
	for i := uint64(0); i < n; i++ {
		sum = sum*31 + i
	}
	return
}

func main() {
	fmt.Println("sum", hot(300000000))
	for len(os.Args) > 1 {
		hot(300000000)
	}
	os.Exit(7)
}
END
    ok "Go: compiles" env HOME="$TMP" GOCACHE="$TMP/gocache" GOFLAGS=-mod=mod \
        CGO_ENABLED=0 go build -o "$TMP/gone" "$TMP/main.go"
    is "Go: runs as it would" \
        "$(cd "$TMP" && FLAMEKIT_OUTPUT=go.pb LD_PRELOAD=$lib ./gone; echo $?)" \
        "$("$TMP/gone")
7"
    "$built/bin/flamekit" record -o "$TMP/go.pb" -- "$TMP/gone" >/dev/null 2>"$TMP/why"
    is "Go: record has its status" $? 7
    like "Go: and says why there is no profile" "$(cat "$TMP/why")" \
        '*linked statically*'
    if "$built/bin/flamekit-perf" -p $$ --for 100ms -o "$TMP/x" 2>"$TMP/why"; then
        "$TMP/gone" forever >/dev/null &
        "$built/bin/flamekit-perf" -p $! --for 1s -o "$TMP/go.folded" 2>/dev/null
        kill $!
        like "Go: flamekit-perf sees it" "$(cat "$TMP/go.folded")" \
            '*runtime.main;*main.hot*'
    else
        skip "Go: flamekit-perf sees it" "$(cat "$TMP/why")"
    fi
else
    skip "Go" "not installed"
fi
tap_done
