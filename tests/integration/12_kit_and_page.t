#!/bin/sh
# Annotations, activity, load runs (docs/kit-protocol.md), and the page.
. tests/integration/lib.sh
need jq

start_server --run r-12
notes=$URL/api/annotations
field() { printf '%s' "$body" | jq -r "$1"; }
count() { curl -s "$notes$1" | jq length; }

# ---- annotations
fetch -d '{"content":"hello"}' "$notes"
is "only content is needed" "$status $(field .kind) $(field .visibility)" "200 note all"
like "an id is made" "$(field .id)" "????????-????-4???-????-????????????"
now=$(date +%s)
ok "the time is that of arrival" [ $(($(field .timestamp) / 1000)) -ge $((now - 5)) ]

phase='"id":"r-12/mixed/1/cached","kind":"phase","run":"r-12"'
fetch -d "{\"content\":\"phase: cached\",$phase,\"timestamp\":1700000000000,\"data\":{\"rate\":20}}" "$notes"
is "a phase begins" "$(field .timestamp) $(field .until) $(field .data.rate)" "1700000000000 0 20"
fetch -d "{\"content\":\"phase: cached\",$phase,\"until\":1700000060000,\"data\":{\"sent\":7}}" "$notes"
is "the same id closes it and keeps its start" \
    "$(field .timestamp) $(field .until) $(field .data.sent)" "1700000000000 1700000060000 7"
is "there are two" "$(count '?from=1')" 2
is "one is a phase" "$(count '?from=1&kind=phase')" 1
is "by run" "$(count '?from=1&run=r-12') $(count '?from=1&run=latest') $(count '?run=r-1')" "1 1 0"
is "an interval overlaps" "$(count '?from=1700000030000&until=1700000040000')" 1
is "before it there is nothing" "$(count '?from=1600000000000&until=1700000000000')" 0
fetch -d '{"content":"x","id":"r-12/mixed/1/now","until":-1}' "$notes"
ok "until -1 is now" [ $(($(field .until) / 1000)) -ge $((now - 5)) ]
fetch -d '{"content":"old","timestamp":1600000000}' "$notes"
is "seconds of the old API" "$(field .timestamp)" 1600000000000
fetch -d '{"content":"x","kind":"party"}' "$notes"
is "an unknown kind" "$status" 400
fetch -d '{"content":"x","timestamp":2000,"until":1000}' "$notes"
is "an end before the start" "$status" 400
fetch -X DELETE "$notes/r-12/mixed/1/cached"
is "delete" "$status" 200
fetch -X DELETE "$notes/r-12/mixed/1/cached"
is "delete again" "$status" 404
fetch -X DELETE "$notes/r-12%2Fmixed%2F1%2Fnow"
is "an id may be percent-encoded" "$status" 200
fetch "$notes?from=2000&until=1000"
is "a range that ends before it begins" "$status" 400

# ---- activity
fetch -d '{"view":"zoom","query":"q{}","from":1,"until":2,"focus":"f","detail":{"a":[1]},"x":1}' \
    "$URL/api/kit/activity"
is "activity" "$status $(field .focus) $(field '.detail.a[0]') $(field .x)" "200 f 1 null"
is "activity is read back" "$(curl -s "$URL/api/kit/activity?from=now-1m" | jq -r '.[0].view')" zoom
fetch -d '{"view":"dance"}' "$URL/api/kit/activity"
is "an unknown view" "$status" 400

# ---- load runs
run() { printf '{"id":"%s","run":"r-12","phases":[{"name":"a","from":%s}],"finished":%s}' "$@"; }
fetch -d "$(run mixed-1 1700000000000 false)" "$URL/api/kit/runs"
is "a load run" "$status" 200
fetch -d "$(run mixed-1 1700000000000 true)" "$URL/api/kit/runs"
fetch -d "$(run mixed-2 1700000100000 false)" "$URL/api/kit/runs"
is "told again it is the same run; newest last" \
    "$(curl -s "$URL/api/kit/runs" | jq -c 'map([.id, .finished])')" \
    '[["mixed-1",true],["mixed-2",false]]'
fetch -d '{"run":"r-12"}' "$URL/api/kit/runs"
is "a run without id" "$status" 400

# ---- the page
head_of() { curl -s -o /dev/null -D - "$@" | tr -d '\r'; }
for path in / /comparison /comparison-diff /diff /explore /tags /adhoc /status /workshop /workshop/07.2; do
    like "page $path" "$(head_of "$URL$path")" "HTTP/1.1 200*Content-Type: text/html*"
done
like "its policy" "$(head_of "$URL/")" "*Content-Security-Policy: default-src 'none'; script-src 'self';*require-trusted-types-for 'script'*"
like "it is asked for anew" "$(head_of "$URL/")" "*Cache-Control: no-cache*"
module=$(curl -s "$URL/" | grep -o '/assets/[^"]*\.js' | head -n 1)
like "modules are kept for ever" "$(head_of "$URL$module")" "*Content-Type: text/javascript*immutable*"
etag=$(head_of "$URL$module" | sed -n 's/^ETag: //p')
like "what is known is not sent" "$(head_of -H "If-None-Match: $etag" "$URL$module")" "HTTP/1.1 304*"
is "gzip for who takes it" \
    "$(curl -s --compressed "$URL$module" | cksum)" "$(curl -s "$URL$module" | cksum)"
like "it is gzip" "$(head_of -H 'Accept-Encoding: gzip' "$URL$module")" "*Content-Encoding: gzip*"
fetch "$URL/assets/0000000000000000/${module##*/}"
is "modules of another build are not ours" "$status" 404
like "/ui" "$(head_of "$URL/ui")" "HTTP/1.1 302*Location: /*"
stop_server

mkdir "$TMP/ui"
printf '<script src="/assets/@BUILD@/a.js"></script>' >"$TMP/ui/index.html"
echo 'one' >"$TMP/ui/a.js"
echo 'secret' >"$TMP/secret"
start_server --ui-dir "$TMP/ui"
is "--ui-dir: its page" "$(curl -s "$URL/")" '<script src="/assets/dev/a.js"></script>'
echo 'two' >"$TMP/ui/a.js"
is "--ui-dir: as it is now" "$(curl -s "$URL/assets/dev/a.js")" two
for path in ../secret %2e%2e/secret x/../../secret .hidden; do
    fetch --path-as-is "$URL/assets/dev/$path"
    is "--ui-dir: $path stays closed" "$status" 404
done
stop_server
is "the server ends well" "$server_status" 0
tap_done
