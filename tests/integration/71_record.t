#!/bin/sh
# `flamekit record`, `top` and `flame`.
. tests/tap.sh
need cc
flamekit=$PWD/build/release/bin/flamekit
[ -e build/release/lib/libflamekit_preload.so ] ||
    { echo "1..0 # SKIP no preload library in this build"; exit 0; }
cd "$TMP" || exit 1

cat >two.c <<'END'
#include <stdio.h>
#include <time.h>
#include <stdlib.h>
static volatile unsigned long sink;
static void spin(double s)
{
    struct timespec t;
    double until = -1;
    do {
        for (int i = 0; i < 20000; i++)
            sink = sink * 31 + 7;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        if (until < 0)
            until = (double)t.tv_sec + (double)t.tv_nsec / 1e9 + s;
    } while ((double)t.tv_sec + (double)t.tv_nsec / 1e9 < until);
}
__attribute__((noipa)) void large_part(void) { spin(.6); sink++; }
__attribute__((noipa)) void small_part(void) { spin(.2); sink++; }
int main(void) { large_part(); small_part(); puts("out"); return 3; }
END
cc -O1 -o two two.c

"$flamekit" record --hz 500 -o two.pb.gz -- ./two >out 2>err
is "the status and output are the command's" "$? $(cat out)" "3 out"
like "the top ten are printed" "$(cat err)" "*large_part*"
share=$("$flamekit" top two.pb.gz | awk '$NF == "large_part" { print int($(NF - 1)) }')
ok "three quarters are the larger part's ($share)" test "$share" -ge 68 -a "$share" -le 82
"$flamekit" record -o two.folded -- ./two >/dev/null 2>&1
like "folded by the ending" "$(cat two.folded)" "*main;large_part*"
like "top reads folded text" "$("$flamekit" top two.folded)" "*large_part*"
"$flamekit" record -o tree.folded -- sh -c './two; ./two' >/dev/null 2>&1
ns=$(awk '{ s += $NF } END { print s }' tree.folded)
ok "children are recorded as well ($ns)" test "$ns" -gt 1300000000
"$flamekit" record -- sh -c 'exit 12' 2>/dev/null
is "any status" $? 12
"$flamekit" record -- sh -c 'kill -TERM $$' 2>/dev/null
is "128 and the signal" $? 143
"$flamekit" record -- ./nothing-here 2>err
is "no such command" "$? $(cat err)" "127 flamekit: ./nothing-here cannot be run: No such file or directory"
cc -O1 -static -o still two.c
"$flamekit" record -o still.pb -- ./still >/dev/null 2>err
is "a static program runs" $? 3
like "and the reason is given" "$(cat err)" "*linked statically*"
"$flamekit" record >/dev/null 2>err
is "no command is a mistake" $? 2

printf 'main;a<b>&"x" 3\nmain;</text><script>alert(1)</script> 1\n' >evil.folded
"$flamekit" flame -o f.svg evil.folded >/dev/null
"$flamekit" flame --html -o f.html evil.folded >/dev/null
is "names are escaped" "$(cat f.svg f.html | grep -c 'alert(1)</script>\|a<b>')" 0
ok "the graph uses no network" sh -c '! grep -hE "(src|href)=|url\(|@import|fetch|import " f.svg f.html'
if command -v xmllint >/dev/null; then
    ok "the SVG is well-formed" xmllint --noout f.svg
else
    skip "the SVG is well-formed" "xmllint is not installed"
fi
printf 'not a profile' >bad
"$flamekit" top bad 2>err
is "a file that is no profile" "$?" 1
like "is said so" "$(cat err)" "*neither pprof nor folded*"
"$flamekit" top --type nope two.pb.gz 2>err
like "a type it does not have" "$(cat err)" "*has no sample type nope*"
tap_done
