#!/bin/sh
# The robots of scenario 07 in real time, with a busy process for each core:
# they need 370 s, and as much again when every load must be played twice.
. tests/tap.sh
hogs=
for _ in $(seq "$(nproc)"); do
    sh -c 'while :; do :; done' &
    hogs="$hogs $!"
done
at_exit "kill $hogs"
FK_ROBOT=real FK_ROBOT_LIMIT=900 sh tests/exercises/07_robot.t >"$TMP/out" 2>&1
is "the robots, in real time, on a machine whose cores are busy" $? 0
sed 's/^/# /' "$TMP/out"
tap_done
