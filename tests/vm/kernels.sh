# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts that get kernels share. Sourced after lib.sh, never run.

# Complete, and not moved since: the headers know their own path.
kernel_usable() {
	[ -s "$1/ready" ] && [ "$(cat "$1/ready")" = "$(readlink -f "$1")" ]
}

# The modules that the initramfs loads, in order, decompressed.
# make_initrd_base FOLDER VERSION [MODULE...]
make_initrd_base() {
	local dir=$1 version=$2 stage=$1/initrd.d file name
	shift 2
	mkdir -p "$stage/modules"
	install -D "$dir/root/bin/busybox" "$stage/bin/busybox" 2>/dev/null ||
		install -D "$dir/root/usr/bin/busybox" "$stage/bin/busybox" ||
		die "busybox-static holds no busybox"
	local wanted=("$@")
	[ $# -gt 0 ] || wanted=(virtio_pci virtio_console 9pnet_virtio 9p overlay)
	modprobe -d "$dir/root" -S "$version" -a --show-depends "${wanted[@]}" \
		2>"$dir/modprobe.log" >"$dir/initrd.list" || {
		cat "$dir/modprobe.log" >&2
		die "this kernel lacks one of the modules ${wanted[*]}; choose another by NETLAB_KERNEL="
	}
	while read -r _ file _; do
		name=${file##*/}
		name=${name%.ko*}
		[ ! -e "$stage/modules/$name.ko" ] || continue
		case $file in
		*.ko) cat "$file" ;;
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dc "$file" ;;
		*.gz) gzip -dc "$file" ;;
		esac >"$stage/modules/$name.ko" || die "cannot unpack $file"
		echo "$name" >>"$stage/modules/order"
	done < <(grep ^insmod "$dir/initrd.list")
	touch "$stage/modules/order"
	(cd "$stage" && find . | cpio -o -H newc -R 0:0 --quiet) | gzip -1 >"$dir/initrd-base" ||
		die "cannot pack the initramfs"
	rm -rf "$stage" "$dir"/initrd.list "$dir"/modprobe.log
}

# The newest source package that apt knows, 6.12 or later where there is one.
newest_linux_source() {
	apt-cache search --names-only '^linux-source-[0-9.]+$' |
		cut -d' ' -f1 | sort -V | tail -n 1
}

# The tarball: installed on this host already, or of the package.
linux_tarball() {
	local package=$1 there deb
	there=$(find "/usr/src/" -maxdepth 2 -name "$package.tar.*" 2>/dev/null | head -n 1)
	if [ -n "$there" ]; then
		echo "$there"
		return
	fi
	say "fetching $package (about 150 MB)"
	deb=$CACHE/linux-source.deb.$$ # the caller removes it
	rm -rf "$deb"
	fetch_packages "$deb" "$package" || exit
	find "$deb/root/usr/src" -name "$package.tar.*" | head -n 1
}

# modules_for_uml TREE: whoever builds a module against user-mode Linux needs not know.
modules_for_uml() {
	grep -q '^export ARCH :=' "$1/Makefile" || sed -i '1i export ARCH := um' "$1/Makefile"
}
