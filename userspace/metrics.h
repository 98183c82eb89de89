/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The object metrics: the counters as Prometheus reads them.
 */
#ifndef NETLAB_METRICS_H
#define NETLAB_METRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "commands.h"

/**
 * enum metrics_format - How metrics are written.
 * @METRICS_PROMETHEUS: Prometheus's text format 0.0.4, which node_exporter's
 *	textfile collector and promtool read.
 * @METRICS_OPENMETRICS: OpenMetrics 1.0.0.
 */
enum metrics_format {
	METRICS_PROMETHEUS,
	METRICS_OPENMETRICS,
};

extern const struct words metrics_formats;

enum status metrics_print(FILE *out, enum metrics_format format, bool prefixes);

enum status metrics_show(const struct command *command,
			 const struct values *values);
enum status metrics_write(const struct command *command,
			  const struct values *values);
enum status metrics_serve(const struct command *command,
			  const struct values *values);

#endif /* NETLAB_METRICS_H */
