#!/bin/sh
# Pitfalls of the agent at the size that its design speaks of: 2 GiB of memory,
# half a minute of requests, a minute of trouble, and 5000 threads. `make check` has the same tests with less.
. tests/tap.sh

unit=${FK_BUILD:-build/release}/tests/unit
at_size() { # WHAT ENVIRONMENT PROGRAM TEST
    ok "$1" env "$2" "$unit/$3" "$4"
    grep -h '^# ' "$TMP/.ok"
    ! grep -q SKIP "$TMP/.ok" || skip "$1" "see above"
}

free_mib=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
if [ "$free_mib" -ge 4096 ]; then
    at_size "13: 2 GiB fork in time" FK_LARGE_MIB=2048 test_agent_world pitfall_13
else
    skip "13: 2 GiB fork in time" "$free_mib MiB of memory are free"
fi
at_size "14: half a minute of requests" FK_CLIENTS_SECONDS=30 \
    test_agent_clients pitfall_14
at_size "43: every trouble for two seconds" FK_OUTAGE_MS=2000 \
    test_agent_outage pitfall_43
at_size "49: 5000 idle threads" FK_IDLE_THREADS=5000 test_agent_wall_places \
    pitfall_49
tap_done
