#!/usr/bin/env python3
"""The customer's display behind the register: what it shows, and that it delays nobody."""
import os
import sqlite3
import time

import lib
from devices import Display, Port, end_dock
from ui_home import BATTERIES, F, ICE, TORCH, Register, make_home

t = lib.Tap()
CONF = """[display]
greeting = Blumen Müller|täglich bis 19 Uhr
thanks = Danke schön
total = Summe
"""


def scans(home):
    with sqlite3.connect(f"file:{home}/journal.db?mode=ro", uri=True) as db:
        return db.execute("select count(*) from event where kind='line'").fetchone()[0]


class Shop:
    """A register with a scanner and a display on it."""

    def __init__(self, path, *args, kind="escpos", conf=CONF):
        self.scanner = Port(path / "scanner")
        self.display = Display(path / "display", kind)
        self.home = make_home(path, conf=conf)
        self.register = Register(self.home, "--scanner", self.scanner.path, "--display",
                                 self.display.path, "--display-type", kind, *args)

    def __enter__(self):
        self.register.scanner_ready()
        return self

    def __exit__(self, *_):
        self.register.close()
        end_dock(self.home)
        self.scanner.close()
        self.display.close()

    def scan(self, code):
        self.scanner.send(code + "\r")

    def check(self, name, first, second):
        t.check(self.display.shows(first, second), name,
                f"{self.display.lines}\n{self.display.log[-5:]}\n{self.register.text()}")


def a_sale(kind):
    with lib.home() as path, Shop(path, kind=kind) as shop:
        d, r = shop.display, shop.register
        shop.check(f"{kind}: a greeting between sales", "Blumen Müller", "täglich bis 19 Uhr")
        t.check(d.all.startswith((b"\x0c" if kind == "cd5220" else b"") + b"\x1b@\x1bt\x13\x0c"), f"{kind}: begins in a known state", d.all[:9])
        shop.scan(TORCH)
        shop.check("the offer and the running total", "Batteries AA, 4 pack", "+3.49    Summe 12.99")
        t.check(b"Torch" not in d.all and b"need" not in d.all, "no reason and no script", d.all)
        r.send(F[2])
        shop.check("taken: an article like others", "Batteries AA, 4 3.49", "Summe          16.48")
        shop.scan(ICE)
        shop.check("a name without letters for it is left out", "                2.50",
                   "Summe          18.98")
        r.send(F[5])
        shop.check("the total", "", "Summe          18.98")
        r.send(F[5])
        shop.check("thanks, with the sum", "Danke schön", "Summe          18.98")
        if kind == "escpos":  # else the next customer is there at once
            shop.check("and the greeting again", "Blumen Müller", "täglich bis 19 Uhr")
        t.check(b"?" not in d.all, "no question mark was ever shown", d.all)
        shop.scan("4999999999999")
        shop.check("an unknown article: no code, no false sum", "", "")
        r.send("x")
        r.sees("Drop this sale?")
        r.send("x")
        r.sees("dropped")
        shop.check("a dropped sale: no thanks", "Blumen Müller", "täglich bis 19 Uhr")
        r.send("p")
        r.sees("PRACTICE")
        before = len(d.all)
        shop.scan(TORCH)
        r.sees("Goes with it")
        d.look()
        t.equal(d.all[before:], b"", "practice: the customer sees nothing of it")


def comes_back():
    """Pulled out, put back, dock killed: the newest state stands there again."""
    with lib.home() as path, Shop(path) as shop:
        d, r = shop.display, shop.register
        shop.scan(TORCH)
        shop.check("shown", "Batteries AA, 4 pack", "+3.49    Summe 12.99")
        d.unplug()
        shop.scan(ICE)
        t.check(r.sees("15.49"), "unplugged: the sale goes on", r.text())
        d.reset()
        d.plug()
        shop.check("put back: the newest state", "Batteries AA, 4 pack", "+3.49    Summe 15.49")
        d.reset()
        shop.scan(ICE)
        shop.check("switched off and on: the next text", "Batteries AA, 4 pack", "+3.49    Summe 17.99")
        t.equal(d.page, "cp858", "in its code page")
        lib.run("goeswith-dock", "status", "--home", shop.home)
        pid = int((shop.home / "dock.sock.lock").read_text().split()[0])
        os.kill(pid, 9)
        d.reset()
        shop.check("dock killed: shown again", "Batteries AA, 4 pack", "+3.49    Summe 17.99")
        t.check(r.scanner_ready(), "and the scanner is ready")
        os.kill(r.process.pid, 9)
        shop.check("register killed: nothing stale stays", "", "")


def hangs():
    """Nobody reads the display: scans are as quick as ever, and no old texts come afterwards."""
    with lib.home() as path, Shop(path) as shop:
        d = shop.display
        shop.check("greets", "Blumen Müller", "täglich bis 19 Uhr")
        begun = time.monotonic()
        for _ in range(300):
            shop.scan(TORCH)
            shop.scan(ICE)
        t.check(lib.wait_more(lambda: scans(shop.home), 600) == 600, "600 scans beside a display that hangs",
                scans(shop.home))
        # 53 ms for each text of 51 bytes are 9600 baud; the greeting and what stood there then may be doubled
        waiting = len(d.read())
        spent = time.monotonic() - begun
        d.lost = True
        t.check(waiting <= (spent / 0.053 + 2) * 51, "no more than its line carries",
                f"{waiting} bytes in {spent:.1f} s")
        shop.register.send(F[5] + F[5])
        shop.check("it shows the newest", "Danke schön", "Summe        4647.00")


def absent():
    with lib.home() as path:
        scanner = Port(path / "scanner")
        home = make_home(path, conf=f"[display]\nport = {path}/nothing\ntype = cd5220\npage = 437\n")
        with Register(home, "--scanner", scanner.path) as r:
            t.check(r.scanner_ready(), "a display that is not there is no obstacle", r.text())
            scanner.send(TORCH + "\r")
            t.check(r.sees("Goes with it"), "nor to an offer", r.text())
            d = Display(path / "nothing", "cd5220")
            t.check(d.shows("Batteries AA, 4 pack", "+3.49    Total 12.99"), "found when it comes", d.lines)
            t.check(d.all.startswith(b"\x0c\x1b@\x1bt\x00\x0c"), "with its code page", d.all[:9])
            d.close()
        scanner.close()


def box_and_silence():
    """A dock that runs already has the display; between sales nothing wakes anybody."""
    with lib.home() as path:
        scanner, display = Port(path / "scanner"), Display(path / "display", "cd5220")
        home = make_home(path, conf="[display]\ngreeting = Hello\n")
        with lib.running("goeswith-dock", "--scanner", scanner.path, "--display", display.path, "--display-type",
                         "cd5220-437", "--listen", path / "dock"):
            lib.wait_for((path / "dock").exists)
            with Register(home, "--dock", path / "dock") as r:
                r.scanner_ready()
                t.check(display.shows("Hello", ""), "over the link to another dock", display.lines)
                scanner.send(TORCH + "\r")
                t.check(display.shows("Batteries AA, 4 pack", "+3.49    Total 12.99"), "the offer", display.lines)
                r.send(F[5] + F[5])
                t.check(display.shows("Thank you", "Total          12.99"), "the thanks", display.lines)
                display.shows("Hello", "")
                pids = [r.process.pid, int((path / "dock.lock").read_text().split()[0])]
                t.equal(lib.asleep(4, *pids), 0, "between sales neither register nor dock wakes up")
            t.check(display.shows("Hello", ""), "the register gone in good order leaves the greeting", display.lines)
        scanner.close()
        display.close()


def off_and_wrong():
    with lib.home() as path, Shop(path, conf="[display]\nshow = off\n") as shop:
        shop.scan(TORCH)
        shop.register.sees("Goes with it")
        time.sleep(0.3)
        t.equal(shop.display.look(), [" " * 20] * 2, "show = off: never a text")
    with lib.home() as path, Shop(path, conf="[display]\nshow = sale\n") as shop:
        shop.scan(TORCH)
        shop.check("show = sale: the sale without offers", "Torch LED 200  12.99", "Total          12.99")
    for line, word in (("type = epson", "escpos or cd5220"), ("page = 850", "858 or 437"),
                       ("columns = 40", "columns is 20"), ("show = maybe", "all, sale or off")):
        with lib.home() as path:
            home = make_home(path, conf=f"[display]\n{line}\n")
            p = lib.run("goeswith", "--headless", "--home", home, "--scanner", "/nothing", stdin="")
            t.check(p.returncode == 3 and word in p.stderr, f"{line}: refused with a sentence", p.stderr)
    with lib.home() as path:
        p = lib.run("goeswith", "--headless", "--home", path, "--display", "/dev/null", stdin="")
        t.equal(p.returncode, 2, "a display without a scanner is a usage error")


a_sale("escpos")
a_sale("cd5220")
comes_back()
hangs()
absent()
box_and_silence()
off_and_wrong()
t.done()
