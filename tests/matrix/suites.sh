# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those that source this
# The matrix: Debian's suites, and what a root folder of one holds. Sourced
# after vm/lib.sh.

# Oldest kernel first: 5.10, 6.1, 6.12, 7.2, 7.3.
readonly SUITES=(bullseye bookworm trixie sid trixie-backports)

# Those of tests/vm/prepare that the guest tests and the builds want, and what
# a machine of its own needs beyond.
# shellcheck disable=SC2206 # NETLAB_ROOT_MORE is none or several
readonly ROOT_PACKAGES=(
	linux-image-amd64 linux-headers-amd64 dkms gcc make libc6-dev pkg-config libmnl-dev libjson-c-dev libncurses-dev libpcap-dev
	kmod busybox-static mount procps iproute2 iputils-ping nftables tcpdump ethtool
	python3 python3-scapy python3-yaml python3-jsonschema
	${NETLAB_ROOT_MORE:-}
)

# The host's own mirror, by what apt says of its repositories:
# mirror Debian, mirror Debian-Security
mirror() {
	case $1 in
	Debian) [ -z "${NETLAB_MIRROR:-}" ] || { echo "$NETLAB_MIRROR"; return; } ;;
	Debian-Security) [ -z "${NETLAB_SECURITY_MIRROR:-}" ] || { echo "$NETLAB_SECURITY_MIRROR"; return; } ;;
	esac
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v label="$1" '$1 == label { print $2; exit }'
}

# apt_sources SUITE: its lines for apt
apt_sources() {
	local release=${1%-backports} debian security
	debian=$(mirror Debian) security=$(mirror Debian-Security)
	if [ -z "$debian" ] || { [ "$release" != sid ] && [ -z "$security" ]; }; then
		die "apt on this host names no mirror of Debian: give NETLAB_MIRROR=URL NETLAB_SECURITY_MIRROR=URL"
	fi
	echo "deb $debian $release main"
	[ "$release" = sid ] || echo "deb $security $release-security main"
	[ "$release" = "$1" ] || echo "deb $debian $1 main"
}

# Of the backports, the kernel alone.
apt_preferences() {
	[[ $1 != *-backports ]] ||
		printf 'Package: linux-*\nPin: release n=%s\nPin-Priority: 990\n' "$1"
}
