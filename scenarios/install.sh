#!/bin/sh
# What the kit needs from the system, and how to get it.
#   install.sh verify NAME:PACKAGE...   say in one line which library is missing
#   install.sh run                      install what `make up` needs
#   install.sh test                     install what `make check` needs as well
#   install.sh long                     and what `make check-long` needs
#   install.sh interop                  ... `make check-interop`, as far as Debian
#                                       has it: Go and Rust must be newer
#   install.sh engine                   ... a container engine
#   install.sh packages                 print what `make up` needs
# apt runs as root or through sudo, once, after saying what it will do; on
# other systems the one line to run is printed instead.
set -eu

RUN_TOOLS="gcc make pkg-config"
RUN_PACKAGES="gcc libc6-dev make pkg-config libmicrohttpd-dev \
libcurl4-openssl-dev libsqlite3-dev zlib1g-dev libzstd-dev libjansson-dev"
RUN_LIBS="libmicrohttpd libcurl sqlite3 zlib libzstd jansson"

# tool:package; a tool that is on the PATH is not installed again.
TEST_TOOLS="prove:perl g++:g++ clang:clang clang-format:clang-format \
clang-tidy:clang-tidy node:nodejs npm:npm chromium:chromium \
shellcheck:shellcheck cppcheck:cppcheck pmccabe:pmccabe jq:jq curl:curl \
valgrind:valgrind protoc:protobuf-compiler sqlite3:sqlite3 ss:iproute2 \
git:git openssl:openssl debootstrap:debootstrap musl-gcc:musl-tools \
aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu \
qemu-aarch64-static:qemu-user-static"
# What is no tool: a pattern of files that are there when the package is.
TEST_FILES="/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a:libclang-rt-14-dev \
/usr/aarch64-linux-gnu/include/stdio.h:libc6-dev-arm64-cross \
/usr/include/elfutils/libdw.h:libdw-dev"
LONG_TOOLS="aarch64-linux-gnu-g++:g++-aarch64-linux-gnu nginx:nginx \
pg_ctlcluster:postgresql go:golang-go"

INTEROP_TOOLS="java:openjdk-17-jre-headless javac:openjdk-17-jdk-headless \
mvn:maven npm:npm node:nodejs python3:python3 protoc:protobuf-compiler \
curl:curl jq:jq prove:perl"
ENGINE_TOOLS="dockerd:docker.io docker-compose:docker-compose \
debootstrap:debootstrap unshare:util-linux ip:iproute2"

have() { command -v "$1" >/dev/null 2>&1; }

verify() {
    have gcc || have clang || {
        echo "no C compiler: run 'make up' (it installs gcc), or apt-get install gcc" >&2
        exit 1
    }
    have pkg-config || {
        echo "pkg-config is missing: apt-get install pkg-config" >&2
        exit 1
    }
    missing=
    for pair in "$@"; do
        pkg-config --exists "${pair%%:*}" || missing="$missing ${pair#*:}"
    done
    [ -z "$missing" ] || {
        echo "libraries are missing: run 'make up', or apt-get install$missing" >&2
        exit 1
    }
}

missing_run() {
    for tool in $RUN_TOOLS; do
        have "$tool" || { echo "$RUN_PACKAGES"; return; }
    done
    for lib in $RUN_LIBS; do
        pkg-config --exists "$lib" || { echo "$RUN_PACKAGES"; return; }
    done
}

missing_tools() { # TOOL:PACKAGE...
    for pair in "$@"; do
        have "${pair%%:*}" || echo "${pair#*:}"
    done
}

missing_files() {
    set -f
    for pair in $TEST_FILES; do
        pattern=${pair%%:*}
        set +f
        # shellcheck disable=SC2086
        ls $pattern >/dev/null 2>&1 || echo "${pair#*:}"
    done
}

# shellcheck disable=SC2086
missing_test() {
    missing_tools $TEST_TOOLS
    missing_files
    [ "$1" = test ] || missing_tools $LONG_TOOLS
}

missing_pip() {
    python3 -m pip --version >/dev/null 2>&1 || echo python3-pip
}

apt_install() {
    echo "install   $*"
    if ! have apt-get; then
        echo "this system has no apt-get; install the equivalents of: $*" >&2
        exit 1
    fi
    as_root=
    if [ "$(id -u)" != 0 ]; then
        have sudo || {
            echo "not root and no sudo; as root run: apt-get install $*" >&2
            exit 1
        }
        as_root=sudo
    fi
    log=${TMPDIR:-/tmp}/flamekit-apt.$$
    if ! { $as_root apt-get update && $as_root env \
        DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends "$@"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "apt-get failed; the whole log is $log" >&2
        exit 1
    fi
    rm -f "$log"
}

verb=${1:-}
[ $# -gt 0 ] && shift
case $verb in
verify) verify "$@" ;;
packages) echo "$RUN_PACKAGES" ;;
run | test | long | interop | engine)
    # shellcheck disable=SC2086
    case $verb in
    run) want=$(missing_run) ;;
    test | long) want="$(missing_run) $(missing_test "$verb")" ;;
    interop) want="$(missing_run) $(missing_tools $INTEROP_TOOLS) $(missing_pip)" ;;
    engine) want=$(missing_tools $ENGINE_TOOLS) ;;
    esac
    # shellcheck disable=SC2086
    set -- $want
    [ $# -eq 0 ] || apt_install "$@"
    ;;
*)
    echo "usage: install.sh verify NAME:PACKAGE... |" \
        "run | test | long | interop | engine | packages" >&2
    exit 2
    ;;
esac
