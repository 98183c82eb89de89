// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drawing. ncurses sends a terminal only what has changed, so nothing flickers.
 */
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>

#include "screen.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define MIN_LINES	12
#define MIN_COLUMNS	60
#define NUMBER		11	/* width of a number */
#define NAME		34	/* width of a name at 80 columns */

static struct {
	SCREEN *screen;
	bool blocks;	/* the terminal has Unicode's block elements */
	bool colors;
} term;

static const char *const titles[SECTIONS] = {
	[SECTION_HOOKS] = "HOOKS",
	[SECTION_PROTOCOLS] = "PROTOCOLS",
	[SECTION_DEVICES] = "DEVICES",
	[SECTION_SIZES] = "SIZES",
	[SECTION_ECHO] = "ECHO REQUESTS",
	[SECTION_VANISHED] = "VANISHED BETWEEN",
};

/* How many lines each has at least, where there is not room for all. */
static const unsigned int least[SECTIONS] = { 3, 3, 2, 2, 2, 2 };

static const char *const orders[ORDERS] = { "packets", "bytes", "name" };

static const char *const keys[] = {
	"Tab, 0-6    all sections, or one: hooks, protocols, devices, sizes,",
	"            echo requests, vanished",
	"p b a       sort by packets, by bytes, alphabetically",
	"n           the next network namespace of \"ip netns\"",
	"d           the next device: its protocols; then all devices again",
	"arrows      scroll one section; Page Up and Page Down by a screen",
	"space       pause, and go on",
	"+ -         read less often, more often",
	"r           reset: a new epoch, in which every counter is zero",
	"h q         this help; quit",
};

enum { PAIR_GOOD = 1, PAIR_BAD, PAIR_TITLE };

static void begin_colors(void)
{
	const char *no = getenv("NO_COLOR");

	term.colors = !opts.plain && !(no && *no) && has_colors() &&
		      start_color() == OK && use_default_colors() == OK;
	if (!term.colors)
		return;
	init_pair(PAIR_GOOD, COLOR_GREEN, -1);
	init_pair(PAIR_BAD, COLOR_RED, -1);
	init_pair(PAIR_TITLE, COLOR_CYAN, -1);
}

static attr_t color(int pair)
{
	return term.colors ? COLOR_PAIR(pair) : 0;
}

/**
 * screen_check() - Whether there is a terminal.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status screen_check(void)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return STATUS_OK;
	return fail(STATUS_USAGE,
		    "top wants a terminal; for a file or a pipe there is \"netlab -w 1 stats\"");
}

/**
 * screen_begin() - Take over the terminal.
 *
 * Return: STATUS_OK, or another after a complaint; the terminal is as it was.
 */
enum status screen_begin(void)
{
	const char *name = getenv("TERM");

	setlocale(LC_CTYPE, "");
	term.blocks = !strcmp(nl_langinfo(CODESET), "UTF-8");
	term.screen = newterm(NULL, stdout, stdin);
	if (!term.screen)
		return fail(STATUS_USAGE,
			    "top can't use this terminal: TERM is %s%s",
			    name && *name ? name : "not set",
			    name && *name ? ", of which terminfo says too little" : "");
	begin_colors();
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	return STATUS_OK;
}

/**
 * screen_end() - Give the terminal back as it was.
 */
void screen_end(void)
{
	if (!term.screen)
		return;
	endwin();
	delscreen(term.screen);
	term.screen = NULL;
}

/* ---- parts of a line */

/* At most seven characters, so that there is a space before. */
static const char *number_text(double number, char *buffer, size_t size)
{
	static const char units[] = "kMGTPE";
	unsigned int unit = 0;

	if (number > -99.95 && number < 99.95) {
		snprintf(buffer, size, "%.1f", number);
		return buffer;
	}
	if (number > -99999.5 && number < 99999.5) {
		snprintf(buffer, size, "%.0f", number);
		return buffer;
	}
	number /= 1000;
	while ((number >= 9999.5 || number <= -9999.5) && units[unit + 1]) {
		number /= 1000;
		unit++;
	}
	snprintf(buffer, size, "%.1f%c", number, units[unit]);
	return buffer;
}

/* One character for a part, from 0 to 1; nothing only for nothing. */
static const char *block(double part)
{
	static const char *const blocks[] = { "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char *const plain[] = { ".", ":", "-", "=", "+", "*", "#", "@" };
	unsigned int level = part * COUNT(blocks);

	if (!(part > 0))
		return " ";
	if (level >= COUNT(blocks))
		level = COUNT(blocks) - 1;
	return term.blocks ? blocks[level] : plain[level];
}

static void draw_history(const struct item *item, int width)
{
	float most = 0;
	int i;

	if (width > HISTORY)
		width = HISTORY;
	for (i = HISTORY - width; i < HISTORY; i++)
		if (item->past[i] > most)
			most = item->past[i];
	for (i = HISTORY - width; i < HISTORY; i++)
		addstr(block(most > 0 ? item->past[i] / most : 0));
}

static void draw_bar(double share, int width)
{
	int length = share * width + 0.5, i;

	for (i = 0; i < length || (!i && share > 0); i++)
		addstr(term.blocks ? "\u2588" : "#");
}

/* A name takes what is left between 60 columns and as many as it can have. */
static int name_width(void)
{
	int width = COLS - (80 - NAME);

	return width < NAME - 12 ? NAME - 12 : width > ITEM_NAME ? ITEM_NAME : width;
}

static void draw_item(int line, enum section section, const struct item *item)
{
	const int name = name_width();
	const int left = COLS - 1 - name - 2 * NUMBER - 2;
	char buffer[32];

	mvprintw(line, 1, "%-*.*s", name, name, item->name);
	printw("%*s", NUMBER, number_text(item->packets, buffer, sizeof(buffer)));
	printw("%*s  ", NUMBER, item->bytes < 0 ? "" :
	       number_text(item->bytes, buffer, sizeof(buffer)));
	if (left <= 0)
		return;
	if (section == SECTION_SIZES) {
		draw_bar(item->share, left);
		return;
	}
	attron(color(section == SECTION_VANISHED ? PAIR_BAD : PAIR_GOOD));
	draw_history(item, left);
	attroff(color(section == SECTION_VANISHED ? PAIR_BAD : PAIR_GOOD));
}

static void draw_title(int line, enum section section, size_t hidden)
{
	const int name = name_width();
	char title[64];

	snprintf(title, sizeof(title), "%s", titles[section]);
	if (hidden)
		snprintf(title, sizeof(title), "%s (%zu more: %d)",
			 titles[section], hidden, section + 1);
	attron(A_BOLD | color(PAIR_TITLE));
	mvprintw(line, 0, "%-*.*s%*s", name + 1, name + 1, title, NUMBER, "packets/s");
	if (section <= SECTION_DEVICES)
		printw("%*s", NUMBER, "bytes/s");
	attroff(A_BOLD | color(PAIR_TITLE));
}

/* Draws as much as there are lines for, title included. Returns what it took. */
static int draw_section(int line, int lines, enum section section,
			const struct items *items, size_t top)
{
	size_t shown = lines - 1, n;

	if (top > items->count)
		top = items->count;
	if (shown > items->count - top)
		shown = items->count - top;
	draw_title(line, section, items->count - top - shown);
	for (n = 0; n < shown; n++)
		draw_item(line + 1 + n, section, &items->list[top + n]);
	if (!items->count) {
		mvaddstr(line + 1, 1, "none");
		return 2;
	}
	return 1 + shown;
}

/* ---- the screen */

static void draw_head(const struct picture *picture)
{
	char netns[64], dev[64];

	attron(A_REVERSE);
	mvhline(0, 0, ' ', COLS);
	mvprintw(0, 0, " netlab top  %s%s%s  every %g s  by %s",
		 escape(netns, sizeof(netns), picture->netns),
		 picture->device.chosen ? "  dev " : "",
		 picture->device.chosen ? escape(dev, sizeof(dev), picture->device_name) : "",
		 picture->interval, orders[picture->order]);
	if (picture->rate)
		printw("  epoch %u", picture->rate->epoch);
	if (picture->paused)
		mvaddstr(0, COLS - 8, " PAUSED ");
	attroff(A_REVERSE);
}

static void draw_foot(const struct picture *picture)
{
	if (*picture->message) {
		attron(A_BOLD | color(PAIR_BAD));
		mvprintw(LINES - 1, 0, "%.*s", COLS - 1, picture->message);
		attroff(A_BOLD | color(PAIR_BAD));
		return;
	}
	attron(A_DIM);
	mvprintw(LINES - 1, 0, "%.*s", COLS - 1,
		 "q quit  h help  Tab view  p b a sort  n netns  d dev  space pause  r reset");
	attroff(A_DIM);
}

/* What each section wants beyond its least is shared out, the first ones first. */
static void share_lines(const struct items *items, int lines, int *given)
{
	enum section section;
	bool more = true;

	for (section = 0; section < SECTIONS; section++) {
		given[section] = least[section];
		lines -= given[section];
	}
	while (more && lines > 0) {
		more = false;
		for (section = 0; section < SECTIONS && lines > 0; section++) {
			if ((size_t)given[section] > items[section].count)
				continue;
			given[section]++;
			lines--;
			more = true;
		}
	}
}

static void draw_all(const struct picture *picture)
{
	struct items items[SECTIONS] = { 0 };
	int given[SECTIONS], line = 1;
	enum section section;

	for (section = 0; section < SECTIONS; section++)
		items_make(&items[section], section, picture->rate,
			   picture->device, picture->order);
	share_lines(items, LINES - 2, given);
	for (section = 0; section < SECTIONS; section++) {
		if (line + given[section] <= LINES - 1)
			line += draw_section(line, given[section], section,
					     &items[section], 0);
		items_clear(&items[section]);
	}
}

/* Returns how many lines there are. */
static size_t draw_one(const struct picture *picture, enum section section)
{
	struct items items = { 0 };
	size_t count;

	items_make(&items, section, picture->rate, picture->device, picture->order);
	draw_section(1, LINES - 2, section, &items, picture->top);
	count = items.count;
	items_clear(&items);
	return count;
}

/**
 * screen_draw() - Draw.
 * @picture: What.
 *
 * Return: How many lines the one section has that is shown; else 0.
 */
size_t screen_draw(const struct picture *picture)
{
	size_t count = 0;
	unsigned int i;

	erase();
	if (LINES < MIN_LINES || COLS < MIN_COLUMNS) {
		mvprintw(0, 0, "The terminal is too small: %dx%d, and top wants %dx%d. q quits.",
			 COLS, LINES, MIN_COLUMNS, MIN_LINES);
		refresh();
		return 0;
	}
	draw_head(picture);
	if (picture->help) {
		for (i = 0; i < COUNT(keys) && (int)i < LINES - 3; i++)
			mvaddnstr(2 + i, 1, keys[i], COLS - 2);
	} else if (!picture->rate) {
		mvprintw(2, 1, "The first rates come in %g s.", picture->interval);
	} else if (picture->view == VIEW_ALL) {
		draw_all(picture);
	} else {
		count = draw_one(picture, picture->view - VIEW_SECTION);
	}
	draw_foot(picture);
	refresh();
	return count;
}

static bool terminal_is_gone(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, 0) > 0 && input.revents & (POLLHUP | POLLERR | POLLNVAL);
}

/**
 * screen_key() - What was pressed.
 *
 * Return: A character, or an enum pressed; PRESSED_NOTHING if nothing was. It doesn't
 * wait.
 */
int screen_key(void)
{
	const int key = getch();

	switch (key) {
	case ERR:
		return terminal_is_gone() ? PRESSED_HANGUP : PRESSED_NOTHING;
	case '\t':
		return PRESSED_NEXT_VIEW;
	case KEY_BTAB:
		return PRESSED_LAST_VIEW;
	case KEY_UP:
		return PRESSED_UP;
	case KEY_DOWN:
		return PRESSED_DOWN;
	case KEY_PPAGE:
		return PRESSED_PAGE_UP;
	case KEY_NPAGE:
		return PRESSED_PAGE_DOWN;
	case KEY_RESIZE:
		return PRESSED_OTHER;
	}
	return key < 256 ? key : PRESSED_OTHER;
}
