#!/usr/bin/env python3
"""Scanner -> firmware in the emulator -> the real register -> its journal, and the till at the
dock's other side.  200 scans a second in one run, while the register is killed and stopped, the dock
reset, the line between them disturbed, the scanner sends as fast as the line takes it, and (where
the emulator can show it, see qemu_lib.py) the display hangs and the till is dead.

Held: every scan is in the journal once, in order; every byte is at the till, in order, but for those
of the time when the till was dead, which the dock counts.

The scanner waits while the dock holds 120 scans the register has not on disk: what happens beyond
its memory (refused and counted) is dock_qemu.py's.

DOCK_QEMU_SCANS=10000   how long      DOCK_QEMU_SEED=n   its random numbers
DOCK_QEMU_BOARDS="stm32f1"            which boards; stm32f1 runs a fifth of the scans
"""
import json
import os
import random
import signal
import sqlite3
import subprocess
import time

import lib
from qemu_lib import BOARDS, Feed, Machine, need, same

SCANS = int(os.environ.get("DOCK_QEMU_SCANS", "1500"))
SEED = lib.seed("DOCK_QEMU_SEED")
RATE = 200
t = lib.Tap()


def ean(number):
    digits = "400%09d" % number
    return digits + str(-sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10)


class Register:
    """goeswith --headless at the dock's wire, and what its journal says."""

    def __init__(self, home, *options):
        self.home = home
        self.args = [lib.program("goeswith"), "--headless", "--home", str(home), "--dock", str(home / "wire.sock"), *options]
        self.db = None
        self.seq, self.lines, self.kills = 0, [], 0
        self.start()

    def start(self):
        self.p = subprocess.Popen(self.args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()
        self.kills += 1
        self.start()

    def stand_still(self, still):
        self.p.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def say(self, **line):
        self.p.stdin.write(json.dumps(line).encode() + b"\n")
        self.p.stdin.flush()

    def committed(self):
        """Reads on in the journal."""
        try:
            if self.db is None:
                self.db = sqlite3.connect(f"file:{self.home}/journal.db?mode=ro", uri=True, timeout=10)
            for seq, kind, body in self.db.execute("SELECT seq, kind, body FROM event WHERE seq > ? ORDER BY seq", (self.seq,)):
                self.seq = seq
                if kind == "line":
                    self.lines.append(json.loads(body)["code"])
        except sqlite3.Error:
            pass  # not there yet
        return len(self.lines)

    def close_sale(self, count):
        """A sale has at most a thousand lines."""
        lib.wait_for(lambda: self.committed() >= count, step=0.01)
        self.say(do="total")
        self.say(do="tender", total=0)

    def close(self):
        self.stand_still(False)
        lib.end(self.p)
        if self.db:
            self.db.close()


class Run:
    def __init__(self, home, board, count):
        self.board, self.count = board, count
        self.rng = random.Random(SEED)
        self.m = Machine(home, board, self.rng)
        self.r = None
        try:
            self.r = Register(home)
            if not lib.wait_for(lambda: self.m.host.hello.get("session")) or not self.m.ready():
                raise RuntimeError("the dock did not start")
        except BaseException:
            self.close()
            raise
        self.feed = Feed(self.m, self.r.committed)
        self.done, self.resets = 0, 0

    def scans(self, count, rate=RATE, kills=0):
        while count > 0:
            n = min(count, 400)
            at = set(self.rng.sample(range(n), min(kills, n))) if kills else ()
            kills -= len(at)
            self.feed.run(n, rate, lambda i: self.r.kill() if i in at else None,
                          [ean(self.done + i) for i in range(n)])
            self.done += n
            count -= n
            self.r.close_sale(self.done)

    def whole(self, name):
        """Everything up to here is where it should be."""
        lib.wait_for(lambda: self.r.committed() >= self.done, step=0.02)
        same(t, self.r.lines, ["0" + code for code in self.feed.codes], f"{self.board}: {name}: each scan in the journal, once, in order")
        t.check(self.feed.settle_till(), f"{self.board}: {name}: every byte at the till, in order",
                f"{self.feed.passed()} of {len(self.feed.bytes)}")

    def kills(self):
        before = self.r.kills
        began = time.monotonic()
        n = self.count * 4 // 10
        self.scans(n, kills=max(5, n // 200))
        took = time.monotonic() - began
        self.whole(f"{n} scans at {min(RATE, n / took):.0f} a second, register killed {self.r.kills - before} times")

    def noise(self):
        self.m.host.noise = 0.002
        self.scans(self.count // 10, kills=2)
        self.m.host.noise = 0.0
        self.whole("0.2 % of the bytes between dock and register disturbed, both ways")

    def pauses_and_resets(self):
        """With the register stopped, scans wait in the dock; its memory outlives a reset."""
        for _ in range(4):
            self.r.stand_still(True)
            self.feed.committed = None
            self.feed.run(60, RATE, None, [ean(self.done + i) for i in range(60)])
            self.feed.committed = self.r.committed
            self.done += 60
            ring = self.m.ring()
            # all cut, and all at the till: a reset in the middle of a scan is dock_qemu.py's
            if not self.feed.settle_till() or not self.feed.settle_ring(ring["base"] + self.done - self.r.committed()):
                raise RuntimeError("the dock did not take the scans")
            self.m.reset()
            self.resets += 1
            self.r.stand_still(False)
            self.r.close_sale(self.done)
        self.whole(f"register stopped and dock reset with 60 scans waiting, {self.resets} times")

    def flood(self):
        self.scans(self.count // 5, rate=1e6)
        self.whole("as fast as the line takes it")

    def hung_display(self):
        display = self.m.wires["display"]
        lib.wait_for(lambda: display.data)
        display.hung = True
        self.scans(max(100, self.count // 10), kills=1)
        self.whole("the customer display hangs")
        size = len(display.data)
        display.hung = False
        lib.wait_for(lambda: len(display.data) > size)
        self.m.pause(300)
        # the socket's 280 bytes, the queue's 128, and the newest text
        t.check(0 < len(display.data) - size < 600, f"{self.board}: and shows the newest text when it is back",
                f"{len(display.data) - size} bytes came after {self.count // 10} sales' lines")

    def dead_till(self):
        """Nobody reads.  The journal must not notice."""
        feed, m = self.feed, self.m
        from_byte, at_till = len(feed.bytes), len(m.till.data)
        m.till.hung = True
        self.scans(max(100, self.count // 10), kills=1)
        lib.wait_for(lambda: self.r.committed() >= self.done)
        same(t, self.r.lines, ["0" + code for code in feed.codes], f"{self.board}: the till is dead: each scan in the journal, once, in order")
        m.till.hung = False
        m.host.hello = {}
        self.r.kill()  # a new register is told all counters
        lib.wait_for(lambda: m.host.hello)
        sent, dropped = bytes(feed.bytes[from_byte:]), m.host.hello.get("dropped", 0)
        lib.wait_for(lambda: dropped + len(m.till.data) - at_till >= len(sent))
        got, rest = bytes(m.till.data[at_till:]), iter(sent)
        t.check(len(got) + dropped == len(sent) and dropped > 0 and all(byte in rest for byte in got),
                f"{self.board}: the till got {len(got)} bytes in order, and the dock counted the other {dropped}",
                f"{len(got)} + {dropped} of {len(sent)}")
        feed.bytes, feed.till_from = bytearray(), len(m.till.data)
        self.scans(50)
        self.whole("the till is back")

    def close(self):
        if self.r:
            self.r.close()
        self.m.close()


def from_the_shelf():
    """A box that knows nothing of its scanner, a register that was told by name: once with a till that
    answers the scanner, once with the box answering.  A power loss, and it is told again."""
    with lib.home() as home:
        (home / "goeswith.conf").write_text("[scanner]\nbrand = olivetti\nanswer = yes\n")
        m = Machine(home, "stm32f1")
        r = Register(home)
        try:
            lib.wait_for(lambda: m.host.hello.get("session"))
            session = m.host.hello["session"]

            def scans(numbers):
                # the box is told when it has a session; until then STX is no beginning and ACK not said
                lib.wait_for(lambda: m.pause(20) and (m.scanner.send(b"\x02\x03") or m.pause(20)) and b"\x06" in m.scanner.data)
                m.pause(100)
                m.scanner.data.clear()
                for i in numbers:
                    m.scanner.send(b"\x02" + bytes(c | 0x80 * (bin(c).count("1") % 2) for c in ean(i).encode()) + b"\x03")
                    lib.wait_for(lambda: len(m.scanner.data) > i - numbers[0])
                lib.wait_for(lambda: r.committed() >= numbers[-1] + 1)
                return bytes(m.scanner.data)
            t.equal(scans(range(5)), b"\x06" * 5, "stm32f1: from the shelf, told \"olivetti\": 7E1, STX/ETX, each scan answered")
            m.forget()
            lib.wait_for(lambda: m.host.hello.get("session", session) not in (0, session))
            t.equal((scans(range(5, 8)), r.lines), (b"\x06" * 3, ["0" + ean(i) for i in range(8)]),
                    "stm32f1: and told again after a power loss")
        finally:
            r.close()
            m.close()


need(t, "qemu-system-arm", "arm-none-eabi-nm")
for board in os.environ.get("DOCK_QEMU_BOARDS", "stm32f1 mps2-an385").split():
    with lib.home() as home:
        run = None
        try:
            run = Run(home, board, SCANS if "display" in BOARDS[board][1] else max(1000, SCANS // 5))
            run.kills()
            run.noise()
            run.pauses_and_resets()
            run.flood()
            if "display" in BOARDS[board][1]:
                run.hung_display()
                run.dead_till()
        except Exception as e:  # noqa: BLE001 - the other board shall still run
            t.check(False, f"{board}: {e!r}", run and run.m.host.hello)
        finally:
            if run:
                run.close()
try:
    from_the_shelf()
except Exception as e:  # noqa: BLE001
    t.check(False, f"from the shelf: {e!r}")
t.done()
