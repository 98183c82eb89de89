#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tool understands, and what it says to what it doesn't. No word that
# is right here gets further than to "the module isn't loaded".

. "$(dirname "$0")/../lib.sh"
NETLAB=${NETLAB:-userspace/netlab}

# refuses SENTENCE WORD...: exit 1, the sentence on stderr, nothing on stdout
refuses() {
	local sentence=$1 out err status
	shift
	err=$({ out=$("$NETLAB" "$@" </dev/null); status=$?; } 2>&1; echo "$status$out")
	is "netlab $*" "$err" "netlab: $sentence
1"
}

# To accept is to get as far as asking the kernel.
if [ -e /proc/netlab ]; then asks='exit 0 or 2'; else asks='exit 3'; fi
accepts() {
	local status
	"$NETLAB" "$@" </dev/null >/dev/null 2>&1
	status=$?
	case $status in 0 | 2) [ "$asks" = 'exit 3' ] || status='0 or 2' ;; esac
	is "netlab $* is understood" "exit $status" "$asks"
}

objects='stats, echo or help'
stats='show, reset, help, family, hook, proto or dev'
settings='local, rate, burst, source-rate or max-size'
hooks='prerouting, input, forward, output or postrouting'
protocol="0 to 255, or a protocol's name as in /etc/protocols"

# Words
refuses "bogus: expected $objects" bogus
refuses "\"\": expected $objects" ''
refuses "stats device: expected $stats" stats device lo
refuses "stats showx: expected $stats" stats showx
refuses 'stats show direction: expected family, hook, proto or dev' stats show direction
refuses 'stats reset now: expected nothing after stats reset' stats reset now
refuses 'stats help me: expected nothing after stats help' stats help me
refuses 'echo show all: expected nothing after echo show' echo show all
refuses 'echo direct: expected show, set or help' echo direct eth0 on
refuses "echo set: expected $settings" echo set
refuses "echo set size: expected $settings" echo set size 5
refuses 'help me: expected stats, echo, help or words' help me
refuses 'help stats reset: expected nothing after help stats' help stats reset
refuses 'stats -j: options belong to the command line, before the object' stats -j

# Words cut short; those that could be several are named, and no others
accepts stats
accepts st
accepts e
accepts s show
accepts stats show family ipv4 hook input proto tcp
accepts stats proto udp fam ipv6
accepts st sh ho pre
accepts stats show dev lo proto udp family ipv6 hook postrouting
accepts stats d lo
accepts echo s
accepts e sh
refuses 'stats h: ambiguous: help or hook' stats h
refuses 'hook p: ambiguous: prerouting or postrouting' stats hook p
refuses 'family i: ambiguous: ipv4 or ipv6' stats family i
refuses 'local o: ambiguous: off or on' echo set local o
refuses "local x: expected off or on" e s l x

# Values
refuses "hook nat: expected $hooks" stats hook nat
refuses "hook: expected $hooks" stats hook
refuses 'family ip: ambiguous: ipv4 or ipv6' stats family ip
refuses 'family 4: expected ipv4, ipv6 or arp' stats family 4
refuses 'hook: given twice' stats hook input hook input
refuses 'dev: given twice' stats dev lo dev lo
refuses 'local: given twice' echo set local on local off
refuses 'rate: given twice' echo set rate 1 ra 2
refuses 'rate: expected a value: PPS|unlimited' echo set rate
refuses 'dev: expected a value: DEV' stats dev
refuses 'Cannot find device "no-such"' stats dev no-such
refuses 'Cannot find device ""' stats dev ''
refuses 'Cannot find device "lo0123456789abcdef"' stats dev lo0123456789abcdef
refuses 'Cannot find device "\x1b[31m"' stats dev $'\e[31m'
# A device is looked for when nothing is wrong with the other words.
refuses "hook nat: expected $hooks" stats dev no-such hook nat

for number in 0 255 1 tcp TCP icmp ipv6-icmp icmpv6 icmp6 sctp; do
	accepts stats proto "$number"
done
for number in 256 -1 +1 1x 0x1 18446744073709551617 1.0 nosuch; do
	refuses "proto $number: expected $protocol" stats proto "$number"
done
refuses "proto \"\": expected $protocol" stats proto ''
refuses "proto  1: expected $protocol" stats proto ' 1'

for word in rate source-rate; do
	for number in 0 -1 +1 4294967296 18446744073709551616 1k 0x10 '1 ' 1.5; do
		refuses "$word $number: expected 1 to 4294967295 packets per second, or unlimited" \
			echo set "$word" "$number"
	done
done
refuses 'burst 0: expected 1 to 4294967295 packets, or auto' echo set burst 0
refuses 'burst unlimited: expected 1 to 4294967295 packets, or auto' echo set burst unlimited
for number in 0 27 65576 unlimited ''; do
	refuses "max-size ${number:-\"\"}: expected 28 to 65535 bytes" echo set max-size "$number"
done
# All of it is looked at before any of it is sent.
refuses 'max-size 5: expected 28 to 65535 bytes' echo set local off max-size 5
refuses 'rate \x1b[31m: expected 1 to 4294967295 packets per second, or unlimited' \
	echo set rate $'\e[31m'
refuses 'm\xc3\xa9: expected stats, echo or help' 'mé'

# Options
refuses '-x: no such option, or several: see "netlab -h"' -x
refuses '--bogus: no such option, or several: see "netlab -h"' --bogus stats
refuses '--json=1: takes no value' --json=1 stats
refuses '-n: expected a value' -n
refuses '--batch: expected a value' --batch
refuses '--netns "": expected a name' -n '' stats
refuses 'network namespace no-such: /run/netns/no-such: No such file or directory' -n no-such stats
refuses 'network namespace ./no-such: ./no-such: No such file or directory' -n ./no-such stats
refuses '/dev/null: not a network namespace' -n /dev/null stats
for word in -c=red -cred -color=red --color=red; do
	refuses '--color red: expected always, auto or never' $word stats
done
refuses '--color a: ambiguous: always or auto' -c=a stats
refuses '--color =: expected always, auto or never' -c== stats
for word in -c -c=auto -c=always -c=never -color -color=auto --color --color=ne; do
	accepts $word stats
done
for seconds in 0 -1 0.001 86401 1s inf nan 0x1 1e3 . 1.2.3 ''; do
	refuses "--watch ${seconds:-\"\"}: expected 0.01 to 86400 seconds" -w "$seconds" stats
done
refuses 'echo set: --watch goes with a command that shows a reading' -w 1 echo set local on
refuses 'stats reset: --watch goes with a command that shows a reading' -w1 stats reset
refuses 'stats reset: --explain goes with a command that shows a reading' -e stats reset
refuses 'help: --watch goes with a command that shows a reading' -w 1 help
refuses 'stats help: --explain goes with a command that shows a reading' -e stats help
refuses 'stats: --watch repeats a reading, and --explain makes none' -e -w 1 stats
refuses '--watch repeats one command, not those of --batch' -w 1 -b /dev/null
refuses 'stats: expected nothing: the commands are in /dev/null' -b /dev/null stats

# A device of another namespace, which the caller's own doesn't have.
if unshare -n ip link set lo name elsewhere 2>/dev/null; then
	coproc unshare -n sh -c 'ip link set lo name elsewhere; echo ready; read -r _'
	# shellcheck disable=SC2154 # coproc makes it
	namespace=/proc/$COPROC_PID/ns/net
	read -r -t 10 _ <&"${COPROC[0]}"
	accepts -n "$namespace" stats dev elsewhere
	refuses 'Cannot find device "elsewhere"' stats dev elsewhere
	refuses "Cannot find device \"lo\" in network namespace $namespace" -n "$namespace" stats dev lo
	echo >&"${COPROC[1]}"
else
	skip 'a device of another namespace' 'no privilege to make one'
fi

done_testing
