#!/bin/sh
# Flame graphs over GET.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/wire_render.js
