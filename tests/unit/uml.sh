#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# User-mode Linux as a throw-away machine (tests/vm/uml-kernel): what a command
# in it prints and says comes out as it is, and one that hangs, a kernel that
# panics and a run that is killed end in time and leave nothing. It has the
# host's files, and must not be able to write them.

cd "$(dirname "$0")/../.." || exit
. tests/vm/lib.sh
. tests/lib.sh

if ! said=$(NETLAB_KERNEL=uml tests/vm/kernel 2>&1 </dev/null 9>&-); then
	skip 'user-mode Linux as a machine' "it can't be had: ${said##*$'\n'}"
	done_testing
fi
log=$BUILD/kernel-uml-test.log
uml() { NETLAB_KERNEL=uml timeout -k 5 120 tests/vm/run --limit "$limit" --kernel-log "$log" -- "$@"; }
machines() { pgrep -af -- "uml_dir=$BUILD/run"; }
# What is there in five seconds' time, or nothing as soon as there is nothing.
left() {
	local i found
	for ((i = 0; i < 50; i++)); do
		found=$(machines; compgen -G "$BUILD/run/job.*" | grep -vxF "$before")
		[ -n "$found" ] || return
		sleep 0.1
	done
	echo "$found"
}
starts() {
	local begin=$SECONDS
	until [ -n "$(machines)" ] || [ $((SECONDS - begin)) -gt 10 ]; do sleep 0.1; done
}

limit=60
if ! said=$(uml true 2>&1); then
	skip 'user-mode Linux as a machine' "it doesn't start here: ${said##*$'\n'}"
	done_testing
fi
exits 'a status of the command' 3 uml bash -c 'exit 3'
is 'what it prints, byte by byte' "$(uml bash -c 'seq 20000; printf "a\r\n\004\003b"' 2>/dev/null | md5sum)" \
	"$( (seq 20000; printf 'a\r\n\004\003b') | md5sum)"
is "the host's files are read, and what is written is the machine's own" \
	"$(uml bash -c 'touch netlab-uml-test && ls Makefile netlab-uml-test' 2>/dev/null; ls netlab-uml-test 2>&1)" \
	"Makefile
netlab-uml-test
ls: cannot access 'netlab-uml-test': No such file or directory"
if [ "$(id -u)" = 0 ]; then
	# shellcheck disable=SC2016 # the machine's shell's
	is 'nor are they when its root mounts them again' \
		"$(uml bash -c 'mount -t hostfs -o "rw,$PWD" again /mnt && ls /mnt/Makefile && touch /mnt/netlab-uml-test' 2>&1 |
			sed -n 's/.*Read-only/Read-only/p; /^.mnt/p'; ls netlab-uml-test 2>&1)" \
		"/mnt/Makefile
Read-only file system
ls: cannot access 'netlab-uml-test': No such file or directory"
else
	skip 'nor are they when its root mounts them again' 'what is started by a user can write what that user can'
fi
for option in --count --systemd --shell; do
	exits "$option, which it has not" 125 env NETLAB_KERNEL=uml tests/vm/run $option --kernel-log "$log" -- true
	like 'is refused in words' "$said" 'user-mode Linux has no --count, --systemd and --shell'
done
exits 'a kernel that panics' 125 uml bash -c 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 100'
like 'is told of' "$said" 'Kernel panic'
limit=15
begin=$SECONDS
exits 'a command that hangs' 125 uml bash -c 'while :; do :; done'
like 'says so' "$said" 'did not end in 15 s'
ok 'in time' test $((SECONDS - begin)) -lt 40
before=$(compgen -G "$BUILD/run/job.*")
# At first its processes try what ptrace(2) can do: one of them once stayed.
for wait in 0.1 0.2 0.3 0.4 0.5 0.7 1 2 4; do
	NETLAB_KERNEL=uml tests/vm/run --limit 100 --kernel-log "$log" -- sleep 1000 >/dev/null 2>&1 &
	pid=$!
	starts
	sleep $wait
	kill $pid
	wait $pid
	is "one that is killed after $wait s leaves nothing" "$(left)" ''
done
# As a supervisor does it: all of them at once, the reader of what is said, too. What bash
# says then, and when, is chance.
for try in 1 2 3 4; do
	NETLAB_KERNEL=uml setsid bash -c "tests/vm/run --limit 100 --kernel-log $log -- sleep 1000 2>&1 | cat" >/dev/null 2>&1 &
	pid=$!
	starts
	sleep 1.$try
	kill -TERM -- -$pid
	wait $pid
	is "nor one whose whole process group is: $try" "$(left)" ''
done

done_testing
