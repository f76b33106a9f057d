#!/bin/sh
# With --multitenancy every tenant sees its own profiles only.
. tests/integration/lib.sh
need jq

start_server --multitenancy --ingest-window off
cpu=process_cpu:cpu:nanoseconds:cpu:nanoseconds
put() { fetch -H "X-Scope-OrgID: $1" --data-binary 'main;work 3' "$URL/ingest?name=shop.cpu"; }
ticks() {
    curl -s -G -H "X-Scope-OrgID: $1" "$URL/pyroscope/render" -d from=now-1h -d until=now%2B1h \
        --data-urlencode "query=$cpu{}" | jq -r .flamebearer.numTicks
}
put red
is "an upload with a tenant" "$status" 200
put red
put blue
is "each sees its own" "$(ticks red) $(ticks blue) $(ticks green)" "60000000 30000000 0"
fetch --data-binary 'main;work 3' "$URL/ingest?name=shop.cpu"
is "without a tenant" "$status" 401
like "says so" "$body" '{"code":"unauthenticated","message":"no org id"}*'
fetch -H 'Content-Type: application/json' -d '{}' "$URL/querier.v1.QuerierService/LabelNames"
is "a query without one" "$status" 401
for name in .. . 'a/b' 'a|b' "$(head -c 151 /dev/zero | tr '\000' a)"; do
    put "$name"
    is "a name that is none: $(printf %.20s "$name")" "$status" 400
done
fetch "$URL/metrics"
is "operators need none" "$status" 200
fetch "$URL/"
is "nor does the page" "$status" 200
stop_server
is "the server ends well" "$server_status" 0

start_server --ingest-window off
put red
is "without the option the header is not looked at" "$(ticks blue)" 30000000
stop_server
tap_done
