#!/bin/sh
# One pushed profile, seen through every query, in protobuf and in JSON.
. tests/tap.sh
need node
node tests/integration/canary.js
