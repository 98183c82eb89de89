#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module for arm64, by Debian's cross compiler against its arm64 headers:
# another architecture's idea of barriers, per-CPU data and alignment.

cd "$(dirname "$0")/../.." && . tests/vm/lib.sh
. tests/lib.sh
. tests/foreign.sh

# The compiler that Debian built that kernel with, which its headers ask for.
compiler=$(sed -n 's/.*\(gcc-[0-9]*\)$/\1/p' "$(readlink -f "$KERNEL_LINK")/build/.kernelvariables" | head -n 1)
compiler=${compiler:-gcc}
ok 'the cross compiler' need_packages "aarch64-linux-gnu-$compiler:$compiler-aarch64-linux-gnu"
foreign arm64 linux-headers-arm64 arm64 2 183 aarch64-linux-gnu-
done_testing
