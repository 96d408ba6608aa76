#!/usr/bin/env python3
"""How long a byte takes from scanner to till, counted in instructions of the real image: the emulator
runs it one instruction at a time and lists each.  No clock of this machine comes into it.

On a Cortex-M3 without flash wait states (24 MHz) an instruction takes one to two cycles on average;
two are reckoned, and twelve to enter a handler.  A byte's time is 10 bits: 25,000 cycles at 9600
baud, 2,083 at 115200.
"""
import os
import random
import re
import subprocess
import threading
import time

import lib
from qemu_lib import Feed, Machine, image, need

HOST = str(lib.ROOT / os.environ.get("DOCK_HOST", "build/release/tests/e2e/dock_host"))
BOARD = "stm32f1"
CYCLES, ENTRY = 2, 12
SEND = 6  # instructions of gw_uart_send
BYTE = {9600: 25000, 115200: 2083}
t = lib.Tap()


class Count(threading.Thread):
    """Reads the list of instructions as it is made."""

    def __init__(self, fifo, symbols, masks, unmasks):
        super().__init__(daemon=True)
        self.fifo, self.symbols = fifo, symbols
        self.masks, self.unmasks = masks, unmasks
        self.to_till, self.masked, self.handlers = [], [], {}
        self.framed = []  # from looking at a scan's last byte to the first byte for the register
        self.sent = self.parsed = self.total = 0
        self.early = False  # a byte was looked at inside a handler
        self.start()

    def run(self):
        """Counts instructions: since the scanner's handler began, since the mask, since any handler began."""
        names = {self.symbols[n] & ~1: n for n in ("irq_scanner", "gw_uart_send", "gw_scanner_byte")}
        pc_of = re.compile(r"^Trace 0: 0x[0-9a-f]+ \[[0-9a-f]+/([0-9a-f]+)/")
        scanner = masked = handler = looked = None
        began = ""
        with open(self.fifo, encoding="ascii", errors="replace") as lines:
            for line in lines:
                found = pc_of.match(line)
                if not found:
                    if line.startswith("Taking exception 5"):
                        handler, began = 0, ""
                    elif line.startswith("Taking exception 8") and handler is not None:
                        self.handlers.setdefault(began, []).append(handler)
                        handler = scanner = None
                        began = ""
                    continue
                pc = int(found.group(1), 16)
                self.total += 1
                if handler is not None:
                    handler += 1
                    began = began or line.split()[-1]
                if masked is not None:
                    masked += 1
                if pc in self.masks:
                    masked = 0
                elif pc in self.unmasks and masked is not None:
                    self.masked.append(masked)
                    masked = None
                if scanner is not None:
                    scanner += 1
                if looked is not None:
                    looked += 1
                name = names.get(pc)
                if name == "irq_scanner":  # entered anew, or straight from another handler
                    scanner = 0
                    handler, began = handler or 0, name
                elif name == "gw_uart_send" and began == "irq_scanner":
                    self.sent += 1
                    if scanner is not None:
                        self.to_till.append(scanner + SEND)
                    scanner = None
                elif name == "gw_uart_send":
                    if looked is not None:
                        self.framed.append(looked)
                    looked = None
                elif name == "gw_scanner_byte":
                    looked = 0
                    self.parsed += 1
                    self.early = self.early or handler is not None


def play(home):
    listing = subprocess.run(["arm-none-eabi-objdump", "-d", str(image(BOARD))], capture_output=True, text=True, check=True).stdout
    find = lambda word: {int(a, 16) for a in re.findall(rf"^\s*([0-9a-f]+):.*\b{word}\s+i", listing, re.M)}  # noqa: E731
    symbols = {n: int(a, 16) for a, n in re.findall(r"^([0-9a-f]{8}) <(\w+)>:", listing, re.M)}
    fifo = home / "trace"
    os.mkfifo(fifo)
    count = Count(fifo, symbols, find("cpsid"), find("cpsie"))
    m = Machine(home, BOARD, random.Random(1), extra=("-singlestep", "-d", "exec,nochain,int", "-D", str(fifo)))
    host = subprocess.Popen([HOST, str(home / "journal"), "--tty", str(home / "wire.sock")], stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        lib.wait_for(lambda: m.host.hello.get("session"))
        m.ready()
        feed = Feed(m)

        def byte_by_byte(data):
            """A line gives one byte a time; a socket would give them all to one handler."""
            for byte in data:
                feed.bytes.append(byte)
                m.scanner.send(bytes([byte]))
                lib.wait_for(lambda: feed.passed() >= len(feed.bytes), step=0.0005)
        byte_by_byte(b"4006381333931\r" * 4)
        byte_by_byte(b"]Q1" + b"x" * 300 + b"\r")
        lib.wait_for(lambda: (home / "journal").exists() and (home / "journal").read_text().count("\n") >= 5)
        byte_by_byte(b"1\r")
        host.stdin.write(b"inject 4006381333931\n")
        host.stdin.flush()
        lib.wait_for(lambda: m.till.data.endswith(b"4006381333931\r"))
        m.till.send(b"\x07")
        lib.wait_for(lambda: m.scanner.data)
        for byte in b"noise on the register's line":
            m.host.send(bytes([byte]))
            time.sleep(0.002)
    finally:
        host.kill()
        host.wait()
        host.stdin.close()
        m.close()
        count.join(lib.DEADLINE)
    return count


need(t, "qemu-system-arm", "arm-none-eabi-nm", "arm-none-eabi-objdump")
with lib.home() as home:
    c = play(home)
own = max(c.to_till, default=0)
masked = max(c.masked, default=0)
# With one byte each; more only where the emulator hands over a burst that no line could carry.
usual = {name: sorted(n)[len(n) // 2] for name, n in c.handlers.items()}
others = sum(n for name, n in usual.items() if name != "irq_scanner")
worst = ENTRY * (len(usual) + 1) + CYCLES * (masked + others + own)
print(f"# {c.total} instructions, {c.sent} bytes; handlers with one byte: " + ", ".join(f"{n} {k}" for k, n in sorted(usual.items())))
for baud, cycles in BYTE.items():
    print(f"# at {baud} baud a byte is on its way to the till after {(ENTRY + CYCLES * own) / cycles:.4f} of a byte's time,"
          f" {worst / cycles:.3f} when everything else comes first")
framed = sorted(c.framed)[len(c.framed) // 2] if c.framed else 0
print(f"# a scan of 13 digits is framed for the register in {framed} instructions, {CYCLES * framed / (35 * BYTE[115200]):.3f} of the time"
      " its 35 bytes take at 115200 baud")
# On a busy machine the reader of the emulated line comes late now and then, and a byte waits for it in the queue.
t.check(c.sent >= 350 and c.parsed - c.sent <= c.parsed // 50 and not c.early,
        f"{c.sent} bytes were handed to the till's transmitter before anything looked at them", f"{c.parsed} parsed, in a handler: {c.early}")
t.check(0 < own <= 120, f"the scanner's handler hands a byte over within {own} instructions", sorted(c.to_till)[-5:])
t.check(0 < masked <= 120, f"interrupts are never masked for more than {masked} instructions, whatever the main loop does", sorted(c.masked)[-5:])
t.check(worst < BYTE[115200], f"{worst} cycles at the very worst: less than a byte's time at 115200 baud, so no receiver overruns")
t.done()
