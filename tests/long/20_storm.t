#!/bin/sh
# The storm of tests/unit/test_agent_storm.c, a minute of it.
FK_STORM_SECONDS=60 exec "${FK_BUILD:-build/release}/tests/unit/test_agent_storm"
