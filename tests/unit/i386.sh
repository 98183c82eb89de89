#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The module for a 32-bit kernel, where 64-bit counters are two words: built
# without a warning, and linked, against Debian's i386 headers.

cd "$(dirname "$0")/../.." && . tests/vm/lib.sh
. tests/lib.sh
. tests/foreign.sh

foreign i386 linux-headers-686-pae i386 1 3 ''
done_testing
