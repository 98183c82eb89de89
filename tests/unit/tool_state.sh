#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Prefixes, save and restore: tool_state.c.

exec "$(dirname "$0")/tool_netlink.sh" tool_state
