# SPDX-License-Identifier: GPL-2.0-only
"""A program on a terminal, and the terminal's screen as pyte makes it out."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte


class Terminal:
    """A process on a terminal of its own; what it says is always read."""

    def __init__(self, *argv, size=(80, 24), env=(), ns=None):
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.status = None
        if ns:
            argv = ("ip", "netns", "exec", ns, *argv)
        environ = {**os.environ, "TERM": "linux", "LANG": "C.UTF-8", **dict(env)}
        # Before it begins, so that it never sees another size.
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.closerange(3, 64)
            os.execvpe(str(argv[0]), [str(word) for word in argv], environ)
        self.master, self.slave = master, slave

    def read(self, seconds=0.0):
        """Take what comes within some seconds, at least what is there."""
        until = time.monotonic() + seconds
        while select.select([self.master], [], [], max(0, until - time.monotonic()))[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.raw += data
            self.stream.feed(data)

    def lines(self):
        self.read()
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines())

    def wait(self, condition, seconds=20):
        """Until the screen is as it should be; whether it came to be."""
        until = time.monotonic() + seconds
        while not condition(self.lines()):
            if time.monotonic() > until:
                return False
            self.read(0.05)
        return True

    def press(self, keys):
        os.write(self.master, keys.encode())

    def resize(self, columns, lines):
        self.read()
        self.screen.resize(lines, columns)
        self.screen.erase_in_display(2)
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self):
        """As when the window is closed."""
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def signal(self, number):
        os.kill(self.pid, number)

    def end(self, seconds=20):
        """Its exit code (negative of a signal); None if it didn't end, and is killed."""
        until = time.monotonic() + seconds
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                self.status = -signal.SIGKILL
                return None
            elif self.master >= 0:
                self.read(0.05)
            else:
                time.sleep(0.05)
        return self.status

    def restored(self):
        """Whether the terminal is as it was: its settings, its cursor, its screen."""
        self.read()
        return termios.tcgetattr(self.slave) == self.before and not self.screen.cursor.hidden
