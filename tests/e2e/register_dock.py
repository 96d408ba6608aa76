#!/usr/bin/env python3
"""The dock as cashier and manager meet it: what is typed into the till, the other side of F8, and
`goeswith dock` while the register runs."""
import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import threading
import time

import lib
from devices import Display, Port, Till, end_dock
from ui_home import BATTERIES, F, ICE, TORCH, Register, make_home

t = lib.Tap()
CARD = "4111111111111111"
STEP, QUIET = 0.045, 0.09  # seconds: a bit less than the silence in which the dock finds its step, or types a code


def dock(home, *args):
    return lib.run("goeswith", "dock", *args, "--home", home)


def figures(home):
    p = dock(home, "status", "--json")
    return json.loads(p.stdout) if p.returncode == 0 else {}


def refused(home):
    with sqlite3.connect(f"file:{home}/journal.db?mode=ro", uri=True) as db:
        return [b for b, in db.execute("select body from event where kind='refused'")]


@contextlib.contextmanager
def shop(path, *args, till=False, **kw):
    scanner = Port(path / "scanner")
    home = make_home(path)
    more = ["--till", f"pty:{path}/till"] if till else []
    try:
        with Register(home, "--scanner", scanner.path, *more, *args, **kw) as r:
            r.sees("● scan")
            scanner.wait_open()
            lib.wait_for(lambda: figures(home).get("starting") is False)
            yield home, scanner, r
    finally:
        end_dock(home)
        scanner.close()


class Chatter(threading.Thread):
    """A scanner that never falls silent, as far as a busy machine lets it: `longest` is how long it
    did.  A check of what the dock makes of unbroken noise counts when the noise was unbroken."""

    def __init__(self, scanner):
        super().__init__(daemon=True)
        self.scanner = scanner
        self.last, self.said = "", time.monotonic()
        self.longest = 0.0
        self.stop = False
        self.start()

    def say(self, data):
        self.scanner.send(data)
        now = time.monotonic()
        self.longest = max(self.longest, now - self.said)
        self.said = now

    def run(self):
        while not self.stop:
            self.say("x")
            time.sleep(0.002)
        self.say(self.last)

    def close(self, last=""):
        self.last, self.stop = last, True
        self.join()


def take_offer(scanner, r):
    scanner.send(TORCH + "\r")
    r.sees("Goes with it")
    r.send(F[2])


def typing():
    with lib.home() as path, shop(path, till=True) as (home, scanner, r):
        take_offer(scanner, r)
        t.check(r.sees("Till not reached: scan it there: Batteries AA, 4 pack"),
                "nobody reads the till's line: told, with what to do", r.text())
        scanner.send(ICE + "\r")
        t.check(r.wait(lambda: "3 items" in r.text() and "Till not" not in r.text()),
                "the next scan goes on", r.text())
        r.send("x")
        r.sees("drop")
        r.send("x")
        r.sees("was dropped")
        till = Till(path / "till")
        lib.wait_for(lambda: figures(home).get("till"))
        take_offer(scanner, r)
        t.check(r.sees("The till has it: Batteries AA, 4 pack"), "typed: told", r.text())
        t.check(lib.wait_for(lambda: (BATTERIES + "\r").encode() in till.data), "and in the till", till.data)
        t.equal(counts(home), [1, 1, 0, 1, 1, 0], "register and dock count the same")
        till.close()


def counts(home):
    now = figures(home)
    return [now.get(k) for k in ("codes_done", "codes_refused", "codes_timed_out", "injected",
                                 "inject_refused", "inject_timed_out")]


def again_if_starved(name, part, pause):
    """Runs part(path) until its Chatter was never silent for so long; then its checks count."""
    for _ in range(12):
        with lib.home() as path:
            noise, checks = part(path)
        if noise.longest < pause:
            for check in checks:
                t.check(*check)
            return
    t.skip(name, f"noise without pauses of {pause} s cannot be made here: {noise.longest:.3f} s at the last try")


def no_quiet_line(path):
    with shop(path, till=True) as (home, scanner, r):
        till = Till(path / "till")
        lib.wait_for(lambda: figures(home).get("till"))
        scanner.send(TORCH + "\r")
        r.sees("Goes with it")
        before = len(till.data)
        noise = Chatter(scanner)
        r.send(F[2])
        r.wait(lambda: "Till busy" in r.text() or "The till has it" in r.text())
        checks = [("Till busy: scan it there: Batteries AA, 4 pack" in r.text(), "no quiet line: told", r.text())]
        checks += [(BATTERIES.encode() not in till.data[before:], "and not typed into the noise")]
        noise.close()
        checks += [(counts(home) == [0, 0, 1, 0, 0, 1], "register and dock count that, too", counts(home))]
        till.close()
        return noise, checks


def half_a_scan(path):
    with shop(path) as (home, scanner, r):
        scanner.unplug()
        checks = [(r.sees("Scanner unplugged"), "unplugged: said", r.text())]
        scanner.plug()
        noise = Chatter(scanner)  # before it is opened: no pause for the dock to find its step in
        scanner.wait_open()
        r.wait(lambda: "scanner starting" in r.text() or noise.longest > STEP)
        checks += [("scanner starting" in r.text(), "in the middle of a scan: starting, not ready", r.text())]
        checks += [(figures(home).get("starting") is True, "to those who ask as well", figures(home))]
        noise.close("333931\r")
        if noise.longest > STEP:
            return noise, []
        checks += [(r.sees("Scan it again"), "half a scan: the cashier is told", r.text()),
                   (lib.wait_for(lambda: refused(home)), "the journal too", refused(home)),
                   (lib.wait_for(lambda: figures(home).get("resyncs") == 1), "and it is counted", figures(home)),
                   (r.wait(lambda: "starting" not in r.text()), "then it is ready", r.text())]
        scanner.send(TORCH + "\r")
        checks += [(r.wait(lambda: "Torch LED 200 lm" in r.text() and "Scan it again" not in r.text()),
                    "and the next scan sells", r.text())]
        return noise, checks


def the_other_side():
    for rows, cols, words in ((24, 80, ("Session", "262144 bytes", "Till")), (12, 40, ("Till", "Display", "Typed"))):
        with lib.home() as path, shop(path, rows=rows, cols=cols) as (home, scanner, r):
            scanner.send(ICE + "\r")
            r.sees("1 item")
            r.send(F[8])
            t.check(r.sees("Scanner", "F8 the dock"), f"{cols}x{rows}: the scanner's side", r.text())
            r.send(F[8])
            t.check(r.sees("Dock", "F8 the sale", "program (linux)", "1, 0 wait, 0 lost", *words),
                    f"{cols}x{rows}: the dock's side", r.text())
            scanner.send(ICE + "\r")
            t.check(r.sees("2, 0 wait, 0 lost"), "it counts along", r.text())
            if rows == 12:
                r.send("\x1b[B" * 20)
                t.check(r.sees("Session"), "down shows the rest", r.text())
            r.send("\x1b")
            t.check(r.wait(lambda: "2 items" in r.text() and "Dock" not in r.text()), "Esc goes back to the sale", r.text())


def once(ask, there):
    """The first answer of which there(answer), or the last one."""
    answers = []
    lib.wait_for(lambda: answers.append(ask()) or there(answers[-1]))
    return answers[-1]


def nobody_there():
    with lib.home() as path:
        home = make_home(path)
        for verb in ("status", "selftest", "capture", "counters", "version"):
            p = dock(home, verb)
            t.check(p.returncode == 4 and "neither a register nor a dock runs" in p.stderr and not p.stdout,
                    f"{verb} with nobody there: a sentence and 4", p.stderr)
        with Register(home) as r:
            r.sees("Ready")
            p = once(lambda: dock(home, "status"), lambda p: "neither a register nor" not in p.stderr)
            t.check(p.returncode == 4 and "neither a scanner nor a dock" in p.stderr, "a register without one", p.stderr)
        with Register(home, "--scanner", path / "no-such-port") as r:
            r.sees("Ready")
            lib.wait_for(lambda: figures(home))
            p = dock(home, "status")
            t.check(p.returncode == 0 and "not there" in p.stdout and "Trouble" in p.stdout,
                    "a dock without its scanner", p.stdout + p.stderr)


def asking():
    with lib.home() as path:
        display = Display(path / "display")
        with shop(path, "--display", display.path) as (home, scanner, r):
            p = once(lambda: dock(home, "status"), lambda p: "Display   there" in p.stdout)
            t.check(p.returncode == 0 and "ready" in p.stdout and "Display   there" in p.stdout, "status", p.stdout)
            now = figures(home)
            t.check(now["software"] and now["board"] == "linux" and 0 <= now["round_trip_us"] < 10**7, "as JSON", now)
            t.check("firmware" in dock(home, "version").stdout, "version")
            t.check("codes that found no quiet line" in dock(home, "counters").stdout, "counters")
            display.shows("Welcome", "")
            p = dock(home, "selftest", "--json")
            got = json.loads(p.stdout)
            t.check(p.returncode == 0 and got["ok"] and "display" in got["tested"] and
                    "memory of scans" in got["tested"] and got["failed"] == [], "self-test", p.stdout)
            t.check(lib.wait_for(lambda: any(top.startswith("goeswith self-test") for top, _ in (display.look(), *display.log))),
                    "it is on the display", display.log)
            t.check(display.shows("Welcome", ""), "which then shows what it showed", display.lines)
            seen = len(display.log)
            p = dock(home, "self-test", "--till-loop")
            t.check(p.returncode == 4 and "no till's line" in p.stderr, "no till to send through", p.stderr)
            lib.wait_for(lambda: display.look() and any("self-test" in top for top, _ in display.log[seen:]))
            display.shows("Welcome", "")
            scanner.send(TORCH + "\r")
            r.sees("Goes with it")
            p = dock(home, "selftest")
            t.check(p.returncode == 4 and "a sale is open" in p.stderr, "not while a sale is open", p.stderr)
            seen = len(display.log)
            t.check(display.shows("Batteries AA, 4 pack", "+3.49    Total 12.99") and
                    not any("test" in top for top, _ in display.log[seen:]), "the customer saw nothing of it",
                    display.log[seen:])
            # rubbish on the socket harms nobody
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(home / "register.sock"))
                s.sendall(b"\x00\xff{{{\n[]\n{\"do\":7}\n{\"do\":\"explode\"}\n")
                s.settimeout(lib.DEADLINE)
                answers = b""
                while answers.count(b"\n") < 4:
                    answers += s.recv(4096)
            t.check(answers.count(b'"on":"error"') == 4, "rubbish is answered with sentences", answers)
            t.equal(os.stat(home / "register.sock").st_mode & 0o777, 0o660, "group may ask, others may not")
        display.close()
        t.check(not (home / "register.sock").exists(), "the socket goes with the register")


def plugged_back():
    """A plug in the till's place leads what is sent to it back."""
    with lib.home() as path, shop(path, till=True) as (home, scanner, r):
        till = Till(path / "till")
        lib.wait_for(lambda: figures(home).get("till"))
        p = dock(home, "selftest", "--till-loop")
        t.check(p.returncode == 1 and "till line        FAILED" in p.stdout and "failed" in p.stderr,
                "a till that is no plug: the line's test fails", p.stdout + p.stderr)
        till.echo = True
        for _ in range(5):  # the plug has two seconds
            p = dock(home, "selftest", "--till-loop", "--json")
            if p.returncode == 0:
                break
        t.check(p.returncode == 0 and "till line" in json.loads(p.stdout)["tested"], "the plug leads it back", p.stdout)
        till.echo = False
        t.equal(scanner.read(), b"", "and the scanner hears nothing of it")
        till.close()


def capturing():
    with lib.home() as path, shop(path) as (home, scanner, r):
        tape = path / "tape"

        def start(*args):
            p = subprocess.Popen([lib.program("goeswith-dock"), "capture", "--home", str(home), *args],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            return p
        p = start("--seconds", "3600", "-o", str(tape))
        lib.wait_for(lambda: tape.exists() and b"goeswith capture 1" in tape.read_bytes())
        figures(home)  # asked of the dock behind the order to capture: that one is carried out
        again = dock(home, "capture", "--seconds", "1")
        t.check(again.returncode == 4 and "one at a time" in again.stderr, "one capture at a time", again.stderr)
        scanner.send(TORCH + "\r\n")
        time.sleep(0.5)
        scanner.send(CARD[:9])
        time.sleep(0.02)  # one number in two reads
        scanner.send(CARD[9:] + "\r")
        scanner.send("%B" + CARD + "^MILLER/ANN^2912?\r")
        scanner.send("AB\\C\r")
        t.check(lib.wait_for(lambda: b"AB" in tape.read_bytes()), "bytes come as they are scanned", tape.read_bytes())
        lib.end(p)
        text = tape.read_text()
        lines = [l for l in text.splitlines() if not l.startswith("#")]
        told = [l.split(" ", 1)[1] for l in lines]
        if len(told) == 5 and told[1] == "x" * 9:  # on a busy machine the second read may come after a pause
            told[1:3] = ["".join(told[1:3])]
        t.equal(told, [TORCH + "\\x0D\\x0A", "x" * 16 + "\\x0D", "x" * 35 + "\\x0D", "AB\\\\C\\x0D"],
                "all of them, and of cards only their length")
        t.check("4111" not in text and "MILLER" not in text and text.count("payment card") == 3, "no card in it", text)
        t.equal(tape.stat().st_mode & 0o777, 0o600, "for its owner's eyes")
        t.check(r.sees("Torch LED 200 lm"), "the sale goes on meanwhile", r.text())
        # the player plays it again, the decoder guesses from it
        guess = lib.run("goeswith-decode", "--guess", tape)
        t.check(guess.returncode == 0 and "generic" in guess.stdout, "goeswith-decode reads it", guess.stdout + guess.stderr)
        out = Port(path / "played")
        play = lib.run("goeswith-sim", "scanner", tape, "--port", out.path)
        played = [out.read()]
        t.check(play.returncode == 0 and played[0].startswith((TORCH + "\r\n").encode()) and
                lib.wait_for(lambda: played.append(out.read()) or b"".join(played).endswith(b"AB\\C\r")),
                "goeswith-sim plays it", play.stderr + repr(played))
        out.close()
        rows, seconds = [], 2
        while not rows and seconds < 100:  # how long it takes to begin is the machine's affair
            p = start("--seconds", str(seconds), "--json")
            while p.poll() is None:
                scanner.send(ICE + "\r")
                time.sleep(0.2)
            rows = [json.loads(l)["data"] for l in p.communicate()[0].splitlines()]
            seconds *= 2
        t.check(p.returncode == 0 and set(rows) == {ICE + "\\x0D"}, "as JSON, for so long", rows)
        p = dock(home, "capture", "--bytes", "10")
        t.equal(p.returncode, 2, "a cap must be one")
        full = start("--bytes", "1000", "--seconds", "600")
        lib.wait_for(lambda: full.stdout.readline())
        figures(home)
        for _ in range(40):
            scanner.send(ICE * 3 + "\r")
        t.check(lib.wait_for(lambda: full.poll() is not None) == True and full.returncode == 0, "and it holds")
        t.check(b"full" in full.stderr.read(), "with a word")
        lib.end(full)


def ticks(r):
    """Processor time of a program, in hundredths of a second."""
    fields = open(f"/proc/{r.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def two_registers():
    """The second waits for the first to end: it neither claims the scanner nor races for it."""
    with lib.home() as path, shop(path, till=True) as (home, scanner, first):
        (path / "second").mkdir()
        other = make_home(path / "second")
        with Register(other, "--dock", home / "dock.sock") as second:
            t.check(second.sees("Another register has the scanner; end it first"), "a second register is told, with what to do", second.text())
            before, since, claims = ticks(second), time.monotonic(), 0
            for _ in range(60):
                second.wait(lambda: False, 0.05)
                claims += "● scan" in second.text()
            t.equal(claims, 0, "and never says that it has the scanner")
            share = (ticks(second) - before) / (time.monotonic() - since)
            t.check(share < 10, f"nor asks all the time ({share:.1f} % of a processor)")
            p = dock(other, "status")
            t.check(p.returncode == 4 and "end it first" in p.stderr, "goeswith dock says so too", p.stderr)
            first.close()
            t.check(second.sees("● scan"), "the first gone, it has the scanner", second.text())
            scanner.send(TORCH + "\r")
            t.check(second.sees("Torch"), "and its scans", second.text())


typing()
again_if_starved("no quiet line", no_quiet_line, QUIET)
again_if_starved("half a scan", half_a_scan, STEP)
the_other_side()
nobody_there()
asking()
plugged_back()
capturing()
two_registers()
t.done()
