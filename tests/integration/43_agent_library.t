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
is "it does not write to stdout, nor abort" \
    "$(nm -D --undefined-only $lib | grep -wE 'puts|putchar|printf|stdout|abort')" ""
is "it ends no process, but one that nobody else is left in" \
    "$(nm -A --undefined-only build/release/agent/*.o | grep -wE 'exit|_exit' |
        sed 's/.*agent\/\([^:]*\):.*/\1/' | sort -u)" ending.o

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

# The header in C++: the macro, nested scopes, work handed to another thread.
if command -v g++ >/dev/null; then
    cat >"$TMP/host.cpp" <<'END'
#include "agent/flamekit.h"
#include <cstdio>
#include <thread>
static flamekit_labels set_of(const char *value)
{
    flamekit_tag tag = {"job", value};
    return flamekit_labels_intern(&tag, 1);
}
int main()
{
    flamekit_config config;
    flamekit_config_init(&config);
    flamekit_labels empty = flamekit_labels_get(), outer, inner, there = nullptr;
    {
        FLAMEKIT_TAG("job", "outer");
        outer = flamekit_labels_get();
        {
            FLAMEKIT_TAG("job", "inner");
            inner = flamekit_labels_get();
            std::thread([&] {
                flamekit_labels before = flamekit_labels_set(inner);
                there = flamekit_labels_get();
                flamekit_labels_set(before);
            }).join();
        }
        if (flamekit_labels_get() != outer)
            return 1;
    }
    std::puts(empty == flamekit_labels_get() && outer == set_of("outer") &&
                inner == set_of("inner") && there == inner ? "right" : "wrong");
    return 0;
}
END
    for std in c++11 c++17 c++20; do
        ok "the header is C++: $std" g++ "-std=$std" -Wall -Wextra -Werror -pedantic \
            -I. -o "$TMP/cpp" "$TMP/host.cpp" -Lbuild/release/lib -lflamekit -pthread
    done
    is "tags nest and are handed over" \
        "$(LD_LIBRARY_PATH=build/release/lib "$TMP/cpp")" right
else
    skip "the header in C++" "no C++ compiler"
fi
tap_done
