#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whether KCSAN sees a data race here: one that the kernel has.

msgsnd(2) reads kernel.msgmax plainly, whoever writes it meanwhile. Writes it, and has
it read, until KCSAN says so, and exits 0; after a minute, 1.
"""
import ctypes
import os
import signal
import subprocess
import sys
import time

RACE = "KCSAN: data-race in do_msgsnd"
reader = os.fork()
if not reader:
    msgsnd = ctypes.CDLL(None).msgsnd
    message = ctypes.create_string_buffer(64)
    while True:
        msgsnd(0, message, 16, 0)

seen, end = False, time.monotonic() + 60
with open("/proc/sys/kernel/msgmax", "rb+", buffering=0) as msgmax:
    before = int(msgmax.read())
    try:
        while not seen and time.monotonic() < end:
            for number in range(1000):
                os.pwrite(msgmax.fileno(), b"%d" % (before + number % 2), 0)
            seen = RACE in subprocess.run("dmesg", capture_output=True, text=True, check=True).stdout
    finally:
        os.kill(reader, signal.SIGKILL)
        os.wait()
        os.pwrite(msgmax.fileno(), b"%d" % before, 0)
sys.exit(not seen)
