#!/bin/sh
# Files and lines of source through the store.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/wire_lines.js
