#!/bin/sh
# Queries on the wire: selectors, proto-JSON, times, labels.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/wire_query.js
