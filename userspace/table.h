/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of counters: where a netlink attribute becomes a column of text, a
 * JSON key and a sentence. A new counter is one line in a list of columns.
 */
#ifndef NETLAB_TABLE_H
#define NETLAB_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_object;
struct nlattr;
struct words;

#define MAX_COLUMNS	9
#define CELL		64	/* size of a cell's text */

/**
 * enum column_kind - What a column has.
 * @COLUMN_COUNT: A number.
 * @COLUMN_RARE: A number that is 0 nearly always: where it is in every row,
 *	text has no such column.
 * @COLUMN_SIGNED: A number that can be negative.
 * @COLUMN_WORD: A name that stands for a number.
 * @COLUMN_TEXT: A name as it is.
 * @COLUMN_PROTOCOL: A protocol's number, and its name in a column of its own.
 * @COLUMN_ICMP: The same of an ICMP or ICMPv6 type, as the row's family says.
 * @COLUMN_BUCKET: The most that a bucket takes; 0 is the one without an end.
 * @COLUMN_LIMIT: A number; 0 is none, for which text has the first of the words.
 * @COLUMN_SHARE: A number; text has a bar for its share of the sum of those
 *	rows that have the same words.
 * @COLUMN_VALUE: A number that nothing is counted by.
 */
enum column_kind {
	COLUMN_COUNT,
	COLUMN_RARE,
	COLUMN_SIGNED,
	COLUMN_WORD,
	COLUMN_TEXT,
	COLUMN_PROTOCOL,
	COLUMN_ICMP,
	COLUMN_BUCKET,
	COLUMN_LIMIT,
	COLUMN_SHARE,
	COLUMN_VALUE,
};

/**
 * struct column - A column of a table.
 * @attr: The netlink attribute.
 * @key: The JSON key, and the text's heading.
 * @kind: What it has.
 * @words: The names of a COLUMN_WORD, or whatever else has values to explain.
 * @explain: What it means: a sentence.
 */
struct column {
	uint16_t attr;
	const char *key;
	enum column_kind kind;
	const struct words *words;
	const char *explain;
};

/**
 * struct table - A table of counters.
 * @key: The JSON key.
 * @attr: The netlink attribute, a nest for each row. 0 if the rows are the
 *	tool's own.
 * @columns: Its columns.
 * @n_columns: How many.
 * @metric: The beginning of its metrics' names, behind "netlab_": each column that
 *	counts is one of them, the others are labels.
 * @explain: What is counted: a sentence.
 */
struct table {
	const char *key;
	uint16_t attr;
	const struct column *columns;
	unsigned int n_columns;
	const char *metric;
	const char *explain;
};

/**
 * union cell - What one row has in one column.
 * @number: The number, in two's complement if it is a COLUMN_SIGNED.
 * @text: The text of a COLUMN_TEXT, or NULL if it has none.
 */
union cell {
	uint64_t number;
	char *text;
};

/**
 * struct rows - What a table has.
 * @table: The table.
 * @cells: One row after the other, each of @table->n_columns cells.
 * @count: How many rows.
 * @room: How many rows there is memory for.
 * @seconds: In how many seconds that was counted, of a rate; else 0.
 */
struct rows {
	const struct table *table;
	union cell *cells;
	size_t count;
	size_t room;
	double seconds;
};

union cell *rows_new(struct rows *rows);
union cell *rows_copy(struct rows *rows, const union cell *from);
void rows_add(struct rows *rows, const struct nlattr *nest);
void rows_clear(struct rows *rows);
const union cell *row_at(const struct rows *rows, size_t n);
uint64_t row_number(const struct rows *rows, size_t n, uint16_t attr);
bool column_counts(const struct column *column);
double cell_rate(const struct rows *rows, const struct column *column,
		 union cell cell);
double row_share(const struct rows *rows, const union cell *row,
		 unsigned int column);
const char *cell_text(const struct column *column, union cell cell,
		      char *buffer);
const char *cell_name(const struct table *table, const union cell *row,
		      unsigned int column, char *buffer);
void rows_print(FILE *out, const struct rows *rows);
struct json_object *rows_json(const struct rows *rows);
void rows_print_json(FILE *out, const struct rows *rows);
void tables_explain(FILE *out, const struct table *const *list,
		    unsigned int count);
struct json_object *table_explain_json(const struct table *table);

#endif /* NETLAB_TABLE_H */
