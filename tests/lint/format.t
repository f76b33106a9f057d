#!/bin/sh
# clang-format decides how C looks; .clang-format is written for version 14.
. tests/tap.sh
need clang-format

formatted() { git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror; }
ok "make fmt would change nothing" formatted
tap_done
