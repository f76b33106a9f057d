#!/bin/sh
# The page's hour of live refresh, with every refresh it would make.
FK_SOAK_BEATS=720 exec node --test --test-reporter=tap tests/ui/soak.test.js
