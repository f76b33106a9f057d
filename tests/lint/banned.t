#!/bin/sh
# Functions that are never called here: tests/lint/banned.txt.
. tests/tap.sh

banned() { xargs awk -f tests/lint/banned.awk tests/lint/banned.txt; }
all_code() { git ls-files '*.c' '*.h' | banned; }
ok "no banned function is called" all_code

cat >"$TMP/bad.c" <<'END'
/* atoi(text) in a comment is fine,
 * and system("x") in a longer one */
const char *text = "strcpy(a, b) in a string";
int fk_system(int x); /* another name */
int a = atoi (text);
END
echo "$TMP/bad.c" | banned >"$TMP/said"
is "a call is found, and the exit status says so" $? 123
is "once, with its replacement" "$(cat "$TMP/said")" \
    "$TMP/bad.c:5: atoi: use fk_slice_i64"
tap_done
