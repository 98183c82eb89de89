// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lists of "netlab top". What several rows have the same name for is added up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "items.h"
#include "tool.h"

#define MAX_TRACKS	4096	/* names of which the past is kept */

/* One name's past. The readings before it was first seen were 0. */
struct track {
	enum section section;
	char name[ITEM_NAME];
	float past[HISTORY];
	bool seen;
};

static struct {
	struct track *list;
	size_t count;
	size_t room;
} tracks;

static struct track *find_track(enum section section, const char *name)
{
	size_t n;

	for (n = 0; n < tracks.count; n++)
		if (tracks.list[n].section == section &&
		    !strcmp(tracks.list[n].name, name))
			return &tracks.list[n];
	return NULL;
}

static struct track *new_track(enum section section, const char *name)
{
	struct track *track;

	if (tracks.count == MAX_TRACKS)
		return NULL;
	if (tracks.count == tracks.room) {
		tracks.room = tracks.room ? 2 * tracks.room : 64;
		tracks.list = reallocarray(tracks.list, tracks.room,
					   sizeof(*tracks.list));
		if (!tracks.list)
			no_memory();
	}
	track = &tracks.list[tracks.count++];
	memset(track, 0, sizeof(*track));
	track->section = section;
	strcpy(track->name, name);
	return track;
}

static void add_word(char *name, const char *word)
{
	const size_t used = strlen(name);

	snprintf(name + used, ITEM_NAME - used, "%s%s", used ? " " : "", word);
}

static const struct column *column_of(const struct table *table, const char *key,
				      unsigned int *at)
{
	for (*at = 0; *at < table->n_columns; ++*at)
		if (!strcmp(table->columns[*at].key, key))
			return &table->columns[*at];
	return NULL;
}

/* Of all devices only the sums are shown, of one its protocols. */
static bool is_named(const struct table *table, const struct column *column,
		     enum section section, bool chosen)
{
	if (column_counts(column) || column->kind == COLUMN_VALUE)
		return false;
	if (section == SECTION_DEVICES && column->kind == COLUMN_PROTOCOL)
		return chosen;
	return table->n_columns > 1;
}

static void make_name(char *name, enum section section, const struct rows *rows,
		      const union cell *row, bool chosen)
{
	const struct table *table = rows->table;
	char buffer[CELL];
	const char *text;
	unsigned int i;

	*name = '\0';
	for (i = 0; i < table->n_columns; i++) {
		const struct column *column = &table->columns[i];

		if (!is_named(table, column, section, chosen))
			continue;
		if (column->kind == COLUMN_BUCKET && row[i].number)
			add_word(name, "up to");
		text = cell_name(table, row, i, buffer);
		add_word(name, text && *text ? text :
			 cell_text(column, row[i], buffer));
	}
}

static struct item *item_named(struct items *items, const char *name)
{
	struct item *item;
	size_t n;

	for (n = 0; n < items->count; n++)
		if (!strcmp(items->list[n].name, name))
			return &items->list[n];
	if (items->count == items->room) {
		items->room = items->room ? 2 * items->room : 32;
		items->list = reallocarray(items->list, items->room,
					   sizeof(*items->list));
		if (!items->list)
			no_memory();
	}
	item = &items->list[items->count++];
	*item = (struct item){ .bytes = -1 };
	strcpy(item->name, name);
	return item;
}

static const struct rows *section_rows(enum section section,
				       const struct stats *rate)
{
	switch (section) {
	case SECTION_HOOKS:
		return &rate->rows[STATS_HOOKS];
	case SECTION_PROTOCOLS:
		return &rate->rows[STATS_PROTOCOLS];
	case SECTION_DEVICES:
		return &rate->rows[STATS_DEVICES];
	case SECTION_SIZES:
		return &rate->rows[STATS_SIZES];
	case SECTION_ECHO:
		return &rate->outcomes;
	default:
		return &rate->vanished;
	}
}

static bool is_chosen(const struct rows *rows, const union cell *row,
		      enum section section, struct device_choice device)
{
	unsigned int i;

	if (section != SECTION_DEVICES || !device.chosen)
		return true;
	return column_of(rows->table, "ifindex", &i) &&
	       row[i].number == device.ifindex;
}

/* The items of a section, in the order of the rows, without their past. */
static void gather(struct items *items, enum section section,
		   const struct stats *rate, struct device_choice device)
{
	const struct rows *rows = section_rows(section, rate);
	const struct column *column, *by_bytes;
	unsigned int packets, bytes;
	const union cell *row;
	char name[ITEM_NAME];
	struct item *item;
	size_t n;

	if (!rows->count || !(column = column_of(rows->table, "packets", &packets)))
		return;
	by_bytes = column_of(rows->table, "bytes", &bytes);
	for (n = 0; n < rows->count; n++) {
		row = row_at(rows, n);
		if (!is_chosen(rows, row, section, device))
			continue;
		make_name(name, section, rows, row, device.chosen);
		item = item_named(items, name);
		item->packets += cell_rate(rows, column, row[packets]);
		if (column->kind == COLUMN_SHARE)
			item->share = row_share(rows, row, packets);
		if (!by_bytes)
			continue;
		if (item->bytes < 0)
			item->bytes = 0;
		item->bytes += cell_rate(rows, by_bytes, row[bytes]);
	}
}

static enum order compare_order;

static int compare(const void *one, const void *other)
{
	const struct item *a = one, *b = other;
	double by = 0;

	if (compare_order == BY_PACKETS)
		by = b->packets - a->packets;
	else if (compare_order == BY_BYTES)
		by = b->bytes - a->bytes;
	return by > 0 ? 1 : by < 0 ? -1 : strcmp(a->name, b->name);
}

/**
 * items_remember() - Take a rate into the past; what isn't in it had none.
 * @rate: The rate.
 * @device: The chosen device.
 */
void items_remember(const struct stats *rate, struct device_choice device)
{
	struct items items = { 0 };
	struct track *track;
	enum section section;
	size_t n, kept = 0;

	for (n = 0; n < tracks.count; n++) {
		track = &tracks.list[n];
		memmove(track->past, track->past + 1,
			sizeof(track->past) - sizeof(track->past[0]));
		track->past[HISTORY - 1] = 0;
		track->seen = false;
	}
	for (section = 0; section < SECTIONS; section++) {
		gather(&items, section, rate, device);
		for (n = 0; n < items.count; n++) {
			track = find_track(section, items.list[n].name);
			if (!track)
				track = new_track(section, items.list[n].name);
			if (!track)
				break;
			track->past[HISTORY - 1] = items.list[n].packets;
			track->seen = true;
		}
		items_clear(&items);
	}

	/* What has been still for all that time need not be kept. */
	for (n = 0; n < tracks.count; n++) {
		bool still = !tracks.list[n].seen;
		unsigned int i;

		for (i = 0; still && i < HISTORY; i++)
			still = tracks.list[n].past[i] == 0;
		if (!still)
			tracks.list[kept++] = tracks.list[n];
	}
	tracks.count = kept;
}

/**
 * items_make() - List a section.
 * @items: An empty list; items_clear() frees it.
 * @section: Which section. What stopped a while ago is listed still, with 0.
 * @rate: The rate.
 * @device: Of which device protocols are listed; of all others nothing.
 * @order: What it is sorted by. Sizes stay in their order.
 */
void items_make(struct items *items, enum section section,
		const struct stats *rate, struct device_choice device,
		enum order order)
{
	static const float none[HISTORY];
	const struct track *track;
	size_t n;

	gather(items, section, rate, device);
	/* What stopped a moment ago keeps its place, or all would jump. */
	for (n = 0; section != SECTION_SIZES && n < tracks.count; n++)
		if (tracks.list[n].section == section)
			item_named(items, tracks.list[n].name);
	for (n = 0; n < items->count; n++) {
		track = find_track(section, items->list[n].name);
		items->list[n].past = track ? track->past : none;
	}
	compare_order = order;
	if (section != SECTION_SIZES && items->count)
		qsort(items->list, items->count, sizeof(*items->list), compare);
}

/**
 * items_clear() - Free a list, and make it an empty one.
 * @items: The list.
 */
void items_clear(struct items *items)
{
	free(items->list);
	*items = (struct items){ 0 };
}

/**
 * items_forget() - Forget the past, as of another namespace.
 */
void items_forget(void)
{
	tracks.count = 0;
}
