#!/bin/sh
# cppcheck's certain findings.
. tests/tap.sh
need cppcheck

check() {
    cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability \
        --suppressions-list=tests/lint/cppcheck.txt \
        --template='{file}:{line}: {id}: {message}' --template-location='' \
        -I. -D_GNU_SOURCE -D__x86_64__ '-DFK_VERSION=""' -j 2 \
        common agent server cli demoapp loadgen
}
ok "cppcheck has nothing to say" check
tap_done
