// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile: a QEMU plugin that counts how often each instruction of the guest's
 * kernel is executed, and at the end writes "ADDRESS COUNT" lines to the file
 * that its option out=FILE names. What it uses of QEMU's interface (version 1)
 * is declared here, since distributions don't ship the header.
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
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
	int operation, void *counter, uint64_t value);

int qemu_plugin_version = 1;

#define ADD_U64	0
#define SLOTS	(1u << 22)

static struct {
	uint64_t address, count;
} slots[SLOTS];
static const char *path;

static uint64_t *counter(uint64_t address)
{
	uint32_t i = (uint32_t)(address * 0x9e3779b97f4a7c15u >> 42), turns;

	for (turns = 0; turns < SLOTS; turns++, i = (i + 1) % SLOTS) {
		if (!slots[i].address)
			slots[i].address = address;
		if (slots[i].address == address)
			return &slots[i].count;
	}
	return NULL;
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
	}
}

static void ended(uint64_t id, void *data)
{
	FILE *f = fopen(path, "w");
	size_t i;

	(void)id;
	(void)data;
	if (!f) {
		perror(path);
		return;
	}
	for (i = 0; i < SLOTS; i++)
		if (slots[i].count)
			fprintf(f, "%" PRIx64 " %" PRIu64 "\n", slots[i].address, slots[i].count);
	if (fclose(f))
		perror(path);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "profile: wants out=FILE\n");
		return 1;
	}
	path = argv[0] + 4;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
