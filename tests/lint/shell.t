#!/bin/sh
# Every script of ours is clean by shellcheck. SC109x: sourced files are
# checked by themselves; SC2034: what they set is for those who source them.
. tests/tap.sh
need shellcheck

scripts() {
    git ls-files '*.sh' '*.t' .ci/run | xargs shellcheck -x -f gcc -S warning -e SC1090,SC1091,SC2034
}
ok "shellcheck has nothing to say" scripts
tap_done
