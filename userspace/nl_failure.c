// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refusals: where they stand in netlink's messages, and what they mean in words.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "nl.h"
#include "nl_failure.h"

/* What the kernel says in words is an attribute behind its error number. */
static void take_text(const struct nlmsghdr *message, unsigned int offset,
		      struct nl_failure *failure)
{
	const struct nlattr *attr;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    offset > mnl_nlmsg_get_payload_len(message))
		return;
	mnl_attr_for_each(attr, message, offset) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(failure->text, sizeof(failure->text), "%s",
				 mnl_attr_get_str(attr));
		else if (type == NLMSGERR_ATTR_OFFS)
			failure->offset = nl_number(attr);
	}
}

static void refused(struct nl_failure *failure, int error)
{
	failure->error = -error;
	failure->refused = true;
}

/**
 * nl_failure_error() - Read NLMSG_ERROR, which says yes or no.
 * @message: The message.
 * @failure: Left as it is if that is a yes.
 *
 * Return: false if the message is too short to say either.
 */
bool nl_failure_error(const struct nlmsghdr *message,
		      struct nl_failure *failure)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	unsigned int offset = sizeof(*error);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
		return false;
	if (error->error) {
		refused(failure, error->error);
		/* Without NETLINK_CAP_ACK the question stands in between. */
		if (!(message->nlmsg_flags & NLM_F_CAPPED))
			offset += MNL_ALIGN(error->msg.nlmsg_len) -
				  sizeof(error->msg);
		take_text(message, offset, failure);
	}
	return true;
}

/**
 * nl_failure_done() - Read NLMSG_DONE, which ends a dump, and says why if it
 * isn't whole.
 * @message: The message.
 * @failure: Left as it is if the dump is whole.
 */
void nl_failure_done(const struct nlmsghdr *message,
		     struct nl_failure *failure)
{
	int error;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(error))
		return;
	memcpy(&error, mnl_nlmsg_get_payload(message), sizeof(error));
	if (error < 0) {
		refused(failure, error);
		take_text(message, sizeof(error), failure);
	}
}

/**
 * nl_complain() - Say why an exchange failed.
 * @failure: How it did.
 *
 * Return: STATUS_REFUSED, or STATUS_NOT_LOADED if the module is going.
 */
enum status nl_complain(const struct nl_failure *failure)
{
	const char *hint = "";

	if (failure->error == EAGAIN && !failure->refused)
		return fail(STATUS_REFUSED,
			    "the kernel didn't answer within %d seconds",
			    NL_ANSWER_SECONDS);
	if (!failure->refused)
		return fail(STATUS_REFUSED, "netlink: %s",
			    strerror(failure->error));
	/* What the kernel says of a dump whose module goes. */
	if (failure->error == EPROTONOSUPPORT)
		return fail(STATUS_NOT_LOADED, "the module is being unloaded");
	if (*failure->text)
		return fail(STATUS_REFUSED, "the kernel refused: %s (%s)",
			    failure->text, strerror(failure->error));
	if (failure->error == EPERM)
		hint = ": this needs CAP_NET_ADMIN over the network namespace";
	else if (failure->error == EOPNOTSUPP)
		hint = ": the module that is loaded can't do this";
	return fail(STATUS_REFUSED, "the kernel refused: %s%s",
		    strerror(failure->error), hint);
}
