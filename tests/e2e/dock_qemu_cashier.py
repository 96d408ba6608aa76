#!/usr/bin/env python3
"""The box in the emulator as cashier and manager meet it: its customer display, a code typed into the
till, the dock's side of F8, and `goeswith dock` while the register runs."""
import json
import subprocess

import lib
from devices import Display
from qemu_lib import Machine, need
from ui_home import BATTERIES, F, TORCH, Register, make_home

t = lib.Tap()


class WireDisplay(Display):
    """The display at the end of an emulated line."""

    def __init__(self, wire):
        self.wire, self.seen = wire, 0
        self.kind, self.bytes, self.all, self.log = "escpos", b"", b"", []
        self.reset()

    def read(self):
        got = bytes(self.wire.data[self.seen:])
        self.seen += len(got)
        return got


def dock(home, *args):
    return lib.run("goeswith", "dock", *args, "--home", home)


def main(path):
    m = Machine(path, "mps2-an385")
    try:
        display = WireDisplay(m.wires["display"])
        home = make_home(path, conf="[display]\ngreeting = Good day\n")
        with Register(home, "--dock", path / "wire.sock") as r:
            t.check(r.sees("● scanner "), "the register finds the box", r.text())
            m.ready()
            t.check(display.shows("Good day", ""), "the greeting", f"{display.lines} {display.all!r}")
            p = dock(home, "status", "--json")
            now = json.loads(p.stdout or "{}")
            t.check(now.get("board") == "mps2-an385" and now.get("software") is False and now.get("has_display"),
                    "status knows the board", p.stdout + p.stderr)
            p = dock(home, "selftest", "--json")
            got = json.loads(p.stdout or "{}")
            t.check(p.returncode == 0 and got.get("failed") == [] and
                    {"frame check", "memory of scans", "beeper and lamp", "display"} <= set(got.get("tested", [])),
                    "self-test on the chip", p.stdout + p.stderr)
            t.check(lib.wait_for(lambda: display.look() and any("self-test" in top for top, _ in display.log)),
                    "seen on the display", display.log)
            t.check(display.shows("Good day", ""), "for a moment", display.lines)
            capture = subprocess.Popen([lib.program("goeswith-dock"), "capture", "--home", str(home)], stdout=subprocess.PIPE)
            lib.wait_for(lambda: capture.stdout.readline())
            m.pause(200)
            m.scanner.send(TORCH.encode() + b"\r")
            t.check(r.sees("Goes with it"), "a scan brings the offer", r.text())
            t.check(display.shows("Batteries AA, 4 pack", "+3.49    Total 12.99"), "to the customer as well", display.lines)
            lines = [capture.stdout.readline(), capture.stdout.readline()]
            t.check((TORCH + "\\x0D").encode() in lines[1], "captured", lines)
            lib.end(capture)
            r.send(F[2])
            t.check(r.sees("The till has it: Batteries AA, 4 pack"), "typed: told", r.text())
            t.check(lib.wait_for(lambda: (BATTERIES + "\r").encode() in bytes(m.till.data)), "and out at the till", m.till.data)
            r.send(F[8])
            r.sees("F8 the dock")
            r.send(F[8])
            t.check(r.sees("box (mps2-an385)", "1, 0 refused, 0 too late"), "the dock's side of F8", r.text())
            r.send("\x1b")
            display.lines = ["-" * 20] * 2
            m.reset()
            t.check(display.shows("Batteries AA, 4 3.49", "Total          16.48"), "after a reset of the box the sale is shown again",
                    display.lines)
            m.wires["display"].hung = True
            for _ in range(20):
                m.scanner.send(TORCH.encode() + b"\r")
                m.pause(30)
            t.check(r.sees("22 items"), "a display that hangs delays no scan", r.text())
            m.wires["display"].hung = False
            # the end of a command may have been lost with the hang: what counts is what comes now
            r.send(F[5] + F[5])
            t.check(display.shows("Thank you", "Total         276.28"), "and it shows the newest", display.lines)
    finally:
        m.close()


need(t, "qemu-system-arm")
with lib.home() as path:
    main(path)
t.done()
