// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables from netlink to text and JSON.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "nl.h"
#include "table.h"
#include "tool.h"

#define CELL		64	/* size of a cell's text */
#define GAP		2	/* spaces between columns */
#define INDENT		18	/* column of the explanations */

/**
 * rows_add() - Add a row.
 * @rows: Where to.
 * @nest: The row as it came by netlink. An attribute that no column has is
 *	left out, a column that has no attribute is 0: tool and module may be
 *	of different ages.
 */
void rows_add(struct rows *rows, const struct nlattr *nest)
{
	const struct table *table = rows->table;
	const struct nlattr *attr;
	uint64_t *row;
	unsigned int i;

	if (rows->count == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 32;
		rows->cells = reallocarray(rows->cells, rows->room,
					   table->n_columns * sizeof(*row));
		if (!rows->cells)
			no_memory();
	}
	row = rows->cells + rows->count++ * table->n_columns;
	memset(row, 0, table->n_columns * sizeof(*row));
	mnl_attr_for_each_nested(attr, nest)
		for (i = 0; i < table->n_columns; i++)
			if (mnl_attr_get_type(attr) == table->columns[i].attr)
				row[i] = nl_number(attr);
}

/**
 * rows_clear() - Forget all rows.
 * @rows: The rows.
 */
void rows_clear(struct rows *rows)
{
	free(rows->cells);
	rows->cells = NULL;
	rows->count = 0;
	rows->room = 0;
}

/* A number without a name, of a module newer than the tool, is its digits. */
static const char *word_name(const struct words *words, uint64_t value,
			     char *buffer)
{
	if (value < words->count)
		return words->list[value].word;
	snprintf(buffer, CELL, "%" PRIu64, value);
	return buffer;
}

static const char *cell_text(const struct column *column, uint64_t value,
			     char *buffer)
{
	if (column->kind == COLUMN_WORD)
		return word_name(column->words, value, buffer);
	snprintf(buffer, CELL, "%" PRIu64, value);
	return buffer;
}

static unsigned int widest(unsigned int width, const char *text)
{
	size_t length = strlen(text);

	return length > width ? length : width;
}

/* Numbers stand right, names left; the last name has no spaces after it. */
static void print_cell(FILE *out, const char *text, unsigned int width,
		       bool left, bool first, bool last)
{
	if (!first)
		fprintf(out, "%*s", GAP, "");
	if (left)
		fprintf(out, "%-*s", last ? 0 : (int)width, text);
	else
		fprintf(out, "%*s", (int)width, text);
}

static void print_row(FILE *out, const struct table *table,
		      const unsigned int *width, unsigned int name_width,
		      const uint64_t *row)
{
	const struct column *column;
	char buffer[CELL];
	unsigned int i;

	for (i = 0; i < table->n_columns; i++) {
		bool last = i + 1 == table->n_columns;

		column = &table->columns[i];
		print_cell(out, row ? cell_text(column, row[i], buffer) :
			   column->key, width[i], column->kind == COLUMN_WORD,
			   !i, last);
		if (column->kind == COLUMN_PROTOCOL)
			print_cell(out, row ? protocol_name(row[i], buffer,
							    sizeof(buffer)) :
				   "name", name_width, true, false, last);
	}
	fputc('\n', out);
}

/**
 * rows_print() - Print a table as text; nothing if it has no rows.
 * @out: Where to.
 * @rows: The rows.
 */
void rows_print(FILE *out, const struct rows *rows)
{
	unsigned int width[MAX_COLUMNS], name_width = strlen("name");
	const struct table *table = rows->table;
	const uint64_t *row = rows->cells;
	char buffer[CELL];
	unsigned int i;
	size_t n;

	if (!rows->count)
		return;
	for (i = 0; i < table->n_columns; i++)
		width[i] = strlen(table->columns[i].key);
	for (n = 0; n < rows->count; n++, row += table->n_columns)
		for (i = 0; i < table->n_columns; i++) {
			width[i] = widest(width[i],
					  cell_text(&table->columns[i], row[i],
						    buffer));
			if (table->columns[i].kind == COLUMN_PROTOCOL)
				name_width = widest(name_width,
						    protocol_name(row[i],
								  buffer,
								  sizeof(buffer)));
		}

	if (opts.color)
		fputs("\033[1m", out);
	print_row(out, table, width, name_width, NULL);
	if (opts.color)
		fputs("\033[0m", out);
	row = rows->cells;
	for (n = 0; n < rows->count; n++, row += table->n_columns)
		print_row(out, table, width, name_width, row);
}

static struct json_object *row_json(const struct table *table,
				    const uint64_t *row)
{
	struct json_object *object = json_object_new_object();
	const struct column *column;
	struct json_object *value;
	char buffer[CELL];
	unsigned int i;

	for (i = 0; i < table->n_columns; i++) {
		column = &table->columns[i];
		if (column->kind == COLUMN_WORD)
			value = json_object_new_string(cell_text(column,
								 row[i],
								 buffer));
		else
			value = json_object_new_uint64(row[i]);
		json_object_object_add(object, column->key, value);
		if (column->kind == COLUMN_PROTOCOL)
			json_object_object_add(object, "name",
				json_object_new_string(protocol_name(row[i],
								     buffer,
								     sizeof(buffer))));
	}
	return object;
}

/**
 * rows_json() - Make a table a JSON list.
 * @rows: The rows.
 *
 * Return: The list, which is the caller's.
 */
struct json_object *rows_json(const struct rows *rows)
{
	struct json_object *list = json_object_new_array();
	const uint64_t *row = rows->cells;
	size_t n;

	for (n = 0; n < rows->count; n++, row += rows->table->n_columns)
		json_object_array_add(list, row_json(rows->table, row));
	return list;
}

/**
 * table_explain() - Print what a table's columns and names mean.
 * @out: Where to.
 * @table: The table.
 */
void table_explain(FILE *out, const struct table *table)
{
	const struct column *column;
	const struct word *word;
	char label[CELL];
	unsigned int i, j;

	if (!table->n_columns)
		return;
	if (opts.color)
		fputs("\033[1m", out);
	print_wrapped(out, table->key, INDENT, table->explain);
	if (opts.color)
		fputs("\033[0m", out);
	for (i = 0; i < table->n_columns; i++) {
		column = &table->columns[i];
		snprintf(label, sizeof(label), "  %s", column->key);
		print_wrapped(out, label, INDENT, column->explain);
		for (j = 0; column->words && j < column->words->count; j++) {
			word = &column->words->list[j];
			if (!word->explain)
				continue;
			snprintf(label, sizeof(label), "    %s", word->word);
			print_wrapped(out, label, INDENT + 2, word->explain);
		}
	}
}

static void add_explain(struct json_object *list, const char *column,
			const struct word *word, const char *text)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "column",
			       json_object_new_string(column));
	json_object_object_add(object, "value", word ?
			       json_object_new_string(word->word) : NULL);
	json_object_object_add(object, "explain",
			       json_object_new_string(text));
	json_object_array_add(list, object);
}

/**
 * table_explain_json() - The same as JSON.
 * @table: The table.
 *
 * Return: A list of objects with the keys column, value (null for the column
 * itself) and explain. It is the caller's.
 */
struct json_object *table_explain_json(const struct table *table)
{
	struct json_object *list = json_object_new_array();
	const struct column *column;
	const struct word *word;
	unsigned int i, j;

	for (i = 0; i < table->n_columns; i++) {
		column = &table->columns[i];
		add_explain(list, column->key, NULL, column->explain);
		for (j = 0; column->words && j < column->words->count; j++) {
			word = &column->words->list[j];
			if (word->explain)
				add_explain(list, column->key, word,
					    word->explain);
		}
	}
	return list;
}
