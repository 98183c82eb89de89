// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kcov.h"

#define ENTRIES		(1 << 18)	/* of one system call's trace */
#define TABLE		(1 << 16)	/* places known, at the most half of it */

static unsigned long *trace;
static uint64_t known[TABLE];
static unsigned int n_known;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* What this thread does from here on can be traced. */
void kcov_open(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, ENTRIES))
		fail("kcov");
	trace = mmap(NULL, ENTRIES * sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (trace == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		fail("kcov");
}

void kcov_begin(void)
{
	__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
}

/* How many places were come to that none before had come to. */
unsigned int kcov_end(void)
{
	unsigned long n = __atomic_load_n(&trace[0], __ATOMIC_RELAXED), i;
	unsigned int at, fresh = 0;

	for (i = 1; i <= n && i < ENTRIES; i++) {
		at = (trace[i] * 0x9e3779b97f4a7c15) >> 48;
		while (known[at] && known[at] != trace[i])
			at = (at + 1) % TABLE;
		if (known[at] || n_known == TABLE / 2)
			continue;
		known[at] = trace[i];
		n_known++;
		fresh++;
	}
	return fresh;
}

/* All places, one a line; how many. */
unsigned int kcov_write(const char *path)
{
	FILE *f = fopen(path, "w");
	unsigned int i;

	if (!f)
		fail(path);
	for (i = 0; i < TABLE; i++)
		if (known[i])
			fprintf(f, "%llx\n", (unsigned long long)known[i]);
	fclose(f);
	return n_known;
}
