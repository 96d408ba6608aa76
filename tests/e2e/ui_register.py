#!/usr/bin/env python3
"""The register at its terminal, as cashiers meet it: what other tills got wrong, line by line."""
import os
import pty
import re
import sqlite3
import sys
import termios
import time
import tty

import lib
import ui_home
from terminal import Tap
from ui_home import BATTERIES, F, ICE, RULES, TORCH, make_home

tap = Tap()


class Register(ui_home.Register):
    def check(self, name, *words):
        return tap.ok(self.sees(*words), name, self.text())


def events(home, kind=None):
    with sqlite3.connect("file:%s/journal.db?mode=ro" % home, uri=True) as db:
        rows = db.execute("select kind, body from event order by seq").fetchall()
    return [r for r in rows if kind is None or r[0] == kind]


def an_evening_at_the_till():
    with lib.home() as path, Register(make_home(path)) as t:
        t.check("idle: says what to do", "Ready: scan the first article", "● rules")
        t.scan(TORCH)
        t.check("a scan gives a line and an offer", "Torch LED 200 lm", "Goes with it",
                "Batteries AA, 4 pack", "3.49   saves 0.50", "F2 Yes")
        tap.ok(t.wait(lambda: t.screen.cells[t.screen.row][t.screen.col][0] == "B"),
               "the cursor rests on the offer")
        for key, name in (("\r", "Enter"), ("\t", "Tab"), ("\x1b", "Esc"), (" ", "Blank")):
            t.press(key)
            tap.ok(t.wait(lambda: "Goes with it" in t.text() and t.lines() == 1), "%s answers nothing" % name)
        t.send(F[2])
        t.check("F2 takes it", "Taken: Batteries AA, 4 pack", "2 items", "16.48")
        t.scan("4999999999999")
        t.check("an unknown code is a line and no obstacle", "4999999999999 is not in the table",
                "at till")
        t.scan(TORCH, "\r\n")
        t.check("CR LF is one end", "4 items")
        t.scan("]E0" + ICE)
        t.check("an identifier is no part of the code", "抹茶アイス", "5 items")
        before = t.lines()
        for _ in range(10):
            t.scan(ICE)
        tap.ok(t.wait(lambda: "15 items" in t.text()), "ten fast scans are ten pieces", t.text())
        tap.ok(t.wait(lambda: before <= t.lines()), "on the screen too")
        t.press("4")
        t.check("a digit begins a code", "Code:")
        t.scan(ICE)
        tap.ok(t.wait(lambda: "16 items" in t.text() and "Code:" not in t.text()),
               "a scan does not end up in a half-typed code", t.text())
        t.send(F[5])
        t.check("F5 totals", "Subtotal; F5 again ends the sale", "F5 End")
        t.send(F[5])
        t.check("and ends", "The sale is closed", "Ready")
    with lib.home() as path, Register(make_home(path)) as t:
        t.sees("Ready")
        t.scan(TORCH)
        t.sees("Goes with it")
        t.scan(BATTERIES)
        t.check("scanning the add-on is the best yes", "Taken: Batteries AA, 4 pack", "2 items")
        t.send(F[10] + F[10])
        tap.ok(t.wait_exit() == 0, "F10 twice ends")
        tap.ok(t.wait(lambda: termios.tcgetattr(t.slave) == t.before and not t.screen.alternate),
               "with the terminal as it was")
        kinds = [k for k, _ in events(t.home)]
        tap.ok(kinds[0] == "start" and kinds[-1] == "stop", "and a good end in the journal", kinds)
        tap.ok(any('"accepted_by_scan"' in b for _, b in events(t.home, "outcome")),
               "where the scan has taken the offer")


def every_page_gives_way():
    with lib.home() as path, Register(make_home(path)) as t:
        t.sees("Ready")
        items = 0
        for keys, page in ((F[1], "Work as always"), (F[9], "Average sale"),
                           (F[10], "Stop the register?"), ("x", "Drop this sale?")):
            t.scan(ICE)
            items += 1
            t.sees("%d item" % items)
            t.send(keys)
            t.check("page: %s" % page, page)
            t.scan(ICE)
            items += 1
            tap.ok(t.wait(lambda: all(w in t.text() for w in ("%d items" % items, "抹茶アイス")) and page not in t.text()),
                   "the next scan goes through", t.text())
        t.send(F[8])
        t.check("the scanner's page stays", "─ Scanner ─")
        t.scan("]E0" + ICE)
        t.check("and shows what came", "]E0" + ICE, "the keyboard", "read, ")
        t.send("\x1b")
        t.check("Esc goes back", "%d items" % (items + 1))
        t.scan("4111111111111111")
        t.check("a card is refused", "That was a payment card")
        t.send(F[8])
        t.sees("─ Scanner ─")
        tap.ok(b"4111" not in t.raw, "and none of its digits were shown", t.text())
        tap.ok(not any("4111" in b for _, b in events(t.home)), "or written")


def reasons_and_held_sales():
    with lib.home() as path, Register(make_home(path)) as t:
        t.sees("Ready")
        t.scan(TORCH)
        t.sees("Goes with it")
        t.send(F[4])
        t.check("F4 asks why", "F2  it is sold out", "F5  there was no time to ask")
        t.send(F[3])
        tap.ok(t.wait(lambda: any('"has_it"' in b for _, b in events(t.home, "outcome"))),
               "the reason is written", events(t.home, "outcome"))
        tap.ok(t.wait(lambda: "Goes with it" not in t.text()), "and the offer gone", t.text())
        t.scan(TORCH)
        t.sees("2 items")
        tap.ok("Goes with it" not in t.text(), "it is not made again")
        t.send(F[7])
        t.check("F7 puts the sale aside", "F7 takes it up again", "F7 Held")
        t.scan(ICE)
        t.sees("抹茶アイス")
        t.send(F[7])
        t.check("another one as well", "F7 Held")
        t.send(F[7])
        t.check("two: a list", "Sales put aside", "25.98", "2.50")
        t.send("\x1b[B\r")
        t.check("the chosen one goes on", "Torch LED 200 lm", "2 items")
        t.send("x")
        t.check("dropping a sale asks", "Drop this sale?")
        t.send("x")
        t.check("and does it", "The sale was dropped")


def resize_and_hang_up():
    with lib.home() as path:
        home = make_home(path)
        t = Register(home)
        t.sees("Ready")
        t.scan(TORCH)
        t.sees("Goes with it")
        t.resize(12, 40)
        t.check("40x12 has it all", "Torch LED", "12.99", "Batteries AA", "saves", "F2 Yes")
        t.resize(1, 1)
        t.read(0.2)
        t.resize(43, 132)
        t.check("through 1x1 to 132x43", "Torch LED", "Batteries AA", "F10 Quit")
        t.close()
        tap.ok(t.process.poll() is not None and [k for k, _ in events(home)][-1] == "stop",
               "a hang-up ends it, in good order", t.process.poll())
        with Register(home) as again:
            again.check("the open sale goes on at the next start", "Torch LED", "1 item")


def other_terminal():
    with lib.home() as path:
        home = make_home(path)
        with Register(home, "--tty", "@TTY@", controlling=False) as t:
            t.check("--tty: the screen is there", "Ready: scan the first article")
            t.scan(TORCH)
            t.check("and the keyboard", "Goes with it")


def practice_writes_nothing():
    with lib.home() as path, Register(make_home(path)) as t:
        t.sees("Ready")
        written = len(events(t.home))
        t.send("p")
        t.check("p: practice", "PRACTICE")
        t.scan(TORCH)
        t.check("with offers", "Goes with it", "PRACTICE")
        t.send(F[2])
        t.check("that can be taken", "Taken")
        t.send(F[5])
        t.sees("Subtotal")
        t.send(F[5])
        t.sees("Ready")
        tap.ok(len(events(t.home)) == written, "and nothing written",
               events(t.home)[written:])


def holdout_looks_like_nothing():
    experiments = ("experiment,hypothesis,metric,from,to,holdout_ppm,arms,salt\n"
                   "e1,Nobody sees anything,avg,2020-01-01,2099-12-31,1000000,,s\n")
    shown = []
    with lib.home() as path:
        for name, rules, e in (("held", RULES, experiments), ("none", RULES.replace(TORCH, ICE), None)):
            (path / name).mkdir()
            with Register(make_home(path / name, rules, e)) as t:
                t.sees("Ready")
                t.scan(TORCH)
                t.sees("1 item")
                lib.asleep(0.5, t.process.pid)  # all of it is drawn
                while t.read(0.2):
                    pass
                shown.append((re.sub(r"\d\d:\d\d|rules \d+ \w+", "", t.text()),
                              [[c[1] for c in row] for row in t.screen.cells[1:]],
                              t.screen.row, t.screen.col))
                if name == "held":
                    tap.ok(t.wait(lambda: len(events(t.home, "ghost")) == 1),
                           "hold-out: the offer is written", events(t.home))
    tap.ok(shown[0] == shown[1], "and the screen is that of a sale without one",
           shown[0][0] + "\n" + shown[1][0])


def pin_and_keys():
    conf = "[ui]\npin = 2468\n[keys]\ntotal = F12 Ins\n"
    with lib.home() as path, Register(make_home(path, conf=conf)) as t:
        t.sees("Ready")
        t.send(F[9])
        t.check("figures ask for the PIN", "PIN, then Enter")
        for key in "2468\r":
            t.press(key)
        t.check("and come with it", "Average sale")
        t.send("\x1b")
        t.sees("Ready")
        t.scan(ICE)
        t.check("other keys stand in the bar", "F12 Total")
        t.send("\x1b[24~")
        t.check("and act", "Subtotal; F12 again ends the sale")
    with lib.home() as path:
        home = make_home(path, conf="[keys]\nyes = Enter\n")
        with Register(home) as t:
            code = t.wait_exit()
            said = (home / "stderr").read_text()
            tap.ok(code == 3 and "Enter" in said and "yes" in said,
                   "an answer on Enter is refused with the reason", (code, said))


def scanner_line():
    """A scanner at 7 bits with even parity read as 8N1, on a line of its own."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        with lib.home() as path, Register(make_home(path), "--scanner", os.ttyname(slave)) as t:
            tap.ok(t.scanner_ready(), "the scanner's state", t.text())
            os.write(master, (TORCH + "\r").encode())
            t.check("its scans are scans", "Torch LED", "Goes with it")
            t.send(F[8])
            t.check("its page", "─ Scanner ─", "generic", TORCH)
            even = bytes(b | (0x80 if bin(b).count("1") % 2 else 0)
                         for b in (ICE + "\r").encode())
            for _ in range(6):
                os.write(master, even)
                time.sleep(0.3)
            t.check("knows 7E1 by its bytes", "Fits better", "7E1")
            t.send("\x1b")
            t.check("and the sale goes on", "Sale 000001")
            t.send("x")
            t.sees("Drop this sale?")
            t.send("x")
            t.sees("dropped")
            spent = lib.asleep(5, t.process.pid)
            tap.ok(spent == 0, "idle with a scanner: not one wake-up in five seconds", spent)
    finally:
        os.close(master)
        os.close(slave)


for test in (an_evening_at_the_till, every_page_gives_way, reasons_and_held_sales,
             resize_and_hang_up, other_terminal, practice_writes_nothing,
             holdout_looks_like_nothing, pin_and_keys, scanner_line):
    test()
sys.exit(tap.done())
