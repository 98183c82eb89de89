# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # root and out are who sources this's
# Sourced: commands in the root folder $root. Logs go to $out/log.

# Run a command in the root, with what it needs mounted for as long as it takes.
# shellcheck disable=SC2016 # expanded there
inside() {
	unshare --mount --pid --fork --kill-child sh -c 'root=$1; shift
		mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" && exec chroot "$root" "$@"' \
		sh "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
}

# logged NAME LIMIT COMMAND...: a step in the root; its log is kept, its end
# shown when it fails
logged() {
	local name=$1 limit=$2 status
	shift 2
	timeout -k 5 "$limit" bash -c "$(declare -f inside); root=$root; inside \"\$@\"" bash "$@" \
		>"$out/log/$name.log" 2>&1 </dev/null
	status=$?
	[ $status != 0 ] || return 0
	tail -n 30 "$out/log/$name.log"
	[ $status != 124 ] || echo "it took longer than $limit s"
	echo "exit $status; its log: $out/log/$name.log"
	return 1
}
