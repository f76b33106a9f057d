# shellcheck shell=sh
# A network of the test's own, where that is allowed: `. tests/apart.sh`
# before tests/tap.sh, for tests in which a port of the kit is free for a
# while and no other kit may take it.
if [ -z "${FK_APART:-}" ] && unshare --net ip link set lo up 2>/dev/null; then
    FK_APART=1 exec unshare --net sh -c 'ip link set lo up; exec sh "$0"' "$0"
fi
