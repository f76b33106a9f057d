#!/bin/sh
# What Grafana asks, in the order in which it asks it.
. tests/tap.sh
need node
node tests/integration/grafana.js
