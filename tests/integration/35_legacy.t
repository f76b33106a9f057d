#!/bin/sh
# What clients of Pyroscope before 1.0 ask for: applications instead of
# services and profile types, and more formats.
. tests/integration/lib.sh
need jq gzip

start_server --ingest-window off
get() { # PATH PARAM...
    path=$1
    shift
    # shellcheck disable=SC2046
    fetch -G $(for p in "$@"; do printf -- '--data-urlencode %s ' "$p"; done) "$URL$path"
}
json() { printf '%s' "$body" | jq -c "$1"; }
post() { # NAME LINES
    name=$(printf %s "$1" | jq -sRr @uri)
    fetch --data-binary "$2" "$URL/ingest?name=$name"
    is "stored $1" "$status" 200
}
post 'shop.cpu{region=eu}' 'main;work 3
main;idle 1'
post 'shop.cpu{region=us}' 'main;work 5'
post 'shop.inuse_space' 'main;keep 100'
make_pprof samples/count,cpu/nanoseconds cpu/nanoseconds 0 >"$TMP/one.pb" <<EOF2
main;work - 2 20000000
EOF2
fetch --data-binary "@$TMP/one.pb" "$URL/ingest?name=my.app&format=pprof"
is "stored as pprof" "$status" 200
tick=10000000

# ---- render -----------------------------------------------------------------------
# row WHAT TICKS PARAM...
row() {
    what=$1 want=$2
    shift 2
    get /render from=now-1h until=now+1m format=json "$@"
    is "$what" "$status $(json .flamebearer.numTicks)" "200 $want"
}
row "an application" $((9 * tick)) query=shop.cpu
row "with empty braces" $((9 * tick)) 'query=shop.cpu{}'
row "with a label" $((4 * tick)) 'query=shop.cpu{region="eu"}'
row "with a pattern" $((9 * tick)) 'query=shop.cpu{region=~"e.|u."}'
row "without a pattern" $((5 * tick)) 'query=shop.cpu{region!~"e."}'
row "as a name" $((4 * tick)) 'name=shop.cpu{region=eu}'
row "another type" 100 'query=shop.inuse_space{}'
row "a type of the profile" 2 'query=my.app.samples{}'
row "and one with a known tail" $((2 * tick)) 'query=my.app.cpu'
row "an application without a type" $((2 * tick)) 'query=my.app'
row "an application that there is not" 0 'query=no.such.cpu{}'
row "a profile type of today" $((9 * tick)) \
    'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="shop"}'
get /render query=shop.cpu from=now-1h until=now+1m
is "without a format" "$status $(json .metadata.format)" '200 "single"'
get /render from=now-1h
is "without a query" "$status $(message)" '400 \"query\" is required'
get /render query=shop.cpu from=now-1h format=html
is "a format that is none" "$status" 400
get /render 'query=shop.cpu{' from=now-1h
is "a broken query" "$status" 400
get /render 'name=shop:cpu{}' from=now-1h
is "a broken name" "$status" 400
get /render query=shop.cpu from=now-1h until=now+1m format=collapsed
is "folded text" "$status $(printf '%s' "$body" | sort | tr '\n' ',')" \
    "200 main;idle $tick,main;work $((8 * tick)),"
fetch --data-binary "$body" "$URL/ingest?name=again.cpu&sampleRate=0"
is "which /ingest takes" "$status" 200
get /render query=shop.cpu from=now-1h until=now+1m format=dot
like "a graph" "$body" 'digraph "unnamed"*'
curl -s "$URL/render?query=my.app.cpu&from=now-1h&until=now%2B1m&format=pprof" >"$TMP/out.pb.gz"
ok "a profile" gzip -t "$TMP/out.pb.gz"
fetch --data-binary "@$TMP/out.pb.gz" "$URL/ingest?name=third&format=pprof"
is "which /ingest takes, too" "$status" 200
get /render-diff 'leftQuery=shop.cpu{region="eu"}' leftFrom=now-1h leftUntil=now+1m \
    'rightQuery=shop.cpu{region="us"}' rightFrom=now-1h rightUntil=now+1m
is "a comparison" "$status $(json '[.leftTicks, .rightTicks]')" "200 [$((4 * tick)),$((5 * tick))]"
get /render-diff leftQuery=my.app.cpu leftFrom=now-2h leftUntil=now-1h \
    rightQuery=my.app.cpu rightFrom=now-1h rightUntil=now+1m
is "with a time without data" "$status $(json .rightTicks)" "200 $((2 * tick))"

# ---- labels -----------------------------------------------------------------------
get /labels
ok "names of labels" [ "$(json 'contains(["__name__", "region", "service_name"])')" = true ]
get /labels query=my.app
is "of an application" "$(json 'contains(["region"])')" false
get /label-values label=region
is "values" "$status $body" '200 ["eu","us"]'
get /label-values label=region 'query=shop.cpu{region="us"}'
is "of a query" "$body" '["us"]'
get /label-values label=region from=now-3h until=now-2h
is "of another time" "$body" "[]"
get /label-values
is "of no label" "$status $(message)" "400 label parameter is required"
get /label-values label=__name__
is "applications" "$body" \
    '["again.samples","my.app.cpu","my.app.samples","shop.cpu","shop.inuse_space","third.cpu"]'
get /api/apps
is "and what they are" "$(json '.[] | select(.name == "shop.inuse_space")')" \
    '{"name":"shop.inuse_space","spyName":"","sampleRate":100,"units":"bytes"}'
get /labels 'query=shop.cpu{'
is "a query that is none" "$status" 400

# ---- single profiles -----------------------------------------------------------------
merge() { # BODY [PATH]
    fetch -H 'Content-Type: application/json' --data-binary "$1" "$URL${2:-/merge}"
}
make_pprof cpu/nanoseconds cpu/nanoseconds 0 >"$TMP/spans.pb" <<EOF2
main;work profile_id=00000000000000aa 1
main;work profile_id=00000000000000bb 2
main;idle profile_id=00000000000000bb 4
main;idle - 8
EOF2
fetch --data-binary "@$TMP/spans.pb" "$URL/ingest?name=trace&format=pprof"
is "stored with profile ids" "$status" 200
merge '{"appName":"trace.cpu","profiles":["00000000000000bb"]}'
is "one of them" "$status $(json '[.flamebearer.numTicks, .mergeMetadata.profilesLength, .heatmap]')" "200 [6,1,null]"
merge '{"appName":"trace.cpu","profiles":["00000000000000aa","00000000000000BB"],"maxNodes":9}' /api/exemplars:merge
is "two, by the later name" "$status $(json '[.flamebearer.numTicks, .mergeMetadata.maxNodes]')" "200 [7,9]"
merge '{"appName":"trace.cpu","profiles":["00000000000000aa"],"from":"now-3h","until":"now-2h"}'
is "at another time" "$status $(json .flamebearer.numTicks)" "200 0"
merge '{"appName":"shop.cpu","profiles":["00000000000000aa"]}'
is "of another application" "$status $(json .flamebearer.numTicks)" "200 0"
exemplar=$(curl -s -H 'Content-Type: application/json' -d "{\"profileTypeID\":\"process_cpu:cpu:nanoseconds:cpu:nanoseconds\",\"labelSelector\":\"{service_name=\\\"trace\\\"}\",\"start\":$(date +%s000 -d -1hour),\"end\":$(date +%s000 -d +1hour),\"step\":60,\"exemplarType\":\"EXEMPLAR_TYPE_INDIVIDUAL\"}" \
    "$URL/querier.v1.QuerierService/SelectSeries" | jq -r '.series[0].points[0].exemplars[0].profileId')
merge "{\"appName\":\"trace.cpu\",\"profiles\":[\"$exemplar\"]}"
is "by the id of an exemplar" "$status $(json .flamebearer.numTicks)" "200 15"
while IFS='|' read -r what body says; do
    merge "$body"
    is "$what" "$status" 400
    like "$what: says so" "$(message)" "*$says*"
done <<'EOF2'
no application|{"profiles":["00000000000000aa"]}|appName
no profiles|{"appName":"trace.cpu"}|1 to 10000 profiles
a name that is none|{"appName":"trace.cpu","profiles":["00000000000000aa","7"]}|profile 1 is neither
profiles that are no list|{"appName":"trace.cpu","profiles":7}|profiles
times backwards|{"appName":"trace.cpu","profiles":["00000000000000aa"],"from":"now","until":"now-1h"}|after
no JSON|{|JSON
EOF2

# ---- the server -------------------------------------------------------------------
get /config
is "options" "$status $(json '[.["ingest-window"], .engine]')" '200 ["off","sqlite"]'
get /build
is "version" "$(json .version)" "\"$(cat VERSION)\""
get /healthz
is "health" "$status $body" "200 server is ready"
stop_server
is "the server ends well" "$server_status" 0
tap_done
