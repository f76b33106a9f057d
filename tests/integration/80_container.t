#!/bin/sh
# The container, as far as it can be tested without an engine: the file tree
# of the image works by itself, in a chroot, as nobody, without capabilities,
# and docker-compose.yaml keeps its promises. tests/long/40_containers.t has
# the real thing.
. tests/tap.sh
need curl jq strip readelf

ok "the tree is made" sh scenarios/closure.sh tree "$TMP/image"
size=$(tar cf - -C "$TMP/image" . | gzip -6 | wc -c)
ok "one image of at most 15 MB, compressed ($((size / 1024)) KB)" \
    [ "$size" -le $((15 * 1024 * 1024)) ]
is "no shell and no other program in it" \
    "$(find "$TMP/image" -type f -perm -100 ! -name '*.so*' ! -name '*.sh' -printf '%f\n' | sort | tr '\n' ' ')" \
    "demoapp demoapp-inline demoapp-noframes demoapp-stripped demoapp-tail flamekit flamekit-server loadgen "

bin=/kit/build/release/bin
server_pid='' app_pid=''
stop_parts() {
    for pid in $server_pid $app_pid; do kill "$pid" 2>/dev/null; done
    wait
}
at_exit stop_parts

# inside PROGRAM ARGS...: as nobody, in the tree, which has a /proc as every
# container has
inside=$TMP/inside
cat >"$inside" <<END
#!/bin/sh
exec unshare -m sh -c 'mount --rbind /proc "\$0/proc" &&
    exec chroot --userspec=65534:65534 "\$0" "\$@"' "$TMP/image" "\$@"
END
chmod 755 "$inside"
ready() { sed -n 's/^ready //p' "$1"; }

if mkdir "$TMP/image/proc" && unshare -m mount --rbind /proc "$TMP/image/proc" 2>/dev/null; then
    chmod 755 "$TMP" && chmod 1777 "$TMP/image/data" "$TMP/image/state"
    is "the programs start in there" "$("$inside" $bin/flamekit --version)" \
        "flamekit $(cat VERSION)"
    "$inside" $bin/flamekit-server --listen 127.0.0.1:0 --data /data --run r-box \
        >"$TMP/server" 2>"$TMP/server.log" &
    server_pid=$!
    wait_for 20 grep -q '^ready' "$TMP/server"
    server=$(ready "$TMP/server")
    "$inside" $bin/demoapp --listen 127.0.0.1:0 --server "$server" --run r-box \
        >"$TMP/app" 2>"$TMP/app.log" &
    app_pid=$!
    wait_for 20 grep -q '^ready' "$TMP/app"
    app=$(ready "$TMP/app")
    is "the server is nobody's" "$(stat -c %u "/proc/$server_pid")" 65534
    is "and has no capability" \
        "$(sed -n 's/^CapEff:\t//p' "/proc/$server_pid/status")" 0000000000000000
    ok "the health check of the server" "$inside" $bin/flamekit probe "$server/ready"
    ok "the health check of the demo app" "$inside" $bin/flamekit probe "$app/healthz"
    ok "a health check fails when nobody is there" \
        sh -c "! $inside $bin/flamekit probe http://127.0.0.1:1/"
    ok "the load generator plays a plan of the image" "$inside" $bin/loadgen \
        --plan mixed --for 3s --quiet --target "$app" --server "$server" --run r-box
    box() {
        "$inside" /kit/build/release/bin/flamekit "$@"
    }
    FLAMEKIT_STATE=/state FLAMEKIT_RUN=r-box FLAMEKIT_SERVER=$server
    FLAMEKIT_APP=$app
    export FLAMEKIT_STATE FLAMEKIT_RUN FLAMEKIT_SERVER FLAMEKIT_APP
    ok "the round trip" box hello
    like "the exercises are in it" "$(box list)" "*07.1*07.5*"
    like "a check of real data" "$(box check 07.1)" "*samples is *"
    ok "a load of an exercise" box run 07.1 --speed 20 --quiet
else
    skip "the image's tree in a chroot" "this user may not make name spaces"
fi

# ---- the compose file -------------------------------------------------------
for want in 'read_only: true' 'cap_drop: \[ALL\]' 'no-new-privileges:true' \
    'user: "65532:65532"' 'data:/data' '127.0.0.1:4040:4040'; do
    ok "docker-compose.yaml says $want" grep -q "$want" docker-compose.yaml
done
is "every port is this machine's only" \
    "$(grep -oE 'ports: .*' docker-compose.yaml | grep -vc '127.0.0.1:')" 0
is "server and both demo apps have health checks" \
    "$(grep -c 'healthcheck:' docker-compose.yaml)" 3
is "the image comes from nothing" "$(grep -c '^FROM scratch' Dockerfile)" 1
ok "the dashboard is JSON" jq -e .panels scenarios/grafana/dashboards/workshop.json
tap_done
