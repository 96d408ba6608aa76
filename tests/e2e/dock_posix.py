#!/usr/bin/env python3
"""The software dock as a process: nothing lost, nothing doubled, the till never waits."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import termios
import time

import devices
import lib

HOST = os.environ.get("DOCK_HOST", "build/release/tests/e2e/dock_host")
HOST = str(lib.ROOT / HOST)
t = lib.Tap()


def same(got, want, name):
    """Compares two long lists and tells only where they part."""
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    t.check(got == want, name, f"{len(got)} of {len(want)}; at {at}: {got[at:at + 3]!r}, want {want[at:at + 3]!r}")


class Scanner(devices.Port):
    """Port beside the dock's socket."""

    def wait_reader(self):
        """Until the dock has it open and has found its step in a pause."""
        self.wait_open()
        lib.wait_for(lambda: status(self.path.parent).get("starting") is False)


class Host:
    """dock_host: the register reduced to the link."""

    def __init__(self, home, *args):
        env = dict(os.environ, PATH=f"{lib.BIN}:{os.environ['PATH']}")
        self.p = subprocess.Popen([HOST, str(home / "journal"), *map(str, args)], stdin=subprocess.PIPE,
                                  stdout=open(home / "host.out", "ab"), stderr=subprocess.STDOUT, env=env)

    def say(self, line):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()

    def kill(self):
        self.p.kill()
        self.p.wait()

    def close(self):
        self.p.stdin.close()
        self.p.wait(lib.DEADLINE)


def journal(home):
    return devices.host_journal(home / "journal")


def said(home, pattern):
    return re.findall(pattern, (home / "host.out").read_text(errors="replace"))


def status(home):
    r = lib.run("goeswith-dock", "counters", "--json", "--listen", home / "dock.sock")
    return json.loads(r.stdout) if r.returncode == 0 else {}


def dock(home, scanner, *args, **kwargs):
    kwargs.setdefault("stderr", subprocess.DEVNULL)
    return lib.running("goeswith-dock", "--scanner", scanner.path, "--listen", home / "dock.sock",
                       "--state", home / "dock.state", *args, **kwargs)


def settle(home, count):
    lib.wait_more(lambda: len(journal(home)), count)
    return journal(home)


def codes(first, count):
    return ["%013d" % (4000000000000 + i) for i in range(first, first + count)]


def test_register_killed(home):
    scanner = Scanner(home / "scanner")
    want = codes(0, 2000)
    with dock(home, scanner, "--till", f"pty:{home}/till"):
        till = devices.Till(home / "till")
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        for i, code in enumerate(want):
            scanner.send(code.encode() + b"\r")
            if i % 40 == 39:
                host.kill()
                host = Host(home, "--socket", home / "dock.sock")
            time.sleep(0.001)
        got = settle(home, len(want))
        same(got, want, "register killed 50 times: 2,000 scans in the journal, in order, once")
        lib.wait_more(lambda: len(till.data), 14 * len(want))
        t.check(till.data == b"".join(c.encode() + b"\r" for c in want), "the till got every byte in order")
        host.close()
        till.close()


def test_dock_killed(home):
    scanner = Scanner(home / "scanner")
    scanner_args = ("--home", home, "--scanner", scanner.path)
    host = Host(home, *scanner_args)
    scanner.wait_reader()
    want = codes(0, 50)
    scanner.send("".join(c + "\r" for c in want).encode())
    settle(home, 50)
    # the register stands still; the dock collects, dies, comes back with everything
    took = []
    while not took or took[-1] >= 1.0 and len(took) < 20:  # a busy machine may hold up a good one
        host.p.send_signal(signal.SIGSTOP)
        more = codes(len(want), 300)
        scanner.send("".join(c + "\r" for c in more).encode())
        want += more
        lib.wait_more(lambda: status(home).get("next", 0), len(want))
        pid = status(home)["pid"]
        os.kill(pid, signal.SIGKILL)
        lib.wait_for(lambda: not scanner.is_open())
        started = time.monotonic()
        host.p.send_signal(signal.SIGCONT)
        scanner.wait_open()
        took.append(time.monotonic() - started)
        scanner.wait_reader()
        settle(home, len(want))
    same(journal(home), want, "dock killed with 300 scans unacknowledged: all there, once")
    again = status(home)
    t.check(again.get("pid") not in (None, pid) and again["boots"] == len(took), "the register started a new dock", again)
    t.check(took[-1] < 1.0, f"within a second ({took[-1]:.2f} s)", took)
    scanner.send(b"after\r")
    t.equal(settle(home, len(want) + 1)[len(want):], ["after"], "and it reads on")
    host.close()
    os.kill(again["pid"], signal.SIGTERM)
    t.check(lib.wait_for(lambda: not (home / "dock.sock").exists()), "SIGTERM ends the dock and its socket")


def test_register_dead(home):
    scanner = Scanner(home / "scanner")
    with dock(home, scanner, "--till", f"pty:{home}/till"):
        till = devices.Till(home / "till")
        scanner.wait_reader()
        data = "".join(c + "\r\n" for c in codes(0, 500)).encode()
        scanner.send(data)
        lib.wait_more(lambda: len(till.data), len(data))
        t.check(till.data == data, "no register at all: the till gets every byte")
        os.write(till.fd, b"\x07beep")
        heard = []
        lib.wait_for(lambda: heard.append(scanner.read()) or len(b"".join(heard)) >= 5)
        t.equal(b"".join(heard), b"\x07beep", "what the till says reaches the scanner")
        till.close()


def test_dead_till(home):
    scanner = Scanner(home / "scanner")
    with dock(home, scanner, "--till", f"pty:{home}/till"):
        lib.wait_for((home / "till").exists)
        fd = os.open(home / "till", os.O_RDWR | os.O_NOCTTY)  # open, and never read
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        want = codes(0, 8000)
        scanner.send("".join(c + "\r" for c in want).encode())
        same(settle(home, 8000), want, "a till that hangs delays no scan")
        s = status(home)
        t.check(s.get("till_blocked") and s["till_dropped"] > 0, "dropped bytes are counted and told", s)
        os.close(fd)
        host.close()


def test_injection(home):
    scanner = Scanner(home / "scanner")
    with dock(home, scanner, "--till", f"pty:{home}/till"):
        till = devices.Till(home / "till")
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        scanner.send(b"111\r\n")
        settle(home, 1)
        host.say("inject 4006381333931")
        lib.wait_for(lambda: len(till.data) >= 20)
        t.equal(till.data, b"111\r\n4006381333931\r\n", "a code goes to the till as the scanner would send it")
        t.check(lib.wait_for(lambda: said(home, r"done 1 0")), "and is reported done")
        t.equal(journal(home), ["111"], "it is no scan")
        second = Host(home, "--socket", home / "dock.sock")
        t.check(lib.wait_for(lambda: said(home, r"alarm 3 ")), "a second register is told that the dock is busy")
        second.kill()
        till.close()
        lib.wait_for(lambda: status(home).get("till") is False)
        host.say("inject 123")
        t.check(lib.wait_for(lambda: said(home, r"done 2 1")), "without a till a code is refused")
        host.close()


def test_display(home):
    scanner = Scanner(home / "scanner")
    display = Scanner(home / "display")
    with dock(home, scanner, "--display", display.path):
        scanner.wait_reader()
        lib.wait_for(display.is_open)
        r = lib.run("goeswith-dock", "self-test", "--listen", home / "dock.sock")
        t.equal(r.returncode, 0, "self-test")
        shown = b""

        def look():
            nonlocal shown
            shown += display.read()
            return b"self-test" in shown
        t.check(lib.wait_for(look) and shown.startswith(b"\x1b@\x1bt\x13\x0c"), "writes on the display", shown)
        host = Host(home, "--socket", home / "dock.sock")
        host.say("display Gr\N{LATIN SMALL LETTER O WITH DIAERESIS}\N{LATIN SMALL LETTER SHARP S}e|3.49")
        lib.wait_for(lambda: display.read() and False or said(home, "done 1 0"))
        # nobody reads it any more: 1,000 texts, and the scans go on
        for i in range(1000):
            host.say(f"display {i}|x")
        want = codes(0, 200)
        scanner.send("".join(c + "\r" for c in want).encode())
        same(settle(home, 200), want, "a display that hangs delays no scan")
        host.kill()
        capture = subprocess.Popen([lib.program("goeswith-dock"), "capture", "--listen", str(home / "dock.sock")],
                                   stdout=subprocess.PIPE)
        lines = [capture.stdout.readline()]  # it comes when the dock captures
        scanner.send(b"\x02ab\\\r\n")
        lines += [capture.stdout.readline() for _ in range(2)]
        t.equal([lines[0], lines[2]], [b"# goeswith capture 1\n", b"0 \\x02ab\\\\\\x0D\\x0A\n"],
                "capture shows the bytes as they come")
        lib.end(capture)
        host = Host(home, "--socket", home / "dock.sock")
        t.equal(settle(home, 201)[200:], ["\x02ab\\"], "and leaves the scans to the register")
        t.equal(lib.run("goeswith-dock", "capture", "--listen", home / "dock.sock").returncode, 4,
                "capture beside a register is refused")
        host.close()


def test_replug(home):
    scanner = Scanner(home / "scanner")
    with dock(home, scanner, "--idle-gap", 10000):  # no pause of a busy machine ends the half scan
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        scanner.send(b"1\rhalf")
        settle(home, 1)
        scanner.unplug()
        t.check(lib.wait_for(lambda: status(home).get("scanner") is False), "unplugged: told")
        t.check(lib.wait_for(lambda: said(home, r"hello .* state=(?:0|16) ")), "the register hears of it unasked")
        scanner.plug()
        scanner.wait_reader()
        scanner.send(b"2\r")
        t.equal(settle(home, 3), ["1", "!3", "2"], "plugged in again: reads on; the half scan is refused")
        host.close()


def test_kept_from_running(home):
    """What comes while the dock does not run is read late, one byte right behind the other."""
    scanner, gap = Scanner(home / "scanner"), 2.0
    with dock(home, scanner, "--till", f"pty:{home}/till", "--idle-gap", int(gap * 1000)) as d:
        till = devices.Till(home / "till")
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        for _ in range(12):  # a machine as busy as that makes a pause by itself
            before, began = len(journal(home)), time.monotonic()
            scanner.send(b"400638")
            lib.wait_for(lambda: till.data.endswith(b"400638"), step=0.001)
            d.send_signal(signal.SIGSTOP)
            stopped = time.monotonic()
            if stopped - began < gap:
                scanner.send(b"1333931\r")
            time.sleep(gap + 0.2)
            d.send_signal(signal.SIGCONT)
            if stopped - began < gap:
                break
            scanner.send(b"\r")
        t.equal(settle(home, before + 1)[before:], ["4006381333931"], "kept from running in the middle of a scan: it is one scan")
        scanner.send(b"12")
        settle(home, before + 2)
        scanner.send(b"34\r")
        t.equal(settle(home, before + 3)[before + 1:], ["12", "34"], "while a pause that it heard ends one")
        host.close()
        till.close()


def test_bad_input(home):
    scanner = Scanner(home / "scanner")
    with dock(home, scanner) as d:
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        scanner.send(b"9" * 5000 + b"\r" + b"ok\r")
        t.equal(settle(home, 2), ["!1", "ok"], "over-long: one refusal, the next scan is good")
        noise = random.Random(lib.seed()).randbytes(1 << 16)
        started = time.monotonic()
        for _ in range(32):
            scanner.send(noise)
        scanner.send(b"\r")
        t.check(d.poll() is None, f"2 MiB of noise in {time.monotonic() - started:.1f} s: the dock lives")
        # a starved host has not taken all of the noise yet, and a dock that is full refuses the newest
        good = lib.wait_for(lambda: scanner.send(b"good\r") and lib.wait_for(lambda: journal(home)[-1:] == ["good"], 1.0))
        t.check(good, "and takes the next scan", journal(home)[-2:])
        rss = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{d.pid}/status").read_text())[1])
        t.check(rss < 8192 or "san" in HOST, f"in {rss} KiB")
        host.close()


def test_idle(home):
    scanner = Scanner(home / "scanner")
    with dock(home, scanner) as d:
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        scanner.send(b"1\r")
        settle(home, 1)
        woken = lib.asleep(2.5, d.pid, host.p.pid)
        t.check(woken == 0, "idle: neither dock nor host wakes up", woken)
        host.close()


def test_ends(home):
    scanner = Scanner(home / "scanner")
    p = subprocess.Popen([lib.program("goeswith-dock"), "--scanner", str(scanner.path), "--listen",
                          str(home / "dock.sock"), "--linger", "1"])
    try:
        t.equal(p.wait(lib.DEADLINE), 0, "without register and till it ends by itself")
    finally:
        lib.end(p)
    for args, code, text in ((["--scanner", "/nowhere/x", "--brand", "acme"], 2, "no brand"),
                             (["--scanner", str(home / "file")], 3, "neither a device"),
                             (["--scanner", "x", "--line", "9600,9X1"], 2, "9600,8N1"),
                             ([], 2, "--scanner")):
        (home / "file").write_text("x")
        r = lib.run("goeswith-dock", *args, *(["--listen", home / "d.sock"]))
        t.check(r.returncode == code and text in r.stderr, f"refuses {args}", r.stderr)
    r = lib.run("goeswith-dock", "--scanner", home / "s", "--listen", home / "file")
    t.check(r.returncode == 5 and (home / "file").read_text() == "x",
            "a file where the socket should be stays as it is", r.stderr)
    r = lib.run("goeswith-dock", "status", "--listen", home / "nobody.sock")
    t.equal(r.returncode, 4, "status without a dock says so")


def test_player(home):
    scans = home / "f.scan"
    os.mkfifo(scans)
    player = subprocess.Popen([lib.program("goeswith-sim"), "scanner", str(scans), "--port",
                               str(home / "scanner"), "--rate", "50", "--terminator", "crlf"],
                              stderr=subprocess.PIPE)
    tape = open(scans, "w")
    lib.wait_for((home / "scanner").is_symlink)

    class Link:
        path = home / "scanner"
    with dock(home, Link):
        # what is sent before the dock has found its step would be half a scan
        lib.wait_for(lambda: status(home).get("starting") is False)
        with tape:
            tape.write("# three\n123\n\\x5dC1010950\\x1d10A\n@sleep 100\n\\\\4\n")
        host = Host(home, "--socket", home / "dock.sock")
        t.equal(settle(home, 3), ["123", "]C1010950\x1d10A", "\\4"], "goeswith-sim plays a file of scans")
        t.check(b"3 scans sent" in player.communicate(timeout=lib.DEADLINE)[1], "and says how many")
        t.check(not (home / "scanner").is_symlink(), "and takes its pseudo-terminal away")
        host.close()
    (home / "bad.scan").write_text("ok\nbad\\q\n")
    r = lib.run("goeswith-sim", "scanner", home / "bad.scan", "--port", "/dev/null", "--rate", "0")
    t.check(r.returncode == 3, "a faulty file is refused", r.stderr)


def test_libserialport(home):
    cc = shutil.which("cc") or shutil.which("gcc")
    if cc is None or "san" in HOST or "cov" in HOST:
        t.skip("libserialport", "needs a compiler and a build without sanitizers")
        return
    shim = home / "shim.so"
    subprocess.run([cc, "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", shim, lib.ROOT / "tests/e2e/dock_shim.c", "-ldl"], check=True)
    scanner = Scanner(home / "scanner")
    env = dict(os.environ, LD_PRELOAD=str(shim))
    with dock(home, scanner, "--line", "19200,8N1", env=env) as d:
        scanner.wait_reader()
        host = Host(home, "--socket", home / "dock.sock")
        scanner.send(b"5012345678900\r")
        t.equal(settle(home, 1), ["5012345678900"], "a port opened by libserialport")
        attributes = termios.tcgetattr(scanner.master)
        t.check(attributes[4] == termios.B19200 and attributes[5] == termios.B19200, "its speed is set", attributes[:6])
        t.check(attributes[0] & (termios.IXON | termios.IXOFF | termios.ICRNL) == 0 and
                attributes[3] & (termios.ICANON | termios.ECHO) == 0, "nothing is inherited from the line")
        maps = pathlib.Path(f"/proc/{d.pid}/maps").read_text()
        t.check("libserialport" in maps and "shim.so" in maps, "by the real library")
        second = subprocess.run([lib.program("goeswith-dock"), "--scanner", str(scanner.path), "--listen", str(home / "2.sock"),
                                 "--linger", "1"], env=env, capture_output=True, text=True, timeout=lib.DEADLINE)
        t.check("another program is using it" in second.stderr, "the line is ours alone", second.stderr)
        scanner.unplug()
        t.check(lib.wait_for(lambda: status(home).get("scanner") is False), "unplugged: noticed at once")
        host.close()


for test in (test_register_killed, test_dock_killed, test_register_dead, test_dead_till, test_injection, test_display, test_replug,
             test_kept_from_running, test_bad_input, test_idle, test_ends, test_player, test_libserialport):
    with lib.home() as where:
        try:
            test(where)
        except Exception as e:  # noqa: BLE001 - the others shall still run
            t.check(False, f"{test.__name__}: {e!r}")
t.done()
