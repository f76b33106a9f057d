#!/bin/sh
# closure.sh tree DEST     the kit as a file tree that needs nothing else:
#                          programs, the libraries they load, exercises, plans
# closure.sh libs DEST [BUILD ROOT]
#                          only the libraries, without the C library itself;
#                          of a BUILD for another processor, whose Debian is
#                          unpacked in ROOT
#
# Why libraries and not static programs: Debian's libcurl.a needs static
# Kerberos, LDAP, nghttp2, ssh2 and psl, which Debian does not ship. Copying
# what ldd names is the same for every architecture, and the agent's unwinder
# sees the same code as in a native run.
set -eu
cd "$(dirname "$0")/.."
bin=build/release/bin
programs="flamekit flamekit-server demoapp loadgen"
builds="demoapp-inline demoapp-noframes demoapp-stripped demoapp-tail"

# What those programs and libraries want, found in ROOT/lib and ROOT/usr/lib.
foreign() { # ROOT FILE...
    root=$1 known='' todo=''
    shift
    while [ $# -gt 0 ]; do
        todo=$*
        set --
        # shellcheck disable=SC2086
        for name in $(readelf -d $todo | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u); do
            case " $known " in *" $name "*) continue ;; esac
            known="$known $name"
            file=$(find "$root/lib" "$root/usr/lib" -name "$name" | head -n 1)
            [ -n "$file" ] || {
                echo "$name is not in $root" >&2
                exit 1
            }
            echo "$file"
            set -- "$@" "$file"
        done
    done
}

libraries() {
    [ -z "$root" ] || {
        # shellcheck disable=SC2046
        foreign "$root" $(for p in $programs; do echo "$bin/$p"; done)
        return
    }
    for p in $programs; do ldd "$bin/$p"; done |
        awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' |
        sort -u
}

copy_libs() { # DEST: under the names that programs ask for
    mkdir -p "$1"
    wanted=$(libraries)
    for lib in $wanted; do
        case $2:$lib in
        portable:*/ld-linux* | portable:*/libc.so* | portable:*/libm.so* | \
            portable:*/libresolv.so*) ;;
        *) cp -L "$lib" "$1/" ;;
        esac
    done
}

tree() {
    kit=$1/kit
    mkdir -p "$kit/$bin" "$1/data" "$1/state" "$1/tmp" "$1/etc"
    for p in $programs $builds; do
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

[ $# -lt 4 ] || bin=$3/bin
root=${4:-}
case ${1:-}:${2:-} in
tree:?*) tree "$2" ;;
libs:?*) copy_libs "$2" portable ;;
*)
    echo "usage: closure.sh tree|libs DEST [BUILD ROOT]" >&2
    exit 2
    ;;
esac
