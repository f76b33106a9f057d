#!/bin/sh
# Snapshots of the page: kept, listed, found by nobody who does not know the
# id, few enough, and there after the server was.
. tests/integration/lib.sh
need jq perl

start_server --ingest-window off
s=$URL/api/kit/snapshots
get() { printf '%s' "$body" | jq -r "$1"; }

is "none yet" "$(curl -s "$s")" "[]"
fetch -d '{"name":"primes, <b>","url":"/?q=1","doc":{"x":[1,2]}}' "$s"
is "one is kept" "$status" 200
id=$(get .id)
like "its id is a time, 80 random bits and a plain name" "$id" \
    "01????????????????????????-primes___b_"
fetch "$s/$id"
is "it comes back as it was" "$status $body" \
    '200 {"name":"primes, <b>","url":"/?q=1","doc":{"x":[1,2]}}'
is "listed" "$(curl -s "$s" | jq -r '.[0] | .id == "'"$id"'" and .name == "primes, <b>"')" true
like "its page" "$(curl -s -o /dev/null -D - "$URL/s/$id" | tr -d '\r')" \
    "HTTP/1.1 200*Content-Type: text/html*"

# ---- what is refused ---------------------------------------------------------
for bad in '' '[]' 'null' '{"name":' 'text'; do
    fetch -d "$bad" "$s"
    is "not a JSON object: '$bad'" "$status" 400
done
for path in nothing "$id/0000" "..%2f$id" 01AAAAAAAAAAAAAAAAAAAAAAAA-x \
    '01%00' "$(perl -e 'print "A" x 3000')"; do
    fetch --path-as-is "$s/$path"
    ok "no such id: $(printf %.20s "$path")" \
        test "$status" = 404 -o "$status" = 400
done
printf '{"name":"x","d":"%s"}' "$(head -c 11500000 /dev/urandom | base64 -w0)" >"$TMP/large"
fetch --data-binary "@$TMP/large" "$s"
is "larger than 8 MiB packed" "$status" 400
like "and told so" "$(message)" "*8 MiB*"
perl -e 'print q({"d":"), "x" x (17 << 20), q("})' >"$TMP/large"
fetch --data-binary "@$TMP/large" "$s"
is "larger than 16 MiB" "$status" 413
is "nothing of it is left" "$(curl -s "$s" | jq length)" 1

# ---- many, large, over a restart ----------------------------------------------
printf '{"name":"big","d":"%s"}' "$(head -c 200000 /dev/urandom | base64 -w0)" >"$TMP/big"
fetch --data-binary "@$TMP/big" "$s"
big=$(get .id)
stop_server
start_server --ingest-window off
s=$URL/api/kit/snapshots
is "one of several pieces outlives its server" \
    "$(curl -s --compressed "$s/$big" | head -c -1 | cksum)" "$(cksum <"$TMP/big")"
fetch -X DELETE "$s/$big"
is "removed" "$status" 200
fetch -X DELETE "$s/$big"
is "twice" "$status" 404
fetch "$s/$big"
is "gone" "$status" 404
for i in $(seq 200); do
    printf 'next\nurl = "%s"\ndata = "{\\"name\\":\\"n%s\\"}"\noutput = "%s/made"\n' "$s" "$i" "$TMP"
done >"$TMP/curlrc"
curl --no-progress-meter -s -Z -K "$TMP/curlrc"
is "200 at most" "$(curl -s "$s" | jq length)" 200
fetch "$s/$id"
is "the oldest has gone" "$status" 404
stop_server
is "the server ends well" "$server_status" 0
tap_done
