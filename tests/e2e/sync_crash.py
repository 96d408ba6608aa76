#!/usr/bin/env python3
"""Clients, web server and collector of sync are killed (kill -9) at random moments, again and again, while batch sizes
change and the journals grow: of 100,000 events none may be lost and none doubled.  One till pushes to a folder, the
other to nginx over mutual TLS."""
import contextlib
import os
import random
import shutil
import signal
import subprocess

import lib
from sync_lib import Journal, difference, rows, sync
from sync_servers import configure, die_with_parent, make_ca, make_cert, nginx

SEED = int(os.environ.get("SEED", "20261122"))
EVENTS = int(os.environ.get("EVENTS", "30000" if "san" in lib.BIN.parts else "100000"))  # sanitizers are slow
KILLS, ROUNDS = 50, 25

t = lib.Tap()
print(f"# seed {SEED}")
chance = random.Random(SEED)


def start(*args):
    return subprocess.Popen([lib.program("goeswith-sync"), *map(str, args)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)


def kill_after(p, seconds, server=None):
    """True when it was killed before it had ended by itself.  A server that is named is killed instead."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        p.wait(seconds)
    at_work = p.poll() is None
    if server is not None:
        server.kill()
        server.start()
    elif at_work:
        p.send_signal(signal.SIGKILL)
    p.wait()
    return at_work if server is not None else p.returncode == -signal.SIGKILL


def web(top, office, home, till):
    """nginx as we ship it, with a certificate for the till; a folder where it is not installed."""
    if not shutil.which("nginx") or not shutil.which("openssl"):
        t.skip("nginx killed", "no nginx or openssl")
        return contextlib.nullcontext(None)
    certs = top / "certs"
    certs.mkdir()
    os.chmod(top, 0o755)
    for ca in ("head", "terminals"):
        make_ca(certs, ca)
    make_cert(certs, "head", "server", address=True)
    make_cert(certs, "terminals", till)
    configure(home, cert=certs / f"{till}.crt", key=certs / f"{till}.key", ca=certs / "head.crt")
    return nginx(top, office, certs)


def play(journals, server, office):
    """Rounds of growing, pushing and collecting, in which something is killed each time.  Counts of kills."""
    killed = {"client": 0, "server": 0, "collector": 0}
    # a machine on which most of them end before they are killed takes some more rounds
    while sum(killed.values()) < KILLS or sum(j.seq for _, j, _ in journals) < EVENTS or \
            min(killed["client"], killed["collector"]) <= 5 or (server is not None and killed["server"] <= 2):
        for home, j, place in journals:
            if j.seq < EVENTS // 2:
                j.play(EVENTS // 2 // ROUNDS)
            size = chance.choice([7, 50, 200, 500, 900])
            p = start("push", "--home", home, "--to", place, "--batch-events", size)
            victim = server if place.startswith("https") and chance.random() < .5 else None
            what = "server" if victim is not None else "client"
            killed[what] += kill_after(p, chance.random() ** 2 * 0.3, victim)
        p = start("collect", office)
        killed["collector"] += kill_after(p, chance.random() ** 2 * 0.3)
    return killed


with lib.home() as top:
    office, book = top / "office", top / "office/collection.db"
    office.mkdir()
    homes = [top / "till0", top / "till1"]
    for home in homes:
        home.mkdir()
    tills = [Journal(home / "journal.db", terminal=f"T{n}", seed=SEED + n) for n, home in enumerate(homes)]
    with web(top, office, homes[1], tills[1].till) as server:
        places = [f"dir:{office}", server.url if server else f"dir:{office}"]
        journals = list(zip(homes, tills, places))
        killed = play(journals, server, office)
        t.check(killed["client"] > 5 and killed["collector"] > 5 and (server is None or killed["server"] > 2),
                f"killed while at work: {killed}")
        for _ in range(2):
            for home, j, place in journals:
                r = sync("push", "--home", home, "--to", place)
                if r.returncode != 0:
                    t.check(False, "the last push", r.stderr)
            r = sync("collect", office)
            if r.returncode != 0:
                t.check(False, "the last collect", r.stderr)
        for home, j, place in journals:
            sync("push", "--home", home, "--to", place)
    for home, j, place in journals:
        t.equal(difference(j, book), "", f"{j.till} to {place.split(':')[0]}: {j.seq} events, 0 lost, 0 doubled")
        left = [p for p in (home / "outbox").rglob("*") if p.is_file()]
        t.equal(left, [], f"{j.till}: all acknowledged, nothing left in the outbox")
    total = sum(j.seq for j in tills)
    t.equal(rows(book, "SELECT count(*) FROM event")[0][0], total, f"{total} events in all")
    t.equal(rows(book, "SELECT count(*) FROM file WHERE state = 3")[0][0], 0, "no file was refused")
    whole = rows(book, "SELECT count(*), total(closed_ms > 0), total(total_minor) FROM sale")
    want = [sum(x) for x in zip(*[rows(j.path, "SELECT total(kind = 'open'), total(kind = 'close'),"
            " total(json_extract(body, '$.total')) FROM event")[0] for j in tills])]
    t.equal(list(map(int, whole[0])), list(map(int, want)), "sales derived from them add up")
t.done()
