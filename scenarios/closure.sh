#!/bin/sh
# closure.sh tree DEST     the kit as a file tree that needs nothing else:
#                          programs, the libraries they load, exercises, plans
# closure.sh libs DEST     only the libraries, without the C library itself
#
# Why libraries and not static programs: Debian's libcurl.a needs static
# Kerberos, LDAP, nghttp2, ssh2 and psl, which Debian does not ship. Copying
# what ldd names is the same for every architecture, and the agent's unwinder
# sees the same code as in a native run.
set -eu
cd "$(dirname "$0")/.."
bin=build/release/bin
programs="flamekit flamekit-server demoapp loadgen"

libraries() {
    for p in $programs; do ldd "$bin/$p"; done |
        awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' |
        sort -u
}

copy_libs() { # DEST: under the names that programs ask for
    mkdir -p "$1"
    for lib in $(libraries); do
        case $2:$lib in
        portable:*/ld-linux* | portable:*/libc.so* | portable:*/libm.so*) ;;
        *) cp -L "$lib" "$1/" ;;
        esac
    done
}

tree() {
    kit=$1/kit
    mkdir -p "$kit/$bin" "$1/data" "$1/state" "$1/tmp" "$1/etc"
    for p in $programs; do
        cp "$bin/$p" "$kit/$bin/"
        strip --strip-debug "$kit/$bin/$p" # names of functions stay
    done
    copy_libs "$1/lib" all
    # The loader's path is fixed in every program: /lib64 on x86-64.
    loader=$(readelf -l "$bin/flamekit" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
    mkdir -p "$1$(dirname "$loader")"
    [ -e "$1$loader" ] || mv "$1/lib/${loader##*/}" "$1$loader"
    cp -r exercises scenarios "$kit/"
    mkdir -p "$kit/loadgen"
    cp -r loadgen/plans "$kit/loadgen/"
    echo 'kit:x:65532:65532::/:' >"$1/etc/passwd"
    chmod 1777 "$1/tmp"
    chown 65532:65532 "$1/data" "$1/state" 2>/dev/null ||
        chmod 1777 "$1/data" "$1/state"
}

case ${1:-}:${2:-} in
tree:?*) tree "$2" ;;
libs:?*) copy_libs "$2" portable ;;
*)
    echo "usage: closure.sh tree|libs DEST" >&2
    exit 2
    ;;
esac
