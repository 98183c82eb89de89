// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object top: reads, waits for keys, and has the screen drawn.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <limits.h>
#include <linux/netlab.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"
#include "nl.h"
#include "screen.h"
#include "signals.h"
#include "top.h"

#define MIN_INTERVAL	0.1
#define MAX_INTERVAL	60
#define NOTE_SECONDS	4	/* to be read in, however often the screen is drawn */

static struct {
	struct stats before;
	struct stats rate;
	double then;		/* when @before was read; 0: there is none */
	double next;		/* when to read again */
	bool has_rate;
	struct picture picture;
	size_t lines;		/* of the one section that is shown */
	char *netns;		/* that was switched to, or NULL: the first one */
	char device[CELL];
	char message[512];
	double noted;		/* when it was */
	bool quit;
	bool hung_up;		/* the terminal is gone */
} now;

/* A complaint would spoil the screen. */
static void note(const char *text)
{
	snprintf(now.message, sizeof(now.message), "%s", text);
	now.noted = monotonic();
}

static void forget(void)
{
	stats_clear(&now.before);
	stats_clear(&now.rate);
	now.then = 0;
	now.has_rate = false;
	now.next = 0;
	items_forget();
}

static enum status take(void)
{
	struct stats stats;
	enum status status = stats_read(&stats);
	const double when = monotonic();

	/* The module may be another by the next time, and so its number. */
	nl_close();
	if (status) {
		stats_clear(&stats);
		return status;
	}
	if (now.then) {
		stats_clear(&now.rate);
		stats_rate(&now.rate, &stats, &now.before, when - now.then);
		items_remember(&now.rate, now.picture.device);
		now.has_rate = true;
	}
	stats_clear(&now.before);
	now.before = stats;
	now.then = when;
	return STATUS_OK;
}

/* ---- another namespace, another device, another epoch */

/* The one behind @name in the order of names; NULL if that was the last. */
static char *name_behind(const char *name)
{
	DIR *dir = opendir(NETNS_DIR);
	const struct dirent *entry;
	char best[NAME_MAX + 1] = "";
	char *found;

	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || (name && strcmp(entry->d_name, name) <= 0))
			continue;
		if (!*best || strcmp(entry->d_name, best) < 0)
			snprintf(best, sizeof(best), "%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (!*best)
		return NULL;
	found = strdup(best);
	if (!found)
		no_memory();
	return found;
}

/*
 * From the namespace that top began in to each of ip netns, and back. One that
 * can't be entered is passed over, and what it said stays to be read.
 */
static void next_netns(void)
{
	static const char *first;
	static bool begun;
	char *name = now.netns, *next;

	if (!begun)
		first = opts.netns;
	begun = true;
	for (;;) {
		next = name_behind(name);
		if (name != now.netns)
			free(name);
		name = next;
		nl_close();
		if (netns_leave())
			break;
		opts.netns = next ? next : first;
		if (!netns_enter() || !next)
			break;
	}
	free(now.netns);
	now.netns = next;
	now.picture.device.chosen = false;
	now.picture.top = 0;
	forget();
}

/* In the order of their indices, among those that have counted anything. */
static void next_device(void)
{
	const struct rows *rows = &now.before.rows[STATS_DEVICES];
	struct device_choice *device = &now.picture.device;
	uint64_t ifindex, best = UINT64_MAX;
	size_t n, at = 0;

	for (n = 0; n < rows->count; n++) {
		ifindex = row_number(rows, n, NETLAB_A_DEVICE_ROW_IFINDEX);
		if ((device->chosen && ifindex <= device->ifindex) || ifindex >= best)
			continue;
		best = ifindex;
		at = n;
	}
	device->chosen = best != UINT64_MAX;
	device->ifindex = best;
	if (device->chosen)
		cell_text(&rows->table->columns[0], row_at(rows, at)[0], now.device);
	now.picture.top = 0;
	items_forget();
	if (now.has_rate)
		items_remember(&now.rate, *device);
}

static void reset(void)
{
	struct stats stats;
	const enum status status = stats_new_epoch(&stats);

	stats_clear(&stats);
	nl_close();
	if (!status)
		forget();
}

/* ---- keys */

static void set_view(unsigned int view)
{
	now.picture.view = view;
	now.picture.top = 0;
}

static void scroll_by(long lines)
{
	const long most = (long)now.lines - 1;
	long top = (long)now.picture.top + lines;

	if (top > most)
		top = most;
	now.picture.top = top > 0 ? top : 0;
}

static void set_interval(double interval)
{
	if (interval < MIN_INTERVAL || interval > MAX_INTERVAL)
		return;
	now.picture.interval = interval;
	now.next = monotonic() + interval;
}

static void press(int key)
{
	struct picture *picture = &now.picture;

	*now.message = '\0';
	if (picture->help && key != 'q' && key != PRESSED_HANGUP) {
		picture->help = false;
		return;
	}
	switch (key) {
	case PRESSED_HANGUP:
		now.hung_up = true;
		now.quit = true;
		break;
	case 'q':
		now.quit = true;
		break;
	case 'h':
	case '?':
		picture->help = true;
		break;
	case 'p':
		picture->order = BY_PACKETS;
		break;
	case 'b':
		picture->order = BY_BYTES;
		break;
	case 'a':
		picture->order = BY_NAME;
		break;
	case 'n':
		next_netns();
		break;
	case 'd':
		next_device();
		break;
	case 'r':
		reset();
		break;
	case ' ':
		picture->paused = !picture->paused;
		break;
	case '+':
		set_interval(2 * picture->interval);
		break;
	case '-':
		set_interval(picture->interval / 2);
		break;
	case PRESSED_NEXT_VIEW:
		set_view((picture->view + 1) % VIEWS);
		break;
	case PRESSED_LAST_VIEW:
		set_view((picture->view + VIEWS - 1) % VIEWS);
		break;
	case PRESSED_UP:
		scroll_by(-1);
		break;
	case PRESSED_DOWN:
		scroll_by(1);
		break;
	case PRESSED_PAGE_UP:
		scroll_by(-20);
		break;
	case PRESSED_PAGE_DOWN:
		scroll_by(20);
		break;
	default:
		if (key >= '0' && key < '0' + VIEWS)
			set_view(key - '0');
	}
}

/* Waits for a key or for the next reading; a signal ends it, whenever it comes. */
static void wait_for_key(const sigset_t *outside)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	double seconds = now.next - monotonic();
	struct timespec left = { 0 };

	if (seconds > 0) {
		left.tv_sec = (time_t)seconds;
		left.tv_nsec = (seconds - (double)left.tv_sec) * 1e9;
	}
	if (!signals_ended)
		ppoll(&input, 1, now.picture.paused ? NULL : &left, outside);
}

static void draw(void)
{
	now.picture.rate = now.has_rate ? &now.rate : NULL;
	now.picture.netns = opts.netns ? opts.netns : "this netns";
	now.picture.device_name = now.device;
	now.picture.message = now.message;
	now.lines = screen_draw(&now.picture);
}

static void run(const sigset_t *outside)
{
	int key;

	while (!now.quit && !signals_ended) {
		if (!now.picture.paused && monotonic() >= now.next) {
			if (take())
				forget();
			else if (monotonic() - now.noted > NOTE_SECONDS)
				*now.message = '\0';
			now.next += now.picture.interval;
			if (now.next < monotonic())	/* don't catch up */
				now.next = monotonic() + now.picture.interval;
		}
		draw();
		wait_for_key(outside);
		while (!now.quit && (key = screen_key()) != PRESSED_NOTHING)
			press(key);
	}
}

/* A closed terminal's SIGHUP comes after its POLLHUP: it mustn't find top on its way out. */
static void wait_for_sighup(const sigset_t *outside)
{
	const struct timespec most = { .tv_sec = 1 };

	if (!signals_ended)
		ppoll(NULL, 0, &most, outside);
}

/**
 * top() - Show the rates until q or Ctrl-C.
 * @command: This command.
 * @values: Nothing.
 *
 * Return: The exit code.
 */
enum status top(const struct command *command, const struct values *values)
{
	struct signals signals = { .list = { SIGINT, SIGTERM, SIGHUP, SIGQUIT } };
	enum status status;

	(void)command;
	(void)values;
	if (opts.explain)
		return stats_explain();
	if (opts.json)
		return fail(STATUS_USAGE,
			    "top has no JSON; \"netlab -j -w 1 stats\" has the rates, a line each time");
	now.picture.interval = opts.watch > 0 ? opts.watch : 1;
	opts.watch = 0;	/* it repeats itself */
	status = screen_check();
	if (!status)
		status = take();
	if (!status)
		status = screen_begin();
	if (status)
		return status;
	now.next = monotonic() + now.picture.interval;

	signals_hold(&signals);
	complain = note;
	run(&signals.outside);
	if (now.hung_up)
		wait_for_sighup(&signals.outside);
	complain = NULL;
	screen_end();
	signals_release(&signals);
	forget();
	free(now.netns);
	now.netns = NULL;
	return STATUS_OK;
}
