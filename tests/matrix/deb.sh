#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Debian packages: built by `make deb' in a root folder of Debian bookworm,
# read by lintian; installed in a fresh one, used in a
# machine that systemd boots (tests/matrix/deb-used), upgraded, purged, and then
# nothing is left. As root.
#
# shellcheck disable=SC2154,SC2317 # root is mount.sh's, tap_failed lib.sh's; what `ok' calls

cd "$(dirname "$0")/../.." && . tests/vm/lib.sh
. tests/lib.sh
. tests/matrix/mount.sh
. tests/matrix/inside.sh

# What it mounts ends with it.
if [ "${1-}" != mounted ]; then
	exec unshare --mount --pid --fork --kill-child --mount-proc tests/matrix/deb.sh mounted
fi

readonly suite=bookworm
readonly home=$CACHE/roots/$suite
readonly out=$BUILD/matrix/deb
VERSION=$(sed -n 's/^VERSION := //p' Makefile)
readonly NEXT=$VERSION.1

apt() { logged "$1" 300 env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -y --no-install-recommends "${@:2}"; }

# To a version that is as this one, but newer.
next_version() {
	sed -i "s/^VERSION := .*/VERSION := $NEXT/" Makefile &&
		sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$NEXT\"/" dkms.conf &&
		sed -i "s/MODULE_VERSION(.*/MODULE_VERSION(\"$NEXT\");/" module/main.c &&
		sed -i "1s/(.*)/($NEXT)/" debian/changelog
}

build() {
	local archive=$BUILD/matrix/netlab.tar.gz version
	mount_root "$home/root" "$out/build" || die "cannot mount $home/root at $out/build"
	ok 'apt-get update' apt build-update update
	mkdir -p "$root/debs" "$root/src/$VERSION"
	tar -xzf "$archive" --strip-components=1 -C "$root/src/$VERSION"
	ok 'what every build wants, and lintian' apt build-tools install build-essential lintian
	ok 'what this build wants, as debian/control says' apt build-needs build-dep "/src/$VERSION"
	for version in "$VERSION" "$NEXT"; do
		mkdir -p "$root/src/$version"
		tar -xzf "$archive" --strip-components=1 -C "$root/src/$version"
		[ "$version" = "$VERSION" ] || ok 'the next version' eval "(cd '$root/src/$version' && next_version)"
		# As from the release's archive: no git there.
		ok "$version: make deb" logged "build-$version" 300 make -C "/src/$version" deb
		ok "$version: both packages are there" cp "$root/src/$version/build/deb/netlab_${version}_amd64.deb" \
			"$root/src/$version/build/deb/netlab-dkms_${version}_all.deb" "$out/" || return
		cp "$out"/netlab*_"$version"_*.deb "$root/debs/"
	done
	lintian=$(inside sh -c 'lintian --allow-root --info --tag-display-limit 0 /debs/*.deb' 2>&1)
	is 'lintian: no error, no warning' "$(grep '^[EW]:' <<<"$lintian")" ''
	is 'and it ran' "$(inside sh -c 'lintian --allow-root --version' 2>&1 | cut -d' ' -f1)" Lintian
}

# What is in the root folder, but for what apt, dpkg and the kernel's own
# bookkeeping write whenever they run.
tree() {
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./run -o -path ./debs \
		-o -path ./var/cache -o -path ./var/log -o -path ./var/lib/apt -o -path ./var/lib/dpkg \) -prune -o -print | sort)
}

installed() { # VERSION
	is "$1: dkms has that version and no other" \
		"$(inside dkms status netlab 2>&1 | sed 's/, x86_64//; s/(.*//')" "netlab/$1, $release: installed"
	is "$1: the module is that version's" "$(inside modinfo -k "$release" -F version netlab 2>&1)" "$1"
	is "$1: so is the tool" "$(inside netlab -V 2>&1)" "netlab $1"
}

main() {
	local release before lintian
	mkdir -p "$out/log" "$BUILD/matrix"
	ok 'the root folder' tests/matrix/root $suite || done_testing
	release=$(cat "$home/release")
	ok 'the release' tests/matrix/run prepare
	build || done_testing
	mount_root "$home/root" "$out/mount" || die "cannot mount $home/root at $out/mount"
	mkdir "$root/debs" && mv "$out"/netlab*.deb "$root/debs/"
	ok 'apt-get update' apt update update
	# What it depends on, and a system to use it in.
	ok 'systemd and libraries' apt needs install systemd systemd-sysv libmnl0 libjson-c5
	before=$(tree)

	ok 'the packages install' apt install install "/debs/netlab_${VERSION}_amd64.deb" "/debs/netlab-dkms_${VERSION}_all.deb"
	installed "$VERSION"
	is 'nothing is enabled yet' "$(find "$root/etc/systemd/system" -path '*.wants/netlab*')" ''
	# The example of netlab.conf(5), as it stands there.
	sed -n '/^\.nf/,/^\.fi/{/^\./d; s/\\-/-/g; p}' userspace/man/netlab.conf.5 >"$root/etc/netlab.conf"
	mkdir -p "$root/var/lib/prometheus/node-exporter"
	ok 'its units are enabled' inside systemctl enable netlab.service netlab-metrics.socket netlab-textfile.timer
	mkdir -p "$root$TOP" && tar -xzf "$BUILD/matrix/netlab.tar.gz" --strip-components=1 -C "$root$TOP"
	used

	ok 'the next version installs over it' apt upgrade install "/debs/netlab_${NEXT}_amd64.deb" "/debs/netlab-dkms_${NEXT}_all.deb"
	installed "$NEXT"
	is 'what was enabled still is' "$(inside systemctl is-enabled netlab.service netlab-metrics.socket netlab-textfile.timer 2>&1 | xargs)" \
		'enabled enabled enabled'
	ok 'the configuration is as it was' grep -q '^prefix add 198.51.100.0/24$' "$root/etc/netlab.conf"

	ok 'the packages are purged' apt purge purge netlab netlab-dkms
	rm -rf "${root:?}/var/lib/prometheus"
	(cd "$root$TOP/.." && rm -rf "$root$TOP")
	rmdir -p --ignore-fail-on-non-empty "$root${TOP%/*}" 2>/dev/null
	is 'and nothing is left of them' "$(diff <(echo "$before") <(tree) | grep '^[<>]')" ''
	is 'nor does dpkg know any' "$(inside dpkg -l 'netlab*' 2>&1 | grep '^[a-z][a-z] ' | grep -v '^un')" ''
	done_testing
}

# In a machine; what it does to the system there stays there.
used() {
	local line
	while IFS= read -r line; do
		case $line in
		'ok '*) tap_count=$((tap_count + 1)); echo "ok $tap_count - used: ${line#* - }" ;;
		'not ok '*) tap_count=$((tap_count + 1)) tap_failed=$((tap_failed + 1)); echo "not ok $tap_count - used: ${line#* - }" ;;
		1..*) ;;
		*) echo "$line" ;;
		esac
	done < <(NETLAB_ROOT=$root NETLAB_KERNEL=$home NETLAB_KO=none NETLAB_TEST_KO=none NETLAB=/usr/bin/netlab NETLAB_BOOT_LIMIT=200 \
		tests/vm/run --systemd --limit 600 --kernel-log "$out/log/kernel.log" -- tests/matrix/deb-used 2> >(tee "$out/log/machine.log" >&2))
	wait $!
	is 'the machine ended as it should' "exit $?" 'exit 0'
}

main
