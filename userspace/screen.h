/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal of "netlab top": the only place that knows ncurses.
 */
#ifndef NETLAB_SCREEN_H
#define NETLAB_SCREEN_H

#include <stdbool.h>

#include "items.h"
#include "tool.h"

/**
 * enum view - What the screen shows.
 * @VIEW_ALL: The beginning of each section.
 * @VIEW_SECTION: One section, enum section being added to it.
 */
enum view {
	VIEW_ALL,
	VIEW_SECTION,
	VIEWS = VIEW_SECTION + SECTIONS,
};

/**
 * enum pressed - What was pressed.
 * @PRESSED_NOTHING: Nothing more.
 * @PRESSED_HANGUP: The terminal is gone.
 *
 * The others are what netlab(8) says of them; a printable key that isn't here is
 * its own character.
 */
enum pressed {
	PRESSED_NOTHING = -1,
	PRESSED_HANGUP = 256,
	PRESSED_NEXT_VIEW,
	PRESSED_LAST_VIEW,
	PRESSED_UP,
	PRESSED_DOWN,
	PRESSED_PAGE_UP,
	PRESSED_PAGE_DOWN,
	PRESSED_OTHER,
};

/**
 * struct picture - What there is to draw.
 * @rate: The rate, or NULL if there is none yet.
 * @view: An enum view, or a sum of it.
 * @order: What lists are sorted by.
 * @top: The first line of a section that is shown.
 * @device: The chosen device.
 * @device_name: Its name, as it came; "all" of none.
 * @netns: The namespace's name, as it came.
 * @interval: Seconds between readings.
 * @paused: Nothing is read.
 * @help: The keys are explained instead.
 * @message: What went wrong, or "".
 */
struct picture {
	const struct stats *rate;
	unsigned int view;
	enum order order;
	size_t top;
	struct device_choice device;
	const char *device_name;
	const char *netns;
	double interval;
	bool paused;
	bool help;
	const char *message;
};

enum status screen_check(void);
enum status screen_begin(void);
void screen_end(void);
size_t screen_draw(const struct picture *picture);
int screen_key(void);

#endif /* NETLAB_SCREEN_H */
