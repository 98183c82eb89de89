# SPDX-License-Identifier: GPL-2.0-only
"""Work done by nobody, and by root of a user namespace of its own."""
import ctypes
import os
import shutil
import tempfile

import tap
import topology as net

NOBODY = 65534
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_DUMPABLE = 4
_libc = ctypes.CDLL(None, use_errno=True)


def as_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def become_root(flags):
    """Nobody, made root of a user namespace of its own."""
    as_nobody()
    # Else /proc/self is root's.
    if _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) or _libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "prctl or unshare")
    with open("/proc/self/setgroups", "w", encoding="ascii") as f:
        f.write("deny")
    for name in "uid_map", "gid_map":
        with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
            f.write(f"0 {NOBODY} 1")


def in_child(function):
    """What a function returns in a child process, as text; an exception is text, too."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            said = str(function())
        except BaseException as e:  # the child must end here, whatever happens
            said = f"{type(e).__name__}: {e}"
        os.write(write, said.encode()[:4000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


class User:
    """The tool, run by nobody; a copy, for the folder of the original is closed to nobody."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        tap.at_end(lambda: shutil.rmtree(self.folder))
        os.chmod(self.folder, 0o755)
        self.tool = shutil.copy(net.NETLAB, os.path.join(self.folder, "netlab"))
        os.chmod(self.tool, 0o755)

    def run(self, *words, ns="right"):
        return net.run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--inh-caps=-all",
                       "--bounding-set=-all", self.tool, *words, ns=ns, check=False)
