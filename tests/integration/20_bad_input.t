#!/bin/sh
# shellcheck disable=SC2317 # functions are called by name
# Whatever strangers send, they get a sentence and a status of 4xx, nothing
# of it is stored, and the server goes on storing what is good.
. tests/integration/lib.sh
need gzip

start_server --verbose
push=$URL/push.v1.PusherService/Push
ingest="$URL/ingest?name=bad&format=pprof"

stored() { counter flamekit_profiles_stored_total; }

# A good profile is stored: the proof that the server lives.
good() {
    good_before=$(stored)
    fetch --data-binary 'main;work 3' "$URL/ingest?name=good.cpu"
    [ "$status" = 200 ] && [ "$(stored)" = $((good_before + 1)) ]
}

# bad WHAT STATUS TEXT CURL-ARGS...: refused with this status and a sentence
# that holds TEXT; nothing is stored; a good profile still is.
bad() {
    what=$1 want=$2 text=$3
    shift 3
    before=$(stored)
    fetch "$@"
    is "$what: $want" "$status" "$want"
    like "$what: says '$text'" "$(message)" "*$text*"
    is "$what: nothing stored" "$(stored)" "$before"
    ok "$what: the server lives" good
}

# ---- pprof ------------------------------------------------------------------
# Fields of a Profile: sample types 1, samples 2, locations 4, functions 5,
# strings 6. "", cpu, nanoseconds, f; one type; one sample.
strings=32003203637075320b6e616e6f7365636f6e6473320166
type=0a0408011002
tail=2a04080110032206080122020801
sample=12060a0101120107
unhex $type $sample $tail $strings >"$TMP/good.pb"
before=$(stored)
fetch --data-binary "@$TMP/good.pb" "$ingest"
is "the hand-made profile is a good one" "$status $(stored)" "200 $((before + 1))"

pprof() {
    what=$1 text=$2
    shift 2
    unhex "$@" >"$TMP/bad.pb"
    bad "$what" 422 "$text" --data-binary "@$TMP/bad.pb" "$ingest"
}
pprof "a length past the end" "" 0a6408
pprof "a varint without end" "" 08ffffffffffffffffffffff
pprof "a wire type that does not exist" "" 0f0f0f
pprof "field number 0" "" 0001
pprof "sample type out of range" "sample type type string index out of range" \
    0a0408631002 $sample $tail $strings
pprof "sample unit out of range" "sample type unit string index out of range" \
    0a0408011063 $sample $tail $strings
pprof "function name out of range" "function name string index out of range" \
    $type $sample 2a0408011063 2206080122020801 $strings
pprof "location that is not there" "location" $type 12060a014d120107 $tail $strings
pprof "function that is not there" "function" \
    $type $sample 2a0408011003 2206080122020809 $strings
pprof "two values for one type" "sample value length mismatch" \
    $type 12070a010112020707 $tail $strings
pprof "function id 0" "function id is 0" \
    $type $sample 2a0408001003 2206080122020801 $strings
pprof "first string not empty" "string 0 should be empty string" \
    $type $sample $tail 3203637075 $strings
pprof "a string that is not UTF-8" "invalid utf8 string hex: fffe" \
    $type $sample $tail $strings 3202fffe
pprof "no sample types" "empty profile" $sample $tail $strings
pprof "random bytes" "" \
    d41d8cd98f00b204e9800998ecf8427ed41d8cd98f00b204e9800998ecf8427e
: >"$TMP/empty"
bad "an empty body" 422 "empty profile" --data-binary "@$TMP/empty" "$ingest"
bad "too large a profile" 422 "exceeds the size limit" \
    --data-binary "@-" "$ingest" <<EOF
$(head -c 4300000 /dev/zero | tr '\000' 'x')
EOF

# ---- gzip -------------------------------------------------------------------
gzip -c "$TMP/good.pb" >"$TMP/good.gz"
head -c 40 "$TMP/good.gz" >"$TMP/cut.gz"
bad "truncated gzip" 422 "" --data-binary "@$TMP/cut.gz" "$ingest"
{
    cat "$TMP/good.gz"
    echo garbage
} >"$TMP/tail.gz"
bad "gzip with garbage behind it" 422 "" --data-binary "@$TMP/tail.gz" "$ingest"
head -c 67108864 /dev/zero | gzip -9 >"$TMP/bomb.gz"
bad "gzip bomb" 422 "exceeds the size limit" --data-binary "@$TMP/bomb.gz" "$ingest"
bad "gzip bomb of text" 422 "unpacks to more than" \
    --data-binary "@$TMP/bomb.gz" "$URL/ingest?name=bad.cpu"
bad "truncated gzip on Push" 400 "" -H 'Content-Type: application/proto' \
    -H 'Content-Encoding: gzip' --data-binary "@$TMP/cut.gz" "$push"
cat "$TMP/bomb.gz" "$TMP/bomb.gz" >"$TMP/bombs.gz"
bad "gzip bomb on Push" 400 "" -H 'Content-Type: application/proto' \
    -H 'Content-Encoding: gzip' --data-binary "@$TMP/bombs.gz" "$push"

# ---- Push --------------------------------------------------------------------
proto() {
    what=$1 want=$2 text=$3
    shift 3
    unhex "$@" >"$TMP/bad.bin"
    bad "$what" "$want" "$text" -H 'Content-Type: application/proto' \
        --data-binary "@$TMP/bad.bin" "$push"
}
json() {
    what=$1 want=$2 text=$3
    shift 3
    bad "$what" "$want" "$text" -H 'Content-Type: application/json' \
        --data-binary "$@" "$push"
}
proto "a series cut short" 400 "not well-formed protobuf" 0a500a0a0a01
proto "no profiles" 400 "no profiles received" ""
json "JSON cut short" 400 "not JSON" '{"series":['
json "JSON that is a list" 400 "must be a JSON object" '[]'
json "empty JSON body" 400 "empty" ''
json "series of the wrong kind" 400 "series" '{"series":{"a":1}}'
json "a profile that is not base64" 400 "base64" \
    '{"series":[{"labels":[{"name":"__name__","value":"x"}],"samples":[{"rawProfile":"!"}]}]}'
profile=$(perl -MMIME::Base64 -0777 -ne 'print encode_base64($_, "")' "$TMP/good.pb")
series() { printf '{"series":[{"labels":[%s],"samples":[{"rawProfile":"%s"}]}]}' "$1" "$profile"; }
name='{"name":"__name__","value":"process_cpu"}'
json "no metric name" 400 "invalid metric name" \
    "$(series '{"name":"service_name","value":"x"}')"
json "no labels" 400 "at least one label pair" "$(series '')"
json "a label twice" 400 "duplicate label name: 'a'" \
    "$(series "$name,{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"a\",\"value\":\"2\"}")"
json "a label without a name" 400 "invalid label name" \
    "$(series "$name,{\"name\":\"\",\"value\":\"1\"}")"
many() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf ",{\"name\":\"l%d\",\"value\":\"v\"}", i }'
}
json "31 labels" 400 "limit 30" "$(series "$name$(many 30)")"
series "$name$(many 100000)" >"$TMP/labels.json"
json "100,000 labels" 400 "limit 30" "@$TMP/labels.json"
long=$(head -c 1025 /dev/zero | tr '\000' a)
json "a label name too long" 400 "label name too long" \
    "$(series "$name,{\"name\":\"$long\",\"value\":\"1\"}")"
{
    printf '{"series":[{"labels":[%s,{"name":"a","value":"' "$name"
    head -c 10000000 /dev/zero | tr '\000' b
    printf '"}],"samples":[{"rawProfile":"%s"}]}]}' "$profile"
} >"$TMP/value.json"
json "a label value of 10 MB" 400 "label value too long" "@$TMP/value.json"
deep=$(head -c 5000 /dev/zero | tr '\000' '[')
json "JSON nested 5,000 deep" 400 "nested deeper" "{\"a\":$deep"
bad "wrong type" 415 "text/plain" -H 'Content-Type: text/plain' -d '{}' "$push"
bad "no type" 415 "" -H 'Content-Type:' -d '{}' "$push"
bad "unknown coding" 501 "supported encodings are gzip" \
    -H 'Content-Type: application/json' -H 'Content-Encoding: br' -d '{}' "$push"
bad "wrong method on Push" 405 "POST" "$push"

# ---- /ingest ------------------------------------------------------------------
bad "wrong method" 405 "POST" "$URL/ingest?name=bad.cpu"
bad "no name" 400 "service name is required" -d 'a 1' "$URL/ingest"
bad "a name that is not allowed" 400 "not allowed" -d 'a 1' "$URL/ingest?name=a%3Ab"
bad "an unknown type" 400 "unknown profile type: app" -d 'a 1' "$URL/ingest?name=my.app"
bad "a count that is none" 422 "line 2" --data-binary 'a;b 1
a;b x' "$URL/ingest?name=bad.cpu"
bad "a negative count" 422 "line 1" -d 'a;b -1' "$URL/ingest?name=bad.cpu"
bad "an overflowing count" 422 "" -d 'a;b 9223372036854775807' "$URL/ingest?name=bad.cpu"
printf 'a;\377\376 1\n' >"$TMP/utf8.txt"
bad "folded text that is not UTF-8" 422 "not UTF-8" \
    --data-binary "@$TMP/utf8.txt" "$URL/ingest?name=bad.cpu"
{
    head -c 10000000 /dev/zero | tr '\000' f
    echo ' 1'
} >"$TMP/long.txt"
bad "a frame of 10 MB" 422 "line 1 is longer than" \
    --data-binary "@$TMP/long.txt" "$URL/ingest?name=bad.cpu"
for format in trie tree jfr speedscope; do
    bad "format $format" 422 "" -d x "$URL/ingest?name=bad&format=$format"
done
bad "prev_profile" 422 "prev_profile" -F "profile=@$TMP/good.pb" \
    -F "prev_profile=@$TMP/good.pb" "$URL/ingest?name=bad"
bad "a form without a boundary" 422 "boundary" \
    -H 'Content-Type: multipart/form-data' -d x "$URL/ingest?name=bad"
bad "a form cut short" 422 "cut" -H 'Content-Type: multipart/form-data; boundary=b' \
    --data-binary "--b$(printf '\r\n\r\nx')" "$URL/ingest?name=bad"
bad "a config that is not JSON" 422 "sample_type_config" \
    -F "profile=@$TMP/good.pb" -F "sample_type_config=@$TMP/good.pb" "$URL/ingest?name=bad"
bad "a profile of 2001" 422 "outside of ingestion window" -d 'a 1' \
    "$URL/ingest?name=bad.cpu&from=1000000000"
bad "a profile of tomorrow" 422 "outside of ingestion window" -d 'a 1' \
    "$URL/ingest?name=bad.cpu&from=now%2B1d"

# ---- too many profiles of one series in one second -----------------------------
at=$(date +%s)
for i in $(seq 130); do
    printf 'url = "%s/ingest?name=crowd.cpu&from=%s%03d"\ndata-binary = "a 1"\noutput = /dev/null\nwrite-out = "%%{http_code}\\n"\n' \
        "$URL" "$at" "$i"
    [ "$i" = 130 ] || echo next
done >"$TMP/crowd"
is "128 profiles of one second, then no more" \
    "$(curl -s -K "$TMP/crowd" | sort | uniq -c | tr -s ' \n' ' ')" " 128 200 2 422 "
is "which has a counter of its own" \
    "$(counter 'pyroscope_discarded_samples_total{reason="same_second"}')" 2

# ---- HTTP itself ----------------------------------------------------------------
# wire WHAT STATUS HEAD BODY: bytes as they are (backslashes mean what they
# mean to printf), behind the request line.
answer() {
    printf 'POST /ingest?name=bad.cpu HTTP/1.1\r\n%b\r\n\r\n%b' "$1" "$2" | raw |
        tr -d '\r' | sed -n 's/^HTTP\/1.1 \([0-9]*\).*/\1/p' | head -n 1
}
wire() {
    before=$(stored)
    is "$1: $2" "$(answer "$3" "$4")" "$2"
    is "$1: nothing stored" "$(stored)" "$before"
    ok "$1: the server lives" good
}
wire "two lengths" 400 'Host: x\r\nContent-Length: 3\r\nContent-Length: 4' 'a 1'
wire "a length and chunks" 400 \
    'Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked' '3\r\na 1\r\n0\r\n\r\n'
wire "an unknown transfer coding" 400 'Host: x\r\nTransfer-Encoding: gzip' ''
wire "a length hidden behind 100 headers" 431 \
    "Host: x$(perl -e 'print "\\r\\nA: b" x 100')\\r\\nContent-Length: 3\\r\\nTransfer-Encoding: chunked" 'a 1'
wire "no Host" 400 'Content-Length: 3' 'a 1'
wire "two Hosts" 400 'Host: x\r\nHost: y\r\nContent-Length: 3' 'a 1'
wire "a coding whose name ends with a blank" 400 \
    'Host: x\r\nContent-Length: 3\r\nTransfer-Encoding : chunked' '0\r\n\r\n'
wire "two tenants" 400 'Host: x\r\nX-Scope-OrgID: a\r\nx-scope-orgid: b\r\nContent-Length: 3' 'a 1'
wire "two tokens" 400 \
    'Host: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: 3' 'a 1'
wire "two origins" 400 \
    'Host: x\r\nOrigin: http://x\r\nOrigin: http://evil.example\r\nContent-Length: 3' 'a 1'
wire "a coding behind a bare carriage return" 400 \
    'Host: x\r\nX: a\rTransfer-Encoding: chunked\r\nContent-Length: 3' 'a 1'
for length in +3 0x3 '3, 3' '3 0' ''; do
    wire "a length of '$length'" 400 "Host: x\r\nContent-Length: $length" 'a 1'
done
for size in -1 0x3 '+3' ' 3'; do
    wire "a chunk of '$size'" 400 'Host: x\r\nTransfer-Encoding: chunked' "$size\r\na 1\r\n0\r\n\r\n"
done
wire "a negative length" 400 'Host: x\r\nContent-Length: -3' 'a 1'
wire "a huge length" 413 'Host: x\r\nContent-Length: 300000000' ''
wire "a length of more than 64 bits" 413 'Host: x\r\nContent-Length: 99999999999999999999999' ''
wire "a huge length, asked for first" 413 \
    'Host: x\r\nExpect: 100-continue\r\nContent-Length: 300000000' ''
wire "a page of another site" 403 \
    'Host: x\r\nOrigin: http://evil.example\r\nContent-Length: 3\r\nConnection: close' 'a 1'
is "chunked is well" "$(answer 'Host: x\r\nTransfer-Encoding: chunked\r\nConnection: close' \
    '3\r\na 1\r\n0\r\n\r\n')" 200
bad "no length" 411 "Content-Length" -X POST "$URL/ingest?name=bad.cpu"
wire "no length but a body" 411 'Host: x\r\nConnection: close' 'a 1'
head -c 200000 /dev/zero | tr '\000' a >"$TMP/kit.txt"
bad "an annotation too large" 413 "too large" --data-binary "@$TMP/kit.txt" \
    "$URL/api/annotations"
bad "an annotation too large, in chunks" 413 "too large" \
    -H 'Transfer-Encoding: chunked' --data-binary "@$TMP/kit.txt" "$URL/api/annotations"
bad "an annotation without content" 400 "content is missing" -d '{}' "$URL/api/annotations"

like "what was refused is counted" \
    "$(curl -s "$URL/metrics" | grep 'discarded_samples_total{reason="malformed"}')" \
    "*} [1-9]*"
stop_server
is "the server ends well" "$server_status" 0
tap_done
