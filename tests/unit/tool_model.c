// SPDX-License-Identifier: GPL-2.0-only
/*
 * A model of the module's responder.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nl.h"
#include "tool_kernel.h"
#include "tool_model.h"

static const struct model loaded = { .local = 1, .max_size = 65535 };

struct model model;
static struct model staged;
static bool staging;

const char *refused_prefix;
uint16_t refused_setting;
bool refused_stage;
unsigned int n_commands[32];

/* ---- the answers */

static int refusal;
static uint32_t offset;
static const char *text;

static void refuse(int error, const char *why)
{
	refusal = error;
	text = why;
}

static void take_prefix(const struct nlmsghdr *message,
			struct model_prefix *prefix, bool *replace, bool *stage)
{
	const struct nlattr *attr;

	memset(prefix, 0, sizeof(*prefix));
	prefix->max_size = 65535;
	*replace = false;
	*stage = false;
	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case NETLAB_A_PREFIX_ADDRESS:
			prefix->block.size = mnl_attr_get_payload_len(attr);
			memcpy(prefix->block.address,
			       mnl_attr_get_payload(attr), prefix->block.size);
			break;
		case NETLAB_A_PREFIX_LENGTH:
			prefix->block.length = mnl_attr_get_u8(attr);
			break;
		case NETLAB_A_PREFIX_RATE:
			prefix->rate = mnl_attr_get_u32(attr);
			if (!prefix->rate)
				refuse(EINVAL, "a rate of 0");
			break;
		case NETLAB_A_PREFIX_BURST:
			prefix->burst = mnl_attr_get_u32(attr);
			if (!prefix->burst)
				refuse(EINVAL, "a burst of 0");
			break;
		case NETLAB_A_PREFIX_MAX_SIZE:
			prefix->max_size = mnl_attr_get_u32(attr);
			break;
		case NETLAB_A_PREFIX_PROXY:
			prefix->proxy = mnl_attr_get_u32(attr);
			break;
		case NETLAB_A_PREFIX_REPLACE:
			*replace = true;
			break;
		case NETLAB_A_PREFIX_STAGED:
			*stage = true;
			break;
		case NETLAB_A_PREFIX_FORCE:
			break;
		default:
			refuse(EINVAL, "an attribute that isn't known");
		}
	}
}

static struct model_prefix *find(struct model *in, const struct block *block)
{
	unsigned int i;

	for (i = 0; i < in->n_prefixes; i++)
		if (!memcmp(&in->prefixes[i].block, block, sizeof(*block)))
			return &in->prefixes[i];
	return NULL;
}

static void add_prefix(const struct nlmsghdr *message)
{
	struct model_prefix prefix, *there;
	char name[BLOCK_TEXT];
	bool replace, stage;
	struct model *to;

	take_prefix(message, &prefix, &replace, &stage);
	to = stage ? &staged : &model;
	there = find(to, &prefix.block);
	if (stage && !staging)
		refuse(EINVAL, "nothing is being staged");
	else if (refused_prefix &&
		 !strcmp(block_text(name, &prefix.block), refused_prefix))
		refuse(EINVAL, "not this one");
	else if (there && !replace)
		refuse(EEXIST, "it is there");
	else if (!there && to->n_prefixes == MODEL_PREFIXES)
		refuse(ENOSPC, NULL);
	if (refusal)
		return;
	if (!there)
		there = &to->prefixes[to->n_prefixes++];
	*there = prefix;
}

static void delete_prefix(const struct nlmsghdr *message)
{
	struct model_prefix prefix, *there;
	bool replace, stage;

	take_prefix(message, &prefix, &replace, &stage);
	there = find(&model, &prefix.block);
	if (!there)
		refuse(ENOENT, "it is not there");
	else
		*there = model.prefixes[--model.n_prefixes];
}

static void set(struct model *to, const struct nlmsghdr *message)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		uint64_t number = nl_number(attr);
		uint16_t type = mnl_attr_get_type(attr);

		if (type == NETLAB_A_ECHO_LOCAL)
			to->local = number;
		else if (type == NETLAB_A_ECHO_RATE)
			to->rate = number;
		else if (type == NETLAB_A_ECHO_BURST)
			to->burst = number;
		else if (type == NETLAB_A_ECHO_SOURCE_RATE)
			to->source_rate = number;
		else if (type == NETLAB_A_ECHO_MAX_SIZE)
			to->max_size = number;
		else if (type == NETLAB_A_ECHO_DIRECT &&
			 to->n_direct < MODEL_DIRECT)
			to->direct[to->n_direct++] = number;
		if (type == refused_setting) {
			refuse(ERANGE, "not that much");
			offset = (char *)attr - (char *)message;
		}
	}
}

static void set_direct(const struct nlmsghdr *message)
{
	uint32_t index = 0, on = 0;
	const struct nlattr *attr;
	unsigned int i;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == NETLAB_A_DIRECT_IFINDEX)
			index = mnl_attr_get_u32(attr);
		else
			on = mnl_attr_get_u8(attr);
	for (i = 0; i < model.n_direct && model.direct[i] != index; i++)
		;
	if (on && i == model.n_direct)
		model.direct[model.n_direct++] = index;
	else if (!on && i < model.n_direct)
		model.direct[i] = model.direct[--model.n_direct];
}

static void say_config(uint32_t sequence)
{
	struct nlmsghdr *message = add_genl(0);
	unsigned int i;

	message->nlmsg_seq = sequence;
	mnl_attr_put_u8(message, NETLAB_A_ECHO_LOCAL, model.local);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_RATE, model.rate);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_BURST, model.burst);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_SOURCE_RATE,
			 model.source_rate);
	mnl_attr_put_u32(message, NETLAB_A_ECHO_MAX_SIZE, model.max_size);
	for (i = 0; i < model.n_direct; i++)
		mnl_attr_put_u32(message, NETLAB_A_ECHO_DIRECT,
				 model.direct[i]);
	added(message);
	send_datagram();
}

static void say_prefixes(void)
{
	const struct model_prefix *prefix;
	struct nlmsghdr *message;
	unsigned int i;

	for (i = 0; i < model.n_prefixes; i++) {
		prefix = &model.prefixes[i];
		message = add_genl(NLM_F_MULTI);
		mnl_attr_put(message, NETLAB_A_PREFIX_ADDRESS,
			     prefix->block.size, prefix->block.address);
		mnl_attr_put_u8(message, NETLAB_A_PREFIX_LENGTH,
				prefix->block.length);
		mnl_attr_put_u32(message, NETLAB_A_PREFIX_RATE, prefix->rate);
		mnl_attr_put_u32(message, NETLAB_A_PREFIX_BURST,
				 prefix->burst);
		mnl_attr_put_u32(message, NETLAB_A_PREFIX_MAX_SIZE,
				 prefix->max_size);
		mnl_attr_put_u32(message, NETLAB_A_PREFIX_PROXY,
				 prefix->proxy);
		mnl_attr_put_u64(message, NETLAB_A_PREFIX_REQUESTS, i + 3);
		mnl_attr_put_u64(message, NETLAB_A_PREFIX_REPLIED, i + 2);
		mnl_attr_put_u64(message, NETLAB_A_PREFIX_REFUSED, 1);
		added(message);
		if (i % 50 == 49)
			send_datagram();
	}
	add_done(0, NULL);
}

/* Returns whether the answer was more than yes or no. */
static bool obey(uint8_t command, const struct nlmsghdr *message)
{
	switch (command) {
	case NETLAB_CMD_ECHO_GET:
		say_config(message->nlmsg_seq);
		break;
	case NETLAB_CMD_ECHO_SET:
		set(&model, message);
		break;
	case NETLAB_CMD_OUTCOME_GET:
		add_done(0, NULL);
		return true;
	case NETLAB_CMD_DIRECT_SET:
		set_direct(message);
		break;
	case NETLAB_CMD_PREFIX_ADD:
		add_prefix(message);
		break;
	case NETLAB_CMD_PREFIX_DEL:
		delete_prefix(message);
		break;
	case NETLAB_CMD_PREFIX_FLUSH:
		model.n_prefixes = 0;
		break;
	case NETLAB_CMD_PREFIX_GET:
		say_prefixes();
		return true;
	case NETLAB_CMD_STAGE_BEGIN:
		if (refused_stage)
			refuse(EBUSY, "another is restoring");
		staging = !refusal;
		staged = loaded;
		break;
	case NETLAB_CMD_STAGE_COMMIT:
		if (!staging)
			refuse(EINVAL, "nothing is being staged");
		set(&staged, message);
		if (!refusal)
			model = staged;
		staging = false;
		break;
	default:
		refuse(EOPNOTSUPP, NULL);
	}
	return false;
}

static void answer(const struct nlmsghdr *message)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == GENL_ID_CTRL) {
		add_family();
		return;
	}
	if (message->nlmsg_type != FAKE_FAMILY || header->cmd >= 32)
		abort();
	n_commands[header->cmd]++;
	refusal = 0;
	offset = 0;
	text = NULL;
	if (obey(header->cmd, message))
		return;
	if (refusal || message->nlmsg_flags & NLM_F_ACK)
		add_ack_to(message->nlmsg_seq, refusal, true, offset, text);
}

static void give_up(void)
{
	staging = false;
}

void begin_model(void)
{
	begin();
	model = loaded;
	staging = false;
	refused_prefix = NULL;
	refused_setting = 0;
	refused_stage = false;
	memset(n_commands, 0, sizeof(n_commands));
	answer_to = answer;
	socket_closed = give_up;
}

bool model_has(const char *name)
{
	struct block block;

	if (block_parse("", name, &block))
		abort();
	return find(&model, &block);
}

/* ---- files of commands */

char path[32];
FILE *file;

void begin_file(void)
{
	if (!file)
		file = tmpfile();
	if (!file)
		abort();
	snprintf(path, sizeof(path), "/dev/fd/%d", fileno(file));
	rewind(file);
	if (ftruncate(fileno(file), 0))
		abort();
}

void line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fputc('\n', file);
}

enum status batch_it(void)
{
	fflush(file);
	return run_file(path);
}

enum status restore_it(void)
{
	fflush(file);
	return run("restore", path, NULL);
}

void complains(const char *before, const char *after, const char *what)
{
	char expected[512];

	snprintf(expected, sizeof(expected), "netlab: %s%s%s\n", before, path,
		 after);
	is(err, expected, what);
}

void prefix_lines(unsigned int first, unsigned int count,
			 const char *more)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		line("prefix add 10.%u.%u.0/24%s", i / 256, i % 256, more);
}
