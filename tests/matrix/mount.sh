# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by what runs in a mount namespace of its own.

# mount_root SYSTEM FOLDER: SYSTEM under a layer of memory in FOLDER. $root is
# what is to be used then; SYSTEM itself stays as it is.
mount_root() {
	root=$2/root
	mkdir -p "$2" &&
		mount -t tmpfs -o size=2g,mode=755 netlab "$2" &&
		mkdir "$2/upper" "$2/work" "$root" &&
		mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" netlab "$root"
}
