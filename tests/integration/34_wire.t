#!/bin/sh
# Conventions, limits and traps of the wire, a table for each.
. tests/tap.sh
need node
node tests/integration/wire.js
