/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The network namespace that the tool works in.
 */
#ifndef NETLAB_NETNS_H
#define NETLAB_NETNS_H

#include "tool.h"

#define NETNS_DIR	"/run/netns"	/* where ip-netns(8) has their names */

enum status netns_enter(void);
enum status netns_leave(void);

#endif /* NETLAB_NETNS_H */
