# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The module for another architecture, against the distribution's own headers
# for it. They are fetched with package lists of their own; the host's apt
# stays as it is. Sourced after vm/lib.sh and lib.sh, by a test:
#
#   foreign DEBIAN-ARCHITECTURE HEADERS-PACKAGE KERNEL-ARCH ELF-CLASS ELF-MACHINE COMPILER-PREFIX
#
# shellcheck disable=SC2317 # ok calls the functions

# apt for the architecture $arch
foreign_apt() {
	local tool=$1
	shift
	timeout -k 5 300 "$tool" -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/apt" \
		-o Dir::State::status=/dev/null -o APT::Sandbox::User=root "$@" </dev/null
}

# The folder of the headers, once they are unpacked: not the common part.
foreign_headers() {
	find "$dir/root/usr/src" -maxdepth 1 -name 'linux-headers-*' ! -name '*-common' | head -n 1
}

foreign_fetch() {
	local packages deb
	mkdir -p "$dir/lists/partial" "$dir/apt/archives/partial" "$dir/deb"
	foreign_apt apt-get -q update || echo 'apt-get update had errors: going on'
	mapfile -t packages < <(foreign_apt apt-cache depends --recurse --no-recommends \
		--no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
		"$package" | grep -E '^linux-headers-[0-9]' | sort -u)
	[ ${#packages[@]} -gt 0 ] || { echo "apt knows no $package"; return 1; }
	(cd "$dir/deb" && foreign_apt apt-get -q download "${packages[@]}") || return
	for deb in "$dir"/deb/*.deb; do dpkg-deb -x "$deb" "$dir/root" || return; done
	rm -rf "$dir/deb" "$dir/lists" "$dir/apt"
	sed -i "s@include /usr/src@include $dir/root/usr/src@" "$(foreign_headers)/Makefile"
	# Kbuild's own programs run here: those of the guest's kernel.
	ln -sfn "$(readlink -f "$KERNEL_LINK")/root/usr/lib" "$dir/root/usr/lib" &&
		ln -sfn usr/lib "$dir/root/lib"
}

foreign_build() {
	rm -rf "$copy" && mkdir -p "$copy" && cp -r Kbuild module "$copy/" || return
	timeout -k 5 600 make -j"$(nproc)" -C "$(foreign_headers)" ARCH="$2" CROSS_COMPILE="$1" M="$copy" W=1 modules \
		>"$copy/log" 2>&1 </dev/null || { tail -n 30 "$copy/log"; return 1; }
}

foreign_warnings() { grep -n 'warning' "$copy/log"; }

# Two bytes of an object's header, and one: its machine and its class.
elf_kind() {
	echo "class $(od -An -j4 -N1 -tu1 "$1" | tr -d ' ') machine $(od -An -j18 -N2 -tu2 "$1" | tr -d ' ')"
}

foreign() {
	local arch=$1 package=$2 dir=$CACHE/$1 copy=$BUILD/$1
	if [ ! -e "$dir/ready" ]; then
		rm -rf "$dir"
		ok "the headers of an $arch kernel are fetched" foreign_fetch && touch "$dir/ready"
	fi
	ok "the module builds for $arch, W=1" foreign_build "$6" "$3" || return
	is 'without a warning' "$(foreign_warnings)" ''
	is "and is an object for $arch" "$(elf_kind "$copy/netlab.ko")" "class $4 machine $5"
}
