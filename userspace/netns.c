// SPDX-License-Identifier: GPL-2.0-only
/*
 * The network namespace that the tool works in: its own, or that of -n.
 */
#define _GNU_SOURCE	/* setns() */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"

static struct {
	bool inside;
	int home;	/* the first namespace, where it was left */
} netns;

/**
 * netns_enter() - Enter the network namespace that was asked for, if one was.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status netns_enter(void)
{
	char path[4096];
	int fd, error;

	if (!opts.netns || netns.inside)
		return STATUS_OK;
	if (!*opts.netns)
		return fail(STATUS_USAGE, "--netns \"\": expected a name");
	snprintf(path, sizeof(path), "%s%s",
		 strchr(opts.netns, '/') ? "" : NETNS_DIR "/", opts.netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(STATUS_USAGE, "network namespace %s: %s: %s",
			    opts.netns, path, strerror(errno));
	if (!netns.home)
		netns.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	error = setns(fd, CLONE_NEWNET) ? errno : 0;
	close(fd);
	if (error == EINVAL)
		return fail(STATUS_USAGE, "%s: not a network namespace", path);
	if (error)
		return fail(STATUS_REFUSED, "network namespace %s: %s%s",
			    opts.netns, strerror(error), error == EPERM ?
			    ": entering it needs CAP_SYS_ADMIN" : "");
	netns.inside = true;
	return STATUS_OK;
}

/**
 * netns_leave() - Return to the network namespace that the tool was started in.
 * A socket that is open stays in the other.
 *
 * Return: STATUS_OK, or another after a complaint.
 */
enum status netns_leave(void)
{
	if (netns.inside && setns(netns.home, CLONE_NEWNET))
		return fail(STATUS_REFUSED, "returning to the first network namespace: %s",
			    strerror(errno));
	netns.inside = false;
	return STATUS_OK;
}
