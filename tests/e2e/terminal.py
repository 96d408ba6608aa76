"""A terminal for tests: runs a program on a pseudo-terminal and keeps the picture it draws.

Understands what ncurses sends to xterm, linux and vt100 and fails on anything else, so that a
picture is never right by luck.  Python's standard library only.

    with Terminal(["prog", "arg"], rows=24, cols=80, env={...}) as t:
        t.wait(lambda: "text" in t.text())
        t.send("\\x1bOP")
"""
import array
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

from lib import DEADLINE, switches

PAUSE = 0.15  # seconds; typing is told from scanning by 30 ms for a key and 120 ms for several


class Unknown(Exception):
    pass


def width(c):
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


class Screen:
    """Rows of cells; a cell is [text, attributes]; the right half of a wide character is ''."""

    CSI = re.compile(r"\x1b\[([?>]?)([0-9;]*)([@-~])")

    def __init__(self, rows, cols):
        self.pending = ""
        self.attributes = ()
        self.row = self.col = 0
        self.saved = (0, 0)
        self.last = " "
        self.alternate = False
        self.sgr = set()
        self.resize(rows, cols)

    def resize(self, rows, cols):
        old = getattr(self, "cells", [])
        self.rows, self.cols = rows, cols
        self.cells = [[[" ", ()] for _ in range(cols)] for _ in range(rows)]
        for r in range(min(rows, len(old))):
            for c in range(min(cols, len(old[r]))):
                self.cells[r][c] = old[r][c]
        self.top, self.bottom = 0, rows - 1
        self.row, self.col = min(self.row, rows - 1), min(self.col, cols - 1)

    def text(self):
        return "\n".join("".join(c[0] for c in row).rstrip() for row in self.cells)

    def feed(self, text):
        self.pending += text
        while self.pending:
            n = self.step(self.pending)
            if n == 0:
                return
            self.pending = self.pending[n:]

    def step(self, s):
        c = s[0]
        if c == "\x1b":
            return self.escape(s)
        if c == "\r":
            self.col = 0
        elif c == "\n":
            self.down()
        elif c == "\b":
            self.col = max(0, self.col - 1)
        elif c == "\t":
            self.col = min(self.cols - 1, (self.col // 8 + 1) * 8)
        elif c in "\x0e\x0f\x07":
            pass
        elif c < " " or "\x7f" <= c < "\xa0":
            raise Unknown(repr(s[:20]))
        else:
            self.put(c)
        return 1

    def down(self):
        if self.row == self.bottom:
            self.scroll(1)
        else:
            self.row = min(self.row + 1, self.rows - 1)

    def scroll(self, n, top=None):
        """Moves the rows of the region up (n > 0) or down (n < 0)."""
        top = self.top if top is None else top
        blank = [[[" ", ()] for _ in range(self.cols)] for _ in range(abs(n))]
        part = self.cells[top:self.bottom + 1]
        moved = part[n:] + blank if n > 0 else blank + part[:n]
        self.cells[top:self.bottom + 1] = moved[:len(part)]

    def put(self, c):
        w = width(c)
        if w == 0:
            col = self.col - 1
            while col > 0 and self.cells[self.row][col][0] == "":
                col -= 1
            self.cells[self.row][col][0] += c
            return
        if self.col + w > self.cols:
            if self.col >= self.cols:  # the wrap that the last column put off
                self.col = 0
                self.down()
        row = self.cells[self.row]
        if row[self.col][0] == "" and self.col > 0:
            row[self.col - 1] = [" ", ()]
        end = self.col + w
        if end < self.cols and row[end][0] == "":
            row[end] = [" ", ()]
        row[self.col] = [c, self.attributes]
        if w == 2 and self.col + 1 < self.cols:
            row[self.col + 1] = ["", self.attributes]
        self.col += w
        self.last = c

    def escape(self, s):
        if len(s) < 2:
            return 0
        if s[1] == "[":
            m = self.CSI.match(s)
            if m is None:
                if len(s) > 40:
                    raise Unknown(repr(s[:40]))
                return 0
            self.csi(m.group(1), m.group(2), m.group(3))
            return m.end()
        if s[1] == "]":  # only "colours as they were" may come
            if s.startswith("\x1b]104\x07"):
                return 6
            if not "\x1b]104\x07".startswith(s):
                raise Unknown(repr(s[:20]))
            return 0
        if s[1] in "()":
            return 3 if len(s) >= 3 else 0
        if s[1] == "7":
            self.saved = (self.row, self.col)
        elif s[1] == "8":
            self.row, self.col = self.saved
        elif s[1] == "M":
            if self.row == self.top:
                self.scroll(-1)
            else:
                self.row = max(0, self.row - 1)
        elif s[1] not in "=>cH":
            raise Unknown(repr(s[:20]))
        return 2

    def csi(self, private, params, final):
        p = [int(x) if x else 0 for x in params.split(";")] if params else []
        n = p[0] if p and p[0] else 1
        row = self.cells[self.row]
        self.col = min(self.col, self.cols - 1) if final not in "m" else self.col
        if private:
            if "1049" in params:
                self.alternate = final == "h"
        elif final == "m":
            self.attributes = () if not p or p == [0] else tuple(p)
            self.sgr.add(params)
        elif final in "Hf":
            self.row = min(max(n, 1), self.rows) - 1
            self.col = min(max(p[1] if len(p) > 1 else 1, 1), self.cols) - 1
        elif final == "A":
            self.row = max(0, self.row - n)
        elif final == "B":
            self.row = min(self.rows - 1, self.row + n)
        elif final == "C":
            self.col = min(self.cols - 1, self.col + n)
        elif final == "D":
            self.col = max(0, self.col - n)
        elif final == "G":
            self.col = min(n, self.cols) - 1
        elif final == "d":
            self.row = min(n, self.rows) - 1
        elif final == "J":
            self.erase_display(p[0] if p else 0)
        elif final == "K":
            how = p[0] if p else 0
            a, b = [(self.col, self.cols), (0, self.col + 1), (0, self.cols)][how]
            row[a:b] = [[" ", ()] for _ in range(b - a)]
        elif final == "X":
            for c in range(self.col, min(self.cols, self.col + n)):
                row[c] = [" ", ()]
        elif final == "P":
            row[self.col:self.col + n] = []
            row += [[" ", ()] for _ in range(self.cols - len(row))]
        elif final == "@":
            row[self.col:self.col] = [[" ", ()] for _ in range(n)]
            del row[self.cols:]
        elif final == "b":
            for _ in range(n):
                self.put(self.last)
        elif final in "ST":
            self.scroll(n if final == "S" else -n)
        elif final in "LM":
            self.scroll(n if final == "M" else -n, self.row)
        elif final == "r":
            self.top, self.bottom = (p + [1, self.rows])[0:2] if p else (1, self.rows)
            self.top, self.bottom = self.top - 1, min(self.bottom, self.rows) - 1
            self.row = self.col = 0
        elif final not in "hltc":
            raise Unknown("CSI %s%s%s" % (private, params, final))

    def erase_display(self, how):
        for r in range(self.rows):
            for c in range(self.cols):
                here = (r, c) >= (self.row, self.col)
                if how == 2 or (how == 0 and here) or (how == 1 and not here):
                    self.cells[r][c] = [" ", ()]


class Terminal:
    def __init__(self, argv, rows=24, cols=80, env=None, stderr=None, controlling=True):
        self.master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        self.raw = b""
        self.decoded = 0
        self.screen = Screen(rows, cols)
        self.before = termios.tcgetattr(slave)
        self.set_size(rows, cols)
        environment = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8")
        environment.pop("NO_COLOR", None)
        environment.update(env or {})

        def start():
            os.setsid()
            if controlling:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [a.replace("@TTY@", self.name) for a in argv], stdin=slave if controlling else None,
            stdout=slave if controlling else None, stderr=stderr, env=environment,
            preexec_fn=start, close_fds=True)
        self.slave = slave

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def close(self):
        """Hangs up."""
        for fd in ("slave", "master"):
            if getattr(self, fd) >= 0:
                os.close(getattr(self, fd))
                setattr(self, fd, -1)

    def set_size(self, rows, cols):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def resize(self, rows, cols):
        self.read(0)
        self.screen.resize(rows, cols)
        self.set_size(rows, cols)

    def send(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def press(self, keys):
        """As a person does, who looks up before the next key: once the program has read these, so
        long a pause follows that nothing behind it can be taken for the same burst of a scanner."""
        before = switches(self.process.pid)
        self.send(keys)
        self.wait(lambda: self.process.poll() is not None or
                  (switches(self.process.pid) > before and not self.unread()))
        time.sleep(PAUSE)

    def unread(self):
        """Bytes of the keyboard that the program has not read yet."""
        room = array.array("i", [0])
        fcntl.ioctl(self.slave, termios.FIONREAD, room)
        return room[0]

    def read(self, seconds):
        """Takes what the program wrote; waits for it at most that long."""
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.raw += os.read(self.master, 65536)
            except OSError:
                return False
            self.decode()
            return True
        return False

    def decode(self):
        fresh = self.raw[self.decoded:]
        try:
            text = fresh.decode()
            self.decoded = len(self.raw)
        except UnicodeDecodeError as e:
            if len(fresh) - e.start > 3:
                raise
            text = fresh[:e.start].decode()
            self.decoded += e.start
        self.screen.feed(text)

    def text(self):
        return self.screen.text()

    def wait(self, condition, seconds=DEADLINE):
        """True as soon as condition() holds, false when the deadline is over."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                return False
            self.read(0.05)
        return True

    def wait_exit(self, seconds=DEADLINE):
        until = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < until:
            if self.master >= 0:
                self.read(0.02)
            else:
                time.sleep(0.02)
        return self.process.poll()

    def kill(self, what=signal.SIGTERM):
        self.process.send_signal(what)


class Tap:
    """Test results in the TAP format."""

    def __init__(self):
        self.n = 0
        self.failed = 0

    def ok(self, good, name, why=""):
        self.n += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.n, name), flush=True)
        if not good and why:
            print("".join("# %s\n" % line for line in str(why).split("\n")), end="", flush=True)
        return good

    def skip(self, name, why):
        self.n += 1
        print("ok %d - %s # skip %s" % (self.n, name, why), flush=True)

    def done(self):
        print("1..%d" % self.n, flush=True)
        return 1 if self.failed else 0
