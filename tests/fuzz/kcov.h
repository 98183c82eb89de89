/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kcov: which of netlab's code a system call has run, where the kernel and the
 * module were built to tell (CONFIG_KCOV; make NETLAB_KCOV=y).
 */
#ifndef FUZZ_KCOV_H
#define FUZZ_KCOV_H

void kcov_open(void);
void kcov_begin(void);
unsigned int kcov_end(void);
unsigned int kcov_write(const char *path);

#endif /* FUZZ_KCOV_H */
