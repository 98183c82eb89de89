#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lab: whatever ends it, and whenever, it leaves nothing behind."""
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "net", "lib")]
import tap
from lab_tool import LAB, WITH, lab, left, refused


def failing():
    """A service that doesn't come up: what was made goes."""
    with open("/run/turnserver", "w", encoding="ascii") as file:
        file.write("#!/bin/sh\necho can\\'t do that\nexit 1\n")
    os.chmod("/run/turnserver", 0o755)
    env = {**WITH, "PATH": f"/run:{WITH['PATH']}"}
    begun = time.monotonic()
    refused(2, "can't do that", "nat", env=env)
    tap.ok(time.monotonic() - begun < 30, "at once: it has ended")
    os.unlink("/run/turnserver")


def interrupted():
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        for milliseconds in 0, 500, 2000:
            process = subprocess.Popen([LAB, "dns"], env=WITH, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
            # Before that there is nothing that could be left, and Python itself has the signal.
            tap.wait_until(lambda: os.path.exists("/run/netlab-lab/state.json"), "it has begun")
            time.sleep(milliseconds / 1000)
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
            if process.returncode == 0:
                lab("down")  # it was faster
            tap.ok(process.returncode in (0, 130, -number) and "Traceback" not in said and left() == [],
                   f"{number.name} after {milliseconds} ms: nothing is left", process.returncode, said, left())
    # No program can undo what it did once it is killed; the next can.
    process = subprocess.Popen([LAB, "dns"], env=WITH, stdout=subprocess.DEVNULL, start_new_session=True)
    tap.wait_until(lambda: os.path.exists("/run/netns/resolver"), "half of it is there")
    process.kill()
    process.wait()
    tap.equal((lab("down").returncode, left()), (0, []), "after SIGKILL lab down knows what is its own")


def main():
    tap.equal(left(), [], "nothing is there at first")
    failing()
    interrupted()


tap.run(main)
