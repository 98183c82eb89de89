# SPDX-License-Identifier: GPL-2.0-only
"""What kind of kernel the tests run on."""
import os

VERSION = tuple(map(int, os.uname().release.split(".")[:2]))

# Bytes of a control group's sums that a CPU may keep to itself: before 5.13, up to 32 pages' worth.
LATE = 0 if VERSION >= (5, 13) else 32 * 4096

# One that watches itself (tests/vm/debug-kernel): it needs ten times as long for the same, and more memory for each object.
SLOW = any(os.path.exists(f"/sys/kernel/debug/{name}") for name in ("kmemleak", "failslab", "kcsan"))
