#!/bin/sh
# One archive for a room without a network: the sources, and the programs
# with their libraries for this machine's processor, and for arm64 when
# scenarios/cross.sh has made them. On such a machine with a C library at
# least as new it runs as it is; elsewhere `make up` builds it.
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
name=flamekit-$version
stage=build/bundle
limit=$((25 * 1024 * 1024))

rm -rf "$stage"
mkdir -p "$stage/$name"
git ls-files -z | xargs -0 tar cf - | tar xf - -C "$stage/$name"

pack() { # PROCESSOR BUILD STRIP [ROOT]
    programs=$stage/$name/prebuilt/$1
    mkdir -p "$programs/bin"
    for p in flamekit flamekit-server loadgen demoapp demoapp-inline \
        demoapp-noframes demoapp-stripped demoapp-tail; do
        cp "$2/bin/$p" "$programs/bin/"
        "$3" --strip-debug "$programs/bin/$p"
    done
    sh scenarios/closure.sh libs "$programs/lib" ${4:+"$2" "$4"}
    packed=${packed:+$packed and }$1
}
packed=
pack "$(uname -m)" build/release strip
[ ! -x build/aarch64/bin/flamekit ] ||
    pack aarch64 build/aarch64 aarch64-linux-gnu-strip build/aarch64-root

tar cJf "build/$name.tar.xz" -C "$stage" "$name"
bytes=$(stat -c %s "build/$name.tar.xz")
echo "bundle    build/$name.tar.xz   $((bytes / 1024)) KB, programs for $packed"
[ "$bytes" -le $limit ] || {
    echo "the archive is larger than $((limit / 1024 / 1024)) MB" >&2
    exit 1
}
