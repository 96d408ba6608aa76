#!/usr/bin/env python3
"""The very firmware image in an emulated microcontroller, between a scanner, a till and a host that
is made of the register's own link code.

The emulator's transmitters block the whole machine when nobody reads, which no wire does; so each
line ends in a thread that always reads and drops what the other side does not take.

DOCK_QEMU_SCANS=10000   how long the main run is      DOCK_QEMU_SEED=n   its random numbers
"""
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import lib

HOST = str(lib.ROOT / os.environ.get("DOCK_HOST", "build/release/tests/e2e/dock_host"))
SCANS = int(os.environ.get("DOCK_QEMU_SCANS", "1000"))
SEED = int(os.environ.get("DOCK_QEMU_SEED", str(random.randrange(1 << 30))))
BOARDS = {"stm32f1": ("stm32vldiscovery", ("host", "scanner", "till")),
          "mps2-an385": ("mps2-an385", ("host", "scanner", "till", "display"))}
t = lib.Tap()


def same(got, want, name):
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    t.check(got == want, name, f"{len(got)} of {len(want)}; at {at}: {got[at:at + 3]!r}, want {want[at:at + 3]!r}")


class Wire(threading.Thread):
    """One of the emulator's lines: everything it sends is read at once."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(lib.DEADLINE)
        lib.wait_for(lambda: self.try_connect(path))
        self.data = bytearray()
        self.stop = False
        self.start()

    def try_connect(self, path):
        try:
            self.s.connect(str(path))
            return True
        except OSError:
            return False

    def run(self):
        while not self.stop:
            if select.select([self.s], [], [], 0.05)[0]:
                try:
                    data = self.s.recv(65536)
                except OSError:
                    return
                if not data:
                    return
                self.take(data)

    def take(self, data):
        self.data += data

    def send(self, data):
        self.s.sendall(data)

    def close(self):
        self.stop = True
        self.join()
        self.s.close()


class HostWire(Wire):
    """The line to the register: a socket for dock_host, with noise where it is asked for."""

    def __init__(self, path, listen, rng):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(listen))
        self.listener.listen(4)
        self.client = None
        self.rng = rng
        self.noise = 0.0
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
                    try:
                        self.take(self.s.recv(65536))
                    except OSError:
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
        if self.client:
            try:
                self.client.send(self.disturb(data))
            except OSError:
                pass  # nobody reads: the wire forgets

    def close(self):
        super().close()
        self.listener.close()


class Machine:
    def __init__(self, home, board, elf, rng, log=None):
        self.home = home
        machine, names = BOARDS[board]
        self.qmp_path = home / "qmp"
        args = ["qemu-system-arm", "-M", machine, "-kernel", str(elf), "-display", "none", "-monitor", "none",
                "-qmp", f"unix:{self.qmp_path},server=on,wait=off"]
        for name in names:
            args += ["-chardev", f"socket,id={name},path={home}/{name}.sock,server=on,wait=off", "-serial", f"chardev:{name}"]
        if log:
            args += ["-d", "in_asm", "-D", str(log)]
        self.p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stderr=open(home / "qemu.err", "wb"))
        self.wires = {n: Wire(home / f"{n}.sock") for n in names if n != "host"}
        self.wires["host"] = HostWire(home / "host.sock", home / "wire.sock", rng)
        self.qmp_socket = None
        self.qmp("qmp_capabilities")

    def qmp(self, command, **arguments):
        if self.qmp_socket is None:
            self.qmp_socket = socket.socket(socket.AF_UNIX)
            self.qmp_socket.settimeout(20)
            lib.wait_for(self.qmp_path.exists)
            self.qmp_socket.connect(str(self.qmp_path))
            self.qmp_file = self.qmp_socket.makefile("r")
            self.qmp_file.readline()
        self.qmp_socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.qmp_file.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"])

    def reset(self):
        self.qmp("system_reset")
        time.sleep(0.25)

    def stack_used(self):
        """Bytes of the painted stack that were ever used."""
        text = self.qmp("human-monitor-command", **{"command-line": "xp /320wx 0x20000000"})
        words = [w for line in text.splitlines() for w in line.split(":")[1].split()]
        untouched = next((i for i, w in enumerate(words) if int(w, 16) != 0x57AC57AC), len(words))
        return 1280 - 4 * untouched

    def close(self):
        # The machine first: its lines must be read for as long as it runs.
        lib.end(self.p)
        for wire in self.wires.values():
            wire.close()


class Host:
    def __init__(self, home):
        self.home = home
        self.p = subprocess.Popen([HOST, str(home / "journal"), "--tty", str(home / "wire.sock")], stdin=subprocess.PIPE,
                                  stdout=open(home / "host.out", "ab"), stderr=subprocess.STDOUT)

    def say(self, line):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()

    def kill(self):
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()

    def stand_still(self, still):
        self.p.send_signal(signal.SIGSTOP if still else signal.SIGCONT)


def journal(home):
    out = []
    try:
        text = (home / "journal").read_text()
    except FileNotFoundError:
        return out
    for line in text.splitlines(True):
        if line.endswith("\n"):
            _, _, status, *code = line.split()
            out.append(bytes.fromhex(code[0]).decode("latin-1") if status == "0" and code else "!" + status)
    return out


def said(home, pattern):
    return re.findall(pattern, (home / "host.out").read_text(errors="replace"))


def settle(home, count, seconds=lib.DEADLINE):
    lib.wait_for(lambda: len(journal(home)) >= count, seconds, 0.1)
    return journal(home)


class Feed:
    """The scanner: numbered codes at a rate, remembered with their framing."""

    def __init__(self, m):
        self.m = m
        self.codes = []
        self.bytes = b""
        self.number = 4000000000000

    def scan(self, code=None, end="\r"):
        self.number += 1
        code = code if code is not None else str(self.number)
        data = code.encode("latin-1") + end.encode()
        self.codes.append(code)
        self.bytes += data
        self.m.wires["scanner"].send(data)

    def run(self, count, rate, each=None, codes=None):
        at = time.monotonic()
        ends = ("\r", "\r\n", "\n", "\t", "\x03")
        for i in range(count):
            self.scan(codes[i] if codes else None, ends[i // 50 % len(ends)])
            if each:
                each(i)
            at = max(at + 1 / rate, time.monotonic() - 0.02)
            time.sleep(max(0.0, at - time.monotonic()))


def main_run(m, home, board, count, rate):
    """Host killed again and again, noise both ways, at 200 scans a second."""
    feed, host = Feed(m), Host(home)
    lib.wait_for(lambda: said(home, r"hello session=(?!00000000)"))
    time.sleep(0.3)  # the dock finds its step in a pause
    state = {"host": host, "kills": 0}

    def each(i):
        if i % max(1, count // 12) == count // 24:
            state["host"].kill()
            state["host"] = Host(home)
            state["kills"] += 1

    started = time.monotonic()
    feed.run(count, rate, each)
    # disturbed, a restart may take a second, and memory holds 170 scans
    m.wires["host"].noise = 0.002
    feed.run(count // 5, 80, each)
    took = time.monotonic() - started
    m.wires["host"].noise = 0.0
    same(settle(home, len(feed.codes)), feed.codes,
         f"{board}: {len(feed.codes)} scans in {took:.0f} s, host killed {state['kills']} times, 0.2 % of bytes disturbed at the end")
    lib.wait_for(lambda: len(m.wires["till"].data) >= len(feed.bytes))
    t.check(bytes(m.wires["till"].data) == feed.bytes, f"{board}: every byte at the till, in order",
            f"{len(m.wires['till'].data)} of {len(feed.bytes)}")
    return feed, state["host"]


def resets(m, home, board, feed, host):
    """Warm resets with scans waiting; then a half-read one."""
    for _ in range(5):
        host.stand_still(True)
        feed.run(60, 400)
        time.sleep(0.3)
        m.reset()
        host.stand_still(False)
        settle(home, len(feed.codes))
    same(journal(home), feed.codes, f"{board}: 5 resets with 60 scans unacknowledged: all there, once")
    # a HELLO may have met a host that stood still, but not every time
    t.check(lib.wait_for(lambda: said(home, r"dropped=0 boots=[2-5] ")), f"{board}: the dock counts its warm starts")
    m.wires["scanner"].send(b"40063")
    time.sleep(0.05)
    m.qmp("system_reset")
    m.wires["scanner"].send(b"81333931\r")
    time.sleep(0.3)
    feed.scan()
    lib.wait_for(lambda: journal(home)[-1:] == feed.codes[-1:])
    got = journal(home)
    t.check(got[-1] == feed.codes[-1] and got[len(feed.codes) - 1:-1] in ([], ["!3"]) and
            not any(c.endswith("81333931") for c in got), f"{board}: half a scan is no scan", got[-3:])
    return len(got) - len(feed.codes)


def slowly(m, data):
    """At a speed a real line could have."""
    for at in range(0, len(data), 32):
        m.wires["scanner"].send(data[at:at + 32])
        time.sleep(0.003)


def hardship(m, home, board, feed, host, extra):
    till = m.wires["till"]
    # the host stands still: memory fills, the newest are refused, the till gets everything
    host.stand_still(True)
    before = len(till.data)
    want = b"".join(b"%013d\r" % i for i in range(400))
    for at in range(0, len(want), 14):
        m.wires["scanner"].send(want[at:at + 14])
        time.sleep(0.002)
    lib.wait_for(lambda: len(till.data) - before >= len(want))
    t.check(bytes(till.data[before:]) == want, f"{board}: memory full, register hung: the till gets every byte")
    host.stand_still(False)

    def lost():
        return int((said(home, r"hello .*lost=(\d+) ") or [0])[-1])
    lib.wait_for(lambda: len(journal(home)) == len(feed.codes) + extra + 400 - lost())
    got = journal(home)[len(feed.codes) + extra:]
    t.check(len(got) == 400 - lost() and got == sorted(set(got)) and len(got) > 100,
            f"{board}: {len(got)} of 400 kept, the others counted as lost", f"{len(got)} kept, {lost()} lost")
    # noise as fast as it goes, then a good scan
    m.wires["scanner"].send(random.Random(SEED).randbytes(60000))
    m.wires["scanner"].send(b"\r")
    time.sleep(0.5)
    m.wires["scanner"].send(b"9780201379624\r")
    t.check(lib.wait_for(lambda: journal(home)[-1:] == ["9780201379624"]), f"{board}: 60 kB of noise, and on it goes",
            journal(home)[-2:])
    slowly(m, b"7" * 4500 + b"\r")
    slowly(m, ("]Q1" + "x" * 3900 + "\r").encode())
    t.check(lib.wait_for(lambda: journal(home)[-2:] == ["!1", "]Q1" + "x" * 3900]),
            f"{board}: too long is refused, 3.9 kB of QR code goes through in pieces",
            [c[:20] for c in journal(home)[-2:]])


def commands(m, home, board, host):
    till = m.wires["till"]
    count = len(journal(home))
    for code in ("one", "two", "three"):  # no terminator: the pause ends it
        m.wires["scanner"].send(code.encode())
        time.sleep(0.35)
    t.equal(settle(home, count + 3)[count:], ["one", "two", "three"], f"{board}: the pause ends a scan")
    before, count = len(till.data), len(journal(home))
    m.wires["scanner"].send(b"123\r\n")
    settle(home, count + 1)
    host.say("inject 4006381333931")
    t.check(lib.wait_for(lambda: said(home, r"done \d+ 0")), f"{board}: an injected code is reported done")
    lib.wait_for(lambda: len(till.data) - before >= 20)
    t.check(bytes(till.data[before:]) == b"123\r\n4006381333931\r\n", f"{board}: and is dressed like the scanner's",
            bytes(till.data[before:]))
    stop = time.monotonic() + 4
    host.say("inject 4006381333931")
    while time.monotonic() < stop and not said(home, r"done \d+ 2"):
        m.wires["scanner"].send(b"5\r")
        time.sleep(0.03)
    t.check(said(home, r"done \d+ 2"), f"{board}: a line that never falls quiet: timed out")
    m.wires["scanner"].data.clear()
    till.send(b"\x07not on file")
    t.check(lib.wait_for(lambda: bytes(m.wires["scanner"].data) == b"\x07not on file"),
            f"{board}: the till's bytes reach the scanner", bytes(m.wires["scanner"].data))
    if "display" in m.wires:
        host.say("display Torch 12.99 \N{EURO SIGN}|Batteries? 3.49")
        t.check(lib.wait_for(lambda: b"Torch 12.99 \xd5" in m.wires["display"].data and
                             b"Batteries? 3.49" in m.wires["display"].data),
                f"{board}: the display shows it", bytes(m.wires["display"].data))


def host_line_shorted(m, home, board):
    """What the host sends comes back to it, or is noise: the till must not notice."""
    till = m.wires["till"]
    before = len(till.data)
    noise = random.Random(SEED + 1)
    want = b"".join(b"%013d\r" % (5000 + i) for i in range(100))
    for at in range(0, len(want), 14):
        m.wires["host"].s.sendall(noise.randbytes(40))
        m.wires["scanner"].send(want[at:at + 14])
        time.sleep(0.003)
    lib.wait_for(lambda: len(till.data) - before >= len(want))
    t.check(bytes(till.data[before:]) == want, f"{board}: noise on the host's line: the till gets every byte")


def ean(number):
    digits = "400%09d" % number
    return digits + str(-sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10)


def register_run(elf):
    """The real register on the other end of the wire, killed while scans come; its journal decides."""
    with lib.home() as home:
        m = Machine(home, "stm32f1", elf, random.Random(SEED))
        args = [lib.program("goeswith"), "--headless", "--home", str(home), "--dock", str(home / "wire.sock")]

        def start():
            return subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def lines():
            try:
                with sqlite3.connect(f"file:{home}/journal.db?mode=ro", uri=True, timeout=10) as db:
                    return [json.loads(b)["code"] for b, in db.execute("SELECT body FROM event WHERE kind = 'line' ORDER BY seq")]
            except sqlite3.Error:
                return []
        p = start()
        try:
            feed = Feed(m)
            lib.wait_for((home / "journal.db").exists)
            time.sleep(0.5)
            want = [ean(i) for i in range(400)]
            for at in range(0, 400, 80):
                feed.run(80, 60, codes=want[at:at + 80])
                p.kill()
                p.wait()
                p.stdin.close()
                p = start()
            lib.wait_for(lambda: len(lines()) >= 400, step=0.3)
            same(lines(), ["0" + code for code in want],
                 "stm32f1: the real register, killed 5 times: 400 scans in its journal, in order, once")
            lib.wait_for(lambda: len(m.wires["till"].data) >= len(feed.bytes))
            t.check(bytes(m.wires["till"].data) == feed.bytes, "stm32f1: and every byte at the till")
        finally:
            lib.end(p)
            m.close()


def coverage(elf, log):
    """Lines of the image that ran, from the emulator's list of translated code."""
    ran = set(re.findall(r"^0x([0-9a-f]{8}):", log.read_text(errors="replace"), re.M))
    text = subprocess.run(["arm-none-eabi-objdump", "--dwarf=decodedline", str(elf)], capture_output=True, text=True).stdout
    lines = {}
    for name, line, address in re.findall(r"^(\w+\.[ch])\s+(\d+)\s+0x([0-9a-f]+)", text, re.M):
        hit = f"{int(address, 16):08x}" in ran
        lines[name, line] = lines.get((name, line), False) or hit
    total, hits = len(lines), sum(lines.values())
    files = {}
    for (name, _), hit in lines.items():
        n, h = files.get(name, (0, 0))
        files[name] = (n + 1, h + hit)
    print("# coverage of the real image:", ", ".join(f"{n} {100 * h // c} %" for n, (c, h) in sorted(files.items())))
    return hits, total


def run_board(board, elf):
    with lib.home() as home:
        log = home / "asm.log"
        m = Machine(home, board, elf, random.Random(SEED), log)
        try:
            feed, host = main_run(m, home, board, *((SCANS, 200) if board == "stm32f1" else (min(SCANS, 1000), 100)))
            extra = resets(m, home, board, feed, host)
            hardship(m, home, board, feed, host, extra)
            commands(m, home, board, host)
            host_line_shorted(m, home, board)
            used = m.stack_used()
            t.check(0 < used <= 1280 - 128, f"{board}: {used} of 1280 bytes of stack used, 128 to spare")
            host.kill()
        finally:
            m.close()
            if "DOCK_QEMU_KEEP" in os.environ:
                shutil.copytree(home, os.environ["DOCK_QEMU_KEEP"], dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock", "qmp"))
        hits, total = coverage(elf, log)
        t.check(hits * 100 >= total * 65, f"{board}: {hits} of {total} lines of the image ran")


missing = [x for x in ("qemu-system-arm", "arm-none-eabi-objdump") if shutil.which(x) is None]
if missing:
    t.skip("the firmware in the emulator", f"no {missing[0]}")
    t.done()
print(f"# seed {SEED}", flush=True)
for each_board in os.environ.get("DOCK_QEMU_BOARDS", " ".join(BOARDS)).split():
    image = lib.ROOT / "build" / "firmware" / each_board / "dock.elf"
    if not image.exists():
        t.skip(each_board, "make firmware has not been run")
        continue
    try:
        run_board(each_board, image)
        if each_board == "stm32f1":
            register_run(image)
    except Exception as e:  # noqa: BLE001 - the other board shall still run
        t.check(False, f"{each_board}: {e!r}")
t.done()
