#!/bin/sh
# What Push refuses, and its words.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/wire_push.js
