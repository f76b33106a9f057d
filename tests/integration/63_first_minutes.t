#!/bin/sh
# docs/first-ten-minutes.md, command by command, as a newcomer types it; and
# the commands of the README, whose load is made shorter.
. tests/tap.sh
. tests/shown.sh
need curl jq make
. tests/kit.sh
unset FLAMEKIT_NIGHT MAKEFLAGS MAKELEVEL

mkdir "$TMP/bin"
ln -s "$PWD/$kit" "$TMP/bin/flamekit"
cat >"$TMP/bin/make" <<END
#!/bin/sh
[ "\$*" = load ] && set -- load "ARGS=--for 2s"
exec $(command -v make) -s --no-print-directory "\$@"
END
chmod +x "$TMP/bin/make"
PATH=$TMP/bin:$PATH

# A check may have any verdict here, but it must be one.
run_block() { # FILE
    sh "$1" >"$TMP/out" 2>&1 </dev/null
    status=$?
    grep -q 'check' "$1" && grep -qE '^(PASS|NOT YET|MORE DATA)' "$TMP/out" ||
        [ $status = 0 ]
}

run_all() { # DOCUMENT
    blocks "$1"
    for block in "$TMP"/block.*.sh; do
        what="$1: $(head -n 1 "$block" | cut -c1-50)"
        ok "$what" run_block "$block"
        [ -f "${block%.sh}.text" ] || continue
        if matches "${block%.sh}.text" "$TMP/out" >"$TMP/why"; then
            pass "$what: prints what is shown"
        else
            fail "$what: prints what is shown" "$(cat "$TMP/why")" "$(cat "$TMP/out")"
        fi
    done
}

run_all docs/first-ten-minutes.md
run_all README.md
rm -f flamekit.pb.gz flame.html # made in the folder of the one who types
tap_done
