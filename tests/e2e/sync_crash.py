#!/usr/bin/env python3
"""Client and server of sync are killed (kill -9) at random moments, again and again, while batch sizes change and
the journal grows: of 100,000 events none may be lost and none doubled."""
import os
import random
import signal
import subprocess
import time

import lib
from sync_lib import Journal, difference, rows, sync

SEED = int(os.environ.get("SEED", "20261122"))
EVENTS = int(os.environ.get("EVENTS", "100000"))
KILLS = 50

t = lib.Tap()
print(f"# seed {SEED}")
chance = random.Random(SEED)


def start(*args):
    return subprocess.Popen([lib.program("goeswith-sync"), *map(str, args)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)


def kill_after(p, seconds):
    """True when it was killed before it had ended by itself."""
    try:
        p.wait(seconds)
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGKILL)
    p.wait()
    p.stderr.close()
    return p.returncode == -signal.SIGKILL


with lib.home() as top:
    up, book = top / "office", top / "office" / "collection.db"
    up.mkdir()
    journals = []
    for n in range(2):
        home = top / f"till{n}"
        home.mkdir()
        journals.append((home, Journal(home / "journal.db", terminal=f"T{n}", seed=SEED + n)))
    killed = 0
    step = EVENTS // 2 // KILLS
    while killed < KILLS or sum(j.seq for _, j in journals) < EVENTS:
        for home, j in journals:
            if j.seq < EVENTS // 2:
                j.play(step)
            size = chance.choice([7, 50, 200, 500, 900])
            p = start("push", "--home", home, "--to", f"dir:{up}", "--batch-events", size)
            killed += kill_after(p, chance.random() ** 2 * 0.3)
        p = start("collect", up)
        killed += kill_after(p, chance.random() ** 2 * 0.3)
    t.check(True, f"{killed} times killed")

    for _ in range(2):
        for home, j in journals:
            r = sync("push", "--home", home, "--to", f"dir:{up}")
            if r.returncode != 0:
                t.check(False, "the last push", r.stderr)
        r = sync("collect", up)
        if r.returncode != 0:
            t.check(False, "the last collect", r.stderr)
    for home, j in journals:
        r = sync("push", "--home", home, "--to", f"dir:{up}")
    total = sum(j.seq for _, j in journals)
    for home, j in journals:
        t.equal(difference(j, book), "", f"{j.till}: {j.seq} events, 0 lost, 0 doubled")
        left = [p for p in (home / "outbox").rglob("*") if p.is_file()]
        t.equal(left, [], f"{j.till}: all acknowledged, nothing left in the outbox")
    t.equal(rows(book, "SELECT count(*) FROM event")[0][0], total, f"{total} events in all")
    t.equal(rows(book, "SELECT count(*) FROM file WHERE state = 3")[0][0], 0, "no file was refused")
    whole = rows(book, "SELECT count(*), total(closed_ms > 0), total(total_minor) FROM sale")
    want = [sum(x) for x in zip(*[rows(j.path, "SELECT total(kind = 'open'), total(kind = 'close'),"
            " total(json_extract(body, '$.total')) FROM event")[0] for _, j in journals])]
    t.equal(list(map(int, whole[0])), list(map(int, want)), "sales derived from them add up")
t.done()
