# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a healthy kernel never says. Sourced on the host and in the guest.

# emulator_fault FILE: whether the kernel's first complaint is QEMU's doing (seen:
# 7.2). The kernel patches itself behind a breakpoint, an int3. Where each
# processor is emulated in a thread of its own, one may keep what it made of that
# int3 when memory has none any more. Linux 7.3 dies of it: an int3, and no cc
# there. 6.1 goes back and tries again, for ever: it is stuck at one jump or nop.
emulator_fault() {
	if splat_lines "$1" | head -n 1 | grep -q 'int3: 0000'; then
		grep -m 1 'Code: .*<' "$1" | grep -qv ' cc <'
	else
		grep -q 'soft lockup' "$1" && [ "$(grep -c 'Code: .* <\(eb\|e9\|0f> 1f\|66> 90\)' "$1")" -ge 4 ] &&
			[ "$(grep -o 'RIP: 0010:[^+]*' "$1" | grep -v exc_int3 | sort | uniq -c | sort -rn | awk '{ n += $1 } NR == 1 { most = $1 } END { print (most * 10 >= n * 8) }')" = 1 ]
	fi
}

# Without two false alarms of the kernel's own. PROVE_RCU_LIST says of nf_tables itself,
# whatever modules there are (6.12), that nft_set_lookup() and nft_bitmap_insert(), say,
# go through lists that the commit's mutex protects, and don't tell lockdep. And
# DEBUG_SPINLOCK without SMP (of user-mode Linux) doesn't believe that a lock may be taken:
# the ICMP socket's is, when a rule rejects an ICMP message of the stack's own.
# Lines keep their numbers. User-mode Linux's traces have addresses, and no end.
without_known() {
	awk 'function tell(  i) {
			for (i = 1; i <= n; i++) print (known && !ours ? "" : block[i])
			n = known = ours = trace = trylock = 0
		}
		trace && !/\[</ { tell(); holding = 0 }
		/WARNING: suspicious RCU usage|BUG: spinlock trylock failure on UP/ { tell(); holding = 1 }
		!holding { print; next }
		{ block[++n] = $0 }
		/net\/netfilter\/nf(t|_tables)_.*RCU-list traversed in non-reader section/ { known = 1 }
		/BUG: spinlock trylock failure on UP/ { trylock = 1 }
		trylock && /\] \? __icmp_send\+/ { known = 1 }
		/netlab/ { ours = 1 }
		/\[</ { trace = 1 }
		/<\/TASK>/ { tell(); holding = 0 }
		END { tell() }' "$@"
}

# Without data races of the kernel's own, which KCSAN knows many of: netlab is in
# neither of the two traces, or only what the interrupt with the race interrupted.
# Lines keep their numbers.
without_others_races() {
	awk '/BUG: KCSAN/ { holding = 1 }
		!holding { print; next }
		{ block[++n] = $0 }
		/ by (task|interrupt)/ { interrupted = 0 }
		/\] +asm_(sysvec|common|exc)_/ { interrupted = 1 }
		/netlab/ && !interrupted { ours = 1 }
		/Reported by Kernel Concurrency Sanitizer/ {
			for (i = 1; i <= n; i++) print (ours ? block[i] : "")
			n = ours = holding = interrupted = 0
		}
		END { for (i = 1; i <= n; i++) print block[i] }'
}

# splat_lines [FILE]: the lines of a kernel log that must not be there
splat_lines() {
	without_known "$@" | without_others_races |
		grep -nE 'BUG:|WARNING:|Oops|Call Trace|general protection|kernel BUG|UBSAN|KASAN|refcount_t|rcu: INFO|Kernel panic|unregister_netdevice: waiting|INFO: task .* blocked|DEBUG_LOCKS_WARN'
}
