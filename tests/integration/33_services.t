#!/bin/sh
# Services beside the profiles: settings, ad hoc files, what the server is.
. tests/integration/lib.sh
need jq gzip

start_server --ingest-window off
call() { # SERVICE/METHOD JSON
    fetch -H 'Content-Type: application/json' --data-binary "$2" "$URL/$1"
}
get() { printf '%s' "$body" | jq -r "$1"; }

# ---- settings --------------------------------------------------------------------
s=settings.v1.SettingsService
call $s/Get '{}'
is "no settings" "$status $body" "200 {}"
call $s/Set '{"setting":{"name":"pluginSettings","value":"{\"a\":1}","modifiedAt":"2000"}}'
is "one is set" "$status $(get .setting.modifiedAt)" "200 2000"
call $s/Set '{"setting":{"name":"pluginSettings","value":"old","modifiedAt":"1999"}}'
is "an older change" "$status $(get .code)" "409 already_exists"
call $s/Set '{"setting":{"name":"pluginSettings","value":"new","modifiedAt":2000}}'
is "one of the same time" "$status" 200
call $s/Set '{"setting":{"name":"other","value":"\u00e9 \" <b>"}}'
call $s/Get '{}'
is "both are told" "$(get '[.settings[] | .name + "=" + .value] | sort | join("; ")')" \
    'other=é " <b>; pluginSettings=new'
like "one without a time has that of the server" \
    "$(get '.settings[] | select(.name == "other") | .modifiedAt')" '1??????????*'
call $s/Set '{"setting":{"value":"x"}}'
is "a setting without a name" "$status $(get .code)" "400 invalid_argument"
head -c 70000 /dev/zero | tr '\000' a >"$TMP/large"
call $s/Set "{\"setting\":{\"name\":\"x\",\"value\":\"$(cat "$TMP/large")\"}}"
ok "a setting too large" [ "$status" = 413 ]
call $s/Delete '{"name":"other"}'
is "deleted" "$status $body" "200 {}"
call $s/Delete '{"name":"other"}'
is "twice" "$status" 200
call $s/Get '{}'
is "one is left" "$(get '.settings | length')" 1

# ---- what it is ------------------------------------------------------------------
call version.v1.Version/Version '{}'
is "version" "$body" '{"QuerierAPI":"1"}'
call capabilities.v1.FeatureFlagsService/GetFeatureFlags '{}'
is "features" "$(get '[.featureFlags[] | select(.enabled) | .name] | join(",")')" \
    "v2StorageLayer,utf8LabelNames"

# ---- ad hoc files -------------------------------------------------------------------
a=adhocprofiles.v1.AdHocProfileService
upload() { # NAME FILE
    printf '{"name":"%s","profile":"%s"}' "$1" "$(base64 -w0 "$2")" >"$TMP/upload"
    call $a/Upload "@$TMP/upload"
}
graph() { printf '%s' "$body" | jq -c ".flamebearerProfile | fromjson | $1"; }
printf 'main;work 3\nmain;idle 1\n' >"$TMP/one.txt"
upload 'my file<1>.txt' "$TMP/one.txt"
is "folded text" "$status $(graph .flamebearer.levels)" "200 [[0,4,0,0],[0,4,0,1],[0,1,1,3,0,3,3,2]]"
is "its name and types" "$(get '.name + " " + .profileType + " " + (.profileTypes | join(","))')" \
    "my file<1>.txt samples samples"
one=$(get .id)
like "its id" "$one" "01????????????????????????-my_file_1_.txt"
like "its document" "$(graph '[.version, .metadata.format, .timeline, .groups, .heatmap]')" '[[]1,"single",null,null,null]'
make_pprof samples/count,cpu/nanoseconds cpu/nanoseconds 0 <<EOF | gzip >"$TMP/two.pb.gz"
main;work - 1 10
main;render - 2 30
EOF
upload two.pprof "$TMP/two.pb.gz"
is "pprof" "$status $(get '.profileTypes | join(",")')" "200 samples,cpu"
two=$(get .id)
call $a/Get "{\"id\":\"$two\",\"profileType\":\"cpu\"}"
is "the same again, of a type" "$status $(graph .flamebearer.numTicks) $(graph .metadata.units)" '200 40 "samples"'
call $a/Get "{\"id\":\"$two\",\"profile_type\":\"cpu\",\"max_nodes\":1}"
ok "fewer nodes" [ "$(graph '.flamebearer.names | contains(["other"])')" = true ]
call $a/List '{}'
is "listed, newest first" "$(get '[.profiles[].name] | join(",")')" "two.pprof,my file<1>.txt"
call $a/Diff "{\"leftId\":\"$one\",\"rightId\":\"$two\"}"
is "a comparison" "$status $(graph '[.metadata.format, .leftTicks, .rightTicks]')" '200 ["double",4,3]'
is "offers types of both" "$(get '.profileTypes | join(",")')" samples
cpu=process_cpu:cpu:nanoseconds:cpu:nanoseconds
fetch --data-binary @"$TMP/one.txt" "$URL/ingest?name=shop.cpu"
curl -s "$URL/pyroscope/render?query=$cpu%7B%7D&from=now-1h&until=now%2B1h" >"$TMP/three.json"
upload three.json "$TMP/three.json"
is "what render answers" "$status $(graph .flamebearer.levels)" \
    "200 $(jq -c .flamebearer.levels "$TMP/three.json")"
seq 20000 | awk '{ print "main;" $1 * 7919 % 100003 ";" $1 * 104729 % 100003 " " $1 }' >"$TMP/large.txt"
upload large.txt "$TMP/large.txt"
sum=$(graph .flamebearer.numTicks)
is "one of many pieces" "$status $sum" "200 200010000"
large=$(get .id)
stop_server
start_server --ingest-window off
call $a/Get "{\"id\":\"$large\"}"
is "all are there after a restart" "$status $(graph .flamebearer.numTicks)" "200 200010000"
call $a/Get '{"id":"../../etc/passwd"}'
is "an id that is none" "$status $(get .code)" "400 invalid_argument"
call $a/Get '{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV-x"}'
is "an id of nobody" "$status $(get .code)" "404 not_found"
call $a/Get "{\"id\":\"$two\",\"profileType\":\"x\"}"
is "a type that is not in it" "$status" 404
printf '\1\2\3' >"$TMP/bad"
for name in bad bad.json bad.txt; do
    upload $name "$TMP/bad"
    is "nonsense as $name" "$status $(get .code)" "400 invalid_argument"
done
call $a/Upload '{"name":"x","profile":"!"}'
is "no base64" "$status" 400
call $a/List '{}'
is "what cannot be shown is not kept" "$(get '.profiles | length')" 4
stop_server
is "the server ends well" "$server_status" 0
tap_done
