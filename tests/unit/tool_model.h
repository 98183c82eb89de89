/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the module's responder, by netlab.yaml: what it is told changes
 * its state, or is refused.
 */
#ifndef NETLAB_TOOL_MODEL_H
#define NETLAB_TOOL_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"

#define MODEL_PREFIXES	5000
#define MODEL_DIRECT	4

struct model_prefix {
	struct block block;
	uint32_t rate, burst, max_size, proxy;
};

struct model {
	uint32_t local, rate, burst, source_rate, max_size;
	uint32_t direct[MODEL_DIRECT];
	unsigned int n_direct;
	struct model_prefix prefixes[MODEL_PREFIXES];
	unsigned int n_prefixes;
};

extern struct model model;

/* What is refused: this prefix, this attribute of a commit, a stage-begin. */
extern const char *refused_prefix;
extern uint16_t refused_setting;
extern bool refused_stage;

/* How often each command of enum NETLAB_CMD_... came. */
extern unsigned int n_commands[32];

/* Begins a test against a model that was just loaded. */
void begin_model(void);

/* The model has a prefix of this text. */
bool model_has(const char *text);

/*
 * A file of commands: begin_file(), its lines, and what is done with it.
 * prefix_lines() adds @count prefixes, from that of number @first on.
 */
extern char path[32];
extern FILE *file;

void begin_file(void);
void line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void prefix_lines(unsigned int first, unsigned int count, const char *more);
enum status batch_it(void);
enum status restore_it(void);

/* The complaint has the file's name between these. */
void complains(const char *before, const char *after, const char *what);

#endif /* NETLAB_TOOL_MODEL_H */
