// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile: a QEMU plugin that counts how often each instruction of the guest's
 * kernel is executed in the measured rounds of send.c, which tells by MARK_...
 * when they begin and end. For each send it writes to the file that its option
 * out=FILE names: "rounds NUMBER", then "ADDRESS COUNT" lines. What it uses of
 * QEMU's interface (version 1) is declared here, since distributions don't
 * ship the header. For a guest of one processor.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
	void (*callback)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_atexit_cb(uint64_t id,
	void (*callback)(uint64_t id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
	int operation, void *counter, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
	void (*callback)(unsigned int cpu, void *data), int flags, void *data);

int qemu_plugin_version = 1;

#define ADD_U64	0
#define SLOTS	(1u << 22)

/* As send.c has them; the fourth byte says which. */
static const unsigned char mark[] = { 0x0f, 0x1f, 0x80, 0, 0x62, 0x6c, 0x6e };
enum { START, BEGIN, END };

/* begin: the count when the round began; sum: of the rounds so far. */
struct insn {
	uint64_t address, count, begin, sum;
};

/* In the order of their discovery, so that a round touches no more than these. */
static struct insn insns[SLOTS];
static size_t n_insns;
/* By the hash of the address, 1 + where it is in insns. */
static uint32_t slots[SLOTS];
static uint64_t rounds;
static FILE *out;

static uint64_t *counter(uint64_t address)
{
	uint32_t i = (uint32_t)(address * 0x9e3779b97f4a7c15u >> 42), turns;

	for (turns = 0; turns < SLOTS; turns++, i = (i + 1) % SLOTS) {
		if (!slots[i]) {
			insns[n_insns].address = address;
			slots[i] = ++n_insns;
		}
		if (insns[slots[i] - 1].address == address)
			return &insns[slots[i] - 1].count;
	}
	return NULL;
}

static void write_send(void)
{
	size_t i;

	if (!rounds)
		return;
	fprintf(out, "rounds %" PRIu64 "\n", rounds);
	for (i = 0; i < n_insns; i++) {
		if (insns[i].sum)
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", insns[i].address, insns[i].sum);
		insns[i].sum = 0;
	}
	rounds = 0;
}

static void marked(unsigned int cpu, void *data)
{
	size_t i;

	(void)cpu;
	switch ((uintptr_t)data) {
	case START:
		write_send();
		break;
	case BEGIN:
		for (i = 0; i < n_insns; i++)
			insns[i].begin = insns[i].count;
		break;
	case END:
		for (i = 0; i < n_insns; i++)
			insns[i].sum += insns[i].count - insns[i].begin;
		rounds++;
		break;
	}
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	const unsigned char *data = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) == sizeof(mark) && !memcmp(data, mark, 3) &&
	    !memcmp(data + 4, mark + 4, 3))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0,
						       (void *)(uintptr_t)data[3]);
}

/* Code of the kernel has the highest addresses. */
static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		uint64_t *count = address >> 63 ? counter(address) : NULL;

		if (count)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64, count, 1);
		else
			look_for_mark(insn);
	}
}

static void ended(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	write_send();
	if (fclose(out))
		perror("profile");
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "profile: wants out=FILE\n");
		return 1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
