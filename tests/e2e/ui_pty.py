#!/usr/bin/env python3
"""The screen on a real pseudo-terminal: what arrives there must be the golden page, whatever way
it was reached, and what is typed there must arrive as it was meant."""
import os
import sys
import tempfile
import termios

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lib  # noqa: E402
from terminal import Tap, Terminal  # noqa: E402

PREVIEW = os.environ.get("UI_PREVIEW", "build/release/tests/unit/ui_preview")
tap = Tap()


def golden(scene, form="80x24"):
    pages = open("tests/data/golden/%s.txt" % scene, encoding="utf-8").read().split("== ")
    for page in pages:
        head, _, body = page.partition("\n")
        if head.split(",")[0] == form:
            return body.split("-- roles")[0].rstrip("\n")
    raise KeyError(form)


def cursor(scene, form="80x24"):
    for line in open("tests/data/golden/%s.txt" % scene, encoding="utf-8"):
        if line.startswith("== %s, cursor at " % form):
            return tuple(int(n) for n in line.split(" at ")[1].split(","))
    raise KeyError(form)


class Preview(Terminal):
    def __init__(self, *args, program=(PREVIEW,), **kw):
        self.log = tempfile.NamedTemporaryFile(mode="r", suffix=".log")
        super().__init__(list(program) + list(args), stderr=open(self.log.name, "w"), **kw)

    def said(self):
        return [line for line in open(self.log.name).read().split("\n")
                if line and line != "woke"]

    def wakes(self):
        return open(self.log.name).read().count("woke\n")

    def shows(self, scene, form="80x24"):
        return self.wait(lambda: self.text().rstrip("\n") == golden(scene, form))

    def check(self, scene, name, form="80x24"):
        tap.ok(self.shows(scene, form), name, self.text())


def pictures():
    # F5 (total) makes the preview go on; scenes in an order where much changes from one to the next
    order = ["selling", "offer", "scripts", "many", "hostile", "huge", "accepted", "voided",
             "unknown", "journal", "scanner_lost", "totalled", "yen", "upgrade"]
    with Preview(*order) as t:
        for i, scene in enumerate(order):
            if i > 0:
                t.send("\x1b[15~")
            t.check(scene, "picture: %s" % scene)
        tap.ok(t.wait(lambda: (t.screen.row, t.screen.col) == cursor("upgrade")),
               "the cursor rests on the offer")
        for bad in (b"\x1b]0;title", b"\x1b[2Jclear", "\u202e".encode(), "\u200b".encode(), b"\a"):
            if bad in t.raw:
                tap.ok(False, "hostile names", bad)
        t.send("\x0c")
        before = len(t.raw)
        tap.ok(t.wait(lambda: len(t.raw) > before + 500), "Ctrl-L draws everything anew")
        t.check("upgrade", "and the same")


def differences_only():
    with Preview("selling", "accepted") as t:
        t.shows("selling")
        while t.read(0.2):
            pass
        before = len(t.raw)
        t.send("\x1b[15~")
        t.check("accepted", "another line")
        tap.ok(len(t.raw) - before < 600, "costs little", "%d bytes" % (len(t.raw) - before))


def sizes():
    with Preview("offer") as t:
        t.shows("offer")
        for rows, cols, form in ((12, 40, "40x12"), (8, 30, "30x8"), (1, 1, "1x1"),
                                 (43, 132, "132x43"), (1, 200, None), (24, 80, "80x24")):
            t.resize(rows, cols)
            if form:
                t.check("offer", "resized to %dx%d" % (cols, rows), form)
            else:
                t.read(0.2)
        for n in range(40):
            t.resize(1 + n % 7, 1 + (n * 37) % 90)
        t.resize(24, 80)
        t.check("offer", "after forty sizes in a row")


def keys():
    with Preview("offer") as t:
        t.shows("offer")
        t.send("\x1bOQ")
        tap.ok(t.wait(lambda: t.said() == ["input 2 qty 0 line 0 text ''"]), "F2 accepts", t.said())
        t.send("\x1b3")  # at once: a starved test may not keep to the second there is for it
        tap.ok(t.wait(lambda: len(t.said()) == 2), "Esc 3 declines", t.said())
        t.send("y")
        tap.ok(t.wait(lambda: len(t.said()) == 3), "y alone accepts", t.said())
        t.send("y4006381333931n\r")
        tap.ok(t.wait(lambda: t.said()[3:] == ["scan y4006381333931n"]),
               "a scan by keyboard is a scan", t.said())
        for _ in range(20):
            t.send("4006381333931\r")
        tap.ok(t.wait(lambda: len(t.said()) == 24), "twenty fast ones are twenty", t.said())
        t.send("\x13\x1bOQ")
        tap.ok(t.wait(lambda: len(t.said()) == 25), "Ctrl-S stops nothing")
        t.send("\x1a\x1bOQ")
        tap.ok(t.wait(lambda: len(t.said()) == 26),
               "Ctrl-Z stops nothing where no shell could go on", t.said())
        t.send("\x03")
        tap.ok(t.wait(lambda: "Stop the register?" in t.text()), "Ctrl-C asks")
        t.send("\x1b[21~")
        tap.ok(t.wait_exit() == 0 and t.said()[-1] == "quit", "F10 then stops")
    with Preview("-k", "yes=F12 j", "offer") as t:
        tap.ok(t.wait(lambda: "F12 Yes" in t.text()), "other keys are shown")
        t.send("\x1b[24~")
        tap.ok(t.wait(lambda: t.said() == ["input 2 qty 0 line 0 text ''"]), "and act", t.said())


def endings():
    t = Preview("offer")
    t.shows("offer")
    woken = t.wakes()
    t.close()
    code = t.wait_exit()
    tap.ok(code == 4 and "gone" in t.said(), "a hang-up ends it", (code, t.said()))
    tap.ok(t.wakes() <= woken + 2, "at once: nothing else has to wake it", (woken, t.wakes()))
    with Preview("offer") as t:
        t.shows("offer")
        t.send("\x1b[21~\x1b[21~")
        t.wait_exit()
        tap.ok(termios.tcgetattr(t.slave) == t.before, "the terminal is as it was before")
        tap.ok(t.wait(lambda: not t.screen.alternate and b"\x1b[?1049h" in t.raw), "and on its own page")
    with Preview("offer", controlling=False) as t:
        code = t.wait_exit()
        tap.ok(code == 4 and "--tty" in t.said()[0], "no terminal: says so", t.said())


def other_terminal():
    with Preview("-t", "@TTY@", "offer", controlling=False) as t:
        t.check("offer", "on another terminal by name")
        t.send("\x1bOQ")
        tap.ok(t.wait(lambda: len(t.said()) == 1), "whose keys count")
        t.close()
        tap.ok(t.wait_exit() == 4, "and whose end ends it")
    with Preview("-t", "/dev/null", "offer", controlling=False) as t:
        tap.ok(t.wait_exit() == 4 and "not a terminal" in t.said()[0], "/dev/null is none")


def types():
    with Preview("offer", env={"TERM": "no-such-type"}) as t:
        t.check("offer", "an unknown type is taken for xterm")
    with Preview("offer", env={"TERM": "linux"}) as t:
        t.check("offer", "linux")
    with Preview("offer", env={"TERM": "vt100"}) as t:
        t.check("offer", "vt100: in ASCII", "80x24 ascii")
        tap.ok(all(b < 128 for b in t.raw), "nothing else")
    with Preview("offer", env={"LC_ALL": "C"}) as t:
        tap.ok(t.wait(lambda: '"Do you need' in t.text()) and all(b < 128 for b in t.raw),
               "no UTF-8 locale: ASCII")
    with Preview("offer", env={"NO_COLOR": "1"}) as t:
        t.check("offer", "NO_COLOR: in words", "80x24 mono")
        colours = [s for s in t.screen.sgr for n in s.split(";") if n and int(n) >= 30]
        tap.ok(not [c for c in colours if c not in ("39;49", "39", "49")], "no colours", colours)
    with Preview("offer", "accepted", env={"TERM": "dumb"}) as t:
        tap.ok(t.wait(lambda: "OFFER: Batteries AA, 4 pack  3.49, saves 0.50" in t.text()),
               "dumb: in lines", t.text())
        t.send("y")
        tap.ok(t.wait(lambda: "Taken: Batteries" in t.text()), "which keys act on", t.text())
        for _ in range(3):
            t.press("b")
            while t.read(0.2):
                pass
        tap.ok(t.text().count("Taken: Batteries") == 1, "what was said is not said again", t.text())
        tap.ok(b"\x1b" not in t.raw, "without a single escape sequence")


def sleep_in_idle():
    with Preview("idle") as t:
        t.shows("idle")
        spent = lib.asleep(3, t.process.pid)
        tap.ok(spent == 0, "idle: not one wake-up in three seconds", (spent, t.wakes()))


def deaf_terminal():
    """A terminal that takes nothing more: keys still count, and later it gets the newest page."""
    scenes = ["many", "scripts"] * 200 + ["offer"]
    with Preview(*scenes) as t:
        t.shows("many")
        for i in range(400):
            t.send("\x1b[15~")
            if not lib.wait_for(lambda: len(t.said()) > i, step=0.001):  # each one draws a page that nobody reads
                break
        tap.ok(len(t.said()) == 400, "400 keys on a terminal that takes no output", len(t.said()))
        t.check("offer", "which then shows the newest page")


SHELL = """
import os, signal, sys, termios
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])
_, status = os.waitpid(child, os.WUNTRACED)
cooked = bool(termios.tcgetattr(0)[3] & termios.ICANON)
os.write(2, b"stopped %d canonical %d\\n" % (os.WIFSTOPPED(status), cooked))
os.write(1, b"\\x1b[2J$ fg\\r\\n")
os.tcsetpgrp(0, child)
os.kill(child, signal.SIGCONT)
os.waitpid(child, 0)
"""


def suspend():
    """Ctrl-Z from a shell: stops with the terminal put back, goes on with the page drawn anew."""
    with Preview("offer", program=[sys.executable, "-c", SHELL, PREVIEW]) as t:
        t.shows("offer")
        t.send("\x1a")
        tap.ok(t.wait(lambda: "stopped 1 canonical 1" in t.said()), "Ctrl-Z under a shell stops",
               t.said())
        t.check("offer", "and comes back with its page")
        t.send("\x1bOQ")
        tap.ok(t.wait(lambda: t.said()[-1].startswith("input 2")), "and with its keys", t.said())
        t.send("\x1b[21~\x1b[21~")
        tap.ok(t.wait_exit() == 0, "and ends in good order")


for test in (pictures, differences_only, sizes, keys, endings, other_terminal, types, sleep_in_idle,
             deaf_terminal, suspend):
    test()
sys.exit(tap.done())
