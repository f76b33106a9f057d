#!/bin/sh
# clang-tidy with the checks of .clang-tidy; a file is looked at again when
# it or one of its headers changes.
. tests/tap.sh
need clang-tidy make

unset MAKEFLAGS MAKELEVEL
tidy() {
    make -s -k -j2 tidy >"$TMP/tidy" 2>&1 && return 0
    grep -e 'error:' -e '^make: [*]' "$TMP/tidy" | sort -u
    return 1
}
ok "clang-tidy has nothing to say" tidy
tap_done
