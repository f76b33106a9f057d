#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# Tokens and their rights, the names under which the server answers, pages of
# other sites, TLS.
. tests/integration/lib.sh
need jq openssl

cpu=process_cpu:cpu:nanoseconds:cpu:nanoseconds
names=$(printf '%s' "/querier.v1.QuerierService/LabelNames")
sum() { printf %s "$1" | openssl dgst -sha256 -r | cut -d' ' -f1; }
push() { fetch --data-binary 'main;work 3' "$@" "$URL/ingest?name=shop.cpu"; }
ask() { fetch -H 'Content-Type: application/json' -d '{}' "$@" "$URL$names"; }
code() { printf '%s' "$body" | jq -r .code; }

# ---- tokens ---------------------------------------------------------------------
{
    echo "# who  rights  tenant  hash"
    echo "agent write * $(sum t-write)"
    echo "lab read * $(sum t-read)"
    echo "both read,write * $(sum t-both)"
    echo "ops admin * $(sum t-admin)"
} >"$TMP/tokens"
chmod 644 "$TMP/tokens"
out=$("$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/none" --tokens "$TMP/tokens" 2>&1)
is "tokens that others can read: exit 2" $? 2
like "and what to do" "$out" "*chmod 600*"
chmod 600 "$TMP/tokens"
start_server --tokens "$TMP/tokens" --access-log
fetch "$URL/ready"
is "ready needs no token" "$status" 200
push
is "an upload without a token" "$status $(code)" "401 unauthenticated"
ask
is "a query without a token" "$status $(code)" "401 unauthenticated"
fetch "$URL/"
is "the page without a token" "$status" 401
like "a browser is told to ask" "$(curl -s -D- -o /dev/null "$URL/")" '*WWW-Authenticate: Basic realm=*'
row() {
    want=$1
    shift
    for token in t-write t-read t-both t-admin; do
        "$@" -H "Authorization: Bearer $token"
        is "$1 with $token" "$status" "${want%% *}"
        want=${want#* }
    done
}
config() { fetch "$@" "$URL/api/v1/status/config"; }
row "200 403 200 200" push
row "403 200 200 200" ask
row "403 403 403 200" config
push -H 'Authorization: Bearer wrong'
is "a token that is not known" "$status $(code)" "401 unauthenticated"
push -H 'Authorization: Digest t-write'
is "another scheme" "$status" 401
push -u anybody:t-write
is "basic, with the token as the password" "$status" 200
push -u t-write:
is "but not as the name" "$status" 401
push -H 'Authorization: bearer t-write'
is "schemes have no case" "$status" 200
push -H 'Authorization: Basic ####'
is "basic that is no base64" "$status" 401
ask -H 'Authorization: Bearer t-read' -H 'Host: evil.example'
is "with a token every name will do" "$status" 200
like "refusals are counted" "$(curl -s -H 'Authorization: Bearer t-read' "$URL/metrics" |
    grep '^flamekit_access_refused_total')" '* [1-9]*'
like "the log names who" "$(grep ' http ' "$TMP/server.log")" '*token=agent*'
ok "and no token" sh -c "! grep -q t-admin '$TMP/server.log'"

# ---- reload ----------------------------------------------------------------------
echo "late write * $(sum t-late)" >>"$TMP/tokens"
push -H 'Authorization: Bearer t-late'
is "before the reload" "$status" 401
kill -HUP "$server_pid"
wait_for 10 grep -q ' reloaded ' "$TMP/server.log"
push -H 'Authorization: Bearer t-late'
is "after it" "$status" 200
echo "broken" >>"$TMP/tokens"
kill -HUP "$server_pid"
wait_for 10 grep -q reload_failed "$TMP/server.log"
like "a bad file is named with its line" "$(cat "$TMP/server.log")" '*line 7*four words*'
push -H 'Authorization: Bearer t-late'
is "and changes nothing" "$status" 200
stop_server
is "the server ends well" "$server_status" 0

# ---- tokens of tenants --------------------------------------------------------------
{
    echo "red read,write red $(sum t-red)"
    echo "any read,write * $(sum t-any)"
} >"$TMP/tokens"
out=$("$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/none" --tokens "$TMP/tokens" 2>&1)
is "a tenant's token needs several tenants: exit 2" $? 2
like "which is said" "$out" "*--multitenancy*"
start_server --tokens "$TMP/tokens" --auth.multitenancy-enabled=true
push -H 'Authorization: Bearer t-red'
is "the token names the tenant" "$status" 200
push -H 'Authorization: Bearer t-red' -H 'X-Scope-OrgID: blue'
is "and no other" "$status $(code)" "403 permission_denied"
push -H 'Authorization: Bearer t-any'
is "any tenant must be named" "$status" 401
ticks() {
    curl -s -G -H "Authorization: Bearer t-any" -H "X-Scope-OrgID: $1" "$URL/pyroscope/render" \
        -d from=now-1h -d until=now%2B1h --data-urlencode "query=$cpu{}" | jq -r .flamebearer.numTicks
}
is "it went to its tenant" "$(ticks red) $(ticks blue)" "30000000 0"
stop_server

# ---- names and pages -------------------------------------------------------------------
start_server --cors-origin https://grafana.example --allow-host kit.example
push
for host in localhost 127.0.0.1:4040 '[::1]:4040' flamekit kit.localhost kit.example:4040; do
    ask -H "Host: $host"
    is "under the name $host" "$status" 200
done
for host in evil.example evil.example:4040 127.0.0.1.evil.example localhost.evil.example; do
    ask -H "Host: $host"
    is "not under the name $host" "$status $(code)" "403 permission_denied"
    fetch -H "Host: $host" "$URL/"
    is "nor the page" "$status" 403
done
like "and what to do is said" "$(message)" "*--allow-host*"
allowed() { curl -s -D- -o /dev/null "$@" "$URL/pyroscope/render?query=$cpu%7B%7D&from=now-1h" | tr -d '\r' | sed -n 's/^Access-Control-Allow-Origin: //p'; }
is "a page may not read" "$(allowed -H 'Origin: https://evil.example')" ""
is "unless it is named" "$(allowed -H 'Origin: https://grafana.example')" "https://grafana.example"
push -H 'Origin: https://evil.example'
is "a page may not write" "$status" 403
push -H 'Origin: https://grafana.example'
is "unless it is named, again" "$status" 200
push -H 'Origin: null'
is "nor a page without a site" "$status" 403
push -H "Origin: $URL"
is "its own page may" "$status" 200
preflight() {
    curl -s -D- -o /dev/null -X OPTIONS -H "Origin: $1" -H 'Access-Control-Request-Method: POST' \
        -H 'Access-Control-Request-Headers: content-type' "$URL$names" | tr -d '\r'
}
like "a named page's question is answered" "$(preflight https://grafana.example)" \
    '*204*Access-Control-Allow-Headers: content-type*'
like "another's is not" "$(preflight https://evil.example)" '*405*'
stop_server

# ---- TLS -------------------------------------------------------------------------------
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
    -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>"$TMP/openssl.log"
is "a certificate" $? 0
start_server --cert "$TMP/cert.pem" --key "$TMP/key.pem"
like "the ready line says https" "$URL" "https://127.0.0.1:*"
push --cacert "$TMP/cert.pem"
is "an upload over TLS" "$status" 200
ask --cacert "$TMP/cert.pem"
is "a query over TLS" "$status" 200
head -c 3000000 /dev/zero | tr '\000' a >"$TMP/large"
fetch --cacert "$TMP/cert.pem" --data-binary "@$TMP/large" "$URL/ingest?name=large.cpu"
is "a large body over TLS" "$status" 422
status=$(curl -s -m 10 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT/ready") || true
is "without TLS there is no answer" "$status" 000
stop_server
is "the server ends well with TLS" "$server_status" 0
for options in "--cert $TMP/cert.pem" "--cert $TMP/cert.pem --key $TMP/none" \
    "--cert $TMP/openssl.log --key $TMP/key.pem"; do
    # shellcheck disable=SC2086
    out=$("$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/none" $options 2>&1)
    ok "refused: ${options##*"$TMP"}" [ $? != 0 ]
    like "with a sentence" "$out" "flamekit-server: *"
done
tap_done
