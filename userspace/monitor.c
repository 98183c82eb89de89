// SPDX-License-Identifier: GPL-2.0-only
/*
 * The object monitor: asks the module for packets, and says what each is.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlab.h>
#include <string.h>

#include "capture.h"
#include "monitor.h"
#include "names.h"
#include "nl.h"
#include "packet.h"
#include "signals.h"

#define BUFFER		(4 << 20)	/* of packets that the kernel may have ready */
#define WHOLE		65535	/* the longest that there is of a packet */
#define ALIVE_SECONDS	1		/* without a packet until the module is asked */

/* A packet as it was told, and the sk_buff that it was in. */
struct sight {
	const struct nlattr *attr[NETLAB_A_MONITOR_MAX + 1];
	const struct nlattr *skb[NETLAB_A_SKB_MAX + 1];
	struct packet packet;
};

static struct {
	const struct command *command;
	const struct values *values;
	struct capture *capture;
	uint64_t wanted;	/* packets, or UINT64_MAX */
	uint64_t shown;
	uint64_t seq, lost;	/* as of the last packet, or of the end */
	bool hook_said, dev_said;	/* they are what was asked for */
	enum status status;
} now;

static uint64_t number(const struct nlattr *attr)
{
	return attr ? nl_number(attr) : 0;
}

/* ---- text */

static const char *word(const struct words *words, uint64_t value)
{
	return value < words->count && words->list[value].word ?
	       words->list[value].word : "?";
}

/* The packet may be longer than what is in the file, never shorter. */
static void read_packet(struct sight *sight)
{
	const struct nlattr *data = sight->attr[NETLAB_A_MONITOR_PACKET];
	const uint64_t length = number(sight->skb[NETLAB_A_SKB_LEN]);

	sight->packet = (struct packet){ .data = (const uint8_t *)"" };
	if (data) {
		sight->packet.data = mnl_attr_get_payload(data);
		sight->packet.caught = mnl_attr_get_payload_len(data);
	}
	sight->packet.length = length > sight->packet.caught ? length :
			       sight->packet.caught;
}

static const char *dev_text(const struct sight *sight, char *to, size_t size)
{
	const struct nlattr *dev = sight->attr[NETLAB_A_MONITOR_DEV];
	char name[64];

	snprintf(name, sizeof(name), "%.*s", dev ? (int)mnl_attr_get_payload_len(dev) : 1,
		 dev ? (const char *)mnl_attr_get_payload(dev) : "-");
	return escape(to, size, name);
}

static void print_offset(const struct sight *sight, const char *name, int attr)
{
	if (sight->skb[attr])
		printf(" %s %" PRIu64, name, number(sight->skb[attr]));
}

static const char *const summed[] = { "none", "unnecessary", "complete", "partial" };

static const char *summed_text(const struct sight *sight)
{
	const uint64_t value = number(sight->skb[NETLAB_A_SKB_IP_SUMMED]);

	return value < 4 ? summed[value] : "?";
}

static void print_skb(const struct sight *sight)
{
	const struct nlattr *const *skb = sight->skb;
	const uint64_t data = number(skb[NETLAB_A_SKB_DATA]);
	const uint64_t tail = number(skb[NETLAB_A_SKB_TAIL]);
	const uint64_t buffer = number(skb[NETLAB_A_SKB_END]);
	char dev[256];

	printf("    skb: head 0 data %" PRIu64 " tail %" PRIu64 " end %" PRIu64
	       ", len %" PRIu64 " data_len %" PRIu64 ", headroom %" PRIu64
	       " tailroom %" PRIu64 "\n         headers:", data, tail, buffer,
	       number(skb[NETLAB_A_SKB_LEN]), number(skb[NETLAB_A_SKB_DATA_LEN]),
	       data, buffer > tail ? buffer - tail : 0);
	print_offset(sight, "mac", NETLAB_A_SKB_MAC_HEADER);
	print_offset(sight, "network", NETLAB_A_SKB_NETWORK_HEADER);
	print_offset(sight, "transport", NETLAB_A_SKB_TRANSPORT_HEADER);
	printf("; %scloned, %" PRIu64 " frags%s, ip_summed %s",
	       skb[NETLAB_A_SKB_CLONED] ? "" : "not ", number(skb[NETLAB_A_SKB_FRAGS]),
	       skb[NETLAB_A_SKB_FRAG_LIST] ? " and a frag_list" : "", summed_text(sight));
	if (skb[NETLAB_A_SKB_GSO_SIZE])
		printf(", gso size %" PRIu64 " segs %" PRIu64 " type 0x%" PRIx64,
		       number(skb[NETLAB_A_SKB_GSO_SIZE]), number(skb[NETLAB_A_SKB_GSO_SEGS]),
		       number(skb[NETLAB_A_SKB_GSO_TYPE]));
	printf("\n         mark 0x%" PRIx64 ", priority %" PRIu64 ", dev %s\n",
	       number(skb[NETLAB_A_SKB_MARK]), number(skb[NETLAB_A_SKB_PRIORITY]),
	       dev_text(sight, dev, sizeof(dev)));
}

static void print_text(const struct sight *sight)
{
	char text[PACKET_TEXT], dev[256];

	/* What all lines have need not be in each. */
	if (!now.hook_said)
		printf("%s ", word(&hooks, number(sight->attr[NETLAB_A_MONITOR_HOOK])));
	if (!now.dev_said)
		printf("%s ", dev_text(sight, dev, sizeof(dev)));
	puts(packet_text(text, sizeof(text), &sight->packet));
	if (opts.verbose)
		print_skb(sight);
}

/* ---- JSON */

static void add_number(struct json_object *object, const char *key,
		       const struct nlattr *attr)
{
	json_object_object_add(object, key, attr ?
			       json_object_new_uint64(nl_number(attr)) : NULL);
}

static struct json_object *skb_json(const struct sight *sight)
{
	static const struct {
		const char *key;
		int attr;
	} numbers[] = {
		{ "len", NETLAB_A_SKB_LEN }, { "data_len", NETLAB_A_SKB_DATA_LEN },
		{ "data", NETLAB_A_SKB_DATA }, { "tail", NETLAB_A_SKB_TAIL },
		{ "end", NETLAB_A_SKB_END }, { "mac_header", NETLAB_A_SKB_MAC_HEADER },
		{ "network_header", NETLAB_A_SKB_NETWORK_HEADER },
		{ "transport_header", NETLAB_A_SKB_TRANSPORT_HEADER },
		{ "frags", NETLAB_A_SKB_FRAGS }, { "gso_size", NETLAB_A_SKB_GSO_SIZE },
		{ "gso_segs", NETLAB_A_SKB_GSO_SEGS }, { "gso_type", NETLAB_A_SKB_GSO_TYPE },
		{ "mark", NETLAB_A_SKB_MARK }, { "priority", NETLAB_A_SKB_PRIORITY },
		{ "pkt_type", NETLAB_A_SKB_PKT_TYPE },
	};
	struct json_object *object = json_object_new_object();
	unsigned int i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		add_number(object, numbers[i].key, sight->skb[numbers[i].attr]);
	json_object_object_add(object, "cloned",
		json_object_new_boolean(!!sight->skb[NETLAB_A_SKB_CLONED]));
	json_object_object_add(object, "frag_list",
		json_object_new_boolean(!!sight->skb[NETLAB_A_SKB_FRAG_LIST]));
	json_object_object_add(object, "ip_summed",
		json_object_new_string(summed_text(sight)));
	return object;
}

static void print_one_json(const struct sight *sight)
{
	struct json_object *object = json_object_new_object();
	char text[PACKET_TEXT], dev[256];

	add_number(object, "seq", sight->attr[NETLAB_A_MONITOR_SEQ]);
	add_number(object, "lost", sight->attr[NETLAB_A_MONITOR_LOST]);
	add_number(object, "time", sight->attr[NETLAB_A_MONITOR_TIME]);
	json_object_object_add(object, "family", json_object_new_string(
		word(&families, number(sight->attr[NETLAB_A_MONITOR_FAMILY]))));
	json_object_object_add(object, "hook", json_object_new_string(
		word(&hooks, number(sight->attr[NETLAB_A_MONITOR_HOOK]))));
	json_object_object_add(object, "dev", !sight->attr[NETLAB_A_MONITOR_DEV] ? NULL :
		json_object_new_string(dev_text(sight, dev, sizeof(dev))));
	add_number(object, "ifindex", sight->attr[NETLAB_A_MONITOR_IFINDEX]);
	add_number(object, "protocol", sight->attr[NETLAB_A_MONITOR_PROTOCOL]);
	json_object_object_add(object, "length",
			       json_object_new_uint64(sight->packet.length));
	json_object_object_add(object, "text", json_object_new_string(
		packet_text(text, sizeof(text), &sight->packet)));
	if (opts.verbose)
		json_object_object_add(object, "skb", skb_json(sight));
	print_json(stdout, object);
	json_object_put(object);
}

/* ---- packets */

static void take_skb(struct sight *sight)
{
	const struct nlattr *attr;

	if (!sight->attr[NETLAB_A_MONITOR_SKB])
		return;
	mnl_attr_for_each_nested(attr, sight->attr[NETLAB_A_MONITOR_SKB])
		if (mnl_attr_get_type(attr) <= NETLAB_A_SKB_MAX)
			sight->skb[mnl_attr_get_type(attr)] = attr;
}

/* What is lost between two packets is said once. */
static void tell_loss(uint64_t lost)
{
	if (lost > now.lost && !opts.json && !now.capture)
		printf("... %" PRIu64 " lost: they came faster than they were read\n",
		       lost - now.lost);
	now.lost = lost;
}

static void show(struct sight *sight)
{
	tell_loss(number(sight->attr[NETLAB_A_MONITOR_LOST]));
	now.seq = number(sight->attr[NETLAB_A_MONITOR_SEQ]);
	if (now.status || now.shown == now.wanted)
		return;
	now.shown++;
	if (now.capture)
		now.status = capture_add(now.capture, &sight->packet,
					 number(sight->attr[NETLAB_A_MONITOR_TIME]));
	else if (opts.json)
		print_one_json(sight);
	else
		print_text(sight);
}

static void take(const struct nlmsghdr *message, void *data)
{
	const struct genlmsghdr *header = mnl_nlmsg_get_payload(message);
	struct sight sight = { .packet = { 0 } };
	const struct nlattr *attr;

	(void)data;
	mnl_attr_for_each(attr, message, sizeof(*header))
		if (mnl_attr_get_type(attr) <= NETLAB_A_MONITOR_MAX)
			sight.attr[mnl_attr_get_type(attr)] = attr;
	if (header->cmd == NETLAB_CMD_MONITOR_STOP) {
		now.seq = number(sight.attr[NETLAB_A_MONITOR_SEQ]);
		now.lost = number(sight.attr[NETLAB_A_MONITOR_LOST]);
	} else if (header->cmd == NETLAB_CMD_MONITOR_PACKET) {
		take_skb(&sight);
		read_packet(&sight);
		show(&sight);
	}
}

static uint32_t value_of(const char *name, uint32_t otherwise)
{
	unsigned int i;

	for (i = 0; i < now.command->n_keywords; i++)
		if (!strcmp(now.command->keywords[i].word, name) && now.values->given[i])
			return now.values->value[i];
	return otherwise;
}

static bool is_given(const char *name)
{
	unsigned int i;

	for (i = 0; i < now.command->n_keywords; i++)
		if (!strcmp(now.command->keywords[i].word, name))
			return now.values->given[i];
	return false;
}

/* Files have whole packets, where nothing else is said. */
static void put_question(struct nlmsghdr *message)
{
	put_values(message, now.command, now.values);
	if (now.capture && !is_given("snaplen"))
		mnl_attr_put_u32(message, NETLAB_A_MONITOR_SNAPLEN, WHOLE);
}

static enum status begin(void)
{
	struct nlmsghdr *message;
	enum status status = nl_begin(NETLAB_CMD_MONITOR_START, false, &message);

	if (status)
		return status;
	put_question(message);
	nl_buffer(BUFFER);
	return nl_ask(take, NULL, NULL);
}

/*
 * Whether the module still tells this socket: nobody says so when it is unloaded.
 * If it is there again, under another number, it is asked anew.
 */
static enum status still_there(void)
{
	struct nl_failure failure;
	struct nlmsghdr *message;
	enum status status = nl_begin(NETLAB_CMD_MONITOR_START, false, &message);

	if (status)
		return status;
	put_question(message);
	nl_try(take, NULL, &failure);
	if (failure.refused && failure.error == EALREADY)
		return STATUS_OK;
	now.seq = 0;
	now.lost = 0;
	if (!failure.error)
		return STATUS_OK;
	nl_close();
	if (failure.refused && failure.error == ENOENT)
		return begin();
	return nl_complain(&failure);
}

static enum status run(const sigset_t *outside)
{
	enum status status = begin();
	int got;

	/* So that whoever waits for packets knows when they can be sent. */
	if (!status)
		fputs("listening; Ctrl-C ends it\n", stderr);

	while (!status && !now.status && !signals_ended && now.shown < now.wanted) {
		got = nl_wait(take, NULL, ALIVE_SECONDS, outside);
		/* Lines and packets are read by others as they come. */
		status = now.capture ? capture_flush(now.capture) : flush_output();
		if (!status && got < 0)
			status = fail(STATUS_REFUSED, "netlink: %s", strerror(-got));
		else if (!status && !got && !signals_ended)
			status = still_there();
	}
	return status ? status : now.status;
}

/* Says how many there were. What comes until then is counted, and not shown. */
static enum status finish(void)
{
	struct nlmsghdr *message;
	enum status status;

	now.wanted = now.shown;
	status = nl_begin(NETLAB_CMD_MONITOR_STOP, false, &message);
	if (!status)
		status = nl_ask(take, NULL, NULL);
	if (status)
		return status;
	if (!opts.json)
		fprintf(stderr, "%" PRIu64 " packets, %" PRIu64 " shown, %" PRIu64 " lost\n",
			now.seq, now.shown, now.lost);
	return STATUS_OK;
}

/**
 * monitor() - Show packets until there were enough, or Ctrl-C.
 * @command: This command.
 * @values: Which packets, how many, and where to.
 *
 * Return: The exit code.
 */
enum status monitor(const struct command *command, const struct values *values)
{
	struct signals signals = { .list = { SIGINT, SIGTERM } };
	enum status status;

	memset(&now, 0, sizeof(now));	/* a batch can have several */
	now.command = command;
	now.values = values;
	now.wanted = value_of("count", 0);
	if (!now.wanted)
		now.wanted = UINT64_MAX;
	now.hook_said = is_given("hook");
	now.dev_said = is_given("dev");
	if (is_given("write")) {
		status = capture_open(&now.capture, values->file, WHOLE);
		if (status)
			return status;
	}

	signals_hold(&signals);
	status = run(&signals.outside);
	if (!status)
		status = finish();
	signals_release(&signals);
	if (now.capture && !status)
		status = capture_flush(now.capture);
	capture_close(now.capture);
	now.capture = NULL;
	return status;
}
