"""The firmware image in an emulated microcontroller: its lines, its memory, and a scanner that keeps
to what a line can carry.

Time.  The emulator's UARTs have no speed and its processor stands still whenever the host is busy
elsewhere, so a scanner that plays by the wall clock sends bursts no line could carry, faster than
the main loop can read what the handlers took.  Feed therefore goes by the machine's own progress: at
most WINDOW bytes are ahead of what has come out at the till, and after as many it waits until the
main loop has read most of them.  The rate asked for is kept where the host can; where it cannot,
the test takes longer.

Lines.  What a transmitter does when nobody reads is the emulator's choice:
  stm32vldiscovery  the whole machine stands still.  No wire does that, so each line always has a
                    reader here, and a dead till or a hung display cannot be shown on this board
  mps2-an385        the transmitter stays full, as with a peer that holds back CTS for ever.  That
                    is harder than a three-wire line, where bytes leave whether or not anybody
                    listens.  The socket in between takes some 280 bytes before.
"""
import ctypes
import json
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time

import lib

BOARDS = {"stm32f1": ("stm32vldiscovery", ("host", "scanner", "till")),
          "mps2-an385": ("mps2-an385", ("host", "scanner", "till", "display")),
          "stm32f1-display": ("stm32vldiscovery", ("host", "scanner", "till"))}
WINDOW = 128  # half of the smallest queue a scanner's byte waits in: none is lost by haste
HELD = 120    # scans without acknowledgement; the dock's memory holds some 170 of 13 digits
ENDS = ("\r", "\r\n", "\n", "\t", "\x03")
WARM, WATCHDOG, STARTING = 16, 32, 64  # HELLO's state


def image(board):
    return lib.ROOT / "build" / "firmware" / board / "dock.elf"


def with_parent():
    """The emulator ends with the test, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def unstuff(frame):
    """COBS."""
    out, at = b"", 0
    while at < len(frame) and frame[at] > 0:
        out += b"\0" * (at > 0) + frame[at + 1:at + frame[at]]
        at += frame[at]
    return out


class Wire(threading.Thread):
    """One of the emulator's lines: everything it sends is read at once, unless it is told to hang."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(lib.DEADLINE)
        lib.wait_for(lambda: self.s.connect_ex(str(path)) == 0)
        self.data = bytearray()
        self.stop = self.hung = False
        self.start()

    def run(self):
        while not self.stop:
            if self.hung:
                time.sleep(0.01)
            elif select.select([self.s], [], [], 0.05)[0] and not self.hear():
                return

    def hear(self):
        """Takes what has come; false when the line is gone."""
        try:
            data = self.s.recv(65536)
        except OSError:
            return False
        if data:
            self.take(data)
        return bool(data)

    def take(self, data):
        self.data += data

    def send(self, data):
        self.s.sendall(data)

    def close(self):
        self.stop = True
        self.join()
        self.s.close()


class HostWire(Wire):
    """The line to the register: a socket to connect to, noise where it is asked for, and an ear for
    what the dock says of itself."""

    def __init__(self, path, listen, rng):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(listen))
        self.listener.listen(4)
        self.client = None
        self.rng = rng
        self.noise = 0.0
        self.echo = False  # a shorted line: what the dock sends comes back to it
        self.part = b""
        self.hello = {}
        super().__init__(path)

    def disturb(self, data):
        if self.noise == 0.0:
            return data
        out = bytearray()
        for byte in data:
            luck = self.rng.random()
            if luck < self.noise / 2:
                continue
            out.append(byte ^ 1 << self.rng.randrange(8) if luck < self.noise else byte)
        return bytes(out)

    def run(self):
        while not self.stop:
            watch = [self.s, self.listener] + ([self.client] if self.client else [])
            for ready in select.select(watch, [], [], 0.05)[0]:
                if ready is self.listener:
                    if self.client:
                        self.client.close()
                    self.client = self.listener.accept()[0]
                    self.client.setblocking(False)
                elif ready is self.s:
                    if not self.hear():
                        return
                elif ready is self.client:
                    self.from_client()

    def from_client(self):
        try:
            data = self.client.recv(65536)
        except OSError:
            data = b""
        if data:
            self.s.sendall(self.disturb(data))
        else:
            self.client.close()
            self.client = None

    def take(self, data):
        self.listen_in(data)
        if self.echo:
            self.s.sendall(data)
        elif self.client:
            try:
                self.client.send(self.disturb(data))
            except OSError:
                pass  # nobody reads: the wire forgets

    def listen_in(self, data):
        *frames, self.part = (self.part + data).split(b"\0")
        for frame in filter(None, frames):
            raw = unstuff(frame)
            if len(raw) >= 64 and raw[0] == 0x21:
                word = lambda at, n=4: int.from_bytes(raw[at:at + n], "little")  # noqa: E731
                self.hello = {"session": word(2), "base": word(6), "next": word(10), "lost": word(14),
                              "errors": word(24, 2), "dropped": word(30), "caps": raw[43], "state": raw[44],
                              "boots": word(56, 2), "injected": word(58, 2)}

    def close(self):
        super().close()
        self.listener.close()
        if self.client:
            self.client.close()


class Debugger:
    """Just enough of gdb's remote protocol to move the program counter."""

    def __init__(self, path):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(lib.DEADLINE)
        lib.wait_for(lambda: self.s.connect_ex(str(path)) == 0)
        self.rest = b""
        self.ask("?")  # stops the machine
        # Without this single registers are refused.  What stopped the machine is said twice.
        answer = self.ask("qXfer:features:read:target.xml:0,ffb")
        while not answer.startswith("l"):
            answer = self.answer()

    def answer(self):
        while True:
            start, end = self.rest.find(b"$"), self.rest.find(b"#")
            if start >= 0 and end > start and len(self.rest) >= end + 3:
                packet, self.rest = self.rest[start + 1:end], self.rest[end + 3:]
                self.s.sendall(b"+")
                return packet.decode()
            self.rest = self.rest + self.s.recv(4096)

    def ask(self, command, wait=True):
        data = command.encode()
        self.s.sendall(b"$" + data + b"#%02x" % (sum(data) & 255))
        return self.answer() if wait else None

    def until(self, address):
        """Runs the machine until it gets there."""
        self.ask(f"Z1,{address:x},2")
        self.ask("c", wait=False)
        self.answer()
        self.ask(f"z1,{address:x},2")

    def change(self, register, how):
        value = int.from_bytes(bytes.fromhex(self.ask(f"p{register:x}")), "little")
        self.ask(f"P{register:x}=" + how(value).to_bytes(4, "little").hex())

    def close(self):
        self.ask("D")
        self.s.close()

    def jump(self, address):
        """The main loop goes on there; the machine runs when this returns."""
        while int.from_bytes(bytes.fromhex(self.ask("p19")), "little") & 0x1FF:  # within a handler
            self.ask("c", wait=False)
            self.s.sendall(b"\x03")
            self.answer()
        self.change(15, lambda _: address)
        self.close()


class Machine:
    def __init__(self, home, board, rng=None, log=None, extra=()):
        self.board, self.elf = board, image(board)
        machine, names = BOARDS[board]
        self.qmp_path, self.gdb_path = home / "qmp", home / "gdb"
        args = ["qemu-system-arm", "-M", machine, "-kernel", str(self.elf), "-display", "none", "-monitor", "none",
                "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
                "-chardev", f"socket,id=gdb,path={self.gdb_path},server=on,wait=off", "-gdb", "chardev:gdb", *extra]
        for name in names:
            args += ["-chardev", f"socket,id={name},path={home}/{name}.sock,server=on,wait=off", "-serial", f"chardev:{name}"]
        if log:
            args += ["-d", "in_asm", "-D", str(log)]
        with open(home / "qemu.err", "wb") as err:
            self.p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stderr=err, preexec_fn=with_parent)
        self.wires = {n: Wire(home / f"{n}.sock") for n in names if n != "host"}
        self.host = self.wires["host"] = HostWire(home / "host.sock", home / "wire.sock", rng or random.Random(1))
        self.till, self.scanner = self.wires["till"], self.wires["scanner"]
        self.symbols = None
        self.qmp_socket = None
        self.qmp("qmp_capabilities")

    def qmp(self, command, **arguments):
        if self.qmp_socket is None:
            self.qmp_socket = socket.socket(socket.AF_UNIX)
            self.qmp_socket.settimeout(lib.DEADLINE)
            lib.wait_for(lambda: self.qmp_socket.connect_ex(str(self.qmp_path)) == 0)
            self.qmp_file = self.qmp_socket.makefile("r")
            self.qmp_file.readline()
        self.qmp_socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.qmp_file.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"])

    def forget(self):
        """A power loss: nothing in memory is whole, and the processor starts."""
        gdb = Debugger(self.gdb_path)
        for name, size in (("memory", 112), ("kept", 8)):
            gdb.ask(f"M{self.symbol(name):x},{size:x}:" + "5a" * size)
        self.host.hello = {}
        self.qmp("system_reset")
        gdb.close()
        return self.ready()

    def symbol(self, name):
        if self.symbols is None:
            text = subprocess.run(["arm-none-eabi-nm", str(self.elf)], capture_output=True, text=True, check=True).stdout
            self.symbols = {n: int(a, 16) for a, _, n in (line.split() for line in text.splitlines() if line.count(" ") == 2)}
        return self.symbols[name]

    def words(self, address, count):
        text = self.qmp("human-monitor-command", **{"command-line": f"xp /{count}wx {address:#x}"})
        return [int(w, 16) for line in text.splitlines() for w in line.split(":")[1].split()]

    def ring(self):
        """The newer of the two headers of the memory that survives a reset."""
        words = self.words(self.symbol("memory"), 28)
        header = max((words[:14], words[14:]), key=lambda h: h[1])
        return dict(zip(("magic", "generation", "session", "base", "next", "head", "used", "lost"), header))

    def scanner_bytes(self):
        """Of the scanner, modulo 2^16: bytes that the handler has taken, and that the main loop has read."""
        line = self.symbol("scanner" if self.board.startswith("stm32f1") else "lines")
        masked_in, out = self.words(line + 8, 2)  # struct gw_uart: registers, room, then these
        return masked_in >> 16, out & 0xFFFF

    def unread(self):
        """Bytes of the scanner that the main loop has not read yet."""
        taken, read = self.scanner_bytes()
        return (taken - read) & 0xFFFF

    def stack_used(self, size=1280):
        """Bytes of the painted stack that were ever used."""
        words = self.words(0x20000000, size // 4)
        untouched = next((i for i, w in enumerate(words) if w != 0x57AC57AC), len(words))
        return size - 4 * untouched

    def ready(self, at_least=0):
        """Until the dock has started, this many times warm, and found the pause on the scanner's line."""
        return lib.wait_for(lambda: self.host.hello.get("boots", -1) >= at_least and
                            not self.host.hello["state"] & STARTING)

    def pause(self, ms):
        """So much of the machine's own time; its clock is read by the main loop at least each 50 ms."""
        clock = self.symbol("last_ms")
        until = self.words(clock, 1)[0] + ms
        return lib.wait_for(lambda: self.words(clock, 1)[0] >= until)

    def reset(self):
        """Returns once the dock listens again."""
        self.host.hello = {}
        self.qmp("system_reset")
        return self.ready()

    def close(self):
        # The machine first: its lines must be read for as long as it runs.
        for wire in self.wires.values():
            wire.hung = False
        self.p.kill()
        self.p.wait()
        for wire in self.wires.values():
            wire.close()
        if self.qmp_socket:
            self.qmp_file.close()
            self.qmp_socket.close()


class Feed:
    """The scanner: numbered codes at a rate, remembered with their framing.  committed() is how many
    scans the register has on disk; None while nobody counts."""

    def __init__(self, m, committed=None, dress=None):
        self.m, self.committed = m, committed
        self.dress = dress or (lambda code, i: code.encode("latin-1") + ENDS[i // 50 % len(ENDS)].encode())
        self.codes = []
        self.bytes = bytearray()
        self.till_from = len(m.till.data)  # what the till had before us
        self.number = 4000000000000
        self.since = 0  # bytes sent since the main loop was last looked at
        self.dead_from = None  # bytes sent, and read, when the till died

    def passed(self):
        return len(self.m.till.data) - self.till_from

    def ahead_of_the_dead(self):
        """Bytes on their way to the main loop, those in the socket too, which a busy emulator has not taken."""
        read = self.m.scanner_bytes()[1]
        if self.dead_from is None:
            self.dead_from = len(self.bytes) - read
        return (len(self.bytes) - self.dead_from - read) & 0xFFFF

    def room(self, size):
        """Waits until the line would be free."""
        if not self.m.till.hung:
            self.dead_from = None
        elif not lib.wait_for(lambda: self.ahead_of_the_dead() + size <= max(WINDOW, size), step=0.001):
            raise RuntimeError("the dock stands still behind a dead till")
        if not self.m.till.hung and not lib.wait_for(lambda: len(self.bytes) + size - self.passed() <= max(WINDOW, size), step=0.001):
            raise RuntimeError(f"the dock stands still: {self.passed()} of {len(self.bytes)} bytes are at the till")
        if self.since + size > WINDOW:
            # What a busy emulator has not taken from the socket yet is not among the unread.
            if not lib.wait_for(lambda: (self.m.till.hung or self.passed() >= len(self.bytes)) and
                                self.m.unread() < WINDOW // 2, step=0.001):
                raise RuntimeError(f"the main loop does not read: {self.m.unread()} bytes wait")
            self.since = 0
        self.since += size
        if self.committed and len(self.codes) % 10 == 0 and \
           not lib.wait_for(lambda: len(self.codes) - self.committed() < HELD, step=0.005):
            raise RuntimeError(f"the register stands still: {self.committed()} of {len(self.codes)} scans are on disk")

    def scan(self, code=None, data=None):
        self.number += 1
        code = code if code is not None else str(self.number)
        data = data if data is not None else self.dress(code, len(self.codes))
        self.codes.append(code)
        for at in range(0, len(data), WINDOW):
            piece = data[at:at + WINDOW]
            self.room(len(piece))
            self.bytes += piece
            self.m.scanner.send(piece)

    def run(self, count, rate, each=None, codes=None):
        at = time.monotonic()
        for i in range(count):
            self.scan(codes[i] if codes else None)
            if each:
                each(i)
            at = max(at + 1 / rate, time.monotonic() - 0.02)
            time.sleep(max(0.0, at - time.monotonic()))

    def settle_till(self):
        """Whether every byte is at the till, in order."""
        lib.wait_for(lambda: self.passed() >= len(self.bytes))
        return bytes(self.m.till.data[self.till_from:]) == bytes(self.bytes)

    def settle_ring(self, session_next):
        """Until the dock has cut all of them out of the bytes."""
        return lib.wait_for(lambda: self.m.ring()["next"] >= session_next, step=0.05)


def same(t, got, want, name):
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    return t.check(got == want, name, f"{len(got)} of {len(want)}; at {at}: {got[at:at + 3]!r}, want {want[at:at + 3]!r}")


def need(t, *tools):
    """One line and an end where something is missing; in CI nothing may be."""
    import os
    import shutil
    missing = [x for x in tools if shutil.which(x) is None]
    missing += [str(image(b).relative_to(lib.ROOT)) for b in BOARDS if not image(b).exists()]
    if missing and os.environ.get("CI"):
        t.check(False, "the firmware in the emulator", f"missing: {', '.join(missing)}")
        t.done()
    if missing:
        t.skip("the firmware in the emulator", f"no {missing[0]}")
        t.done()
    sys.stdout.flush()
