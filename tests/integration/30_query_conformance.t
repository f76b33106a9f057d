#!/bin/sh
# The shared conformance files against a real server.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/query_conformance.js
