#!/bin/sh
# `go tool pprof` reads what the server answers.
. tests/integration/lib.sh
. tests/interop/lib.sh
need go protoc

type=process_cpu:cpu:nanoseconds:cpu:nanoseconds
start_server --ingest-window off
make_pprof cpu/nanoseconds cpu/nanoseconds 1700000000000000000 >"$TMP/in.pb" <<'END'
main;work - 70
main;work;inner - 20
main;idle - 10
END
fetch "$URL/ingest?name=pprof.app&format=pprof&from=1700000000" --data-binary @"$TMP/in.pb"
is "a profile goes in" "$status" 200
fetch -G "$URL/pyroscope/render" --data-urlencode "query=$type{service_name=\"pprof.app\"}" \
    -d from=1699999000 -d until=1700001000
like "and is there" "$body" '*inner*'

# As protobuf the answer is the profile itself.
protoc_message() {
    printf 'profile_type_id: "%s"\nlabel_selector: "{}"\nstart: 1699999000000\nend: 1700001000000\n' $type |
        protoc -I tests/interop --encode=querier.v1.SelectMergeStacktracesRequest querier.proto
}
protoc_message >"$TMP/request"
fetch "$URL/querier.v1.QuerierService/SelectMergeProfile" \
    -H 'content-type: application/proto' --data-binary @"$TMP/request"
is "SelectMergeProfile" "$status" 200
curl -s "$URL/querier.v1.QuerierService/SelectMergeProfile" \
    -H 'content-type: application/proto' --data-binary @"$TMP/request" -o "$TMP/out.pb"

# The tool is compiled on its first use.
export PPROF_TMPDIR="$TMP" HOME="$TMP" GOCACHE="$CACHE/gobuild"
go tool pprof -top -unit=ns "$TMP/out.pb" >"$TMP/top" 2>"$TMP/err"
is "go tool pprof reads it" $? 0
like "the total is right" "$(cat "$TMP/top")" '*of 100ns total*'
flat() { awk -v f="$1" '$NF == f { print $1, $4 }' "$TMP/top"; }
is "work: flat and cumulated" "$(flat work)" "70ns 90ns"
is "inner" "$(flat inner)" "20ns 20ns"
is "main" "$(flat main)" "0 100ns"
go tool pprof -raw "$TMP/out.pb" >"$TMP/raw" 2>&1
like "and the type" "$(cat "$TMP/raw")" '*cpu/nanoseconds*'
tap_done
