#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lessons 01 and 02 of docs/lessons, typed and compared: see lib/lessons.py."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import lessons

lessons.check("01", "02")
