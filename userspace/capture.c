// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets from their IP header on (LINKTYPE_RAW), with times in nanoseconds.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

/**
 * struct capture - A file of packets.
 * @pcap: What it is of.
 * @dumper: The file.
 * @file: Its name.
 */
struct capture {
	pcap_t *pcap;
	pcap_dumper_t *dumper;
	const char *file;
};

static enum status complain_of(const struct capture *capture, const char *why)
{
	return fail(STATUS_USAGE, "can't write %s: %s", capture->file, why);
}

/**
 * capture_open() - Begin a file.
 * @capture: Gets it; capture_close() closes it.
 * @file: Its name; - is standard output. What is there is replaced.
 * @snaplen: The most that there is of a packet.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status capture_open(struct capture **capture, const char *file,
			 unsigned int snaplen)
{
	struct capture *new = calloc(1, sizeof(*new));
	enum status status;

	if (!new)
		no_memory();
	new->file = strcmp(file, "-") ? file : "the standard output";
	new->pcap = pcap_open_dead_with_tstamp_precision(DLT_RAW, snaplen,
							 PCAP_TSTAMP_PRECISION_NANO);
	if (!new->pcap)
		no_memory();
	errno = 0;
	new->dumper = pcap_dump_open(new->pcap, file);
	if (!new->dumper) {
		status = complain_of(new, errno ? strerror(errno) :
				     pcap_geterr(new->pcap));
		capture_close(new);
		return status;
	}
	*capture = new;
	return capture_flush(new);
}

/**
 * capture_add() - Add a packet.
 * @capture: The file.
 * @packet: The packet.
 * @time: When it was, in nanoseconds of CLOCK_REALTIME.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status capture_add(struct capture *capture, const struct packet *packet,
			uint64_t time)
{
	const struct pcap_pkthdr header = {
		/* With this precision it is nanoseconds, whatever its name. */
		.ts = { .tv_sec = time / 1000000000, .tv_usec = time % 1000000000 },
		.caplen = packet->caught,
		.len = packet->length,
	};

	errno = 0;
	pcap_dump((u_char *)capture->dumper, &header, packet->data);
	if (ferror(pcap_dump_file(capture->dumper)))
		return complain_of(capture, strerror(errno ? errno : EIO));
	return STATUS_OK;
}

/**
 * capture_flush() - Have what was added reach the file.
 * @capture: The file.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status capture_flush(struct capture *capture)
{
	errno = 0;
	if (pcap_dump_flush(capture->dumper))
		return complain_of(capture, strerror(errno ? errno : EIO));
	return STATUS_OK;
}

/**
 * capture_close() - Close a file.
 * @capture: The file, or NULL.
 */
void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->dumper)
		pcap_dump_close(capture->dumper);
	pcap_close(capture->pcap);
	free(capture);
}
