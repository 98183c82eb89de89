# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those that source this
# What the scripts beside this file share: where things are, how to speak,
# how to get packages. Sourced, never run.

set -u
# depmod, modinfo: not in an ordinary user's PATH.
export PATH=$PATH:/usr/sbin:/sbin

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CACHE=${NETLAB_CACHE:-$TOP/.cache}
BUILD=$TOP/build
case ${NETLAB_KERNEL:-} in
/*) KERNEL_LINK=$NETLAB_KERNEL ;; # of tests/matrix
*) KERNEL_LINK=$CACHE/kernels/${NETLAB_KERNEL:-default} ;;
esac
# What is built for that kernel: the module, and its unit tests.
GUEST_BUILD=$BUILD/guest${NETLAB_KERNEL:+-${NETLAB_KERNEL##*/}}
GUEST_KUNIT=$BUILD/kunit${NETLAB_KERNEL:+-${NETLAB_KERNEL##*/}}

# Progress goes to stderr: stdout belongs to what the caller asked for.
# The clock is that of the first script of several.
export NETLAB_BEGAN=${NETLAB_BEGAN:-$EPOCHSECONDS}
say() { printf '[%3d s] %s\n' "$((EPOCHSECONDS - NETLAB_BEGAN))" "$*" >&2; }

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# One builder at a time: parallel runs share the cache and build/.
# lock [NAME [MINUTES]]: a lock of its own for what takes long.
lock() {
	local file=$CACHE/lock${1:+-$1} minutes=${2:-15}
	mkdir -p "$CACHE" || die "cannot write the cache folder $CACHE (NETLAB_CACHE= names another)"
	exec 9>"$file"
	flock -n 9 && return
	say "waiting for another run that is preparing (at most $minutes minutes)"
	flock -w $((minutes * 60)) 9 || die "another run still holds $file after $minutes minutes"
}

# Run a step quietly; on failure name it and show the end of its log.
# step NAME LIMIT COMMAND...
step() {
	local name=$1 limit=$2 log=$BUILD/log/$1.log
	shift 2
	mkdir -p "$BUILD/log"
	timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null && return 0
	local status=$?
	tail -n 25 "$log" >&2
	if [ "$status" = 124 ]; then
		die "step '$name' took longer than $limit s; its log: $log"
	fi
	die "step '$name' failed (exit $status): $*; its log: $log"
}

# What the guest's kernel unpacks first: the cached part and our init.
make_initrd() {
	{
		cat "$KERNEL_LINK/initrd-base"
		(cd "$TOP/tests/vm" && echo init | cpio -o -H newc -R 0:0 --quiet | gzip -1)
	} >"$1" || die "cannot write $1"
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The lists are fetched when there are none, or when they are a day old.
apt_refresh() {
	[ -z "${apt_refreshed:-}" ] || [ "${1:-}" = force ] || return 0
	apt_refreshed=yes
	if compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null &&
	   [ -z "$(find /var/lib/apt/lists -maxdepth 0 -mmin +1440)" ] &&
	   [ "${1:-}" != force ]; then
		return 0
	fi
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		say "apt's package lists are old or missing and there is no sudo to renew them: going on with what is there"
		return 0
	fi
	say "apt-get update"
	# One repository that is down must not stop the others.
	mkdir -p "$BUILD/log"
	as_root timeout -k 5 300 apt-get -qq update >"$BUILD/log/apt-update.log" 2>&1 </dev/null ||
		say "apt-get update had errors (going on): $BUILD/log/apt-update.log"
}

# Install what is missing. Each argument is THING:PACKAGE; the package is
# wanted when THING, a command or an absolute path, does not exist.
need_packages() {
	local want=() pair thing
	for pair; do
		thing=${pair%%:*}
		case $thing in
		/*) [ -e "$thing" ] && continue ;;
		*) command -v "$thing" >/dev/null && continue ;;
		esac
		want+=("${pair#*:}")
	done
	[ ${#want[@]} -gt 0 ] || return 0
	install_packages "${want[@]}"
}

install_packages() {
	say "installing by apt-get: $*"
	command -v apt-get >/dev/null ||
		die "these packages are missing and this is not Debian or Ubuntu (no apt-get): $*"
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		die "not root and no sudo: have root run: apt-get install --no-install-recommends $*"
	apt_refresh
	if ! apt_install "$@"; then
		apt_refresh force
		apt_install "$@" || {
			tail -n 15 "$BUILD/log/apt-install.log" >&2
			die "apt-get could not install: $*"
		}
	fi
}

apt_install() {
	mkdir -p "$BUILD/log"
	as_root env DEBIAN_FRONTEND=noninteractive timeout -k 5 900 \
		apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" \
		>"$BUILD/log/apt-install.log" 2>&1 </dev/null
}

# Fetch packages into a folder and unpack them there under root/, without
# installing them. fetch_packages FOLDER PACKAGE...
fetch_packages() {
	local dir=$1
	shift
	mkdir -p "$dir/deb" "$dir/root" "$BUILD/log"
	if ! apt_download "$dir/deb" "$@"; then
		apt_refresh force
		apt_download "$dir/deb" "$@" || {
			tail -n 5 "$BUILD/log/apt-download.log" >&2
			die "apt-get could not download: $* (log: $BUILD/log/apt-download.log)"
		}
	fi
	local deb
	for deb in "$dir"/deb/*.deb; do
		dpkg-deb -x "$deb" "$dir/root" || die "cannot unpack $deb (is the disk full?)"
	done
	rm -rf "$dir/deb"
}

apt_download() {
	local dir=$1
	shift
	(cd "$dir" && timeout -k 5 600 apt-get -q -o APT::Sandbox::User=root \
		download "$@") >"$BUILD/log/apt-download.log" 2>&1 </dev/null
}
