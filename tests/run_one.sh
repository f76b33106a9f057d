#!/bin/sh
# Runs one test file for prove, whatever it is written in, keeps its TAP in
# $FK_TAP, and shows the interesting part of a failure at once.
file=$1
log=$FK_TAP/$(echo "$file" | tr / .).log

# Stories of tests/long may take an hour; clients are fetched and compiled.
case $file in tests/long/* | tests/interop/*) limit=4500 ;; *) limit=900 ;; esac

run() {
    case $file in
    *.t) timeout -k 10 $limit sh "$file" ;;
    *.js) timeout -k 10 $limit node --test --test-reporter=tap "$file" ;;
    *) "$file" ;;
    esac
}

{
    echo "#! file $file"
    run 2>&1
    echo "#! exit $?"
} >"$log" </dev/null
status=$(sed -n 's/^#! exit //p' "$log" | tail -n 1)
if [ "$status" != 0 ] || grep -q '^not ok' "$log"; then
    echo "--- $file (exit $status)" >&2
    grep -v -e '^ *ok ' -e '^#! ' "$log" | head -n 80 >&2
fi
# node's YAML blocks are not all YAML that prove can read: as comments.
sed -e '/^#! /d' -e '/^ *---$/,/^ *\.\.\.$/s/^/# /' "$log"
exit "$status"
