#!/bin/sh
# clang-tidy with the checks of .clang-tidy; a file is looked at again when
# it or one of its headers changes.
. tests/tap.sh
need clang-tidy make

unset MAKEFLAGS MAKELEVEL
ok "clang-tidy has nothing to say" make -s -k -j2 tidy
tap_done
