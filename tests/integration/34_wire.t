#!/bin/sh
# Conventions, limits and traps of the wire, a table for each.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/wire.js
