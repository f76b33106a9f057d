#!/bin/sh
# Every header compiles alone, and every .c file includes its own first.
. tests/tap.sh
need gcc pkg-config

flags=$(pkg-config --cflags libmicrohttpd libcurl sqlite3 zlib libzstd jansson)
alone() {
    status=0
    for h in "$@"; do
        # shellcheck disable=SC2086
        echo "#include \"$h\"" | gcc -std=c17 -I. -D_GNU_SOURCE $flags \
            '-DFK_VERSION=""' -Wall -Werror -fsyntax-only -x c - 2>"$TMP/err" ||
            { status=1 && echo "$h:" && cat "$TMP/err"; }
    done
    return $status
}

# unwind_<machine>.h is for its machine only; asset tables are made by make.
all_alone() {
    # shellcheck disable=SC2046
    alone $(git ls-files '*.h' | grep -v unwind_) agent/unwind_"$(uname -m)".h
}
ok "headers compile alone" all_alone

own_first() {
    status=0
    for c in $(git ls-files '*.c'); do
        h=${c%.c}.h
        [ -f "$h" ] || continue
        first=$(sed -n 's/^#include "\(.*\)"$/\1/p; /^#include </q' "$c" | head -n 1)
        [ "$first" = "$h" ] || { status=1 && echo "$c must include $h first"; }
    done
    return $status
}
ok "own header first" own_first
tap_done
