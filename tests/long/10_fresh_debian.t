#!/bin/sh
# The README's two commands on a machine that has nothing but git and make: a
# minimal Debian 12 root, made here, with the checkout cloned into it. Its
# processes live in a pid namespace that ends with the test.
. tests/tap.sh
need debootstrap unshare curl jq
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }

ROOT=$TMP/root
# The mirror that this machine's own apt uses.
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -v security | head -n 1)
debootstrap --variant=minbase --include=git,make,ca-certificates bookworm \
    "$ROOT" "$mirror" >"$TMP/debootstrap.log" 2>&1
is "a minimal Debian 12" $? 0
cp /etc/resolv.conf "$ROOT/etc/" 2>/dev/null
for conf in /etc/apt/apt.conf.d/*; do
    ! grep -qiE 'proxy|Check-Valid|Check-Date' "$conf" ||
        cp "$conf" "$ROOT/etc/apt/apt.conf.d/"
done
ok "has no compiler" sh -c "! test -e $ROOT/usr/bin/cc"
git clone -q . "$ROOT/root/flamekit"

# Everything in there; its end ends all that it started.
cat >"$ROOT/root/story" <<'EOF'
cd /root/flamekit || exit 9
make up </dev/null || exit 8
loadgen/loadgen.sh http://localhost:"$(sed -n 's/^FLAMEKIT_APP=.*://p' .flamekit/env)" 30 || exit 7
cp .flamekit/env /root/env
: >/root/loaded
while [ ! -e /root/seen ]; do sleep 0.2; done
start=$(date +%s%N)
make up || exit 6
echo $((($(date +%s%N) - start) / 1000000)) >/root/second_up_ms
make down || exit 5
ps=$(ls /proc | grep -c '^[0-9]')
echo "$ps" >/root/left
git status --porcelain --ignored >/root/status
EOF
unshare --mount --pid --fork --kill-child sh -c \
    "mount -t proc proc '$ROOT/proc' && exec chroot '$ROOT' sh /root/story" \
    >"$TMP/story.log" 2>&1 &
story=$!
at_exit "kill $story 2>/dev/null; wait $story"
# shellcheck disable=SC2317,SC2086
loaded() { [ -e "$ROOT/root/loaded" ] || ! kill -0 $story; }
wait_for 900 loaded
ok "make up and the load generator work" test -e "$ROOT/root/loaded"
[ -e "$ROOT/root/loaded" ] || tail -n 40 "$TMP/story.log" | sed 's/^/# /'

server=$(sed -n 's/^FLAMEKIT_SERVER=//p' "$ROOT/root/env")
render() { # TYPE -> JSON
    curl -s -G "$server/pyroscope/render" --data-urlencode \
        "query=$1{service_name=\"workshop.demo.app\"}" \
        -d from=now-2m -d until=now+1m -d max-nodes=65536
}
render process_cpu:cpu:nanoseconds:cpu:nanoseconds >"$TMP/cpu.json"
samples=$(render process_cpu:samples:count:cpu:nanoseconds | jq .flamebearer.numTicks)
ok "at least 300 samples: $samples" test "$samples" -ge 300
jq '.flamebearer as $f | ($f.names | index("compute_primes_slow")) as $n
    | [$f.levels[] | [range(0; length; 4) as $i | select(.[$i + 3] == $n) | .[$i + 1]] | add // 0]
    | add * 100 / $f.numTicks' "$TMP/cpu.json" >"$TMP/share"
share=$(cut -d. -f1 "$TMP/share")
ok "compute_primes_slow has 60 to 97 % of the total: $share %" \
    test "$share" -ge 60 -a "$share" -le 97
like "is_prime_slow is there" "$(jq -r '.flamebearer.names[]' "$TMP/cpu.json")" "*is_prime_slow*"
unresolved=$(jq '.flamebearer as $f
    | [$f.levels[] | range(0; length; 4) as $i
        | select($f.names[.[$i + 3]] | test("(^|[!+])0x[0-9a-f]+$|^\\[unknown\\]$"))
        | .[$i + 2]] | (add // 0) * 1000 / $f.numTicks | floor' "$TMP/cpu.json")
ok "at most 2 % unresolved: $unresolved per mille" test "$unresolved" -le 20
: >"$ROOT/root/seen"
wait $story
is "up again and down" $? 0
ms=$(cat "$ROOT/root/second_up_ms")
ok "a second make up takes under 2 s: $ms ms" test "$ms" -lt 2000
# The shell, its command substitution, ls and grep.
ok "make down leaves no process" test "$(cat "$ROOT/root/left")" -le 4
is "and no file outside .flamekit/ and build/" \
    "$(sort "$ROOT/root/status" | tr '\n' ' ')" "!! .flamekit/ !! build/ "
ok "and no port" sh -c "! curl -s -m 2 $server/ready"
umount "$ROOT/proc" 2>/dev/null
tap_done
