#!/bin/sh
# Every example of docs/api.md, run as a reader would run it.
. tests/tap.sh
need curl

bin=${FLAMEKIT_BIN:-build/${MODE:-release}/bin}
"$bin/flamekit-server" --listen 127.0.0.1:0 --data "$TMP/data" \
    --ingest-window off >"$TMP/ready" 2>"$TMP/log" &
pid=$!
at_exit "kill $pid 2>/dev/null"
wait_for 20 grep -q '^ready ' "$TMP/ready"
is "the server starts" $? 0

page=$PWD/docs/api.md
gzip -c tests/fuzz/corpus/pprof/strings_last >"$TMP/cpu.pb.gz"
cd "$TMP" || exit 1

# One file a fenced block; the first sets the variables.
awk '/^### / { head = $0; sub(/^### `/, "", head); sub(/`$/, "", head) }
     /^```$/ { inside = 0; close(file) }
     inside { print > file }
     /^```sh$/ { inside = 1; file = sprintf("%03d.sh", n++)
                 print head > (file ".name"); close(file ".name") }' "$page"
sed -i "s|^S=[^ ]*|S=$(sed -n 's/^ready //p' ready)|" 000.sh

run_example() (
    curl() { command curl --fail-with-body "$@"; }
    . ./000.sh
    . "./$1"
)

for block in [0-9]*.sh; do
    [ "$block" = 000.sh ] || ok "$(cat "$block.name")" run_example "$block"
done
tap_done
