// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables as JSON.
 */
#include <json-c/json.h>

#include "table.h"
#include "tool.h"

static struct json_object *cell_json(const struct rows *rows,
				     const struct column *column,
				     union cell cell)
{
	char buffer[CELL];
	double rate;

	if (rows->seconds && column_counts(column)) {
		rate = cell_rate(rows, column, cell);
		snprintf(buffer, sizeof(buffer), "%.3f", rate);
		return json_object_new_double_s(rate, buffer);
	}
	switch (column->kind) {
	case COLUMN_WORD:
		return json_object_new_string(cell_text(column, cell, buffer));
	case COLUMN_TEXT:
		return cell.text ?
			json_object_new_string(cell_text(column, cell, buffer)) :
			NULL;
	case COLUMN_BUCKET:
	case COLUMN_LIMIT:
		return cell.number ? json_object_new_uint64(cell.number) : NULL;
	case COLUMN_SIGNED:
		return json_object_new_int64((int64_t)cell.number);
	default:
		return json_object_new_uint64(cell.number);
	}
}

static struct json_object *row_json(const struct rows *rows,
				    const union cell *row)
{
	const struct table *table = rows->table;
	struct json_object *object = json_object_new_object();
	char buffer[CELL];
	const char *name;
	unsigned int i;

	for (i = 0; i < table->n_columns; i++) {
		/* The key isn't copied, nor looked for: it is another each time. */
		json_object_object_add_ex(object, table->columns[i].key,
					  cell_json(rows, &table->columns[i], row[i]),
					  JSON_C_OBJECT_ADD_KEY_IS_NEW |
					  JSON_C_OBJECT_KEY_IS_CONSTANT);
		name = cell_name(table, row, i, buffer);
		if (name)
			json_object_object_add(object, "name",
					       json_object_new_string(name));
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
	size_t n;

	for (n = 0; n < rows->count; n++)
		json_object_array_add(list, row_json(rows, row_at(rows, n)));
	return list;
}

/*
 * A line of an indented list has two spaces more than it has by itself.
 */
static void print_indented(FILE *out, const char *text)
{
	fputs("  ", out);
	for (; *text; text++) {
		fputc(*text, out);
		if (*text == '\n')
			fputs("  ", out);
	}
}

/**
 * rows_print_json() - Print a table as a JSON document: a list.
 * @out: Where to.
 * @rows: The rows. One after the other becomes JSON, which takes a hundred times
 *	the memory: there may be a million.
 */
void rows_print_json(FILE *out, const struct rows *rows)
{
	struct json_object *object;
	const char *text;
	size_t n;

	fputc('[', out);
	for (n = 0; n < rows->count; n++) {
		fputs(n ? "," : "", out);
		object = row_json(rows, row_at(rows, n));
		text = json_text(object);
		if (opts.pretty) {
			fputc('\n', out);
			print_indented(out, text);
		} else {
			fputs(text, out);
		}
		json_object_put(object);
	}
	fputs(opts.pretty && n ? "\n]\n" : "]\n", out);
}
