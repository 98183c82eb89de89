// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables from netlink to text.
 */
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/netlab.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "nl.h"
#include "table.h"
#include "tool.h"

#define GAP		2	/* spaces between columns */
#define BAR		20	/* length of a bar that is all of it */

/**
 * rows_new() - Add a row in which everything is 0.
 * @rows: Where to.
 *
 * Return: Its cells, until the next row is added.
 */
union cell *rows_new(struct rows *rows)
{
	unsigned int n_columns = rows->table->n_columns;
	union cell *row;

	if (rows->count == rows->room) {
		rows->room = rows->room ? 2 * rows->room : 32;
		rows->cells = reallocarray(rows->cells, rows->room,
					   n_columns * sizeof(*row));
		if (!rows->cells)
			no_memory();
	}
	row = rows->cells + rows->count++ * n_columns;
	memset(row, 0, n_columns * sizeof(*row));
	return row;
}

/**
 * rows_copy() - Add a row that is as another.
 * @rows: Where to.
 * @from: The other row, of the same table.
 *
 * Return: Its cells, until the next row is added.
 */
union cell *rows_copy(struct rows *rows, const union cell *from)
{
	const struct table *table = rows->table;
	union cell *row = rows_new(rows);
	unsigned int i;

	for (i = 0; i < table->n_columns; i++) {
		if (table->columns[i].kind != COLUMN_TEXT) {
			row[i] = from[i];
			continue;
		}
		free(row[i].text);
		row[i].text = from[i].text ? strdup(from[i].text) : NULL;
		if (from[i].text && !row[i].text)
			no_memory();
	}
	return row;
}

/* A string of netlink ends with its attribute, whether it has a NUL or not. */
static void take_cell(union cell *cell, enum column_kind kind,
		      const struct nlattr *attr)
{
	if (kind != COLUMN_TEXT) {
		cell->number = nl_number(attr);
		return;
	}
	free(cell->text);
	cell->text = strndup(mnl_attr_get_payload(attr),
			     mnl_attr_get_payload_len(attr));
	if (!cell->text)
		no_memory();
}

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
	union cell *row = rows_new(rows);
	const struct nlattr *attr;
	unsigned int i;

	mnl_attr_for_each_nested(attr, nest)
		for (i = 0; i < table->n_columns; i++)
			if (mnl_attr_get_type(attr) == table->columns[i].attr)
				take_cell(&row[i], table->columns[i].kind,
					  attr);
}

/**
 * row_at() - A row's cells.
 * @rows: The rows.
 * @n: Which of them.
 *
 * Return: As many cells as the table has columns.
 */
const union cell *row_at(const struct rows *rows, size_t n)
{
	return rows->cells + n * rows->table->n_columns;
}

/**
 * rows_clear() - Forget all rows.
 * @rows: The rows.
 */
void rows_clear(struct rows *rows)
{
	unsigned int i;
	size_t n;

	for (n = 0; n < rows->count; n++)	/* without rows, maybe no table */
		for (i = 0; i < rows->table->n_columns; i++)
			if (rows->table->columns[i].kind == COLUMN_TEXT)
				free(row_at(rows, n)[i].text);
	free(rows->cells);
	rows->cells = NULL;
	rows->count = 0;
	rows->room = 0;
}

/**
 * row_number() - Look a number up.
 * @rows: The rows.
 * @n: Which of them.
 * @attr: The attribute that the column came by; it is no COLUMN_TEXT.
 *
 * Return: The number; 0 if the table has no such column.
 */
uint64_t row_number(const struct rows *rows, size_t n, uint16_t attr)
{
	unsigned int i;

	for (i = 0; i < rows->table->n_columns; i++)
		if (rows->table->columns[i].attr == attr)
			return row_at(rows, n)[i].number;
	return 0;
}

/* The digits of a number that has no name, as a newer module's may have none. */
static const char *word_name(const struct words *words, uint64_t value,
			     char *buffer)
{
	if (words && value < words->count && words->list[value].word)
		return words->list[value].word;
	snprintf(buffer, CELL, "%" PRIu64, value);
	return buffer;
}

/* As printf does it, at a tenth of the cost: there may be a million rows. */
static const char *digits(uint64_t number, char *buffer)
{
	char *digit = buffer + CELL - 1;

	*digit = '\0';
	do {
		*--digit = '0' + number % 10;
		number /= 10;
	} while (number);
	return digit;
}

/**
 * cell_text() - A cell as text has it.
 * @column: Its column.
 * @cell: The cell.
 * @buffer: Of CELL bytes.
 *
 * Return: The text, in @buffer or elsewhere.
 */
const char *cell_text(const struct column *column, union cell cell,
		      char *buffer)
{
	if (column->kind == COLUMN_WORD)
		return word_name(column->words, cell.number, buffer);
	if (column->kind == COLUMN_TEXT)
		return cell.text ? escape(buffer, CELL, cell.text) : "-";
	if (column->kind == COLUMN_BUCKET && !cell.number)
		return "more";
	if (column->kind == COLUMN_LIMIT && !cell.number)
		return column->words->list[0].word;
	if (column->kind != COLUMN_SIGNED)
		return digits(cell.number, buffer);
	snprintf(buffer, CELL, "%" PRId64, (int64_t)cell.number);
	return buffer;
}

/**
 * column_counts() - Whether a column's numbers grow with what passes.
 * @column: The column.
 *
 * Return: Whether they do; the others say what is counted.
 */
bool column_counts(const struct column *column)
{
	return column->kind == COLUMN_COUNT || column->kind == COLUMN_RARE ||
	       column->kind == COLUMN_SIGNED || column->kind == COLUMN_SHARE;
}

/**
 * cell_rate() - What a cell of a rate is per second.
 * @rows: Of which rows.
 * @column: Its column, one that counts.
 * @cell: The cell.
 *
 * Return: The rate.
 */
double cell_rate(const struct rows *rows, const struct column *column,
		 union cell cell)
{
	return (column->kind == COLUMN_SIGNED ? (double)(int64_t)cell.number :
		(double)cell.number) / rows->seconds;
}

/* As cell_text(), but per second where the rows are a rate. */
static const char *count_text(const struct rows *rows,
			      const struct column *column, union cell cell,
			      char *buffer)
{
	double rate;

	if (!rows->seconds || !column_counts(column))
		return cell_text(column, cell, buffer);
	/* Small ones with a tenth: one packet in two seconds isn't none. */
	rate = cell_rate(rows, column, cell);
	snprintf(buffer, CELL, "%.*f", rate > -100 && rate < 100 ? 1 : 0, rate);
	return buffer;
}

/* ---- what a column has beside it */

/**
 * cell_name() - The name of a protocol or of an ICMP type.
 * @table: The table.
 * @row: A row of it.
 * @column: Which column.
 * @buffer: Of CELL bytes.
 *
 * Return: The name, in @buffer or elsewhere; NULL if the column has none.
 */
const char *cell_name(const struct table *table, const union cell *row,
		      unsigned int column, char *buffer)
{
	const struct words *types = NULL;
	unsigned int i;

	if (table->columns[column].kind == COLUMN_PROTOCOL)
		return protocol_name(row[column].number, buffer, CELL);
	if (table->columns[column].kind != COLUMN_ICMP)
		return NULL;
	for (i = 0; i < table->n_columns; i++)
		if (table->columns[i].words == &families)
			types = icmp_types(row[i].number);
	return word_name(types, row[column].number, buffer);
}

static bool same_words(const struct table *table, const union cell *one,
		       const union cell *other)
{
	unsigned int i;

	for (i = 0; i < table->n_columns; i++)
		if (table->columns[i].kind == COLUMN_WORD &&
		    one[i].number != other[i].number)
			return false;
	return true;
}

/**
 * row_share() - A row's part of all that have the same words.
 * @rows: The rows.
 * @row: One of them.
 * @column: Of which number.
 *
 * Return: From 0 to 1.
 */
double row_share(const struct rows *rows, const union cell *row,
		 unsigned int column)
{
	double sum = 0;
	size_t n;

	for (n = 0; n < rows->count; n++)
		if (same_words(rows->table, row, row_at(rows, n)))
			sum += row_at(rows, n)[column].number;
	return sum > 0 ? (double)row[column].number / sum : 0;
}

/* What is there at all has a bar, however short. */
static const char *cell_bar(const struct rows *rows, const union cell *row,
			    unsigned int column, char *buffer)
{
	static const char bar[BAR + 1] = "####################";
	const double share = row_share(rows, row, column);
	int length = BAR * share + 0.5;

	if (!length && share > 0)
		length = 1;
	snprintf(buffer, CELL, "%.*s", length, bar);
	return buffer;
}

/* ---- text */

/* What stands under one heading: a column, or what it has beside it. */
struct field {
	unsigned int column;
	bool beside;
	unsigned int width;
};

static bool is_zero(const struct rows *rows, unsigned int column)
{
	size_t n;

	for (n = 0; n < rows->count; n++)
		if (row_at(rows, n)[column].number)
			return false;
	return true;
}

static unsigned int list_fields(const struct rows *rows, struct field *fields)
{
	unsigned int i, count = 0;

	for (i = 0; i < rows->table->n_columns; i++) {
		enum column_kind kind = rows->table->columns[i].kind;

		if (kind == COLUMN_RARE && !opts.all && is_zero(rows, i))
			continue;
		fields[count++] = (struct field){ .column = i };
		if (kind == COLUMN_PROTOCOL || kind == COLUMN_ICMP ||
		    kind == COLUMN_SHARE)
			fields[count++] = (struct field){ .column = i,
							  .beside = true };
	}
	return count;
}

/* The heading, if @row is NULL. */
static const char *field_text(const struct rows *rows, const union cell *row,
			      const struct field *field, char *buffer)
{
	const struct column *column = &rows->table->columns[field->column];

	if (!field->beside)
		return row ? count_text(rows, column, row[field->column],
					buffer) : column->key;
	if (column->kind == COLUMN_SHARE)
		return row ? cell_bar(rows, row, field->column, buffer) :
			     "share";
	return row ? cell_name(rows->table, row, field->column, buffer) :
		     "name";
}

static void put_spaced(FILE *out, unsigned int spaces, const char *text)
{
	while (spaces--)
		putc_unlocked(' ', out);
	fputs(text, out);
}

/* Numbers stand right, names left; behind the last there are no spaces. */
static void print_row(FILE *out, const struct rows *rows,
		      const union cell *row, const struct field *fields,
		      unsigned int count)
{
	unsigned int i, spaces = 0;
	char buffer[CELL];

	for (i = 0; i < count; i++) {
		const struct field *field = &fields[i];
		enum column_kind kind = rows->table->columns[field->column].kind;
		const char *text = field_text(rows, row, field, buffer);
		unsigned int pad = field->width - strlen(text);

		if (field->beside || kind == COLUMN_WORD ||
		    kind == COLUMN_TEXT) {
			if (*text)
				put_spaced(out, spaces, text);
			spaces = pad + GAP;
		} else {
			put_spaced(out, spaces + pad, text);
			spaces = GAP;
		}
	}
	fputc('\n', out);
}

static void widen(struct field *field, const char *text)
{
	size_t length = strlen(text);

	if (length > field->width)
		field->width = length;
}

/**
 * rows_print() - Print a table as text; nothing if it has no rows.
 * @out: Where to.
 * @rows: The rows.
 */
void rows_print(FILE *out, const struct rows *rows)
{
	struct field fields[2 * MAX_COLUMNS];
	unsigned int i, count;
	char buffer[CELL];
	size_t n;

	if (!rows->count)
		return;
	count = list_fields(rows, fields);
	for (i = 0; i < count; i++) {
		widen(&fields[i], field_text(rows, NULL, &fields[i], buffer));
		for (n = 0; n < rows->count; n++)
			widen(&fields[i], field_text(rows, row_at(rows, n),
						     &fields[i], buffer));
	}

	if (opts.color)
		fputs("\033[1m", out);
	print_row(out, rows, NULL, fields, count);
	if (opts.color)
		fputs("\033[0m", out);
	for (n = 0; n < rows->count; n++)
		print_row(out, rows, row_at(rows, n), fields, count);
}
