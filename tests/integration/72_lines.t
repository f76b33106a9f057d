#!/bin/sh
# Lines and inlined functions of a C++ program: in what `record` writes, and
# through the server.
. tests/integration/lib.sh
need g++ curl jq
ldconfig -p | grep -q 'libdw\.so\.1' ||
    { echo "1..0 # SKIP libdw1 is not installed"; exit 0; }
pkg-config --exists libdw ||
    { echo "1..0 # SKIP libdw-dev is not installed"; exit 0; }
[ -e build/release/lib/libflamekit_preload.so ] ||
    { echo "1..0 # SKIP no preload library in this build"; exit 0; }

cat >"$TMP/cart.cpp" <<'END'
#include <cstdio>
#include <ctime>
static volatile unsigned long sink;
namespace shop {
static inline __attribute__((always_inline)) void innermost(long n)
{
    for (long i = 0; i < n; i++)
        sink = sink * 31 + 7;
}
template <class T> struct Cart {
    __attribute__((noinline)) void total(T n)
    {
        innermost(n);
        sink = sink + 1;
    }
};
}
int main()
{
    shop::Cart<long> cart;
    while (std::clock() < CLOCKS_PER_SEC / 2)
        cart.total(100000);
    std::puts("done");
}
END
g++ -O2 -g -o "$TMP/cart" "$TMP/cart.cpp"

build/release/bin/flamekit record -o "$TMP/cart.folded" -- "$TMP/cart" >"$TMP/out" 2>/dev/null
is "record: the program's output" "$? $(cat "$TMP/out")" "0 done"
like "record: the inlined function, and the template that has it" \
    "$(cat "$TMP/cart.folded")" '*main;shop::Cart<long>::total(long);innermost *'
build/release/bin/flamekit record --no-lines -o "$TMP/plain.folded" -- "$TMP/cart" >/dev/null 2>&1
is "record --no-lines: without" "$(grep -c innermost "$TMP/plain.folded")" 0

build/release/bin/flamekit record -o "$TMP/cart.pb" -- "$TMP/cart" >/dev/null 2>&1
ok "the file of source is in the profile" grep -q 'cart\.cpp' "$TMP/cart.pb"

start_server
# Lines are read within a budget of CPU time for each upload, which one run on a
# busy machine may not be enough for: then the frame is in the profile of a later.
inlined='*shop::Cart<long>::total(long) innermost*'
for _ in $(seq 10); do
    env LD_PRELOAD="$PWD/build/release/lib/libflamekit_preload.so" \
        PYROSCOPE_APPLICATION_NAME=lines PYROSCOPE_SERVER_ADDRESS="$URL" \
        PYROSCOPE_SYMBOLIZE=lines "$TMP/cart" >/dev/null
    names=$(curl -s -G "$URL/pyroscope/render" -d from=now-1h -d until=now%2B1h \
        --data-urlencode 'query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name="lines"}' |
        jq -r '.flamebearer.names | join(" ")')
    # shellcheck disable=SC2254 # a pattern
    case $names in $inlined) break ;; esac
done
like "the server: inlined frames are frames" "$names" "$inlined"
tap_done
