/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was counted between two readings.
 */
#ifndef NETLAB_RATE_H
#define NETLAB_RATE_H

#include "stats.h"

void stats_rate(struct stats *rate, const struct stats *now,
		const struct stats *before, double seconds);

#endif /* NETLAB_RATE_H */
