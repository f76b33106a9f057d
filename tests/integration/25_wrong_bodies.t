#!/bin/sh
# A wrong body of each format: a 4xx, and a sentence that names the place.
. tests/tap.sh
need node
node tests/integration/wrong_bodies.js
