#!/usr/bin/env python3
"""Sync in numbers: sealing, verifying, collecting, bytes an event and what they are spent on.  Sales are real baskets
through the real engine where ../shared is there, and the demo shop full of offers.  Each rate stands beside a peer
measured in the same run: zstd alone over the same lines, sqlite3 inserting the same rows without any check, b2sum over
the same bytes, cp and fsync of the same files."""
import csv
import gzip
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import lib  # noqa: E402
from sync_lib import rows, sync  # noqa: E402

DEMO = ROOT / "tools/sim/demo"
FIELDS = "seq at mono basket code name price eligible_ids bucket_ppm subtotal".split()


def timed(what, *args, **kwargs):
    start = time.monotonic()
    value = what(*args, **kwargs)
    return value, time.monotonic() - start


def replay(home, baskets, *args):
    home.mkdir()
    (home / "baskets").write_text("".join(baskets))
    done = lib.run("goeswith-sim", "replay", "--baskets", home / "baskets", "--home", home, "--json", *args)
    assert done.returncode == 0, done.stderr
    return home


def uci(top, *args):
    with gzip.open(lib.SHARED / "data/uci_baskets.txt.gz", "rt") as f:
        return replay(top / "uci", (next(f) for _ in range(1500)), *args)


def demo(top, *args):
    """Two sales in three begin with what a rule waits for, so every sixth event is an offer."""
    chance = random.Random(7)
    items = [r["code"] for r in csv.DictReader((DEMO / "items.csv").open())]
    rules = [[c for c in r["if"].split() if c in items] for r in csv.DictReader((DEMO / "rules.csv").open())]

    def basket():
        first = chance.choice(rules) if chance.random() < .67 else []
        rest = [items[int(len(items) * chance.random() ** 2)] for _ in range(chance.randrange(1, 6))]
        return " ".join(first + rest) + "\n"
    made = lib.run("goeswith-table", "make", DEMO, "-o", top / "bundle")
    assert made.returncode == 0, made.stderr
    baskets = [basket() for _ in range(3000)]
    lib.run("goeswith-table", "install", top / "bundle", "--home", top / "demo")
    (top / "demo").rename(top / "table")
    return replay(top / "demo", baskets, "--table", top / "table/table.db", "--accept-ppm", "300000", *args)


def sealed(home, top, size):
    """Bytes an event when batches are sealed at so many events."""
    copy = top / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    shutil.copy(home / "journal.db", copy)
    got = json.loads(sync("push", "--home", copy, "--to", "dir:/nowhere", "--batch-events", size, "--json").stdout)
    return got["sealed_bytes"] / got["sealed_events"]


def squeeze(folder, *args):
    """Seconds and bytes of zstd over all files of a folder, as goeswith-sync compresses them."""
    _, seconds = timed(subprocess.run, ["zstd", "-qf", "-15", "-T1", "--no-check", "-r", str(folder)], check=True)
    packed = list(folder.rglob("*.zst"))
    size = sum(p.stat().st_size for p in packed)
    for p in packed:
        p.unlink()
    return seconds, size


def unpack(files, folder):
    folder.mkdir()
    for f in files:
        subprocess.run(["zstd", "-dqf", f, "-o", folder / f.name[:-4]], check=True)


def spent(top, plain, events):
    """How much less it would be without a field: what that field costs."""
    base, less, lines = squeeze(plain)[1], top / "less", {}
    less.mkdir()
    for f in sorted(plain.iterdir()):
        lines[f.name] = [json.loads(line) for line in f.read_text().splitlines()]
    for field in FIELDS:
        for name, objects in lines.items():
            (less / name).write_text("".join(json.dumps({k: v for k, v in o.items() if k != field},
                                                        separators=(",", ":"), ensure_ascii=False) + "\n"
                                             for o in objects))
        print(f"  without {field:13s} {(base - squeeze(less)[1]) / events:5.2f} less")


def copy_durably(files, folder):
    folder.mkdir()
    for f in files:
        with (folder / f.name).open("wb") as out:
            out.write(f.read_bytes())
            os.fsync(out.fileno())


def insert(path, got):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE event(terminal, epoch, seq, at_ms, kind, basket, body, PRIMARY KEY(terminal, epoch, seq))")
    db.executemany("INSERT INTO event VALUES(?,?,?,?,?,?,?)", got)
    db.commit()
    db.close()


def measure(name, home, top, in_full):
    top.mkdir()
    up = top / "office"
    up.mkdir()
    events = rows(home / "journal.db", "SELECT count(*) FROM event")[0][0]
    r, push_s = timed(sync, "push", "--home", home, "--to", f"dir:{up}", "--json")
    got = json.loads(r.stdout)
    files = sorted(up.rglob("*.zst"))
    print(f"{name}: {events} events, {got['sealed_bytes'] / events:.1f} bytes an event in {len(files)} batches; sealed at "
          + ", ".join(f"{n}: {sealed(home, top, n):.1f}" for n in (100, 250, 500, 2000)))
    if not in_full:
        return
    r, collect_s = timed(sync, "collect", up, "--json")
    assert json.loads(r.stdout)["events"] == events, r.stdout
    _, verify_s = timed(sync, "verify", "--home", home)
    _, sum_s = timed(subprocess.run, ["b2sum", str(home / "journal.db")], capture_output=True)
    rowset = rows(up / "collection.db", "SELECT terminal, epoch, seq, at_ms, kind, basket, body FROM event")
    _, insert_s = timed(insert, top / "peer.db", rowset)
    _, copy_s = timed(copy_durably, files, top / "durable")
    peers = copy_s
    if shutil.which("zstd"):
        unpack(files, top / "plain")
        peers += squeeze(top / "plain")[0]
    print(f"  push:    {events / push_s:9,.0f} events/s, {push_s / peers:.1f} times zstd -15 and a durable copy")
    print(f"  verify:  {events / verify_s:9,.0f} rows/s, {verify_s / sum_s:.1f} times b2sum of the file")
    print(f"  collect: {events / collect_s:9,.0f} events/s, {collect_s / insert_s:.1f} times bare inserts")
    if shutil.which("zstd"):
        spent(top, top / "plain", events)


with lib.home() as top:
    # Cashiers are not clockwork: with jitter every time has three digits of chance, as in a shop.
    for name, make in (("UCI baskets", uci), ("demo shop", demo)):
        if make == uci and not (lib.SHARED / "data/uci_baskets.txt.gz").exists():
            continue
        for jitter in ("0", "3000"):
            place = top / (name[:3] + jitter)
            place.mkdir()
            measure(f"{name}, {'a sale every so often' if jitter == '0' else 'times full of chance'}",
                    make(place, "--jitter-ms", jitter), place / "out", jitter == "0")
