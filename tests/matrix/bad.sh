#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the matrix does when it can't: no mirror, no such package, no room, no
# end, killed. Each time it ends inside a limit, says which step failed and
# where that step's log is, and leaves no process, no mount, no file. As root.
#
# shellcheck disable=SC2154,SC2016 # said is lib.sh's; what other shells expand

cd "$(dirname "$0")/../.." && . tests/vm/lib.sh
. tests/lib.sh

scratch=$(mktemp -d) || exit
trap 'rm -rf "$scratch"' EXIT
cache=$scratch/cache

# Processes whose words name the scratch folder: this test's own don't.
processes() { pgrep -af -- "$scratch"; }

mounts() { grep -F "$scratch" /proc/self/mounts; }

# A process that was killed may take a moment to be gone.
left_over() {
	local i
	for ((i = 0; i < 50; i++)); do
		[ -n "$(processes; mounts)" ] || break
		sleep 0.1
	done
	processes
	mounts
	find "$cache/roots" -mindepth 1 ! -name '.*.lock' 2>/dev/null
}

# refused WHAT LIMIT REGEX VARIABLE=VALUE...: making a root fails as it should
refused() {
	local what=$1 limit=$2 regex=$3 begin=$SECONDS log
	shift 3
	mkdir -p "$cache"
	exits "$what: it fails" 1 timeout -k 5 "$limit" env NETLAB_CACHE="$cache" "$@"
	like "$what: and says what failed" "$said" "$regex"
	log=$(sed -n 's/.*its log: //p' <<<"$said")
	ok "$what: the log that it names is there" test -s "$log"
	ok "$what: within $limit s" test $((SECONDS - begin)) -lt "$limit"
	is "$what: nothing is left" "$(left_over)" ''
	rm -rf "$cache"
}

root=(tests/matrix/root sid)
nowhere=http://127.0.0.1:9/debian

refused 'no mirror' 120 "step 'root-sid' failed" \
	NETLAB_MIRROR=$nowhere NETLAB_SECURITY_MIRROR=$nowhere "${root[@]}"
refused 'no such package' 300 "netlab-no-such-package.*step 'root-sid' failed" \
	NETLAB_ROOT_MORE=netlab-no-such-package "${root[@]}"
refused 'no end' 60 "step 'root-sid' took longer than 2 s" NETLAB_ROOT_LIMIT=2 "${root[@]}"

# In a mount namespace of its own: a small disk at the cache folder.
refused 'a full disk' 300 "(No space left|enough free space|no space).*step 'root-sid' failed" \
	unshare --mount sh -c 'mount -t tmpfs -o size=40m small "$NETLAB_CACHE" && exec "$@"' sh "${root[@]}"

exits 'no such suite' 1 tests/matrix/run buster
like 'is said, with those there are' "$said" "bullseye.*trixie-backports.*no suite 'buster'"
exits 'no such test' 1 env TESTS=tests/net/none.py tests/matrix/run sid
like 'is said' "$said" "no test 'tests/net/none.py'"

# Killed without a chance to tidy up, while it has mounts and children.
mkdir -p "$scratch/system"
timeout -s KILL 60 unshare --mount --pid --fork --kill-child --mount-proc \
	bash -c '. tests/matrix/mount.sh && mount_root "$1/system" "$1/mount" && { sleep 1000 & } && wait' \
	bash "$scratch" >"$scratch/killed" 2>&1 </dev/null &
pid=$!
for ((i = 0; i < 100; i++)); do
	child=$(pgrep -P "$(pgrep -P $pid)" 2>/dev/null)
	[ -n "$child" ] && grep -q "$scratch" "/proc/$child/mounts" 2>/dev/null && break
	sleep 0.1
done
like 'a suite has its mounts' "$(cat "/proc/$child/mounts" 2>&1)" "overlay.*$scratch"
is 'which this host does not see' "$(mounts)" ''
kill -KILL "$(pgrep -P $pid)"
wait $pid 2>/dev/null
for ((i = 0; i < 50; i++)); do
	[ -e "/proc/$child" ] || break
	sleep 0.1
done
is 'killed, nothing of it runs or is mounted' "$(processes; mounts; ls -d "/proc/$child" 2>/dev/null)" ''

# A guest that hangs.
log=$scratch/kernel.log
begin=$SECONDS
exits 'a guest that does not end' 125 tests/vm/run --limit 60 --kernel-log "$log" -- sleep 1000
like 'is stopped, and says where its log is' "$said" "did not end in 60 s.*$log"
ok 'soon after its limit' test $((SECONDS - begin)) -lt 100
is 'and nothing of it is left' "$(processes)" ''
done_testing
