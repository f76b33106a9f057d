#!/bin/sh
# protoc reads what the server answers, and what our agent sends to any
# server that speaks Push: Pyroscope's label rules and limits are kept.
. tests/integration/lib.sh
. tests/interop/lib.sh
need protoc

type=process_cpu:cpu:nanoseconds:cpu:nanoseconds
start_server
fetch "$URL/ingest?name=protoc.app.cpu&from=now" --data-binary 'main;work 3'
is "a profile goes in" "$status" 200
now=$(date +%s)
printf 'profile_type_id: "%s"\nlabel_selector: "{}"\nstart: %s\nend: %s\n' \
    $type "$((now - 60))000" "$((now + 60))000" |
    protoc -I tests/interop --encode=querier.v1.SelectMergeStacktracesRequest querier.proto >"$TMP/request"

for method in ProfileTypes LabelNames LabelValues Series SelectSeries \
    SelectMergeStacktraces SelectMergeProfile; do
    case $method in
    Select*) ask=$TMP/request ;;
    *) ask=/dev/null ;;
    esac
    [ $method != SelectSeries ] || {
        printf '\061\000\000\000\000\000\000\116\100' | cat "$TMP/request" - >"$TMP/series"
        ask=$TMP/series
    }
    [ $method != LabelValues ] || {
        printf '\012\014service_name' >"$TMP/values"
        ask=$TMP/values
    }
    curl -s "$URL/querier.v1.QuerierService/$method" -o "$TMP/answer" \
        -H 'content-type: application/proto' --data-binary @"$ask"
    ok "$method: protoc --decode_raw" protoc --decode_raw <"$TMP/answer"
    ok "$method: is not empty" test -s "$TMP/answer"
done
protoc -I tests/interop --decode=querier.v1.SelectMergeStacktracesResponse \
    querier.proto <"$TMP/answer" >/dev/null 2>&1
curl -s "$URL/querier.v1.QuerierService/SelectMergeStacktraces" -o "$TMP/answer" \
    -H 'content-type: application/proto' --data-binary @"$TMP/request"
like "by the schema" "$(protoc -I tests/interop \
    --decode=querier.v1.SelectMergeStacktracesResponse querier.proto <"$TMP/answer")" \
    '*names: "main"*names: "work"*total: 30000000*'

# ---- what our agent sends, as a stranger sees it -------------------------------
node tests/interop/catch.js "$TMP/pushed" >"$TMP/catch" &
catcher=$!
at_exit "kill $catcher 2>/dev/null"
wait_for 10 grep -q '^ready ' "$TMP/catch"
PYROSCOPE_SERVER_ADDRESS=$(sed -n 's/^ready //p' "$TMP/catch") \
    PYROSCOPE_APPLICATION_NAME=agent.app PYROSCOPE_LABELS=env=workshop \
    PYROSCOPE_UPLOAD_INTERVAL=1s LD_PRELOAD="$PWD/build/release/lib/libflamekit_preload.so" \
    perl -e 'my $e = time + 4; while (time < $e) { $x++ for 1..100000 }'
ok "our agent pushes" wait_for 10 test -s "$TMP/pushed"
decoded=$(protoc -I tests/interop --decode=push.v1.PushRequest push.proto <"$TMP/pushed")
like "the request decodes: service" "$decoded" '*name: "service_name"*value: "agent.app"*'
like "its tags" "$decoded" '*name: "env"*value: "workshop"*'
like "its metric" "$decoded" '*name: "__name__"*value: "process_cpu"*'
is "no name of a label comes twice in a series" \
    "$(printf '%s\n' "$decoded" | awk '/^series/ { delete seen }
        /^    name: / && seen[$2]++ { print $2 }')" ""
ok "no more than 30 labels a series" sh -c "printf '%s\n' \"\$1\" |
    awk '/^series/ { n = 0 } /^    name: / && ++n > 30 { exit 1 }'" - "$decoded"
node tests/interop/catch.js --profile "$TMP/pushed" >"$TMP/profile"
profile=$(protoc -I tests/interop --decode=push.v1.Profile push.proto <"$TMP/profile")
like "the profile inside decodes" "$profile" '*sample_type*sample*location_id*string_table: "nanoseconds"*'
ok "and is within 4 MiB" test "$(wc -c <"$TMP/profile")" -lt 4194304
tap_done
