#!/bin/sh
# Bodies of real clients: their stacks, by an independent reading of them.
. tests/tap.sh
need node
node tests/integration/fixtures.js
