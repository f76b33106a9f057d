#!/bin/sh
# One pushed profile, seen through every query, in protobuf and in JSON.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/canary.js
