#!/bin/sh
# The agent's handler is async-signal-safe: every function of the C library
# that it can reach, through whatever calls, stands in signal_safe.txt.
. tests/tap.sh
need objdump

lib=build/release/lib/libflamekit.so
reach() { # LIBRARY FUNCTION
    objdump -d --no-show-raw-insn "$1" | awk -v root="$2" -f tests/lint/reach.awk
}
grep -v '^#' tests/lint/signal_safe.txt >"$TMP/safe"
unsafe() { awk -v list="$TMP/safe" 'BEGIN { while ((getline n < list) > 0) safe[n] }
    !($1 in safe) { print; bad = 1 } END { exit bad }'; }

handler_is_safe() { reach $lib fk_handler_on_signal | unsafe; }
ok "the handler reaches nothing unsafe" handler_is_safe
like "and the walk leaves the handler's own file" \
    "$(reach $lib fk_handler_on_signal)" '*> fk_unwind > *'

# The check itself: printf three calls down, malloc by pointer, thread-locals.
cat >"$TMP/bad.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
__thread int counter;
static void *(*volatile fn)(size_t) = malloc;
__attribute__((noinline)) static void deep(int x) { printf("%d\n", x); }
__attribute__((noinline)) static void middle(int x) { deep(x + 1); }
void prints(int x) { middle(x + 1); }
void *points(int x) { return fn((size_t)x); }
int counts(int x) { return counter += x; }
END
gcc -O1 -fPIC -shared -o "$TMP/bad.so" "$TMP/bad.c"
like "found: printf" "$(reach "$TMP/bad.so" prints | unsafe)" '*printf*prints > middle > deep*'
is "found: a call by pointer" "$(reach "$TMP/bad.so" points | unsafe)" "* points"
like "found: a thread-local that allocates" "$(reach "$TMP/bad.so" counts | unsafe)" "__tls_get_addr*"
tap_done
