#!/bin/sh
# The programs for arm64, made on a machine with another processor, for the
# archive of `make bundle`: build/aarch64/bin. Debian's arm64 libraries are
# unpacked into build/aarch64-root; nothing is installed. Without the compiler
# or the packages it says so, and the archive is for this processor only.
set -eu
cd "$(dirname "$0")/.."
out=build/aarch64
root=$PWD/build/aarch64-root
[ "$(uname -m)" != aarch64 ] || exit 0
leave_out() { # WHY
    rm -rf build/aarch64/bin
    echo "arm64     left out: $1"
    exit 0
}
command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 ||
    leave_out "the compiler is missing; apt-get install gcc-aarch64-linux-gnu"
command -v apt-get >/dev/null 2>&1 ||
    leave_out "its libraries are Debian's, and there is no apt-get here"

# An apt of our own, with nothing installed and nothing but arm64.
fetch_root() {
    apt=$PWD/build/aarch64-apt
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$root"
    : >"$apt/status"
    own() {
        apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 \
            -o APT::Sandbox::User=root -o Dir::State="$apt/state" \
            -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" "$@"
    }
    # shellcheck disable=SC2046
    own update && own --no-install-recommends --download-only -y install libc6-dev \
        $(sh scenarios/install.sh packages | tr ' ' '\n' | grep 'lib.*-dev\|zlib') ||
        leave_out "Debian's packages for it cannot be fetched"
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    # Links into the root of a system point into this one.
    find "$root" -type l -lname '/*' | while read -r link; do
        ln -sfn "$root$(readlink "$link")" "$link"
    done
    rm -rf "$apt"
    : >"$root/.whole"
}
[ -e "$root/.whole" ] || fetch_root

libs=$root/usr/lib/aarch64-linux-gnu
PKG_CONFIG_LIBDIR=$libs/pkgconfig:$root/usr/share/pkgconfig \
    PKG_CONFIG_SYSROOT_DIR=$root \
    make -s B=$out HOST_BUILD=build/release CC="aarch64-linux-gnu-gcc --sysroot=$root" \
    $out/bin/flamekit $out/bin/flamekit-server $out/bin/demoapp $out/bin/loadgen builds
