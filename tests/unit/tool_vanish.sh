#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What vanished between the hooks: tool_vanish.c.

exec "$(dirname "$0")/tool_netlink.sh" tool_vanish
