#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Batches, of prefixes above all: tool_batch.c.

exec "$(dirname "$0")/tool_netlink.sh" tool_batch
