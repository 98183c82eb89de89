# SPDX-License-Identifier: GPL-2.0-only
"""What kind of kernel the tests run on."""
import os

# One that watches itself (tests/vm/debug-kernel): it needs ten times as long for the same, and more memory for each object.
SLOW = any(os.path.exists(f"/sys/kernel/debug/{name}") for name in ("kmemleak", "failslab", "kcsan"))
