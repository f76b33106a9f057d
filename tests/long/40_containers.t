#!/bin/sh
# The workshop in containers, with a real engine: Debian's docker.io in name
# spaces of the test's own, cut off from every network, so that nothing comes
# from a registry and nothing of this machine is touched. The base image is
# made by debootstrap. Without root or kernel support: a visible skip.
. tests/tap.sh
need curl jq unshare nsenter
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
RUNLEVEL=1 sh scenarios/install.sh engine >"$TMP/install.log" 2>&1 || {
    echo "1..0 # SKIP no container engine: $(tail -n 1 "$TMP/install.log")"
    exit 0
}

# ---- the engine ----------------------------------------------------------------
engine=$TMP/engine
mkdir "$engine"
cat >"$engine/start" <<'END'
mount --make-rprivate / && ip link set lo up &&
    exec dockerd --data-root "$1/data" --exec-root "$1/run" \
        --host "unix://$1/sock" --pidfile "$1/pid" --log-level warn
END
unshare --mount --net --pid --fork --kill-child --mount-proc \
    sh "$engine/start" "$engine" >"$engine/log" 2>&1 &
engine_pid=$!
# unshare itself blocks the signals that would end it.
at_exit 'pkill -KILL -P $engine_pid; wait $engine_pid'
DOCKER_HOST=unix://$engine/sock
COMPOSE_PROJECT_NAME=flamekit-test
BASE=flamekit-test/debian:12
export DOCKER_HOST COMPOSE_PROJECT_NAME BASE
# shellcheck disable=SC2317
answers() { docker info || gone "$engine_pid"; }
wait_for 60 answers
docker info >"$TMP/info" 2>&1 || {
    echo "1..0 # SKIP no container engine starts here: $(tail -n 1 "$engine/log")"
    exit 0
}
pass "$(docker version --format 'an engine: docker {{.Server.Version}}')"
daemon=$(pgrep -P "$engine_pid")
in_there() { nsenter --target "$daemon" --net -- "$@"; }

# ---- the image, without a registry ---------------------------------------------
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -v security | head -n 1)
debootstrap --variant=minbase --include="$(sh scenarios/install.sh packages |
    tr ' ' ,)" bookworm "$TMP/base" "$mirror" >"$TMP/debootstrap.log" 2>&1
is "a base with what a build needs" $? 0
tar -C "$TMP/base" -c . | docker import - $BASE >/dev/null
rm -rf "$TMP/base"

make_it() { # VERB [NAME=VALUE...]
    in_there make --no-print-directory ENGINE=docker "$@" \
        >"$TMP/make" 2>&1 </dev/null
}
make_it up
is "make up builds and starts" $? 0
like "and says where to look" "$(cat "$TMP/make")" "*Next: open http://localhost:4040*"
server=http://127.0.0.1:4040
app=http://127.0.0.1:5000
get() { in_there curl -s -m 20 "$@"; }

state_of() { docker inspect --format "$2" "$(docker-compose ps -q "$1")"; }
# shellcheck disable=SC2317
healthy() { [ "$(state_of "$1" '{{.State.Health.Status}}')" = healthy ]; }
for part in server demoapp; do
    ok "$part is healthy" wait_for 60 healthy $part
    is "$part: read-only, no privileges" "$(state_of $part \
        '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Privileged}}')" "true false"
    nsenter --target "$daemon" --mount --pid -- cat "/proc/$(state_of $part '{{.State.Pid}}')/status" >"$TMP/status"
    is "$part: its user, capabilities, seccomp" \
        "$(awk '$1 == "Uid:" || $1 == "CapEff:" || $1 == "CapBnd:" ||
            $1 == "NoNewPrivs:" || $1 == "Seccomp:" { printf "%s ", $2 }' \
            "$TMP/status")" \
        "65532 0000000000000000 0000000000000000 1 2 "
done
size=$(docker image inspect --format '{{.Size}}' flamekit)
ok "the image has at most 40 MB ($((size / 1048576)) MB)" \
    test "$size" -le $((40 * 1048576))

# ---- the workshop in it ----------------------------------------------------------
like "the page" "$(get "$server/")" "*<title>*"
like "the service" "$(get "$app/api/hash")" "*hash*"
kit() {
    in_there docker-compose run --rm kit "$@" >"$TMP/kit" 2>&1 </dev/null
}
kit hello
is "the round trip" $? 0
make_it check EX=1
like "a fresh world does not pass" "$(cat "$TMP/make")" "*flamekit run 07.1*"
make_it load ARGS="--for 5s --quiet"
is "make load" $? 0
for ex in "07.1 3" "07.3 2"; do
    # shellcheck disable=SC2086
    kit solve ${ex% *} --speed ${ex#* }
    is "the robot solves ${ex% *}" $? 0
    [ "$(grep -c '^PASS' "$TMP/kit")" = 1 ] || sed 's/^/# /' "$TMP/kit"
done
make_it check EX=1
is "make check says so, too" $? 0
make_it list
like "make list shows it" "$(cat "$TMP/make")" "*● 07.1*● 07.3*"
kit check 07.5
like "the night has an instance of its own" "$(cat "$TMP/kit")" "*flamekit run 07.5*"
make_it next
is "make next" $? 0
make_it restart ARGS=app BUILD=stripped
is "another build of the demo app" $? 0
ok "is healthy" wait_for 60 healthy demoapp
kit hello
is "its profiles arrive" $? 0
like "and say which build it is" "$(get -G "$server/pyroscope/label-values" \
    -d label=build -d from=now-1h -d until=now)" '*"plain"*"stripped"*'
make_it restart ARGS=app
is "and back" $? 0

# ---- nothing is lost, nothing is left ----------------------------------------------
samples() {
    get -G "$server/pyroscope/render" --data-urlencode \
        'query=process_cpu:samples:count:cpu:nanoseconds{service_name="workshop.demo.app"}' \
        -d from=now-1h -d until=now | jq .flamebearer.numTicks
}
before=$(samples)
ok "there are samples: $before" test "$before" -gt 300
make_it down
is "make down" $? 0
is "leaves no container" "$(docker ps -aq)" ""
make_it up
ok "up again: the data are there" wait_for 60 sh -c "
    nsenter --target $daemon --net -- curl -s -G $server/pyroscope/render \
        --data-urlencode 'query=process_cpu:samples:count:cpu:nanoseconds{}' \
        -d from=now-1h -d until=now | jq -e '.flamebearer.numTicks >= $before'"
make_it reset
is "make reset" $? 0
is "leaves no volume and no network" \
    "$(docker volume ls -q)$(docker network ls -q --filter type=custom)" ""

# ---- Grafana beside it: its image comes from a registry -----------------------------
docker-compose --profile grafana config >"$TMP/grafana"
is "the profile grafana is well-formed" $? 0
like "with the data source and the dashboard" "$(cat "$TMP/grafana")" \
    "*scenarios/grafana:/etc/grafana/provisioning:ro*"
tap_done
