# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those that source this
# Which of the kernel's own self-tests are run. Sourced, never run.

# These must give results of their own: it is no proof if both ways skip them.
readonly REQUIRED=(
	net/icmp.sh net/icmp_redirect.sh net/traceroute.sh net/fib_tests.sh net/pmtu.sh
	net/udpgro.sh net/udpgro_fwd.sh
	netfilter/conntrack_icmp_related.sh netfilter/conntrack_tcp_unreplied.sh
	netfilter/conntrack_vrf.sh netfilter/ipip-conntrack-mtu.sh netfilter/nf_nat_edemux.sh
	netfilter/nft_conntrack_helper.sh netfilter/nft_fib.sh netfilter/nft_flowtable.sh
	netfilter/nft_meta.sh netfilter/nft_nat.sh netfilter/nft_queue.sh
	netfilter/nft_synproxy.sh netfilter/rpath.sh
)
# These where the kernel and the host's tools have what they want.
# Left out: nft_concat_range.sh, nft_trans_stress.sh, nft_nat_zones.sh and
# nft_zones_many.sh, which only measure or take an hour in an emulated machine.
readonly OPTIONAL=(
	netfilter/bridge_brouter.sh netfilter/conntrack_sctp_collision.sh netfilter/ipvs.sh
	netfilter/nft_audit.sh netfilter/xt_string.sh
)

# In seconds: for one script. pmtu.sh takes most of an hour.
readonly SCRIPT_LIMIT=3600
# Those that may wait for ever: nft_conntrack_helper.sh begins a server and its client
# at the same time, and where the client was first, the server waits for another.
# These are given up sooner, and tried anew.
declare -rA RACE_LIMITS=([netfilter/nft_conntrack_helper.sh]=120)
readonly RACE_TRIES=4
