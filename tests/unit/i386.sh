#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module for a 32-bit kernel, where 64-bit counters are two words: built
# without a warning, and linked, against Debian's i386 headers. They are
# fetched with package lists of their own; the host's apt stays as it is.
#
# shellcheck disable=SC2317 # ok calls the functions

cd "$(dirname "$0")/../.." && . tests/vm/lib.sh
. tests/lib.sh

readonly dir=$CACHE/i386
readonly copy=$BUILD/i386

apt=(-o APT::Architecture=i386 -o APT::Architectures=i386
	-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/apt"
	-o Dir::State::status=/dev/null -o APT::Sandbox::User=root)

# The folder of the headers, once they are unpacked.
headers() { compgen -G "$dir/root/usr/src/linux-headers-*-686-pae"; }

fetch() {
	local packages
	mkdir -p "$dir/lists/partial" "$dir/apt/archives/partial" "$dir/deb"
	timeout -k 5 300 apt-get -q "${apt[@]}" update </dev/null ||
		echo 'apt-get update had errors: going on'
	mapfile -t packages < <(apt-cache "${apt[@]}" depends --recurse --no-recommends \
		--no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
		linux-headers-686-pae | grep -E '^linux-headers-[0-9]' | sort -u)
	[ ${#packages[@]} -gt 0 ] || { echo 'apt knows no linux-headers-686-pae'; return 1; }
	(cd "$dir/deb" && timeout -k 5 300 apt-get -q "${apt[@]}" download "${packages[@]}" </dev/null) ||
		return 1
	local deb
	for deb in "$dir"/deb/*.deb; do dpkg-deb -x "$deb" "$dir/root" || return 1; done
	rm -rf "$dir/deb" "$dir/lists" "$dir/apt"
	sed -i "s@include /usr/src@include $dir/root/usr/src@" "$(headers)/Makefile"
	# Kbuild's own programs run here: those of the guest's kernel.
	ln -sfn "$(readlink -f "$KERNEL_LINK")/root/usr/lib" "$dir/root/usr/lib" &&
		ln -sfn usr/lib "$dir/root/lib"
}

build() {
	rm -rf "$copy" && mkdir -p "$copy" && cp -r Kbuild module "$copy/" || return 1
	timeout -k 5 600 make -j"$(nproc)" -C "$(headers)" ARCH=i386 M="$copy" W=1 modules \
		>"$copy/log" 2>&1 </dev/null || { tail -n 30 "$copy/log"; return 1; }
}

without_warnings() { ! grep -n 'warning' "$copy/log"; }

if [ ! -e "$dir/ready" ]; then
	rm -rf "$dir"
	ok 'the headers of an i386 kernel are fetched' fetch && touch "$dir/ready"
fi
ok 'the module builds for it' build
ok 'without a warning' without_warnings
is 'and is a 32-bit object' "$(od -An -j4 -N1 -tu1 "$copy/netlab.ko" | tr -d ' ')" 1
done_testing
