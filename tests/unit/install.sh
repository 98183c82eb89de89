#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `make install' puts the tool, its page and its completions below DESTDIR,
# and `make uninstall' leaves nothing of them.

. "$(dirname "$0")/../lib.sh"

cd "$(dirname "$0")/../.." || exit
root=$(mktemp -d) || exit
trap 'rm -rf "$root"' EXIT
unset MAKEFLAGS MAKELEVEL

ok 'make install' make install DESTDIR="$root" PREFIX=/usr
is 'what was installed' "$(cd "$root" && find . -type f -printf '%m %P\n' | sort)" \
"644 usr/lib/systemd/system/netlab-metrics.socket
644 usr/lib/systemd/system/netlab-metrics@.service
644 usr/lib/systemd/system/netlab-textfile.service
644 usr/lib/systemd/system/netlab-textfile.timer
644 usr/lib/systemd/system/netlab.service
644 usr/share/bash-completion/completions/netlab
644 usr/share/man/man4/netlab.4
644 usr/share/man/man5/netlab.conf.5
644 usr/share/man/man7/netlab-netlink.7
644 usr/share/man/man8/netlab.8
644 usr/share/zsh/site-functions/_netlab
755 usr/bin/netlab"
ok 'the installed tool runs' "$root/usr/bin/netlab" -V
units=("$root"/usr/lib/systemd/system/*)
is 'the units start the tool that was installed' "$(grep -ho '[^ =]*/netlab ' "${units[@]}" | sort -u)" '/usr/bin/netlab '
is 'metrics are served to this host alone, where nothing else is said' \
	"$(sed -n 's/^ListenStream=//p' "$root/usr/lib/systemd/system/netlab-metrics.socket")" 127.0.0.1:10427
mkdir "$root/units"
for unit in "${units[@]}"; do sed "s|/usr/bin/netlab|$root&|" "$unit" >"$root/units/${unit##*/}"; done
is 'systemd-analyze has nothing to say of them' "$(systemd-analyze verify --man=no "$root"/units/* 2>&1)" ''
rm -r "$root/units"
ok 'make uninstall' make uninstall DESTDIR="$root" PREFIX=/usr
is 'what is left' "$(find "$root" -type f)" ''

# The clear sentence, where there are no kernel headers.
exits 'make module without headers fails' 2 make module KDIR="$root/nowhere"
# shellcheck disable=SC2154 # exits sets it
like 'and says what to install' "$said" "No kernel headers in $root/nowhere.*linux-headers.*KDIR=.*make run"
done_testing
