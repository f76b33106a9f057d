#!/bin/sh
# Conventions of HTTP and Connect.
# The server is that of FK_BUILD.
. tests/tap.sh
need node
node tests/integration/wire_http.js
