#!/bin/sh
# @connectrpc/connect-node with @bufbuild/protobuf: a Connect client that
# shares no code with the server, in both of its codecs.
. tests/interop/lib.sh
need npm protoc

mkdir -p "$CACHE/connect"
cp tests/interop/connect/* "$CACHE/connect/"
fetch_client npm ci --prefix "$CACHE/connect" --cache "$CACHE/npm" --no-audit \
    --no-fund --loglevel=error
fetch_client protoc -I tests/interop --include_imports \
    --descriptor_set_out="$CACHE/connect/querier.bin" querier.proto
export FK_CLIENT="$PWD/tests/integration/client.js"
node "$CACHE/connect/connect.mjs"
