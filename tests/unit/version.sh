#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One version everywhere: the Makefile's.

. "$(dirname "$0")/../lib.sh"

top=$(dirname "$0")/../..
version=$(sed -n 's/^VERSION := //p' "$top/Makefile")

like 'the Makefile has a version' "$version" '^[0-9]+\.[0-9]+\.[0-9]+$'
is 'dkms.conf has it' \
	"$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$top/dkms.conf")" "$version"
is 'the module has it' "$(modinfo -F version "$NETLAB_KO")" "$version"
like 'the tool has it' "$("$NETLAB" -V)" "(^|[^0-9.])${version//./\\.}([^0-9.]|$)"
for page in "$top"/userspace/man/*.[1-8]; do
	like "${page##*/} has it" "$(head -n 20 "$page")" "netlab ${version//./\\.}"
done
like "debian's changelog has it" "$(head -n 1 "$top/debian/changelog")" "^netlab \\(${version//./\\.}\\)"
done_testing
