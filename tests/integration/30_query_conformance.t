#!/bin/sh
# The shared conformance files against a real server.
. tests/tap.sh
need node
node tests/integration/query_conformance.js
