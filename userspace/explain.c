// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the columns and names of tables mean, as text and JSON.
 */
#include <json-c/json.h>
#include <stdbool.h>

#include "names.h"
#include "table.h"
#include "tool.h"

#define LABEL		64	/* size of a label */
#define INDENT		18	/* column of the explanations */

static bool has_words(const struct table *table, const struct words *words)
{
	unsigned int i;

	for (i = 0; i < table->n_columns; i++)
		if (table->columns[i].words == words)
			return true;
	return false;
}

static void explain_words(FILE *out, const struct words *words)
{
	const struct word *word;
	char label[LABEL];
	unsigned int i;

	for (i = 0; i < words->count; i++) {
		word = &words->list[i];
		if (!word->word || !word->explain)
			continue;
		snprintf(label, sizeof(label), "    %s", word->word);
		print_wrapped(out, label, INDENT + 2, word->explain);
	}
}

/**
 * tables_explain() - Print what the columns and names of tables mean.
 * @out: Where to.
 * @list: The tables. What the names mean that several have is said once.
 * @count: How many tables.
 */
void tables_explain(FILE *out, const struct table *const *list,
		    unsigned int count)
{
	const struct column *column;
	unsigned int i, j, k;
	char label[LABEL];

	for (i = 0; i < count; i++) {
		fputc('\n', out);
		if (opts.color)
			fputs("\033[1m", out);
		print_wrapped(out, list[i]->key, INDENT, list[i]->explain);
		if (opts.color)
			fputs("\033[0m", out);
		for (j = 0; j < list[i]->n_columns; j++) {
			column = &list[i]->columns[j];
			snprintf(label, sizeof(label), "  %s", column->key);
			print_wrapped(out, label, INDENT, column->explain);
			for (k = 0; k < i; k++)
				if (has_words(list[k], column->words))
					break;
			if (column->words && k == i)
				explain_words(out, column->words);
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
			if (word->word && word->explain)
				add_explain(list, column->key, word,
					    word->explain);
		}
	}
	return list;
}
