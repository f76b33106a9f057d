#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# What is sent comes back: folded text, pprof by every door, and the payloads
# of real clients where the sample folder is there.
. tests/integration/lib.sh
need jq gzip

start_server --ingest-window off
push=$URL/push.v1.PusherService/Push
samples=../shared/fixtures

# render TYPE SELECTOR: the flame graph's answer in $TMP/render
render() {
    curl -s -G "$URL/pyroscope/render" --data-urlencode "query=$1$2" \
        -d from=1 -d until=now%2B1h -d max-nodes=100000 >"$TMP/render"
}
ticks() {
    render "$1" "$2"
    jq -r '.flamebearer.numTicks' "$TMP/render"
}
names() { jq -r '.flamebearer.names | sort | join(" ")' "$TMP/render"; }

cpu=process_cpu:cpu:nanoseconds:cpu:nanoseconds
fetch --data-binary 'main;work;hash 3
main;idle 1
main;work;hash 4
a;line;without;count' "$URL/ingest?name=shop.cpu%7Bregion=eu,env=test%7D&sampleRate=100"
is "folded text: 200 and nothing else" "$status$body" 200
is "counts became nanoseconds" "$(ticks $cpu '{service_name="shop"}')" 80000000
is "its frames" "$(names)" "hash idle main total work"
is "labels of the name select" "$(ticks $cpu '{region="eu",env="test"}')" 80000000
is "other labels do not" "$(ticks $cpu '{region="us"}')" 0
is "private labels select" "$(ticks $cpu '{__type__="cpu",pyroscope_spy="unknown"}')" 80000000

fetch --data-binary 'main;work 5' "$URL/ingest?name=raw.cpu&sampleRate=0"
is "rate 0: counts stay" "$(ticks process_cpu:samples:count:: '{service_name="raw"}')" 5
printf 'a;b\na;b\na;c\n' | gzip |
    curl -s --data-binary @- "$URL/ingest?name=heap.inuse_space&format=lines"
is "lines, gzip by its magic" "$(ticks memory:inuse_space:bytes:: '{service_name="heap"}')" 3
fetch -d 'a 1' "$URL/ingest?name=two.cpu%7Bservice_name=other%7D"
is "a service_name of the name wins" "$(ticks $cpu '{service_name="other",app_name="two"}')" 10000000

# ---- pprof: labels split it, every type is kept, ids of requests do not split
make_pprof samples/count,cpu/nanoseconds cpu/nanoseconds 0 >"$TMP/split.pb" <<EOF
main;work region=eu,trace_id=1 2 20
main;work region=eu,trace_id=2 3 30
main;work region=us,span_id=7 1 10
main;idle - 4 40
main;never - 0 0
EOF
gzip -c "$TMP/split.pb" >"$TMP/split.gz"
count=process_cpu:samples:count:cpu:nanoseconds
post() { # APP CURL-ARGS...: to /ingest
    app=$1
    shift
    fetch "$@" "$URL/ingest?name=$app&format=pprof"
    is "$app: accepted" "$status$body" 200
}
check_split() { # APP
    is "$1: all samples" "$(ticks $count "{service_name=\"$1\"}")" 10
    is "$1: the other type" "$(ticks $cpu "{service_name=\"$1\"}")" 100
    is "$1: one region" "$(ticks $cpu "{service_name=\"$1\",region=\"eu\"}")" 50
    is "$1: its frames" "$(names)" "main total work"
    is "$1: no region" "$(ticks $cpu "{service_name=\"$1\",region=\"\"}")" 40
    is "$1: ids of requests make no series" \
        "$(ticks $cpu "{service_name=\"$1\",trace_id!=\"\"}")" 0
}
post raw-pprof --data-binary "@$TMP/split.pb"
check_split raw-pprof
post raw-gzip --data-binary "@$TMP/split.gz"
check_split raw-gzip
post chunked -H 'Transfer-Encoding: chunked' --data-binary "@$TMP/split.gz"
check_split chunked
fetch -F "profile=@$TMP/split.pb" "$URL/ingest?name=form"
is "form: accepted" "$status$body" 200
check_split form
fetch -F profile=text "$URL/ingest?name=field"
is "a field that is no file is passed over" "$status" 200
is "and stores nothing" "$(ticks $cpu '{service_name="field"}')" 0

body64=$(perl -MMIME::Base64 -0777 -ne 'print encode_base64($_, "")' "$TMP/split.gz")
to_push() { # APP ID
    printf '{"series":[{"labels":[{"name":"__name__","value":"process_cpu"},
      {"name":"service_name","value":"%s"}],"samples":[{"ID":"%s","rawProfile":"%s"}]}]}' \
        "$1" "$2" "$body64"
}
to_push push-json "" | gzip >"$TMP/push.gz"
fetch -H 'Content-Type: application/json' -H 'Content-Encoding: gzip' \
    --data-binary "@$TMP/push.gz" "$push"
is "push-json: accepted" "$status$body" "200{}"
check_split push-json

# A client's own label wins over one of the sample.
printf '{"series":[{"labels":[{"name":"__name__","value":"process_cpu"},{"name":"region","value":"mine"}],
    "samples":[{"raw_profile":"%s"}]}]}' "$body64" |
    curl -s -H 'Content-Type: application/json' --data-binary @- "$push" >"$TMP/own"
is "a client's own label wins" "$(ticks $cpu '{service_name="unknown_service",region="mine"}')" 100

# Sent twice under one id, for instance after an answer that got lost.
make_pprof cpu/nanoseconds cpu/nanoseconds 1700000000000000000 >"$TMP/once.pb" <<EOF
main;once - 7
EOF
body64=$(perl -MMIME::Base64 -0777 -ne 'print encode_base64($_, "")' "$TMP/once.pb")
push_once() {
    to_push once 734fd599-6865-419e-9475-932762d8f469 |
        curl -s -H 'Content-Type: application/json' --data-binary @- "$push" >"$TMP/own"
}
push_once
push_once
is "the same id again is stored once" "$(ticks $cpu '{service_name="once"}')" 7
is "and counted" "$(counter flamekit_store_duplicates_total)" 1

# ---- payloads of real clients ---------------------------------------------------
if [ -f "$samples/push/basic.request.proto.bin" ]; then
    fetch -H 'Content-Type: application/proto' \
        --data-binary "@$samples/push/basic.request.proto.bin" "$push"
    is "sample Push: accepted" "$status$body" 200
    render $cpu '{service_name="push-fixture"}'
    is "sample Push: its flame graph" "$(jq -c .flamebearer.levels "$TMP/render")" \
        "$(jq -c .flamegraph_cpu.levels "$samples/push/basic.expected.json")"
    for text in groups.folded.txt lines.txt; do
        fetch --data-binary "@$samples/ingest-text/$text" \
            "$URL/ingest?name=$text.cpu&format=${text%%.*}"
        is "sample $text" "$status $(ticks $cpu "{service_name=\"$text\"}")" "200 50000000"
    done
    jq -c '.pprof[] | select(.variant == null)' "$samples/expectations.json" |
        while read -r row; do
            file=$(echo "$row" | jq -r .file)
            app=$(basename "$file")
            spy=$(echo "$row" | jq -r '.spyName // "gospy"')
            config=$(echo "$row" | jq -r '.sample_type_config // empty')
            fetch -F "profile=@$samples/$file" \
                ${config:+-F "sample_type_config=@$samples/$config"} \
                "$URL/ingest?name=$app&spyName=$spy"
            echo "$app: status|$status|$(echo "$row" | jq -r '.ingest_multipart_status // 200')"
            echo "$row" | jq -r '.series[] | .profile_type + " " + .total' |
                while read -r type total; do
                    echo "$app: $type|$(ticks "$type" "{service_name=\"$app\"}")|$total"
                done
        done >"$TMP/rows"
    while IFS='|' read -r what got want; do
        is "sample $what" "$got" "$want"
    done <"$TMP/rows"
    ok "there were some" [ "$(wc -l <"$TMP/rows")" -ge 15 ]
else
    skip "payloads of real clients" "no $samples"
fi

stop_server
is "the server ends well" "$server_status" 0
tap_done
