/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The option --batch: commands from a file, of which those that can be are sent
 * together.
 */
#ifndef NETLAB_BATCH_H
#define NETLAB_BATCH_H

#include "tool.h"

struct nlmsghdr;

enum status batch_run(void);
enum status batch_add(const struct nlmsghdr *message);
enum status batch_flush(void);

#endif /* NETLAB_BATCH_H */
