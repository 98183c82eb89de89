// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdp: counts packets and bytes per protocol by an XDP program and a per-CPU
 * map, or answers echo requests, as a peer for the benchmark. Its few
 * instructions are written by hand, so that neither a compiler for BPF nor a
 * library is needed.
 *
 *   xdp DEV native|generic
 *	says "ready" once it counts; at the end of its standard input prints
 *	how many packets it has counted.
 *   xdp DEV native|generic ADDRESS
 *	says "ready" once it answers for the IPv4 address, until the end of its
 *	standard input. It verifies the headers but not the checksum, looks up
 *	no address, and counts nothing: the least that an XDP responder can do.
 *   xdp DEV native|generic pass
 *	has a program that does nothing: without one a veth does not receive
 *	what an XDP program at its peer sends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROTOCOLS	256
#define MAX_CPUS	1024

struct counter {
	unsigned long long packets, bytes;
};

#define INSN(c, d, s, o, i) \
	{ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) }
#define MOV(d, s)	INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define MOV_IMM(d, i)	INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define ADD(d, s)	INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define ADD_IMM(d, i)	INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SUB(d, s)	INSN(BPF_ALU64 | BPF_SUB | BPF_X, d, s, 0, 0)
#define LOAD(size, d, s, o)	INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, o, s)	INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define JUMP(op, d, s, o)	INSN(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define JUMP_IMM(op, d, i, o)	INSN(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define AND_IMM(d, i)	INSN(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
#define SHIFT_RIGHT(d, i)	INSN(BPF_ALU64 | BPF_RSH | BPF_K, d, 0, 0, i)
#define STORE_IMM(size, d, o, i)	INSN(BPF_ST | BPF_MEM | (size), d, 0, o, i)
/* Of 32 bits */
#define JUMP32_IMM(op, d, i, o)	INSN(BPF_JMP32 | (op) | BPF_K, d, 0, o, i)
#define CALL(f)		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define EXIT		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static void die(const char *what)
{
	fprintf(stderr, "xdp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_PERCPU_ARRAY,
		.key_size = 4,
		.value_size = sizeof(struct counter),
		.max_entries = PROTOCOLS,
	};
	int fd = bpf(BPF_MAP_CREATE, &attr);

	if (fd < 0)
		die("cannot make a map");
	return fd;
}

static int load_program(const struct bpf_insn *code, size_t count)
{
	static char log[16384];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (unsigned long)code,
		.insn_cnt = count,
		.license = (unsigned long)"GPL",
		.log_buf = (unsigned long)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0) {
		fputs(log, stderr);
		die("cannot load the program");
	}
	return fd;
}

static int counting_program(int map)
{
	/* Where jumps lead; they are relative to the next instruction. */
	enum { IPV6 = 9, COUNT = 11, PASS = 27 };
	struct bpf_insn code[] = {
		/* r2 = data, r3 = its end; the IPv4 header must be there. */
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end)),
		MOV(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, 14 + 20),
		JUMP(BPF_JGT, BPF_REG_4, BPF_REG_3, PASS - 5),
		/* The key, by EtherType: 0x0800 or 0x86dd in the wire's order. */
		LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 12),
		JUMP_IMM(BPF_JNE, BPF_REG_5, 0x0008, IPV6 - 7),
		LOAD(BPF_B, BPF_REG_0, BPF_REG_2, 14 + 9),
		JUMP_IMM(BPF_JA, 0, 0, COUNT - 9),
		/* IPV6: */
		JUMP_IMM(BPF_JNE, BPF_REG_5, 0xdd86, PASS - 10),
		LOAD(BPF_B, BPF_REG_0, BPF_REG_2, 14 + 6),
		/* COUNT: */
		STORE(BPF_W, BPF_REG_10, -4, BPF_REG_0),
		/* r7 = layer-3 bytes */
		MOV(BPF_REG_7, BPF_REG_3),
		SUB(BPF_REG_7, BPF_REG_2),
		ADD_IMM(BPF_REG_7, -14),
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map),
		INSN(0, 0, 0, 0, 0),
		MOV(BPF_REG_2, BPF_REG_10),
		ADD_IMM(BPF_REG_2, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		JUMP_IMM(BPF_JEQ, BPF_REG_0, 0, PASS - 21),
		LOAD(BPF_DW, BPF_REG_1, BPF_REG_0, 0),
		ADD_IMM(BPF_REG_1, 1),
		STORE(BPF_DW, BPF_REG_0, 0, BPF_REG_1),
		LOAD(BPF_DW, BPF_REG_1, BPF_REG_0, 8),
		ADD(BPF_REG_1, BPF_REG_7),
		STORE(BPF_DW, BPF_REG_0, 8, BPF_REG_1),
		/* PASS: */
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	return load_program(code, sizeof(code) / sizeof(*code));
}

static int passing_program(void)
{
	struct bpf_insn code[] = {
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	return load_program(code, sizeof(code) / sizeof(*code));
}

/*
 * RFC 792: the request's own bytes go back, the addresses and the type
 * changed; by RFC 1624 the checksum grows by what the type lost.
 */
static int answering_program(const char *address)
{
	/* Where jumps lead; they are relative to the next instruction. */
	enum { PASS = 38 };
	struct in_addr own;

	if (inet_pton(AF_INET, address, &own) != 1)
		die(address);

	struct bpf_insn code[] = {
		/* r2 = data, r3 = its end; Ethernet, IPv4 and ICMP headers. */
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data)),
		LOAD(BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end)),
		MOV(BPF_REG_4, BPF_REG_2),
		ADD_IMM(BPF_REG_4, 14 + 20 + 8),
		JUMP(BPF_JGT, BPF_REG_4, BPF_REG_3, PASS - 5),
		/* IPv4 without options, ICMP, unfragmented, for us, an echo. */
		LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 12),
		JUMP_IMM(BPF_JNE, BPF_REG_5, 0x0008, PASS - 7),
		LOAD(BPF_B, BPF_REG_5, BPF_REG_2, 14),
		JUMP_IMM(BPF_JNE, BPF_REG_5, 0x45, PASS - 9),
		LOAD(BPF_B, BPF_REG_5, BPF_REG_2, 14 + 9),
		JUMP_IMM(BPF_JNE, BPF_REG_5, IPPROTO_ICMP, PASS - 11),
		LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 14 + 6),
		AND_IMM(BPF_REG_5, 0xff3f),
		JUMP_IMM(BPF_JNE, BPF_REG_5, 0, PASS - 14),
		LOAD(BPF_W, BPF_REG_6, BPF_REG_2, 14 + 16),
		JUMP32_IMM(BPF_JNE, BPF_REG_6, own.s_addr, PASS - 16),
		LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 34),
		JUMP_IMM(BPF_JNE, BPF_REG_5, 0x0008, PASS - 18),
		/* The IPv4 addresses; r6 is the destination. */
		LOAD(BPF_W, BPF_REG_5, BPF_REG_2, 14 + 12),
		STORE(BPF_W, BPF_REG_2, 14 + 16, BPF_REG_5),
		STORE(BPF_W, BPF_REG_2, 14 + 12, BPF_REG_6),
		/* The MAC addresses, as four bytes and two. */
		LOAD(BPF_W, BPF_REG_5, BPF_REG_2, 0),
		LOAD(BPF_H, BPF_REG_6, BPF_REG_2, 4),
		LOAD(BPF_W, BPF_REG_7, BPF_REG_2, 6),
		LOAD(BPF_H, BPF_REG_8, BPF_REG_2, 10),
		STORE(BPF_W, BPF_REG_2, 6, BPF_REG_5),
		STORE(BPF_H, BPF_REG_2, 10, BPF_REG_6),
		STORE(BPF_W, BPF_REG_2, 0, BPF_REG_7),
		STORE(BPF_H, BPF_REG_2, 4, BPF_REG_8),
		/* An echo reply, and its checksum in the wire's order. */
		STORE_IMM(BPF_B, BPF_REG_2, 34, 0),
		LOAD(BPF_H, BPF_REG_5, BPF_REG_2, 36),
		ADD_IMM(BPF_REG_5, 0x0008),
		MOV(BPF_REG_6, BPF_REG_5),
		SHIFT_RIGHT(BPF_REG_6, 16),
		ADD(BPF_REG_5, BPF_REG_6),
		STORE(BPF_H, BPF_REG_2, 36, BPF_REG_5),
		MOV_IMM(BPF_REG_0, XDP_TX),
		EXIT,
		/* PASS: */
		MOV_IMM(BPF_REG_0, XDP_PASS),
		EXIT,
	};

	return load_program(code, sizeof(code) / sizeof(*code));
}

/* The program stays at the device for as long as this process lives. */
static void attach(int program, const char *dev, int native)
{
	union bpf_attr attr = {
		.link_create = {
			.prog_fd = program,
			.target_ifindex = if_nametoindex(dev),
			.attach_type = BPF_XDP,
			.flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE,
		},
	};

	if (!attr.link_create.target_ifindex || bpf(BPF_LINK_CREATE, &attr) < 0)
		die(dev);
}

static unsigned long long counted(int map)
{
	static struct counter value[MAX_CPUS];
	unsigned long long total = 0;
	unsigned int key, cpu;

	for (key = 0; key < PROTOCOLS; key++) {
		union bpf_attr attr = {
			.map_fd = map,
			.key = (unsigned long)&key,
			.value = (unsigned long)value,
		};

		if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
			die("cannot read the map");
		for (cpu = 0; cpu < MAX_CPUS; cpu++)
			total += value[cpu].packets;
	}
	return total;
}

int main(int argc, char **argv)
{
	int map = -1, program;
	char c;

	if ((argc != 3 && argc != 4) ||
	    (strcmp(argv[2], "native") && strcmp(argv[2], "generic"))) {
		fprintf(stderr, "usage: xdp DEV native|generic [ADDRESS|pass]\n");
		return 1;
	}
	if (argc == 3) {
		map = make_map();
		program = counting_program(map);
	} else if (!strcmp(argv[3], "pass")) {
		program = passing_program();
	} else {
		program = answering_program(argv[3]);
	}
	attach(program, argv[1], !strcmp(argv[2], "native"));
	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	if (argc == 3)
		printf("%llu\n", counted(map));
	return 0;
}
