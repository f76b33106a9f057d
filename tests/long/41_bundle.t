#!/bin/sh
# The archive of `make bundle` on both processors: what is in it for arm64 is
# made by a cross compiler and runs in an emulator, for which a private
# binfmt_misc knows arm64 programs; its C library is the one of Debian.
. tests/tap.sh
need unshare xz
command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 &&
    qemu=$(command -v qemu-aarch64-static) || {
    echo "1..0 # SKIP no cross compiler or no emulator for arm64"
    exit 0
}

make --no-print-directory bundle >"$TMP/made" 2>&1
is "make bundle" $? 0
archive=build/flamekit-$(cat VERSION).tar.xz
like "for both processors" "$(cat "$TMP/made")" "*aarch64*"
kb=$(($(stat -c %s "$archive") / 1024))
ok "at most 25 MB ($kb KB)" test $kb -le $((25 * 1024))
tar xJf "$archive" -C "$TMP"
kit=$TMP/flamekit-$(cat VERSION)
like "programs of arm64" "$(readelf -h "$kit/prebuilt/aarch64/bin/flamekit")" "*AArch64*"
is "and libraries of arm64 only" "$(for f in "$kit"/prebuilt/aarch64/lib/*; do
    readelf -h "$f" | grep Machine: ; done | sort -u | tr -d ' ')" "Machine:AArch64"

# ---- an arm64 machine ------------------------------------------------------------
mkdir "$TMP/bin"
printf '#!/bin/sh\necho aarch64\n' >"$TMP/bin/uname"
chmod +x "$TMP/bin/uname"
cat >"$TMP/arm64" <<'END'
qemu=$1
shift
mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit 77
printf '%s' ':arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$qemu:F" \
    >/proc/sys/fs/binfmt_misc/register || exit 77
exec "$@"
END
FLAMEKIT_STATE=$TMP/state
PATH=$TMP/bin:$PATH
QEMU_LD_PREFIX=$PWD/build/aarch64-root
export FLAMEKIT_STATE PATH QEMU_LD_PREFIX
unset FLAMEKIT_RUN FLAMEKIT_SERVER FLAMEKIT_APP FLAMEKIT_NIGHT
arm64() {
    unshare --user --map-root-user --mount sh "$TMP/arm64" "$qemu" "$@" \
        >"$TMP/out" 2>&1 </dev/null
}
arm64 "$kit/flamekit" --version
status=$?
[ $status != 77 ] || {
    skip "running it" "this kernel has no private binfmt_misc: $(tail -n 1 "$TMP/out")"
    tap_done
}
is "its program starts" "$status $(cat "$TMP/out")" "0 flamekit $(cat VERSION)"
arm64 "$kit/flamekit" list
like "and knows the exercises beside it" "$(cat "$TMP/out")" "*07.1*07.5*"
at_exit "arm64 $kit/flamekit down"
arm64 "$kit/flamekit" up
is "up, with the round trip" $? 0
sed 's/^/# /' "$TMP/out"
arm64 "$kit/flamekit" run 07.1 --speed 6 --quiet
is "a load of an exercise" $? 0
tap_done
