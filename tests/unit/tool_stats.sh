#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tables of netlab stats: tool_stats.c.

exec "$(dirname "$0")/tool_netlink.sh" tool_stats
