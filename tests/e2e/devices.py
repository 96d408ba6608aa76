"""What stands around a dock, on pseudo-terminals: scanner, till, customer display, by links that
stay when the thing is pulled out and put back."""
import ctypes
import os
import select
import signal
import threading
import time
import tty

import lib


def name_of(fd):
    room = ctypes.create_string_buffer(64)
    ctypes.CDLL(None).ptsname_r(fd, room, 64)
    return room.value.decode()


def host_journal(path):
    """What dock_host committed: the scans' texts in order; refusals as !status."""
    out = []
    text = path.read_text() if path.exists() else ""
    for line in text.splitlines(True):
        if line.endswith("\n"):
            _, _, status, *code = line.split()
            out.append(bytes.fromhex(code[0]).decode("latin-1") if status == "0" and code else "!" + status)
    return out


class Port:
    """One thing on a line; master is its own side."""

    def __init__(self, path):
        self.path = path
        self.master = -1
        self.plug()

    def plug(self):
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(name_of(self.master))

    def unplug(self):
        os.close(self.master)
        self.master = -1
        self.path.unlink()

    def is_open(self):
        """Whether somebody on the other side has it open."""
        poll = select.poll()
        poll.register(self.master, select.POLLOUT)
        return not any(e & select.POLLHUP for _, e in poll.poll(0))

    def wait_open(self):
        return lib.wait_for(self.is_open)

    def send(self, data, seconds=lib.DEADLINE):
        """Whether all of it was taken in time."""
        data = data if isinstance(data, bytes) else data.encode()
        until = time.monotonic() + seconds
        while data and time.monotonic() < until:
            try:
                data = data[os.write(self.master, data):]
            except BlockingIOError:
                time.sleep(0.001)
        return not data

    def read(self):
        try:
            return os.read(self.master, 65536)
        except OSError:
            return b""

    def close(self):
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


class Display(Port):
    """A display of two lines of twenty characters, as its maker's manual describes it."""

    PAGES = {0: "cp437", 19: "cp858"}
    told = 0      # up to here the log was asked for
    lost = False  # bytes were thrown away: the next whole text counts

    def __init__(self, path, kind="escpos"):
        self.kind = kind
        self.bytes = b""      # not yet understood
        self.all = b""        # everything that ever came
        self.log = []         # each state that stood, both lines
        self.reset()
        super().__init__(path)

    def reset(self):
        self.lines = [" " * 20, " " * 20]
        self.page = "cp437"
        self.string = False
        self.row = self.col = 0

    def put(self, char):
        line = self.lines[self.row]
        self.lines[self.row] = line[:self.col] + char + line[self.col + 1:]
        self.col = min(self.col + 1, 19)

    def take(self):
        """One command or character off the front; False when there is none whole."""
        b = self.bytes
        size = 1
        if b[:1] == b"\x1b" and self.string and b[1:2] in (b"@", b"t"):
            size = 2 if b[1:2] == b"@" else 3  # after ESC Q it obeys nothing else but CLR
        elif b[:2] == b"\x1b@":
            self.reset()
            size = 2
        elif b[:2] == b"\x1bt" and len(b) > 2:
            self.page = self.PAGES[b[2]]
            size = 3
        elif b[:1] == b"\x0c":
            self.lines = [" " * 20, " " * 20]
            self.string = False
        elif self.kind == "escpos" and b[:2] == b"\x1f$" and len(b) > 3:
            assert 1 <= b[2] <= 20 and 1 <= b[3] <= 2, b
            self.col, self.row = b[2] - 1, b[3] - 1
            size = 4
        elif self.kind == "cd5220" and b[:2] == b"\x1bQ" and b"\r" in b:
            size = b.index(b"\r") + 1
            text = b[3:size - 1].decode(self.page)
            assert len(text) <= 20, text
            self.string = True
            self.lines["AB".index(chr(b[2]))] = text.ljust(20)
        elif b[:1] in (b"\x1b", b"\x1f"):
            return False
        elif b:
            assert b[0] >= 0x20, b
            self.put(b[:1].decode(self.page))
        else:
            return False
        self.bytes = b[size:]
        return True

    def look(self):
        """What stands on it now."""
        got = self.read()
        self.bytes += got
        self.all += got
        if self.lost:
            at = self.bytes.find(b"\x1f$\x01\x01")
            self.bytes = self.bytes[max(at, 0):]
            self.lost = at < 0
        while not self.lost and self.take():
            if not self.log or self.log[-1] != self.lines:
                self.log.append(list(self.lines))
        return self.lines

    def shows(self, first, second, seconds=lib.DEADLINE):
        """Whether this comes, or came since the last time we asked: some texts stand for seconds only."""
        want = [first.ljust(20), second.ljust(20)]

        def stood():
            if self.look() == want:
                self.told = len(self.log)
            elif want in self.log[self.told:]:
                self.told = self.log.index(want, self.told) + 1
            else:
                return False
            return True
        return lib.wait_for(stood, seconds)


def end_dock(home):
    """A dock with a till behind it outlives its register; a test must not leave one."""
    try:
        pid = int((home / "dock.sock.lock").read_text().split()[0])
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError, IndexError):
        return
    lib.wait_for(lambda: not (home / "dock.sock").exists())


class Till(threading.Thread):
    """Reads the till's side of a pseudo-terminal that the dock makes."""

    def __init__(self, path):
        super().__init__(daemon=True)
        lib.wait_for(path.exists)
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.data = b""
        self.stop = False
        self.echo = False  # a plug in the till's place
        self.start()

    def run(self):
        while not self.stop:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return
                self.data += data
                if self.echo:
                    os.write(self.fd, data)

    def close(self):
        self.stop = True
        self.join()
        os.close(self.fd)
