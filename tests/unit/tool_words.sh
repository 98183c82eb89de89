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

objects='stats, top, monitor, echo, prefix, save, restore, metrics, doctor, ping, trace, udp or help'
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
refuses 'echo indirect: expected show, set, direct or help' echo indirect
refuses "echo set: expected $settings" echo set
refuses "echo set size: expected $settings" echo set size 5
refuses "help my: expected ${objects/ or/,} or words" help my
refuses 'help stats reset: expected nothing after help stats' help stats reset
refuses 'stats -j: options belong to the command line, before the object' stats -j

# Words cut short; those that could be several are named, and no others
accepts stats
accepts st
accepts e
accepts sa
accepts pr
accepts pr s
refuses 's: ambiguous: stats or save' s show
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
refuses "m\xc3\xa9: expected $objects" 'mé'

# Devices with direct
accepts echo direct lo on
accepts e d lo of
refuses 'echo direct: expected DEV' echo direct
refuses 'echo direct: expected off or on' echo direct lo
refuses 'echo direct o: ambiguous: off or on' echo direct lo o
refuses 'echo direct 1: expected off or on' echo direct lo 1
refuses 'echo direct now: expected nothing after on' echo direct lo on now
refuses 'Cannot find device "no-such"' echo direct no-such on
refuses 'echo direct x: expected off or on' echo direct no-such x

# Prefixes
prefix=198.51.100.0/24
settings='rate, burst, max-size, proxy or force'
refuses 'prefix bogus: expected show, add, replace, del, flush or help' prefix bogus
refuses 'prefix flush all: expected nothing after prefix flush' prefix flush all
refuses 'prefix show all: expected nothing after prefix show' prefix show all
accepts prefix flush
for command in add replace del; do
	refuses "prefix $command: expected PREFIX" prefix "$command"
	for block in $prefix 192.0.2.1 192.0.2.1/32 0.0.0.0/0 2001:db8::/32 2001:db8::1 2001:db8::1/128 \
		::ffff:192.0.2.0/120 ::/0 255.255.255.255 ff02::1 2001:DB8::/128; do
		accepts prefix "$command" "$block"
	done
	for block in example.org 192.0.2 192.0.2.1. 0x7f000001 010.0.0.0/8 256.0.0.0 fe80::1%lo ::1::2 /24 '' \
		' 192.0.2.1' 1111:2222:3333:4444:5555:6666:7777:8888:9999 default any -1; do
		refuses "prefix $command ${block:-\"\"}: expected an IPv4 or IPv6 address, or one with a length, as 192.0.2.0/24" \
			prefix "$command" "$block"
	done
	for length in 33 -1 +1 24/24 x 255.255.255.0 4294967320 '' ' 8'; do
		refuses "prefix $command 10.0.0.0/$length: expected a length of 0 to 32 behind the /" \
			prefix "$command" "10.0.0.0/$length"
	done
	refuses "prefix $command 2001:db8::/129: expected a length of 0 to 128 behind the /" \
		prefix "$command" 2001:db8::/129
done
while read -r block right; do
	refuses "prefix add $block: the address has bits behind the length: expected $right, or ${block%/*} for that address alone" \
		prefix add "$block"
done <<'END'
10.0.0.1/24 10.0.0.0/24
10.0.0.1/31 10.0.0.0/31
10.0.0.1/0 0.0.0.0/0
192.0.2.128/24 192.0.2.0/24
255.255.255.255/9 255.128.0.0/9
2001:db8::1/64 2001:db8::/64
2001:db8:ffff:ffff::/33 2001:db8:8000::/33
::1/127 ::/127
::ffff:192.0.2.1/120 ::ffff:192.0.2.0/120
END
accepts prefix add $prefix rate 1 burst 4294967295 max-size 28 proxy lo force
accepts prefix add $prefix force rate unlimited bur auto
accepts prefix r $prefix max-size 65535
refuses 'prefix del rate: expected nothing after 198.51.100.0/24' prefix del $prefix rate 5
refuses "prefix add bogus: expected $settings" prefix add $prefix bogus
refuses "prefix add $prefix: expected $settings" prefix add $prefix $prefix
refuses 'rate: expected a value: PPS|unlimited' prefix add $prefix rate
refuses 'proxy: expected a value: DEV' prefix add $prefix proxy
refuses 'force: given twice' prefix add $prefix force force
refuses 'rate: given twice' prefix add $prefix rate 5 rate 5
refuses 'prefix add yes: expected '"$settings" prefix add $prefix force yes
refuses 'Cannot find device "no-such"' prefix add $prefix proxy no-such
for command in add replace; do
	for number in 0 -1 4294967296 1k; do
		refuses "rate $number: expected 1 to 4294967295 packets per second, or unlimited" \
			prefix $command $prefix rate "$number"
		refuses "burst $number: expected 1 to 4294967295 packets, or auto" \
			prefix $command $prefix burst "$number"
	done
	for number in 0 27 65536 any; do
		refuses "max-size $number: expected 28 to 65535 bytes" prefix $command $prefix max-size "$number"
	done
done

# The state
accepts save
refuses 'save all: expected nothing after save' save all
refuses 'save help: expected nothing after save' save help
refuses 'restore: expected FILE' restore
refuses 'restore "": expected a file'\''s name' restore ''
refuses 'restore again: expected nothing after this' restore this again
refuses 'save: --watch goes with a command that shows a reading' -w 1 save
refuses 'restore: --explain goes with a command that shows a reading' -e restore /dev/null

# What wants a terminal
exits=$("$NETLAB" top </dev/null 2>&1)
is 'netlab top without a terminal' "$? $exits" \
	'1 netlab: top wants a terminal; for a file or a pipe there is "netlab -w 1 stats"'
refuses 'top x: expected nothing after top' top x

# The monitor
for words in 'monitor' 'm' 'mo fam ipv4 hook input proto tcp dev lo prefix 192.0.2.0/24 sample 5 snaplen 60 count 1' \
	'monitor prefix 2001:db8::/32' '-v monitor' '-N -v -j monitor count 1'; do
	# shellcheck disable=SC2086 # several words
	[ "$words" = m ] || accepts $words
done
refuses 'family arp: expected ipv4 or ipv6' monitor family arp
refuses 'sample 0: expected 1 to 4294967295 packets' monitor sample 0
refuses 'snaplen 65536: expected 1 to 65535 bytes' monitor snaplen 65536
refuses 'write: expected a value: FILE' monitor write
refuses 'm: ambiguous: monitor or metrics' m
refuses 'stats: --verbose goes with monitor' -v stats
refuses 'stats: --names goes with monitor' -N stats
refuses 'monitor: --watch goes with a command that shows a reading' -w 1 monitor
refuses 'monitor: --explain goes with a command that shows a reading' -e monitor

# Metrics and the doctor
for words in 'metrics' 'me show' 'metrics format openmetrics' 'metrics s format prom prefixes' 'doctor' 'd'; do
	# shellcheck disable=SC2086 # several words
	accepts $words
done
refuses 'metrics write: expected FILE' metrics write
refuses 'metrics write "": expected a file'\''s name' metrics write ''
refuses 'format: expected prometheus or openmetrics' metrics format
refuses 'format x: expected prometheus or openmetrics' metrics format x
refuses 'metrics serve format: expected prefixes' metrics serve format
refuses 'metrics: --watch goes with a command that shows a reading' -w 1 metrics
refuses 'doctor x: expected nothing after doctor' doctor x

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
