# shellcheck shell=sh disable=SC2034
# The agent's core in other modes of make: `. tests/core/core.sh` after
# tests/tap.sh.
#
#   core_has MODE               can it be built and run here? sets $CORE_WHY
#   core_make MODE TARGET...
#   core_run MODE PROGRAM ARGS...       below build/MODE, by an emulator
#                                       where it must be; $CORE_QEMU: options
#   core_smoke MODE FILE MS cpu|wall    profiles tests/core/smoke into FILE
#   core_share FILE PATTERN     percent of its values whose stack matches
core_has() {
    CORE_WHY="the C library of static programs is not installed"
    case $1 in
    arm64)
        CORE_WHY="gcc-aarch64-linux-gnu, libc6-dev-arm64-cross or qemu-user-static is not installed"
        command -v aarch64-linux-gnu-gcc >/dev/null &&
            command -v qemu-aarch64-static >/dev/null &&
            [ -e /usr/aarch64-linux-gnu/include/stdio.h ]
        ;;
    musl)
        CORE_WHY="musl-tools is not installed"
        command -v musl-gcc >/dev/null
        ;;
    static) ls /usr/lib/*/libc.a >/dev/null 2>&1 ;;
    esac
}

core_make() {
    core_mode=$1
    shift
    env -u MAKEFLAGS -u MFLAGS make -s -j2 CI=1 MODE="$core_mode" "$@"
}

core_run() {
    core_program=build/$1/$2
    [ "$1" != arm64 ] ||
        core_program="qemu-aarch64-static ${CORE_QEMU:-} -L /usr/aarch64-linux-gnu $core_program"
    shift 2
    # shellcheck disable=SC2086
    $core_program "$@"
}

core_smoke() {
    ok "$1: a program profiles itself, $4" \
        core_run "$1" tests/core/smoke "$2" "$3" "$4"
}

core_share() {
    awk -v p="$2" '{ v = $NF; all += v; if ($0 ~ p) of += v }
        END { printf "%d", all ? 100 * of / all : -1 }' "$1"
}
