#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What of a kernel's log fails a run (tests/vm/splat.sh): all complaints, but
# for PROVE_RCU_LIST's of nf_tables itself.

cd "$(dirname "$0")/../.." || exit
. tests/vm/splat.sh
. tests/lib.sh

# suspicious PLACE FRAME: lockdep's words, with a trace of one function
suspicious() {
	cat <<-END
		[1.0] WARNING: suspicious RCU usage
		[1.0] 6.12.117-debug #1 Tainted: G           O
		[1.0] $1 RCU-list traversed in non-reader section!!
		[1.0] Call Trace:
		[1.0]  <TASK>
		[1.0]  lockdep_rcu_suspicious+0x211/0x3b0
		[1.0]  $2
		[1.0]  </TASK>
	END
}

readonly tables=net/netfilter/nf_tables_api.c:4470 bitmap=net/netfilter/nft_set_bitmap.c:102
readonly lookup='nft_set_lookup.part.0+0x126/0x160 [nf_tables]'

lines() { splat_lines | cut -d: -f1 | tr '\n' ' '; }

is 'a quiet log' "$(printf '[1.0] netlab: loaded\n' | lines)" ''
is "nf_tables' own lists" "$({ suspicious $tables "$lookup"; suspicious $bitmap "$lookup"; } | lines)" ''
is 'with netlab in the trace they count' "$(suspicious $tables 'netlab_hooks_load+0x1/0x2 [netlab]' | lines)" '1 4 '
is "and so does netlab's list" "$(suspicious /build/module/devices.c:88 "$lookup" | lines)" '1 4 '
is "what follows nf_tables' counts, with its line's number" \
	"$({ suspicious $tables "$lookup"; echo '[2.0] BUG: KASAN: slab-use-after-free'; } | lines)" '9 '
is "a trace that was cut short counts" "$(suspicious /build/module/devices.c:88 "$lookup" | head -n 5 | lines)" '1 4 '

# trylock FRAME: what DEBUG_SPINLOCK says without SMP, with user-mode Linux's trace
trylock() {
	cat <<-END
		[1.0] BUG: spinlock trylock failure on UP on CPU#0, echo_same_firew/2861
		[1.0] Stack:
		[1.0]  00000b2d e2d3e4a0 41b58ab3 617995b6
		[1.0] Call Trace:
		[1.0]  [<614b0e50>] ? _raw_spin_trylock+0x0/0x1a0
		[1.0]  [<60fbf65c>] ? $1
	END
}

is "the ICMP socket's lock" "$(trylock '__icmp_send+0x687/0x1fb0' | lines)" ''
is 'another lock counts' "$(trylock 'ip_send_skb+0x48/0x280' | lines)" '1 4 '
is "and so does another alarm while an ICMP message is sent" \
	"$(trylock '__icmp_send+0x687/0x1fb0' | sed 's/BUG: .*/WARNING: suspicious RCU usage/' | lines)" '1 4 '
is "what follows the socket's counts, with its line's number" \
	"$({ trylock '__icmp_send+0x687/0x1fb0'; echo '[2.0] BUG: KASAN: slab-use-after-free'; } | lines)" '7 '
is 'and what interrupts it' \
	"$({ trylock '__icmp_send+0x687/0x1fb0'; trylock 'netlab_input_ipv4+0x48/0x280 [netlab]'; } | lines)" '7 10 '

# race FRAME: KCSAN's words, with a trace that goes through one function
race() {
	cat <<-END
		[1.0] BUG: KCSAN: data-race in neigh_event_send / neigh_update
		[1.0]
		[1.0] write (marked) to 0xffff8880052a9d40 of 8 bytes by interrupt on cpu 1:
		[1.0]  $1
		[1.0] read to 0xffff8880052a9d40 of 8 bytes by task 230 on cpu 0:
		[1.0]  ip_finish_output2+0x11/0x22
		[1.0] Reported by Kernel Concurrency Sanitizer on:
		[1.0] CPU: 0 PID: 230 Comm: blast
	END
}
is "a race of the kernel's own" "$(race neigh_update+0x1/0x2 | lines)" ''
is 'with netlab in a trace it counts' "$(race 'netlab_count_any+0x1/0x2 [netlab]' | lines)" '1 '
is 'or in what was interrupted it does not' \
	"$(race "$(printf 'tick+0x1/0x2\n[1.0]  asm_sysvec_apic_timer_interrupt+0x16/0x20\n[1.0]  netlab_dump_tables+0x2bc/0x500 [netlab]')" | lines)" ''
is "what follows the kernel's race counts, with its line's number" \
	"$({ race neigh_update+0x1/0x2; echo '[2.0] BUG: KASAN: slab-use-after-free'; } | lines)" '9 '
is 'one that was cut short counts' "$(race neigh_update+0x1/0x2 | head -n 4 | lines)" '1 '
done_testing
