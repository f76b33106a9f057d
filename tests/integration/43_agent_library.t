#!/bin/sh
# The agent as a shared library: what a host sees of it, and that it works in
# a program that loads it.
. tests/tap.sh
need nm readelf cc
lib=build/release/lib/libflamekit.so

is "it exports flamekit_* and nothing else" \
    "$(nm -D --defined-only $lib | awk '{ print $3 }' | grep -v '^flamekit_')" ""
like "it stays loaded once it was" "$(readelf -d $lib)" '*NODELETE*'
like "it binds its calls at once" "$(readelf -d $lib)" '*NOW*'
is "it does not write to stdout" \
    "$(nm -D --undefined-only $lib | grep -wE 'puts|putchar|printf|stdout|abort|exit|_exit')" ""

cat >"$TMP/host.c" <<'END'
#include "agent/flamekit.h"
#include <stdio.h>
#include <string.h>
int main(void)
{
    flamekit_config config;
    flamekit_config_init(&config);
    config.server_address = "http://127.0.0.1:9";
    config.log_level = FLAMEKIT_LOG_NONE;
    int started = flamekit_configure(&config);
    for (volatile unsigned long i = 0; i < 200000000; i++)
        ;
    flamekit_stats stats;
    flamekit_get_stats(&stats);
    flamekit_shutdown();
    printf("%d %s\n", started, stats.samples > 0 ? "sampled" : "nothing");
    return 0;
}
END
cc -I. -o "$TMP/host" "$TMP/host.c" -Lbuild/release/lib -lflamekit
run() { LD_LIBRARY_PATH=build/release/lib "$@" "$TMP/host" 2>&1; }
is "a program that links it is sampled" \
    "$(run env PYROSCOPE_APPLICATION_NAME=host)" "0 sampled"
is "without a name it says no and the program runs" "$(run)" "-22 nothing"
is "switched off from outside" \
    "$(run env PYROSCOPE_APPLICATION_NAME=host PYROSCOPE_AGENT_ENABLED=0)" \
    "-125 nothing"
tap_done
