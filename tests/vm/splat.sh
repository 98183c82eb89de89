# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a healthy kernel never says. Sourced on the host and in the guest.

# splat_lines [FILE]: the lines of a kernel log that must not be there
splat_lines() {
	grep -nE 'BUG:|WARNING:|Oops|Call Trace|general protection|kernel BUG|UBSAN|KASAN|refcount_t|rcu: INFO|Kernel panic|unregister_netdevice: waiting|INFO: task .* blocked|DEBUG_LOCKS_WARN' "$@"
}
