#!/bin/sh
# pyroscope-go: forms of pprof to /ingest.
. tests/interop/lib.sh
toolchain go 1.21 go version # which fetches a newer one

export GOMODCACHE="$CACHE/gomod" GOCACHE="$CACHE/gobuild" GOFLAGS="-modcacherw -mod=readonly"
fetch_client go build -C "$POLYGLOT/go" -o "$CACHE/simple.go.app" .
node tests/interop/sdk.js go "$CACHE/simple.go.app"
