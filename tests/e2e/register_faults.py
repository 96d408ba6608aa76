#!/usr/bin/env python3
"""What goes wrong around the register: each fault has a clear message, and nothing is lost."""
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys

import lib
import ui_home


def events(home, kind=None):
    with contextlib.closing(sqlite3.connect(f"file:{home / 'journal.db'}?mode=ro", uri=True)) as db:
        return [json.loads(b) for k, b in db.execute("select kind, body from event order by seq")
                if kind in (None, k)]


def refuses_foreign_files(t):
    with lib.home() as home:
        with contextlib.closing(sqlite3.connect(home / "journal.db")) as db:
            db.execute("create table theirs(x)")
            db.commit()
        before = (home / "journal.db").read_bytes()
        r = lib.run("goeswith", "--headless", "--home", home, stdin="")
        t.equal(r.returncode, 3, "a foreign database is refused as bad input")
        t.check("journal.db" in r.stderr and "not a" in r.stderr, "and named", r.stderr)
        t.check((home / "journal.db").read_bytes() == before, "and left as it was")


def refuses_newer_files(t):
    with lib.home() as home:
        lib.run("goeswith", "--headless", "--home", home, stdin="")
        with contextlib.closing(sqlite3.connect(home / "journal.db")) as db:
            db.execute("pragma user_version = 999")
            db.commit()
        r = lib.run("goeswith", "--headless", "--home", home, stdin="")
        t.check(r.returncode == 3 and "update goeswith" in r.stderr, "a newer journal is refused", r.stderr)


def refuses_second_register(t):
    with lib.home() as home:
        first = lib.Headless(home)
        first.send({"do": "scan", "data": "4006381333931"})
        first.read_until("unknown")
        r = lib.run("goeswith", "--headless", "--home", home, stdin="")
        t.equal(r.returncode, 4, "a second register on one home is told to try again")
        t.check(r.stderr.count("\n") == 1, "in one line", r.stderr)
        t.equal(first.close(), 0, "the first goes on and ends well")


def refuses_missing_permission(t):
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        t.skip("missing permission", "root needs setpriv to give it up")
        return
    with lib.home() as home:
        os.chmod(home, 0o755)
        inner = home / "inner"
        inner.mkdir(0o555)
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        where = lib.BIN / "goeswith"
        if drop and subprocess.run([*drop, "test", "-x", str(where)]).returncode != 0:
            copy = home / "goeswith"
            shutil.copy(where, copy)
            where = copy
        r = subprocess.run([*drop, str(where), "--headless", "--home", str(inner)], input="",
                           capture_output=True, text=True, timeout=lib.DEADLINE)
        t.check(r.returncode in (5, 6) and "journal" in r.stderr, "a home without write permission is told",
                f"{r.returncode}: {r.stderr}")


def fill(disk):
    filler = os.open(disk / "filler", os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(filler, b"x" * 4096)
    os.close(filler)


def scanner_ready(home):
    r = lib.run("goeswith-dock", "status", "--home", home, "--json")
    now = json.loads(r.stdout) if r.returncode == 0 else {}
    return now.get("scanner") and now.get("starting") is False


@contextlib.contextmanager
def small_disk(home):
    """A folder on a disk of one megabyte; None where mounting is not permitted."""
    disk = home / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def full_disk_is_on_the_screen(t):
    name = "a full disk is on the screen with the first scan it met, not the second"
    with lib.home() as home, small_disk(home) as disk:
        if disk is None:
            t.skip(name, "mounting a small disk is not permitted here")
            return
        player = subprocess.Popen([lib.program("goeswith-sim"), "scanner", "-", "--port", str(home / "scanner")],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lib.wait_for(lambda: (home / "scanner").exists())
        try:
            screen = ui_home.Register(disk, "--scanner", home / "scanner")
            screen.scanner_ready()  # what comes while the port opens is thrown away
            fill(disk)
            # By scanner: a key would have the screen drawn once more anyway.
            for n in range(40):
                code = f"CODE-{n:04d}-{'x' * 60}"
                player.stdin.write(code.encode() + b"\n")
                player.stdin.flush()
                screen.wait(lambda: "Notes wait in memory" in screen.text() or code in str(events(disk, "line")))
                if "Notes wait in memory" in screen.text():
                    break
            t.check("Notes wait in memory" in screen.text() and code not in str(events(disk, "line")), name, screen.text())
        finally:
            screen.close()
            lib.end(player)


def survives_full_disk(t):
    name = "a full disk: selling goes on, events wait, nothing is lost"
    with lib.home() as home, small_disk(home) as disk:
        if disk is None:
            t.skip(name, "mounting a small disk is not permitted here")
            return
        register = lib.Headless(disk)
        register.send({"do": "scan", "data": "4006381333931"})
        first = register.read_until("unknown")[-1]
        t.check(first.get("seq", 0) > 0, "before: a scan has its number", first)
        fill(disk)
        for n in range(60):
            register.send({"do": "scan", "data": f"item-{n}"})
        got = []
        while len([a for a in got if a["on"] == "unknown"]) < 60:
            more = register.read_until("unknown")
            if not more:
                break
            got += more
        waiting = [a for a in got if a["on"] == "unknown"]
        t.equal(len(waiting), 60, "while full: every scan is answered")
        t.check(any(not a.get("seq") for a in waiting), "and none that is not on disk claims a number")
        os.unlink(disk / "filler")
        register.send({"do": "scan", "data": "after"})
        t.check(register.read_until("unknown")[-1:], "space again: it goes on")
        t.equal(register.close(), 0, "and ends well")
        codes = [b["code"] for b in events(disk, "unknown")]
        t.equal(codes, ["04006381333931", *[f"item-{n}" for n in range(60)], "after"],
                "every scan is in the journal, once, in order")


def table_faults(t):
    with lib.home() as home:
        (home / "table.db").write_bytes(b"no table at all" * 100)
        register = lib.Headless(home)
        register.send({"do": "scan", "data": "4006381333931"})
        t.check(register.read_until("unknown"), "a broken table: the register sells without offers")
        register.close()


def never_wakes_in_idle(t):
    with lib.home() as home:
        screen = lib.Screen("goeswith", "--home", home)
        try:
            t.check(screen.wait_text("F1"), "the screen is there", screen.seen[-2000:])
            screen.pump(0.5)
            t.equal(lib.asleep(5, screen.p.pid), 0, "five idle seconds: not one wake-up")
        finally:
            screen.close()


def hang_up_ends_it(t):
    with lib.home() as home:
        screen = lib.Screen("goeswith", "--home", home)
        t.check(screen.wait_text("F1"), "the screen is there again")
        screen.hang_up()
        t.check(lib.wait_for(lambda: screen.p.poll() is not None), "a hang-up ends the register")
        t.equal([b for b in events(home, "stop")] != [], True, "in good order")
        lib.end(screen.p)


def till_lives_without_register(t):
    """The journal cannot be opened: the register ends, and the till gets every byte all the same."""
    with lib.home() as home:
        (home / "journal.db").write_bytes(b"not a journal" * 1000)
        player = subprocess.Popen([lib.program("goeswith-sim"), "scanner", "-", "--port", str(home / "scanner")],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        dock = None
        try:
            t.check(lib.wait_for(lambda: (home / "scanner").exists()), "a scanner is there")
            r = lib.run("goeswith", "--headless", "--home", home, "--scanner", home / "scanner",
                        "--till", f"pty:{home / 'till'}", stdin="")
            t.equal(r.returncode, 3, "the register cannot start")
            status = lib.run("goeswith-dock", "status", "--home", home, "--json")
            t.equal(status.returncode, 0, "but it left a dock behind")
            dock = json.loads(status.stdout)["pid"]
            lib.wait_for(lambda: scanner_ready(home))
            till = os.open(home / "till", os.O_RDWR | os.O_NOCTTY)
            player.stdin.write(b"4006381333931\n")
            player.stdin.flush()
            got = b""
            while not got.endswith(b"\r"):
                got += os.read(till, 64)
            t.equal(got.strip(), b"4006381333931", "and the till gets what is scanned")
            os.close(till)
        finally:
            if dock is not None:
                os.kill(dock, signal.SIGTERM)
                lib.wait_for(lambda: not os.path.exists(f"/proc/{dock}"))
            lib.end(player)


def main():
    t = lib.Tap()
    for part in (till_lives_without_register, refuses_foreign_files, refuses_newer_files, refuses_second_register, refuses_missing_permission,
                 survives_full_disk, table_faults, full_disk_is_on_the_screen,
                 never_wakes_in_idle, hang_up_ends_it):
        part(t)
    t.done()


if __name__ == "__main__":
    sys.exit(main())
