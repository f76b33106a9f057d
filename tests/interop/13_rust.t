#!/bin/sh
# The pyroscope crate: Push with pprof made in signal handlers.
. tests/interop/lib.sh
toolchain cargo 1.89 cargo --version

fetch_client cargo build --quiet --locked --release --target-dir "$CACHE/cargo" \
    --manifest-path "$POLYGLOT/rust/Cargo.toml"
node tests/interop/sdk.js rust "$CACHE/cargo/release/simple-rust-app"
