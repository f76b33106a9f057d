#!/bin/sh
# @pyroscope/nodejs: raw pprof to /ingest.
. tests/interop/lib.sh
need npm

mkdir -p "$CACHE/nodejs"
cp "$POLYGLOT/nodejs/"*.js* "$CACHE/nodejs/"
fetch_client npm ci --prefix "$CACHE/nodejs" --cache "$CACHE/npm" --no-audit \
    --no-fund --loglevel=error
node tests/interop/sdk.js nodejs node "$CACHE/nodejs/app.js"
