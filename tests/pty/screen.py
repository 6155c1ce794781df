"""A program on a pseudo terminal whose screen is kept by an emulator."""

import errno
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

SOON = 30.0  # nothing here is about speed; a picture that has not come by then does not come


class Screen(pyte.Screen):
    """With what xterm has and the emulator lacks: scrolling by lines, repeating a character."""

    last = " "

    def draw(self, data):
        super().draw(data)
        self.last = data[-1:] or self.last

    def repeat_last(self, count=1):
        self.draw(self.last * (count or 1))

    def scroll_up(self, count=1):
        self._scroll(count, lambda margins: margins[1], self.index)

    def scroll_down(self, count=1):
        self._scroll(count, lambda margins: margins[0], self.reverse_index)

    def _scroll(self, count, edge, step):
        margins = self.margins or (0, self.lines - 1)
        column, row = self.cursor.x, self.cursor.y
        self.cursor.y = edge(margins)
        for _ in range(count or 1):
            step()
        self.cursor.x, self.cursor.y = column, row


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down", b="repeat_last")
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down", "repeat_last"}


class Terminal:
    def __init__(self, argv, columns=80, rows=24, env=None):
        self.columns, self.rows = columns, rows
        self.screen = Screen(columns, rows)
        self.stream = Stream(self.screen)
        self.bytes = b""
        self.pending = b""
        self.piece = 65536  # small: wait() looks so often that no picture between two others is missed
        self.status = None
        environment = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8")
        environment.pop("NO_COLOR", None)
        environment.pop("COLUMNS", None)
        environment.update(env or {})
        gate_read, gate_write = os.pipe()  # the program starts when the window has its size
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.close(gate_write)
            os.read(gate_read, 1)
            os.execve(argv[0], argv, environment)
        os.close(gate_read)
        self.set_size(columns, rows, tell=False)
        self.settings = termios.tcgetattr(self.master)
        os.write(gate_write, b"x")
        os.close(gate_write)

    def set_size(self, columns, rows, tell=True):
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.screen.resize(rows, columns)

    def read(self, timeout=0.05):
        """Takes what the program sent; False at the end."""
        if not self.pending:
            ready, _, _ = select.select([self.master], [], [], timeout)
            if not ready:
                return True
            try:
                self.pending = os.read(self.master, 65536)
            except OSError as error:
                if error.errno == errno.EIO:
                    return False
                raise
            if not self.pending:
                return False
        data, self.pending = self.pending[:self.piece], self.pending[self.piece:]
        self.bytes += data
        self.stream.feed(data)
        return True

    def press(self, keys):
        os.write(self.master, keys if isinstance(keys, bytes) else keys.encode())

    def row(self, number):
        return self.screen.display[number].rstrip()

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait(self, what):
        """Until the picture has that text, or the predicate holds of it."""
        holds = what if callable(what) else lambda: what in self.text()
        end = time.monotonic() + SOON
        while True:
            over = time.monotonic() > end
            if holds():
                return
            if over or not self.read() and not holds():
                break
        raise AssertionError("not seen: %r in\n%s" % (what, self.text()))

    def wait_bytes(self, wanted, since):
        self.wait(lambda: wanted in self.bytes[since:])

    def wait_end(self):
        """The exit status as a shell has it: 128 + n for signal n."""
        end = time.monotonic() + SOON
        while time.monotonic() < end:
            if self.master is not None:
                self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                # What it said last may still be on its way: the end comes behind it, when nobody has the other side open.
                while self.master is not None and time.monotonic() < end and self.read():
                    pass
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
            time.sleep(0.01)
        raise AssertionError("still running; screen:\n" + self.text())

    def restored(self):
        """Are the settings of the terminal what they were before the program ran?"""
        return termios.tcgetattr(self.master) == self.settings

    def hang_up(self):
        os.close(self.master)
        self.master = None

    def kill(self, number):
        os.kill(self.pid, number)

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self.master is not None:
            os.close(self.master)
