# SPDX-License-Identifier: GPL-2.0-only
"""lab, as a command: run it, what it may leave behind, and what it refuses."""
import os
import subprocess

import programs
import tap
import topology as net

LAB = os.path.join(net.PROJECT, "lab", "lab")
WITH = programs.environment()


def lab(*words, env=None, **kwargs):
    return subprocess.run([LAB, *words], capture_output=True, text=True, env=env or WITH, check=False, timeout=120, stdin=subprocess.DEVNULL, **kwargs)


def left():
    """What lab could leave behind: namespaces, folders, processes of its services, devices."""
    found = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
    found += [path for path in ("/run/netlab-lab", "/etc/netns") if os.path.exists(path)]
    found += subprocess.run(["pgrep", "-l", "^(named|turnserver)"], capture_output=True, text=True, check=False).stdout.split()
    return sorted(found + [dev for dev in os.listdir("/sys/class/net") if dev in ("eth0", "west", "east")])


def refused(code, sentence, *words, **kwargs):
    before = left()
    done = lab(*words, **kwargs)
    tap.ok(done.returncode == code and sentence in done.stderr and "Traceback" not in done.stderr,
           f"lab {' '.join(words)}: exit {code}, {sentence}", done.returncode, done.stderr)
    tap.equal(left(), before, "and nothing is changed")
