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
folders() { find "$TMP/data" -mindepth 1 -maxdepth 1 -type d -name '[tx]-*' | wc -l; }
before=$(folders)
for name in $(seq 100); do ticks "nobody-$name"; done | sort | uniq -c >"$TMP/nobodies"
like "tenants that there are not have nothing" "$(cat "$TMP/nobodies")" "*100 0"
is "and get no folder" "$(folders)" "$before"
put late
is "nor do they use up the tenants there may be" "$status $(ticks late)" "200 30000000"
fetch --data-binary 'main;work 3' "$URL/ingest?name=shop.cpu"
is "without a tenant" "$status" 401
like "says so" "$body" '{"code":"unauthenticated","message":"no org id"}*'
fetch -H 'Content-Type: application/json' -d '{}' "$URL/querier.v1.QuerierService/LabelNames"
is "a query without one" "$status" 401
for name in .. . 'a/b' 'a|b' "$(head -c 151 /dev/zero | tr '\000' a)"; do
    put "$name"
    is "a name that is none: $(printf %.20s "$name")" "$status" 400
done
is "a read of several adds them up" "$(ticks 'red|blue')" 90000000
is "each once" "$(ticks 'red| red |blue|red')" 90000000
is "totals over time as well" "$(curl -s -H 'X-Scope-OrgID: red|blue' -H 'Content-Type: application/json' \
    -d "{\"profileTypeID\":\"$cpu\",\"labelSelector\":\"{}\",\"start\":$(date +%s000 -d '-1 hour'),\"end\":$(date +%s000 -d '+1 hour'),\"step\":7200}" \
    "$URL/querier.v1.QuerierService/SelectSeries" | jq '[.series[].points[].value] | add')" 90000000
fetch -H 'X-Scope-OrgID: red|../blue' -H 'Content-Type: application/json' -d '{}' \
    "$URL/querier.v1.QuerierService/LabelNames"
is "a bad name among several" "$status" 400
newest() {
    curl -s -H "X-Scope-OrgID: $1" -H 'Content-Type: application/json' -d '{}' \
        "$URL/querier.v1.QuerierService/GetProfileStats"
}
is "statistics are a tenant's own" "$(newest green)" "{}"
like "and there where there is data" "$(newest red)" '*"dataIngested":true*'
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

# ---- as many as there may be, the server's own included --------------------------------
rm -r "$TMP/data"
start_server --multitenancy --ingest-window off
for n in $(seq 63); do
    put "team-$n"
    echo "$status"
done | sort | uniq -c >"$TMP/teams"
like "64 tenants are taken" "$(cat "$TMP/teams")" "*63 200"
put team-64
is "the 65th is refused" "$status" 429
like "with a sentence" "$(message)" "*limit of 64 tenants*"
is "and gets no folder" "$(folders)" 64
put team-63
is "the others go on" "$status $(ticks team-63) $(ticks team-1)" "200 60000000 30000000"
stop_server
tap_done
