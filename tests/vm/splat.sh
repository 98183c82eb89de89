# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a healthy kernel never says. Sourced on the host and in the guest.

# emulator_fault FILE: whether the kernel's first complaint is QEMU's doing (seen:
# 7.2). Where each processor is emulated in a thread of its own, one may trip
# over a breakpoint which another has taken away again, as the kernel does when
# it patches itself: an int3 where memory has none.
emulator_fault() {
	splat_lines "$1" | head -n 1 | grep -q 'int3: 0000' &&
		grep -m 1 'Code: ' "$1" | grep -q '<' && ! grep -m 1 'Code: ' "$1" | grep -q ' cc <'
}

# splat_lines [FILE]: the lines of a kernel log that must not be there
splat_lines() {
	grep -nE 'BUG:|WARNING:|Oops|Call Trace|general protection|kernel BUG|UBSAN|KASAN|refcount_t|rcu: INFO|Kernel panic|unregister_netdevice: waiting|INFO: task .* blocked|DEBUG_LOCKS_WARN' "$@"
}
