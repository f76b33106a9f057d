#!/bin/sh
# The example of OpenTelemetry, as its README sends it.
. tests/integration/lib.sh

start_server
fetch "$URL/v1development/profiles" -H 'content-type: application/json' \
    --data-binary @scenarios/polyglot/opentelemetry/export.json
is "the request is taken" "$status" 200
now=$(date +%s)
share() {
    curl -s "$URL/querier.v1.QuerierService/SelectMergeStacktraces" \
        -H 'content-type: application/json' \
        -d '{"profileTypeID":"process_cpu:cpu:nanoseconds:cpu:nanoseconds","labelSelector":"{service_name=\"simple.otlp.app\",function=\"'"$1"'\",env=\"workshop\"}","start":'$((now - 60))'000,"end":'$((now + 60))'000}' |
        sed -n 's/.*"total":"\([0-9]*\)".*/\1/p'
}
is "fast" "$(share fast)" 10000000
is "slow" "$(share slow)" 40000000
tap_done
