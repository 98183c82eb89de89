# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests written in shell: TAP, and the two networks that most of them use.
#
#   . "$(dirname "$0")/../lib.sh"
#   make_pair
#   ok 'right answers' ip netns exec left ping -qc1 192.0.2.2
#   is 'one reply' "$(replied right)" 1
#   done_testing

tap_count=0
tap_failed=0

# ok DESCRIPTION COMMAND...: passes when the command succeeds; what it said
# is shown when it does not.
ok() {
	local what=$1 said
	shift
	tap_count=$((tap_count + 1))
	if said=$("$@" 2>&1 </dev/null); then
		echo "ok $tap_count - $what"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $what"
	what=$*
	note "failed: ${what:0:200}"
	[ -z "$said" ] || note "$said"
	return 1
}

# is DESCRIPTION GOT EXPECTED
is() {
	tap_count=$((tap_count + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $tap_count - $1"
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	note "got:      $2"
	note "expected: $3"
	return 1
}

# like DESCRIPTION GOT REGEX (extended)
like() {
	if [[ $2 =~ $3 ]]; then
		is "$1" "$2" "$2"
	else
		is "$1" "$2" "something like $3"
	fi
}

# exits DESCRIPTION STATUS COMMAND...: passes when the command ends with
# STATUS; what it said is left in $said.
exits() {
	local what=$1 status=$2
	shift 2
	said=$("$@" 2>&1 </dev/null)
	is "$what" "exit $?" "exit $status" || note "said: $said"
}

# skip DESCRIPTION REASON
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

note() { printf '%s\n' "$*" | sed 's/^/# /'; }

# The last line of a test: says how many there were, exits 1 if one failed.
done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}

# ---- networks

# ns NAME COMMAND...: in the namespace NAME
ns() { ip netns exec "$@"; }

# A cable from one namespace to another: cable NS1 DEV1 NS2 DEV2
cable() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# addresses NS DEV ADDRESS...; usable at once, without duplicate detection
addresses() {
	local ns=$1 dev=$2 address
	shift 2
	for address; do
		case $address in
		*:*) ip -n "$ns" addr add "$address" dev "$dev" nodad ;;
		*) ip -n "$ns" addr add "$address" dev "$dev" ;;
		esac
	done
}

add_namespace() {
	local name
	for name; do
		ip netns add "$name"
		ip -n "$name" link set lo up
	done
}

#   left                                  right
#   192.0.2.1/24 ------------------ 192.0.2.2/24
#   2001:db8:1::1/64          2001:db8:1::2/64
make_pair() {
	add_namespace left right
	cable left veth0 right veth0
	addresses left veth0 192.0.2.1/24 2001:db8:1::1/64
	addresses right veth0 192.0.2.2/24 2001:db8:1::2/64
}

#   host-a                      router                       host-b
#   192.0.2.1/24 ------ .254  west east  .254 ------ 198.51.100.1/24
#   2001:db8:1::1/64 -- ::fe             ::fe -- 2001:db8:2::1/64
make_router() {
	add_namespace host-a router host-b
	cable host-a veth0 router west
	cable host-b veth0 router east
	addresses router west 192.0.2.254/24 2001:db8:1::fe/64
	addresses router east 198.51.100.254/24 2001:db8:2::fe/64
	addresses host-a veth0 192.0.2.1/24 2001:db8:1::1/64
	addresses host-b veth0 198.51.100.1/24 2001:db8:2::1/64
	ns router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -n host-a route add default via 192.0.2.254
	ip -n host-a route add default via 2001:db8:1::fe
	ip -n host-b route add default via 198.51.100.254
	ip -n host-b route add default via 2001:db8:2::fe
}

# How many echo requests netlab answered in a namespace, both families. By
# grep: python takes a second to start where the processor is emulated.
replied() {
	ns "$1" "$NETLAB" -j echo | grep -o '"outcome":"replied","packets":[0-9]*' |
		awk -F: '{ sum += $NF } END { print sum + 0 }'
}
