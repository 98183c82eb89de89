#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds tool_netlink.c, or the test that is named, with all of the tool but
# main(), under the sanitizers, and runs it.

name=${1:-tool_netlink}
scratch=$(mktemp -d) || exit
trap 'rm -rf "$scratch"' EXIT

mapfile -t sources < <(printf '%s\n' userspace/*.c | grep -v '/main\.c$')
mapfile -t flags < <(pkg-config --cflags --libs libmnl json-c ncursesw libpcap | xargs -n 1)
"${CC:-cc}" -g -O1 -Wall -Wextra -fsanitize=address,undefined -fno-sanitize-recover=all \
	-DNETLAB_VERSION='"test"' -Imodule/uapi -Iuserspace -Itests/unit -o "$scratch/test" \
	"tests/unit/$name.c" tests/unit/tool_{kernel,model}.c "${sources[@]}" "${flags[@]}" -lm >&2 || {
	printf 'not ok 1 - %s.c can be built\n1..1\n' "$name"
	exit 1
}
timeout -k 5 60 "$scratch/test"
