#!/bin/sh
# Runs a command as on a machine of its own: networks, names in /run/netns and processes end with it, whatever happens,
# and those of this machine (a user's lab, another run of the tests) are neither seen nor disturbed.
set -eu
inside='mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip link set lo up && "$@"'
exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private sh -c "$inside" alone "$@"
