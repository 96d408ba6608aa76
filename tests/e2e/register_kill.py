#!/usr/bin/env python3
"""1,000 real baskets through scanner, dock, link and register into the journal, while the register
is killed 50 times: every line is there, once, in order.  The till behind the dock gets every byte.
"""
import contextlib
import gzip
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import lib

BASKETS = 1000
KILLS = 50
CLOSE = "CONTROL-TENDER"


def real_baskets():
    path = lib.SHARED / "data" / "uci_baskets.txt.gz"
    with gzip.open(path, "rt") as f:
        for line in f:
            items = line.split()
            if 2 <= len(items) <= 10:
                yield items


def make_table(home, baskets):
    codes = sorted({c for b in baskets for c in b})
    src = home / "src"
    src.mkdir()
    (src / "items.csv").write_text("code,name,price,cost,category,kind,stock,tags\n" + "".join(
        f"{c},Item {c},1.00,0.50,all,product,,\n" for c in codes))
    (src / "rules.csv").write_text("rule,if,suggest,kind,price,discount,weight\n" + "".join(
        f"r{i},{a},{b},addon,,,0.5\n" for i, (a, b) in enumerate(zip(codes, codes[1:]))))
    (src / "settings.csv").write_text(f"key,value\ncurrency,GBP\ncontrol_tender,{CLOSE}\nidle_close_s,0\n")
    for verb in (["make", src, "-o", home / "bundle"], ["install", home / "bundle", "--home", home]):
        r = lib.run("goeswith-table", *verb)
        if r.returncode != 0:
            raise SystemExit(f"goeswith-table {verb[0]}: {r.stderr}")


def drain(path, into, stop):
    """A till that reads all it is sent."""
    while not os.path.exists(path) and not stop.is_set():
        time.sleep(0.01)
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    os.set_blocking(fd, False)
    while not stop.is_set():
        try:
            into.extend(os.read(fd, 65536))
        except BlockingIOError:
            time.sleep(0.005)
    os.close(fd)


def dock_pid(home):
    r = lib.run("goeswith-dock", "status", "--home", home, "--json")
    return json.loads(r.stdout)["pid"] if r.returncode == 0 else None


def end_dock(home):
    pid = dock_pid(home)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    return lib.wait_for(lambda: not os.path.exists(f"/proc/{pid}"))


def feed(pipe, data):
    pipe.write(data)
    pipe.close()


def lines_in(journal):
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as db:
        return [json.loads(body)["code"] for (body,) in
                db.execute("select body from event where kind='line' order by seq")]


def main():
    t = lib.Tap()
    if not (lib.SHARED / "data" / "uci_baskets.txt.gz").exists():
        t.skip("1,000 real baskets", "the shared data is not there")
        t.done()
    chance = random.Random(lib.seed())
    baskets = [b for _, b in zip(range(BASKETS), real_baskets())]
    want = [c for b in baskets for c in b]
    with lib.home() as home, contextlib.ExitStack() as cleanup:
        cleanup.callback(end_dock, home)
        make_table(home, baskets)
        scans = ("".join("".join(f"{c}\n" for c in b) + CLOSE + "\n" for b in baskets)).encode()
        till_bytes, stop = bytearray(), threading.Event()
        args = ["--headless", "--home", home, "--scanner", home / "scanner", "--till", f"pty:{home / 'till'}"]
        till = threading.Thread(target=drain, args=(home / "till", till_bytes, stop), daemon=True)
        till.start()

        def start():
            return subprocess.Popen([lib.program("goeswith"), *map(str, args)], stdin=subprocess.PIPE,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

        def scanner_up():
            r = lib.run("goeswith-dock", "status", "--home", home, "--json")
            now = json.loads(r.stdout) if r.returncode == 0 else {}
            return now.get("scanner") and now.get("starting") is False

        with lib.running("goeswith-sim", "scanner", "-", "--port", home / "scanner", "--rate", 500,
                         stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as player:
            register = start()
            # What a scanner sends before anybody listens is stale, and thrown away on purpose.
            t.check(lib.wait_for(scanner_up), "the dock has opened the scanner and found its step")
            threading.Thread(target=feed, args=(player.stdin, scans), daemon=True).start()
            kills = 0
            while player.poll() is None or kills < KILLS:
                time.sleep(chance.uniform(0.05, 0.25))
                if kills < KILLS:
                    register.kill()
                    lib.end(register)
                    kills += 1
                    register = start()
            closed = lambda: sqlite3.connect(f"file:{home / 'journal.db'}?mode=ro", uri=True).execute(
                "select count(*) from event where kind='close'").fetchone()[0]
            lib.wait_more(closed, BASKETS, step=0.2)
            t.equal(kills, KILLS, "the register was killed 50 times")
            t.equal(closed(), BASKETS, "every sale was closed, once")
            got = lines_in(home / "journal.db")
            t.check(got == want, f"{len(want)} lines in the journal, in order, once",
                    f"{len(got)} lines; first difference at " +
                    str(next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))))
            lib.wait_more(lambda: till_bytes.count(b"\r") + till_bytes.count(b"\n"), len(want) + BASKETS)
            got_till = till_bytes.decode("ascii", "replace").replace("\r", "\n").split()
            t.check(got_till == [c for b in baskets for c in [*b, CLOSE]], "the till got every byte, in order",
                    f"{len(got_till)} codes at the till")
            r = lib.run("goeswith-sync", "verify", "--home", home)
            t.check(r.returncode == 0, "the hash chain holds", r.stderr)
            register.stdin.close()
            register.wait(lib.DEADLINE)
            lib.end(register)
        t.check(dock_pid(home) is not None, "the dock behind a till outlives the register")
        t.check(end_dock(home), "and ends when told to")
        stop.set()
        till.join()
    t.done()


if __name__ == "__main__":
    sys.exit(main())
