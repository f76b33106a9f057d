#!/bin/sh
# The archive for a room without a network: small enough, and what is in it
# runs from where it was unpacked, with its own libraries.
. tests/tap.sh
need xz git

git rev-parse -q --verify HEAD >/dev/null 2>&1 || {
    echo "1..0 # SKIP not a checkout: the archive is made of its files"
    exit 0
}
ok "make bundle" sh scenarios/bundle.sh
archive=build/flamekit-$(cat VERSION).tar.xz
ok "at most 25 MB" [ "$(stat -c %s "$archive")" -le $((25 * 1024 * 1024)) ]
tar xJf "$archive" -C "$TMP"
kit=$TMP/flamekit-$(cat VERSION)
FLAMEKIT_STATE=$TMP/state
export FLAMEKIT_STATE
unset FLAMEKIT_RUN FLAMEKIT_SERVER FLAMEKIT_APP FLAMEKIT_NIGHT
at_exit "$kit/flamekit down >/dev/null 2>&1"
is "its program runs" "$("$kit/flamekit" --version)" "flamekit $(cat VERSION)"
like "and knows the exercises beside it" "$("$kit/flamekit" list)" "*07.1*07.5*"
ok "up, with the round trip, from the archive alone" "$kit/flamekit" up
ok "a load of an exercise" "$kit/flamekit" run 07.1 --speed 20 --quiet
ok "down" "$kit/flamekit" down
like "libraries come from the archive" \
    "$(LD_LIBRARY_PATH=$kit/prebuilt/$(uname -m)/lib ldd "$kit/prebuilt/$(uname -m)/bin/loadgen" | grep curl)" \
    "*prebuilt*"
tap_done
