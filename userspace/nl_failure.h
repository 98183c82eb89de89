/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How an exchange with the kernel failed: read from its answer, and told.
 */
#ifndef NETLAB_NL_FAILURE_H
#define NETLAB_NL_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "tool.h"

struct nlmsghdr;

/**
 * struct nl_failure - How an exchange failed.
 * @error: A number of errno; 0 if it didn't.
 * @refused: That came from the kernel's answer.
 * @offset: Of the attribute in the question that it is about; 0 if the kernel
 *	named none.
 * @text: What the kernel said in words; may be empty.
 */
struct nl_failure {
	int error;
	bool refused;
	uint32_t offset;
	char text[256];
};

bool nl_failure_error(const struct nlmsghdr *message,
		      struct nl_failure *failure);
void nl_failure_done(const struct nlmsghdr *message,
		     struct nl_failure *failure);
enum status nl_complain(const struct nl_failure *failure);

#endif /* NETLAB_NL_FAILURE_H */
