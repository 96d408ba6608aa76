#!/usr/bin/env python3
"""The very firmware image in an emulated microcontroller, between a scanner, a till and a host that
is made of the register's own link code: every way a scanner frames its codes, resets, crashes, a
memory that overflows, commands, the display.  What the emulator shows and what not: qemu_lib.py.
The real register stands behind it in dock_qemu_register.py.

DOCK_QEMU_SEED=n   random numbers      DOCK_QEMU_BOARDS="stm32f1"   which boards
DOCK_QEMU_KEEP=DIR   keeps what was said and the list of translated code
"""
import os
import random
import re
import select
import shutil
import signal
import subprocess
import time
import tty

import lib
from qemu_lib import BOARDS, WARM, WATCHDOG, Debugger, Feed, Machine, image, need, same

HOST = str(lib.ROOT / os.environ.get("DOCK_HOST", "build/release/tests/e2e/dock_host"))
SEED = lib.seed("DOCK_QEMU_SEED")
t = lib.Tap()


class Host:
    """dock_host on the dock's line, and its journal."""

    def __init__(self, home):
        self.home, self.tag = home, 0
        self.rest, self.codes = "", []
        self.at = 0
        self.start()

    def start(self):
        self.p = subprocess.Popen([HOST, str(self.home / "journal"), "--tty", str(self.home / "wire.sock")], stdin=subprocess.PIPE,
                                  stdout=open(self.home / "host.out", "ab"), stderr=subprocess.STDOUT)

    def say(self, line):
        self.tag += 1
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()
        return self.tag

    def result(self, tag):
        """How the command ended, as a digit; "" in case it never did."""
        got = lib.wait_for(lambda: re.findall(rf"^done {tag} (\d)", (self.home / "host.out").read_text(errors="replace"), re.M))
        return got[0] if got else ""

    def order(self, line):
        return self.result(self.say(line))

    def stand_still(self, still):
        self.p.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def journal(self):
        """Good scans as text, others as ! and their status."""
        if not (self.home / "journal").exists():
            return self.codes
        with open(self.home / "journal") as f:
            f.seek(self.at)
            for line in f.read().splitlines(True):
                if not line.endswith("\n"):
                    break
                self.at += len(line)
                _, _, status, *code = line.split()
                self.codes.append(bytes.fromhex(code[0]).decode("latin-1") if status == "0" and code else "!" + status)
        return self.codes

    def count(self):
        return len(self.journal())

    def settle(self, count):
        lib.wait_for(lambda: self.count() >= count)
        return self.journal()

    def close(self):
        self.stand_still(False)
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()


class Bench:
    """A board, the host on its line, and a scanner."""

    def __init__(self, board, home, log):
        self.board, self.home = board, home
        self.m = Machine(home, board, random.Random(SEED), log)
        self.h = None
        try:
            self.h = Host(home)
            if not lib.wait_for(lambda: self.m.host.hello.get("session")) or not self.m.ready():
                raise RuntimeError("the dock did not start")
            if not self.setup(0):
                raise RuntimeError("the dock did not take its settings")
        except BaseException:
            self.close()
            raise

    def feed(self, **more):
        before = self.h.count()
        return Feed(self.m, lambda: self.h.count() - before, **more)

    def check(self, good, name, detail=""):
        return t.check(good, f"{self.board}: {name}", detail)

    def play(self, name, scans, want=None, raw=None):
        """Sends framed scans (or raw bytes, in pieces) and holds journal and till to them."""
        feed, before = self.feed(), self.h.count()
        for data in scans:
            feed.scan("", data)
        want = [c for c in want]
        got = self.h.settle(before + len(want))[before:]
        same(t, got, want, f"{self.board}: {name}")
        if not feed.settle_till():
            self.check(False, f"{name}: every byte at the till", f"{feed.passed()} of {len(feed.bytes)}")

    def setup(self, framing, answer=0, terminators=15, gap=10000, line="96 8 0"):
        """A pause ends a scan: a long one, unless it is the pause that is played.  A busy machine makes short ones
        by itself."""
        ok = self.h.order(f"setup {framing} {terminators} {answer} {gap} {line}") == "0"
        return ok and self.m.pause(120)  # the box listens for a pause on the line

    def close(self):
        if self.h:
            self.h.close()
        self.m.close()


# --- framings ---------------------------------------------------------------------------------------

def plain(b):
    gs1, eight = "]d20109501101530003" + "10AB1\x1d21X7", "]Q1Käse \xe2\x82\xac \xff\x80"
    codes = ["4006381333931", gs1, eight, "A", "x" * 225, "y" * 226]
    for name, end in (("CR", "\r"), ("LF", "\n"), ("CRLF", "\r\n"), ("TAB", "\t"), ("ETX", "\x03")):
        b.play(f"{name}: GS, eight bits, one and two pieces", [(c + end).encode("latin-1") for c in codes], codes)
    # no terminator: the next is sent when the pause has ended the one before
    b.setup(0, gap=200)
    for code in ("one", gs1, "three"):
        before = b.h.count()
        b.m.scanner.send(code.encode("latin-1"))
        b.h.settle(before + 1)
    t.equal(b.h.journal()[-3:], ["one", gs1, "three"], f"{b.board}: a pause ends a code that has no terminator")
    b.setup(0)
    big = "]Q1" + "".join(chr(33 + i % 94) for i in range(4093))
    b.play("4,096 bytes of QR code in 19 pieces; a byte more is refused", [(big + "\r").encode(), (big + "z\r").encode(), b"next\r"],
           [big, "!1", "next"])
    b.play("noise between terminators is no scan", [b"\r\n\r\n\n\n", b"7\r"], ["7"])


def player(b):
    """goeswith-sim plays a recording into a pseudo-terminal; that is our cable."""
    codes = [f"41{i:011d}" for i in range(60)]
    data = b"".join(c.encode() + (b"\r", b"\n", b"\r\n", b"\t", b"\x03")[i % 5] for i, c in enumerate(codes))
    (b.home / "raw").write_bytes(data)
    master, slave = os.openpty()
    tty.setraw(slave)
    p = subprocess.Popen([lib.program("goeswith-sim"), "scanner", str(b.home / "raw"), "--raw", "--rate", "0", "--port", os.ttyname(slave)],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        feed, before, got = b.feed(), b.h.count(), b""
        while len(got) < len(data) and select.select([master], [], [], lib.DEADLINE)[0]:
            piece = os.read(master, 100)
            got += piece
            for at in range(0, len(piece), 16):
                feed.scan("", piece[at:at + 16])
    finally:
        lib.end(p)
        os.close(master)
        os.close(slave)
    same(t, b.h.settle(before + 60)[before:], codes, f"{b.board}: goeswith-sim scanner --raw, all terminators in turn")


def typed(b, code, want):
    """A code put into the till's line: reported done, and there, which its own line may tell later."""
    before = len(b.m.till.data)
    done = b.h.order(f"inject {code}")
    lib.wait_for(lambda: len(b.m.till.data) - before >= len(want))
    return done == "0" and bytes(b.m.till.data[before:]) == want


def stx_etx(b):
    b.check(b.setup(1, answer=1, terminators=8), "the register sets the box to STX/ETX with answers")
    b.m.scanner.data.clear()
    codes = ["4006381333931", "with\rCR\tand\nLF", "]d2\x1d10A", "z" * 1000]
    b.play("STX/ETX", [b"\x02" + c.encode() + b"\x03" for c in codes], codes)
    t.equal(lib.wait_for(lambda: len(b.m.scanner.data) >= 4) and bytes(b.m.scanner.data), b"\x06" * 4, f"{b.board}: each answered by ACK")
    b.play("a scan that begins anew, and rubbish outside", [b"junk\x0212", b"\x02345\x03", b"more junk", b"\x02678\x03"], ["!3", "345", "678"])
    b.setup(1, answer=1, terminators=8, gap=200)
    b.m.scanner.data.clear()
    b.m.scanner.send(b"\x02half")  # and nothing more
    lib.wait_for(lambda: b.h.journal()[-1:] == ["!3"])
    t.equal(lib.wait_for(lambda: bytes(b.m.scanner.data)), b"\x15", f"{b.board}: half a scan is answered by NAK")
    b.check(typed(b, "4006381333931", b"\x024006381333931\x03"), "an injected code is framed alike", bytes(b.m.till.data[-40:]))
    b.m.reset()
    b.play("and so it is after a reset", [b"\x02a\rb\x03"], ["a\rb"])
    if b.board == "stm32f1":
        b.check(b.setup(1, answer=0, terminators=8, line="96 7 2"), "7E1, which this chip can")
        odd = bytes(c | 0x80 for c in b"\x024006\x03")
        b.play("parity bits are not data, and pass to the till", [odd], ["4006"])
        b.check(b.setup(0, line="96 7 0"), "7N2")
        feed = b.feed()
        feed.scan("12", b"\xb1\xb2\x8d")
        b.check(lib.wait_for(lambda: b.h.journal()[-1:] == ["12"]), "7N2 is read", b.h.journal()[-2:])
        b.check(feed.settle_till() and typed(b, "4", b"\xb4\x8d"), "and spoken", bytes(b.m.till.data[-10:]))
        b.check(b.h.order("setup 0 15 0 200 1 8 0") == "1", "100 baud is refused: the chip cannot")
    else:
        b.check(b.h.order("setup 1 8 1 200 96 7 2") == "1", "7E1 is refused: this UART cannot")
    b.check(b.h.order("setup 7 8 1 200 96 8 0") == "1", "a framing that does not exist is refused")
    b.check(b.setup(0), "back to terminators")
    if b.board == "stm32f1":
        keeps_the_line(b)


def keeps_the_line(b):
    """A byte may be on its way to the till: UARTs are not started again without need."""
    divider = 0x40004408  # USART2's; the image reckons it by a clock we make it believe
    for clock, order, want, name in ((48, (1, "96 8 0"), 2500, "another framing leaves scanner's and till's line as they are"),
                                     (48, (0, "48 8 0"), 10000, "another speed is set"),
                                     (24, (0, "96 8 0"), 2500, "and the old one again")):
        gdb = Debugger(b.m.gdb_path)
        gdb.ask(f"M{b.m.symbol('clock_hz'):x},4:{(clock * 1000000).to_bytes(4, 'little').hex()}")
        gdb.close()
        b.check(b.setup(order[0], line=order[1]) and b.m.words(divider, 1) == [want], name, b.m.words(divider, 1))


def ssi_packet(body):
    raw = bytes([len(body) + 1]) + body
    return raw + (-sum(raw) & 0xFFFF).to_bytes(2, "big")


def decode_data(kind, code, again=False):
    return ssi_packet(bytes([0xF3, 0, again, kind]) + code.encode("latin-1"))


def multipacket(kind, text):
    """As the SSI guide has it: number, F3, source, status, length, type, symbols, length, data."""
    data, out, number = text.encode("latin-1"), [], 0
    head = bytes([0xF3, 0, 0]) + (len(data) + 4).to_bytes(2, "big") + bytes([kind, 1]) + len(data).to_bytes(2, "big")
    stream = head + data
    while stream:
        piece, stream = stream[:250], stream[250:]
        out.append(ssi_packet(bytes([0x73, 0 if stream else 2, 0, number]) + piece))
        number += 1
    return out


def ssi(b):
    ack, nak = bytes.fromhex("04D00400FF28"), bytes.fromhex("05D1040001FF25")
    b.check(b.setup(2, answer=1), "the register sets the box to SSI with answers")
    b.m.scanner.data.clear()
    rows = [(0x0B, "5901234123457", "]E05901234123457"), (0x08, "012345678905", "]E0012345678905"), (0x0A, "96385074", "]E496385074"),
            (0x0F, "010952123454321310A\x1d21B", "]C1010952123454321310A\x1d21B"), (0x1C, "Käse\r\nx", "]Q1Käse\r\nx"), (0x99, "?", "?"),
            (0x0B, "5901234123457\r", "]E05901234123457")]
    b.play("SSI packets", [decode_data(k, c) for k, c, _ in rows], [w for _, _, w in rows])
    t.equal(lib.wait_for(lambda: len(b.m.scanner.data) >= 7 * 6) and bytes(b.m.scanner.data), ack * 7, f"{b.board}: each answered by ACK")
    b.m.scanner.data.clear()
    spoilt = bytearray(decode_data(0x0B, "4006381333931"))
    spoilt[9] ^= 1
    good = decode_data(0x0B, "4006381333931")
    b.play("a spoilt packet comes again", [bytes(spoilt), good], ["]E04006381333931"])
    b.play("a packet again whose ACK was lost is one scan", [decode_data(0x0B, "4006381333931", True), decode_data(0x0B, "5901234123457")],
           ["]E05901234123457"])
    t.equal(lib.wait_for(lambda: len(b.m.scanner.data) >= 25) and bytes(b.m.scanner.data), nak + ack * 3, f"{b.board}: NAK, ACK, ACK, ACK")
    text = "".join(chr(32 + i % 90) for i in range(3500))
    packets = multipacket(0x1C, text)
    wrong = bytearray(packets[5])
    wrong[40] ^= 64
    b.play(f"3,500 bytes in {len(packets)} packets, one of them twice, one spoilt", packets[:3] + packets[2:5] + [bytes(wrong)] + packets[5:],
           ["]Q1" + text])
    b.setup(2, answer=1, gap=200)
    b.m.scanner.send(good[:9])  # cut off: the pause forgets it
    b.m.pause(300)
    b.m.reset()
    b.play("after a reset SSI is still known", [good], ["]E04006381333931"])
    b.check(typed(b, "5901234123457", decode_data(0x0B, "5901234123457")), "an injected code is a packet", bytes(b.m.till.data[-40:]))
    b.check(b.setup(0), "back to terminators")


# --- what may happen ----------------------------------------------------------------------------------

def resets(b):
    """Warm resets with scans waiting; then a half-read one."""
    feed, before = b.feed(), b.h.count()
    feed.committed = None
    for i in range(3):
        b.h.stand_still(True)
        feed.run(60, 400)
        ring = b.m.ring()
        feed.settle_till()
        feed.settle_ring(ring["base"] + len(feed.codes) - b.h.count() + before)
        boots = b.m.host.hello["boots"]
        b.m.reset()
        b.check(b.m.host.hello["boots"] == boots + 1 and b.m.host.hello["state"] & (WARM | WATCHDOG) == WARM, "a warm start is told", b.m.host.hello)
        b.h.stand_still(False)
        b.h.settle(before + len(feed.codes))
    same(t, b.h.journal()[before:], feed.codes, f"{b.board}: 3 resets with 60 scans unacknowledged: all there, once")
    count = b.h.count()
    b.m.scanner.send(b"40063")
    lib.wait_for(lambda: b.m.till.data.endswith(b"40063"))
    b.m.host.hello = {}
    b.m.qmp("stop")  # the other half is there before the dock's clock runs
    b.m.qmp("system_reset")
    b.m.scanner.send(b"81333931\r")
    b.m.qmp("cont")
    b.m.ready()
    b.m.scanner.send(b"whole\r")
    lib.wait_for(lambda: b.h.journal()[-1:] == ["whole"])
    got = b.h.journal()[count:]
    b.check(got in (["whole"], ["!3", "whole"]), "half a scan is no scan", got)


def code_address(b, pattern):
    text = subprocess.run(["arm-none-eabi-objdump", "-d", str(b.m.elf)], capture_output=True, text=True, check=True).stdout
    return int(re.search(pattern, text, re.M).group(1), 16)


def crashes(b):
    """The debugger makes the processor jump: to where no code can be, and into an endless loop."""
    b.h.stand_still(True)
    feed, before, ring = b.feed(), b.h.count(), b.m.ring()
    feed.committed = None
    feed.run(30, 400)
    feed.settle_till()
    feed.settle_ring(ring["next"] + 30)
    boots = b.m.host.hello["boots"]
    Debugger(b.m.gdb_path).jump(0xE0100000)
    lib.wait_for(lambda: b.m.host.hello["boots"] > boots)
    b.check(b.m.host.hello.get("state", 0) & (WARM | WATCHDOG) == WARM | WATCHDOG, "a fault starts it again at once, and it says so", b.m.host.hello)
    b.m.ready()
    b.h.stand_still(False)
    same(t, b.h.settle(before + 30)[before:], feed.codes, f"{b.board}: no scan is lost by a fault")
    # the main loop stands; interrupts come
    loop = code_address(b, r"^\s*([0-9a-f]+):\s+e7fe")
    boots, feed = b.m.host.hello["boots"], b.feed()
    gdb = Debugger(b.m.gdb_path)
    gdb.until(b.m.symbol("gw_board_now_ms") & ~1)  # interrupts are on there, asleep they are masked
    # all that the queue holds, and before its clock goes on: the watchdog must not come between
    feed.bytes += b"4006381333931\r" * 8
    b.m.scanner.send(feed.bytes)
    gdb.jump(loop)
    b.check(feed.settle_till(), "the main loop hangs: the till gets every byte", f"{feed.passed()} of {len(feed.bytes)}")
    if b.board == "mps2-an385":
        lib.wait_for(lambda: b.m.host.hello["boots"] > boots)
        b.check(b.m.host.hello.get("state", 0) & (WARM | WATCHDOG) == WARM | WATCHDOG, "and the watchdog ends it within 2 s of its clock", b.m.host.hello)
        b.m.ready()
    else:
        b.m.reset()  # its watchdog is not emulated
    count = b.h.count()
    b.play("and on it goes", [b"0001\r", b"0002\r"], ["0001", "0002"])
    b.check(b.h.journal()[count - 1:count] != ["0001"], "nothing twice")


def line_errors(b):
    """The emulator's receivers know no parity, framing, noise or overrun.  The debugger stops the
    scanner's handler behind its look at the status and sets the flags there."""
    text = subprocess.run(["arm-none-eabi-objdump", "-d", str(b.m.elf)], capture_output=True, text=True, check=True).stdout
    body = text.split("<receive>:")[1].split("\n\n")[0]
    at, register = re.search(r"([0-9a-f]+):\s.*\ttst(?:\.w)?\tr(\d+), #", body).groups()
    entry = b.m.symbol("irq_scanner") & ~1
    flags = {"parity": 1, "framing": 2, "noise": 4, "overrun": 8} if b.board == "stm32f1" else {"overrun": 8}
    for name, flag in flags.items():
        before, errors, till = b.h.count(), b.m.host.hello["errors"], len(b.m.till.data)
        b.m.scanner.send(b"40")
        lib.wait_for(lambda: len(b.m.till.data) == till + 2)
        gdb = Debugger(b.m.gdb_path)
        b.m.scanner.send(b"0")
        gdb.until(entry)
        gdb.until(int(at, 16))
        gdb.change(int(register), lambda value: value | flag)
        gdb.close()
        b.m.scanner.send(b"6\rnext\r")
        got = b.h.settle(before + 2)[before:]
        lib.wait_for(lambda: len(b.m.till.data) >= till + 10)
        b.check(got == ["!2", "next"] and bytes(b.m.till.data[till:]) == b"4006\rnext\r",
                f"{name} error: the till has the byte, the scan is refused, the next is good", (got, bytes(b.m.till.data[till:])))
    if b.board != "stm32f1":
        return
    # an overrun that stands alone: the data register holds nothing new, and nothing goes to the till
    till, before = len(b.m.till.data), b.h.count()
    gdb = Debugger(b.m.gdb_path)
    b.m.scanner.send(b"9")
    gdb.until(entry)
    gdb.until(int(at, 16))
    gdb.change(int(register), lambda value: 8)
    gdb.close()
    b.m.scanner.send(b"1\rgood\r")
    got = b.h.settle(before + 2)[before:]
    lib.wait_for(lambda: len(b.m.till.data) >= till + 7)
    b.check(got == ["!2", "good"] and bytes(b.m.till.data[till:]) == b"1\rgood\r", "an overrun without a byte repeats none to the till",
            (got, bytes(b.m.till.data[till:])))


def hardship(b):
    till, m, h = b.m.till, b.m, b.h
    # the host stands still: memory fills, the newest are refused, the till gets everything
    before, lost = h.count(), m.host.hello["lost"]
    h.stand_still(True)
    feed = b.feed()
    feed.committed = None
    feed.run(400, 1e6)
    b.check(feed.settle_till(), "memory full, register hung: the till gets every byte")
    h.stand_still(False)
    lib.wait_for(lambda: h.count() - before == 400 - (m.host.hello.get("lost", 0) - lost))
    got, lost = h.journal()[before:], m.host.hello["lost"] - lost
    b.check(got == sorted(set(got)) and len(got) == 400 - lost and 100 < len(got) < 400 and set(got) < set(feed.codes),
            f"{len(got)} of 400 kept, the other {lost} counted as lost")
    # noise as fast as it goes, then a good scan
    m.scanner.send(random.Random(SEED).randbytes(60000))
    m.scanner.send(b"\r")
    until = time.monotonic() + lib.DEADLINE
    while time.monotonic() < until and h.journal()[-1:] != ["9780201379624"]:
        m.scanner.send(b"9780201379624\r")
        lib.wait_for(lambda: h.journal()[-1:] == ["9780201379624"], 1.0)
    b.check(h.journal()[-1:] == ["9780201379624"], "60 kB of noise at once, and on it goes", h.journal()[-2:])
    # a busy machine may have been asked several times: behind this one nothing is on its way
    m.scanner.send(b"behind all\r")
    lib.wait_for(lambda: till.data.endswith(b"behind all\r") and h.journal()[-1:] == ["behind all"])
    # the host's line: noise, and then a short that gives back what is sent
    feed = b.feed()
    noise = random.Random(SEED + 1)
    m.host.noise = 1.0
    feed.committed = None
    feed.run(40, 400, lambda i: m.host.s.sendall(noise.randbytes(40)))
    b.check(feed.settle_till(), "noise on the host's line: the till gets every byte")
    m.host.noise = 0.0
    m.host.echo = True
    feed.run(40, 400)
    b.check(feed.settle_till(), "the host's line shorted, so that all comes back: the till gets every byte")
    m.host.echo = False
    lib.wait_for(lambda: h.journal()[-1:] == feed.codes[-1:])
    same(t, h.journal()[-80:], feed.codes, f"{b.board}: and the scans of that time are in the journal, once")


def commands(b):
    m, h = b.m, b.h
    before, count = len(m.till.data), h.count()
    m.scanner.send(b"123\r\n")
    h.settle(count + 1)
    b.check(h.order("inject 4006381333931") == "0", "an injected code is reported done")
    lib.wait_for(lambda: len(m.till.data) - before >= 20)
    t.equal(bytes(m.till.data[before:]), b"123\r\n4006381333931\r\n", f"{b.board}: and is dressed like the scanner's")
    # a scan under way goes first, whole
    for _ in range(6):  # a starved test may pause in the middle of the scan, which ends it
        before = len(m.till.data)
        m.scanner.send(b"begun")
        lib.wait_for(lambda: m.till.data.endswith(b"begun"))
        tag = h.say("inject 55")
        m.scanner.send(b"ended\r")
        if h.result(tag) == "0" and bytes(m.till.data[before:]) == b"begunended\r55\r":
            break
    t.equal(bytes(m.till.data[before:]), b"begunended\r55\r", f"{b.board}: never within a scan")
    results = []
    while "2" not in results and len(results) < 6:  # a starved test may leave the line quiet
        tag = h.say("inject 4006381333931")
        until = time.monotonic() + lib.DEADLINE
        while time.monotonic() < until and not re.search(rf"^done {tag} ", (h.home / "host.out").read_text(), re.M):
            m.scanner.send(b"5")
            time.sleep(0.02)
        results.append(h.result(tag))
    b.check(results[-1] == "2", "a line that never falls quiet: timed out", results)
    m.scanner.send(b"\r")
    lib.wait_for(lambda: h.journal()[-1:] and h.journal()[-1].endswith("5"))
    b.check(h.order("inject \x01") == "1", "control bytes are refused")
    m.scanner.data.clear()
    m.till.send(b"\x07not on file")
    t.equal(lib.wait_for(lambda: len(m.scanner.data) >= 12) and bytes(m.scanner.data), b"\x07not on file", f"{b.board}: the till's bytes reach the scanner")
    for kind in ("0", "1", "2"):
        b.check(h.order(f"beep {kind}") == "0", f"beep {kind}")
    h.order("capture 1")
    m.scanner.send(b"raw\r")
    b.check(lib.wait_for(lambda: "".join(re.findall(r"^raw ([0-9a-f]+)", (h.home / "host.out").read_text(), re.M)) == "7261770d"), "a capture shows the bytes")
    h.order("capture 0")
    b.check(h.order("selftest 1") == "0", "self-test")
    for _ in range(6):  # a plug that leads the till's line back; it has two seconds
        before = len(m.till.data)
        tag = h.say("selftest 2")
        lib.wait_for(lambda: len(m.till.data) >= before + 18)
        m.till.send(bytes(m.till.data[before:]))
        told = h.result(tag), re.findall(rf"^done {tag} .*", (h.home / "host.out").read_text(errors="replace"), re.M)
        if told[0] == "0":
            break
    b.check(told[0] == "0", "self-test with a plug in the till's line", (told, bytes(m.till.data[before:])))


def display(b):
    d = b.m.wires.get("display") or b.board == "stm32f1-display" and b.m.scanner
    if not d:
        b.check(b.h.order("display a|b") == "3", "no display, and it says so")
        return
    every = [chr(c) for c in range(0xA1, 0x100) if c != 0xAD]
    shown = bytearray()
    for at in range(0, len(every), 20):
        d.data.clear()
        line = "".join(every[at:at + 20])
        b.h.order(f"display {line}|Torch 12.99 \N{EURO SIGN}")
        lib.wait_for(lambda: len(d.data) >= 51)
        ok = d.data[:7] == b"\x1bt\x13\x1f$\x01\x01" and d.data[27:31] == b"\x1f$\x01\x02" and d.data[31:44] == b"Torch 12.99 \xd5"
        shown += d.data[7:7 + len(line)] if ok else b""
    # code page 858 as Python has it
    t.equal(bytes(shown), "".join(every).encode("cp858"), f"{b.board}: ESC/POS, every character of code page 858 from U+00A1 to U+00FF")
    d.data.clear()
    b.h.order("display Łódź – Čapek “ž”|日本 Ελ")
    lib.wait_for(lambda: len(d.data) >= 51)
    t.equal((bytes(d.data[7:27]), bytes(d.data[31:51])), (b'L\xa2dz - Capek "z"    ', b"?? ??               "), f"{b.board}: what it cannot show")
    if d is b.m.scanner:
        return  # on this board a line nobody reads stops the machine
    # nobody reads: neither commands nor scans may wait
    d.hung = True
    results = {b.h.order(f"display {i}|hung") for i in range(30)}
    count, feed = b.h.count(), b.feed()
    feed.run(100, 400)
    b.check(results == {"0"} and b.h.settle(count + 100)[count:] == feed.codes and feed.settle_till(),
            "the display hangs: orders are taken, scans go on", results)
    d.data.clear()
    d.hung = False
    b.check(lib.wait_for(lambda: b"29" in d.data), "back, it shows the newest text", bytes(d.data[-60:]))
    b.check(d.data.count(b"hung") < 15, "and the texts between are gone", d.data.count(b"hung"))


# --- coverage --------------------------------------------------------------------------------------------

def coverage(elf, log):
    """Lines of the image that ran, from the emulator's list of translated code."""
    ran = set(re.findall(r"^0x([0-9a-f]{8}):", log.read_text(errors="replace"), re.M))
    text = subprocess.run(["arm-none-eabi-objdump", "--dwarf=decodedline", str(elf)], capture_output=True, text=True).stdout
    lines, linked = {}, None
    for row in text.splitlines():
        found = re.match(r"(\w+\.[ch])\s+(\d+|-)\s+(?:0x)?([0-9a-f]+)", row)
        if not found:
            continue
        name, line, address = found.groups()
        address = int(address, 16)
        if linked is None:
            linked = address != 0  # what the linker threw away stands at 0, where the vectors are
        if line == "-":
            linked = None
        elif linked:
            lines[name, int(line)] = lines.get((name, int(line)), False) or f"{address:08x}" in ran
    files = {}
    for (name, line), hit in sorted(lines.items()):
        files.setdefault(name, ([], []))[hit].append(line)
    print(f"# coverage of the real image {elf.parent.name}:")
    for name, (missed, hit) in files.items():
        print(f"#   {name:12} {100 * len(hit) // (len(hit) + len(missed)):3} %  not run: {', '.join(map(str, missed)) or '-'}")
    return sum(lines.values()), len(lines)


def clock_wraps(b):
    """After 49.7 days of milliseconds it begins anew, amid scans."""
    ticks = (1 << 32) // 50 - 10  # half a second before
    boots = b.m.host.hello["boots"]
    gdb = Debugger(b.m.gdb_path)
    # Before the clock is read: a loop that had half read it would take the old time for the future, wait for it
    # and be ended by the watchdog.
    gdb.until(b.m.symbol("gw_board_now_ms") & ~1)
    for name, value in (("ticks", ticks), ("last_ms", ticks * 50)):
        gdb.ask(f"M{b.m.symbol(name):x},4:{value.to_bytes(4, 'little').hex()}")
    feed, before = b.feed(), b.h.count()
    old = b.m.words(b.m.symbol("last_ms"), 1)[0]  # as long as the machine stands: half a second may be over at once
    gdb.close()
    feed.run(150, 200)
    new = b.m.words(b.m.symbol("last_ms"), 1)[0]
    b.check(old >= ticks * 50 and new < 1 << 20, "the clock wraps while scans come", f"{old} {new}")
    same(t, b.h.settle(before + 150)[before:], feed.codes, f"{b.board}: and none is lost or doubled")
    b.check(feed.settle_till(), "nor a byte at the till", f"{feed.passed()} of {len(feed.bytes)}")
    b.check(b.h.order("inject 4006381333931") == "0" and b.m.host.hello["boots"] == boots, "a code finds its quiet line, and no watchdog bit",
            b.m.host.hello)


PARTS = (plain, player, stx_etx, ssi, resets, crashes, clock_wraps, line_errors, hardship, commands, display)


def run_board(board):
    with lib.home() as home:
        log = home / "asm.log"
        b = Bench(board, home, log)
        try:
            for part in (plain, display) if board == "stm32f1-display" else PARTS:
                part(b)
            used = b.m.stack_used()
            b.check(0 < used <= 1280 - 128, f"{used} of 1280 bytes of stack used, 128 to spare")
        finally:
            b.close()
            if "DOCK_QEMU_KEEP" in os.environ:
                shutil.copytree(home, os.environ["DOCK_QEMU_KEEP"], dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock", "qmp", "gdb"))
        hits, total = coverage(image(board), log)
        b.check(hits * 100 >= total * (85 if board != "stm32f1-display" else 50), f"{hits} of {total} lines of the image ran")


need(t, "qemu-system-arm", "arm-none-eabi-nm", "arm-none-eabi-objdump")
for each_board in os.environ.get("DOCK_QEMU_BOARDS", " ".join(BOARDS)).split():
    try:
        run_board(each_board)
    except Exception as e:  # noqa: BLE001 - the other board shall still run
        import traceback
        t.check(False, f"{each_board}: {e!r}", traceback.format_exc())
t.done()
