// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was counted between two readings: the difference of their tables. Its
 * numbers are still whole packets; per second they become where they are shown.
 */
#include "rate.h"
#include "tool.h"

/* Whether two rows are of the same thing. A device may have another name by now. */
static bool same_row(const struct table *table, const union cell *one,
		     const union cell *other)
{
	unsigned int i;

	for (i = 0; i < table->n_columns; i++)
		if (!column_counts(&table->columns[i]) &&
		    table->columns[i].kind != COLUMN_TEXT &&
		    one[i].number != other[i].number)
			return false;
	return true;
}

/* The same row in an earlier reading, from *next on: most stand in one order. */
static const union cell *find_row(const struct rows *rows,
				  const union cell *row, size_t *next)
{
	const union cell *found;
	size_t i;

	for (i = 0; i < rows->count; i++) {
		found = row_at(rows, (*next + i) % rows->count);
		if (!same_row(rows->table, row, found))
			continue;
		*next = (*next + i + 1) % rows->count;
		return found;
	}
	return NULL;
}

/*
 * What a column counted meanwhile. What is counted anew, as a device's that came
 * again, began at 0.
 */
static uint64_t grown(const union cell *row, const union cell *before,
		      unsigned int column)
{
	const uint64_t now = row[column].number;

	if (!before || before[column].number > now)
		return now;
	return now - before[column].number;
}

static bool any_grown(const struct table *table, const union cell *row,
		      const union cell *before)
{
	unsigned int i;

	for (i = 0; i < table->n_columns; i++)
		if (column_counts(&table->columns[i]) && grown(row, before, i))
			return true;
	return false;
}

/* Rows in which nothing was counted are left out, unless all were asked for. */
static void rows_rate(struct rows *rate, const struct rows *now,
		      const struct rows *before, double seconds)
{
	const struct table *table = now->table;
	const union cell *row, *earlier;
	size_t n, next = 0;
	union cell *added;
	unsigned int i;

	rate->table = table;
	rate->seconds = seconds;
	for (n = 0; n < now->count; n++) {
		row = row_at(now, n);
		earlier = before ? find_row(before, row, &next) : NULL;
		if (!opts.all && !any_grown(table, row, earlier))
			continue;
		added = rows_copy(rate, row);
		for (i = 0; i < table->n_columns; i++)
			if (column_counts(&table->columns[i]))
				added[i].number = grown(row, earlier, i);
	}
}

/**
 * stats_rate() - What was counted between two readings.
 * @rate: Gets it, whatever is in it; stats_clear() frees it.
 * @now: The later reading.
 * @before: The earlier. If it is of another epoch or namespace, all of @now was
 *	counted since.
 * @seconds: The time between them.
 */
void stats_rate(struct stats *rate, const struct stats *now,
		const struct stats *before, double seconds)
{
	const bool same = now->epoch == before->epoch &&
			  now->netns == before->netns;
	unsigned int i;

	stats_begin(rate);
	rate->netns = now->netns;
	rate->epoch = now->epoch;
	rate->since = now->since;
	rate->seconds = seconds;
	for (i = 0; i < STATS_TABLES; i++)
		rows_rate(&rate->rows[i], &now->rows[i],
			  same ? &before->rows[i] : NULL, seconds);
	/* A reading of some hooks only has none, and nothing can vanish in it. */
	if (!now->outcomes.table)
		return;
	rows_rate(&rate->outcomes, &now->outcomes,
		  same ? &before->outcomes : NULL, seconds);
	stats_vanish(rate);
	rate->vanished.seconds = seconds;
}
