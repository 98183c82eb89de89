/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables of counters: where a netlink attribute becomes a column of text, a
 * JSON key and a sentence. A new counter is one line in a list of columns.
 */
#ifndef NETLAB_TABLE_H
#define NETLAB_TABLE_H

#include <stdint.h>
#include <stdio.h>

struct json_object;
struct nlattr;
struct words;

#define MAX_COLUMNS	8

/**
 * enum column_kind - What a column has.
 * @COLUMN_COUNT: A number.
 * @COLUMN_WORD: A name that stands for a number.
 * @COLUMN_PROTOCOL: A protocol's number, and its name in a column of its own.
 */
enum column_kind {
	COLUMN_COUNT,
	COLUMN_WORD,
	COLUMN_PROTOCOL,
};

/**
 * struct column - A column of a table.
 * @attr: The netlink attribute.
 * @key: The JSON key, and the text's heading.
 * @kind: What it has.
 * @words: The names of a COLUMN_WORD.
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
 * @attr: The netlink attribute, a nest for each row. 0 if the module has no
 *	such table yet: then it is an empty list in JSON.
 * @columns: Its columns.
 * @n_columns: How many.
 * @explain: What is counted: a sentence.
 */
struct table {
	const char *key;
	uint16_t attr;
	const struct column *columns;
	unsigned int n_columns;
	const char *explain;
};

/**
 * struct rows - What a table has.
 * @table: The table.
 * @cells: One row after the other, each of @table->n_columns numbers.
 * @count: How many rows.
 * @room: How many rows there is memory for.
 */
struct rows {
	const struct table *table;
	uint64_t *cells;
	size_t count;
	size_t room;
};

void rows_add(struct rows *rows, const struct nlattr *nest);
void rows_clear(struct rows *rows);
void rows_print(FILE *out, const struct rows *rows);
struct json_object *rows_json(const struct rows *rows);
void table_explain(FILE *out, const struct table *table);
struct json_object *table_explain_json(const struct table *table);

#endif /* NETLAB_TABLE_H */
