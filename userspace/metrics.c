// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object metrics: every table of counters as Prometheus reads it. A column
 * that counts is a metric, the row's other columns are its labels.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/netlab.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "echo.h"
#include "metrics.h"
#include "names.h"
#include "prefix.h"
#include "stats.h"

#define LABEL		256	/* size of a label's value, each byte escaped */
#define LABELS		1024	/* size of a row's labels */

static const struct word format_list[] = {
	[METRICS_PROMETHEUS] = { "prometheus", NULL },
	[METRICS_OPENMETRICS] = { "openmetrics", NULL },
};
const struct words metrics_formats = {
	format_list, sizeof(format_list) / sizeof(format_list[0]),
};

/* Where metrics go, and as what. */
struct page {
	FILE *out;
	enum metrics_format format;
};

/* OpenMetrics calls a counter by what stands before the _total. */
static void put_head(const struct page *page, const char *name,
		     const char *type, const char *explain)
{
	const char *end = page->format == METRICS_PROMETHEUS &&
			  !strcmp(type, "counter") ? "_total" : "";

	fprintf(page->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, end,
		explain, name, end, type);
}

/* ---- labels */

/*
 * A label's value as both formats take it. A name that isn't printable ASCII
 * isn't always UTF-8, so such a byte is \xNN, and a backslash too, lest two
 * names become one.
 */
static const char *label_value(char *to, size_t size, const char *from)
{
	size_t used = 0;

	for (; *from; from++) {
		unsigned char c = *from;
		bool plain = c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
		size_t need = plain ? 1 : c == '"' ? 2 : 5;

		if (used + need >= size)
			break;
		if (plain)
			to[used] = c;
		else if (c == '"')
			memcpy(to + used, "\\\"", 2);
		else
			snprintf(to + used, size - used, "\\\\x%02x", c);
		used += need;
	}
	to[used] = '\0';
	return to;
}

static void put_label(char *labels, const char *key, const char *value)
{
	size_t used = strlen(labels);
	char escaped[LABEL];

	snprintf(labels + used, LABELS - used, "%s%s=\"%s\"", used ? "," : "",
		 key, label_value(escaped, sizeof(escaped), value));
}

/* Readings of several namespaces may meet in one folder of files. */
static void begin_labels(char *labels)
{
	*labels = '\0';
	if (opts.netns)
		put_label(labels, "netns", opts.netns);
}

/* A device that is gone has no name, but its number is still its own. */
static const char *gone_name(const struct rows *rows, size_t n, char *buffer)
{
	unsigned int i;

	*buffer = '\0';
	for (i = 0; i < rows->table->n_columns; i++)
		if (rows->table->columns[i].kind == COLUMN_VALUE)
			snprintf(buffer, CELL, "ifindex:%" PRIu64,
				 row_at(rows, n)[i].number);
	return buffer;
}

static void row_labels(char *labels, const struct rows *rows, size_t n)
{
	const struct table *table = rows->table;
	const union cell *row = row_at(rows, n);
	const char *name;
	char buffer[CELL];
	unsigned int i;

	begin_labels(labels);
	for (i = 0; i < table->n_columns; i++) {
		const struct column *column = &table->columns[i];

		switch (column->kind) {
		case COLUMN_TEXT:
			/* A text behind the first is a setting. */
			if (i)
				break;
			put_label(labels, column->key, row[i].text ?
				  row[i].text : gone_name(rows, n, buffer));
			break;
		case COLUMN_WORD:
		case COLUMN_PROTOCOL:
		case COLUMN_ICMP:
			put_label(labels, column->key,
				  cell_text(column, row[i], buffer));
			break;
		default:
			break;
		}
		name = cell_name(table, row, i, buffer);
		if (name)
			put_label(labels, "name", name);
	}
}

/* ---- metrics */

static void put_value(const struct page *page, const char *name,
		      const char *labels, uint64_t value)
{
	if (*labels)
		fprintf(page->out, "%s{%s} %" PRIu64 "\n", name, labels, value);
	else
		fprintf(page->out, "%s %" PRIu64 "\n", name, value);
}

static void put_gauge(const struct page *page, const char *name,
		      const char *labels, const char *explain, uint64_t value)
{
	put_head(page, name, "gauge", explain);
	put_value(page, name, labels, value);
}

/* A column that counts, of all rows. */
static void put_column(const struct page *page, const struct rows *rows,
		       unsigned int i)
{
	const struct table *table = rows->table;
	const struct column *column = &table->columns[i];
	bool is_signed = column->kind == COLUMN_SIGNED;
	char name[128], labels[LABELS];
	size_t n;

	snprintf(name, sizeof(name), "netlab_%s_%s", table->metric,
		 column->key);
	put_head(page, name, is_signed ? "gauge" : "counter", column->explain);
	if (!is_signed)
		strcat(name, "_total");
	for (n = 0; n < rows->count; n++) {
		row_labels(labels, rows, n);
		if (is_signed)
			fprintf(page->out, "%s{%s} %" PRId64 "\n", name, labels,
				(int64_t)row_at(rows, n)[i].number);
		else
			put_value(page, name, labels,
				  row_at(rows, n)[i].number);
	}
}

static void put_rows(const struct page *page, const struct rows *rows)
{
	unsigned int i;

	for (i = 0; rows->count && i < rows->table->n_columns; i++) {
		enum column_kind kind = rows->table->columns[i].kind;

		if (kind == COLUMN_COUNT || kind == COLUMN_RARE ||
		    kind == COLUMN_SIGNED)
			put_column(page, rows, i);
	}
}

/* The packets of one family and hook whose length is at most @bound; 0: all. */
static uint64_t packets_up_to(const struct rows *sizes, uint64_t family,
			      uint64_t hook, uint64_t bound)
{
	uint64_t packets = 0;
	size_t n;

	for (n = 0; n < sizes->count; n++) {
		uint64_t limit = row_number(sizes, n, NETLAB_A_SIZE_ROW_LIMIT);

		if (row_number(sizes, n, NETLAB_A_SIZE_ROW_FAMILY) == family &&
		    row_number(sizes, n, NETLAB_A_SIZE_ROW_HOOK) == hook &&
		    (!bound || (limit && limit <= bound)))
			packets += row_number(sizes, n,
					      NETLAB_A_SIZE_ROW_PACKETS);
	}
	return packets;
}

/* Of one row of the hooks, whose bytes are the sum of the lengths. */
static void put_histogram(const struct page *page, const char *name,
			  const struct stats *stats, size_t n)
{
	const struct rows *sizes = &stats->rows[STATS_SIZES];
	const struct rows *rows = &stats->rows[STATS_HOOKS];
	uint64_t family = row_number(rows, n, NETLAB_A_HOOK_ROW_FAMILY);
	uint64_t hook = row_number(rows, n, NETLAB_A_HOOK_ROW_HOOK);
	/* The last bucket has no bound. */
	unsigned int i, bounds = buckets.count - 1;
	char labels[LABELS];
	uint64_t all;

	row_labels(labels, rows, n);
	for (i = 0; i < bounds; i++) {
		const char *bound = buckets.list[i].word;

		fprintf(page->out, "%s_bucket{%s,le=\"%s%s\"} %" PRIu64 "\n",
			name, labels, bound,
			page->format == METRICS_OPENMETRICS ? ".0" : "",
			packets_up_to(sizes, family, hook,
				      strtoul(bound, NULL, 10)));
	}
	all = packets_up_to(sizes, family, hook, 0);
	fprintf(page->out, "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", name,
		labels, all);
	fprintf(page->out, "%s_sum{%s} %" PRIu64 "\n", name, labels,
		row_number(rows, n, NETLAB_A_HOOK_ROW_BYTES));
	fprintf(page->out, "%s_count{%s} %" PRIu64 "\n", name, labels, all);
}

static void put_sizes(const struct page *page, const struct stats *stats)
{
	static const char name[] = "netlab_size_bytes";
	const struct rows *rows = &stats->rows[STATS_HOOKS];
	uint64_t family, hook;
	size_t n;

	put_head(page, name, "histogram",
		 "Layer-3 length of the packets that came and that went.");
	for (n = 0; n < rows->count; n++) {
		family = row_number(rows, n, NETLAB_A_HOOK_ROW_FAMILY);
		hook = row_number(rows, n, NETLAB_A_HOOK_ROW_HOOK);
		if (packets_up_to(&stats->rows[STATS_SIZES], family, hook, 0))
			put_histogram(page, name, stats, n);
	}
}

static void put_stats(const struct page *page, const struct stats *stats)
{
	char labels[LABELS];
	unsigned int i;

	begin_labels(labels);
	put_gauge(page, "netlab_epoch", labels,
		  "Number of the epoch that the counters belong to.",
		  stats->epoch);
	put_gauge(page, "netlab_epoch_start_time_seconds", labels,
		  "When that epoch began, since 1970.",
		  stats->since / 1000000000);
	for (i = 0; i < STATS_TABLES; i++)
		if (i == STATS_SIZES)
			put_sizes(page, stats);
		else
			put_rows(page, &stats->rows[i]);
	put_rows(page, &stats->outcomes);
	put_rows(page, &stats->vanished);
}

/* A limit that is none has no number. */
static void put_settings(const struct page *page, const struct echo *echo)
{
	static const char name[] = "netlab_echo_setting";
	static const char direct[] = "netlab_echo_direct";
	char labels[LABELS], dev[IF_NAMESIZE];
	unsigned int i;
	size_t n;

	put_head(page, name, "gauge",
		 "The responder's settings; one that is unlimited or auto is left out.");
	for (i = 0; i < n_echo_settings; i++) {
		if (echo_settings[i].zero && !echo->setting[i])
			continue;
		begin_labels(labels);
		put_label(labels, "setting", echo_settings[i].word);
		put_value(page, name, labels, echo->setting[i]);
	}
	if (!echo->n_direct)
		return;
	put_head(page, direct, "gauge",
		 "1 for a device at whose ingress echo requests are answered.");
	for (n = 0; n < echo->n_direct; n++) {
		if (!if_indextoname(echo->direct[n], dev))
			continue;	/* it went in between */
		begin_labels(labels);
		put_label(labels, "dev", dev);
		put_value(page, direct, labels, 1);
	}
}

/**
 * metrics_print() - Read everything, and write it as metrics.
 * @out: Where to; nothing is written unless all could be read.
 * @format: How.
 * @prefixes: Those of each prefix, too, of which there may be a million.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status metrics_print(FILE *out, enum metrics_format format, bool prefixes)
{
	const struct page page = { .out = out, .format = format };
	struct echo echo = { .n_direct = 0 };
	struct rows rows = { 0 };
	enum status status;
	struct stats stats;

	status = stats_read(&stats);
	if (!status)
		status = echo_read(&echo);
	if (!status && prefixes)
		status = prefix_read(&rows);
	if (!status) {
		put_stats(&page, &stats);
		put_settings(&page, &echo);
		put_rows(&page, &rows);
		if (format == METRICS_OPENMETRICS)
			fputs("# EOF\n", out);
	}
	rows_clear(&rows);
	echo_clear(&echo);
	stats_clear(&stats);
	return status;
}

/* ---- commands */

/* They follow what can stand alone. */
static bool is_given(const struct command *command, const struct values *values,
		     const char *word, uint32_t *value)
{
	unsigned int i;

	for (i = 0; i < command->n_keywords; i++) {
		if (!command->keywords[i].word ||
		    strcmp(command->keywords[i].word, word) ||
		    !values->given[i])
			continue;
		*value = values->value[i];
		return true;
	}
	*value = 0;
	return false;
}

static enum status print(FILE *out, const struct command *command,
			 const struct values *values)
{
	uint32_t format, unused;
	bool prefixes;

	is_given(command, values, "format", &format);
	prefixes = is_given(command, values, "prefixes", &unused);
	return metrics_print(out, format, prefixes);
}

/**
 * metrics_show() - Print the counters as metrics.
 * @command: This command.
 * @values: The format, and whether each prefix is wanted.
 *
 * Return: The exit code.
 */
enum status metrics_show(const struct command *command,
			 const struct values *values)
{
	return print(stdout, command, values);
}

static enum status cannot_write(const char *file)
{
	return fail(STATUS_USAGE, "metrics write %s: %s", file,
		    strerror(errno));
}

static enum status write_through(FILE *out, const char *file,
				 const struct command *command,
				 const struct values *values)
{
	enum status status = print(out, command, values);

	/* Its readers are others, as of any file that is made. */
	if (!status && (fflush(out) || ferror(out) ||
			fchmod(fileno(out), 0644)))
		return cannot_write(file);
	return status;
}

/**
 * metrics_write() - Put the counters into a file as metrics.
 * @command: This command.
 * @values: The file, the format, and whether each prefix is wanted.
 *
 * The file is the old one or the new one at any time, as node_exporter's
 * textfile collector wants it, and the old one if anything fails.
 *
 * Return: The exit code.
 */
enum status metrics_write(const struct command *command,
			  const struct values *values)
{
	const char *file = values->file;
	enum status status;
	char name[4096];
	struct stat is;
	FILE *out;
	int fd;

	/* A device or a pipe would be gone. */
	if (!stat(file, &is) && !S_ISREG(is.st_mode))
		return fail(STATUS_USAGE,
			    "metrics write %s: expected a regular file, which is replaced",
			    file);
	if (snprintf(name, sizeof(name), "%s.XXXXXX", file) >=
	    (int)sizeof(name)) {
		errno = ENAMETOOLONG;
		return cannot_write(file);
	}
	fd = mkstemp(name);
	if (fd < 0)
		return cannot_write(file);
	out = fdopen(fd, "w");
	if (!out)
		no_memory();
	status = write_through(out, file, command, values);
	if (fclose(out) && !status)
		status = cannot_write(file);
	if (!status && rename(name, file))
		status = cannot_write(file);
	if (status)
		unlink(name);
	return status;
}
