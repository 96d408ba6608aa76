#!/usr/bin/env python3
"""Sync in numbers: sealing, verifying, collecting, bytes an event.  Sales are real baskets through the real engine
where ../shared is there, else made up.  Each rate stands beside a peer measured in the same run: zstd alone over the
same lines, and sqlite3 inserting the same rows without any check."""
import gzip
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import lib  # noqa: E402
from sync_lib import Journal, rows, sync  # noqa: E402


def timed(what, *args, **kwargs):
    start = time.monotonic()
    value = what(*args, **kwargs)
    return value, time.monotonic() - start


def make_journal(top):
    """A journal in top, and what it was made of."""
    source = lib.SHARED / "data/uci_baskets.txt.gz"
    if not source.exists():
        j = Journal(top / "journal.db")
        j.play(60000)
        return "made-up sales"
    with gzip.open(source, "rt") as f:
        (top / "baskets").write_text("".join(next(f) for _ in range(1500)))
    done = lib.run("goeswith-sim", "replay", "--baskets", top / "baskets", "--home", top, "--json")
    assert done.returncode == 0, done.stderr
    return "1,500 UCI baskets through the engine"


with lib.home() as top:
    up = top / "office"
    up.mkdir()
    print("journal:", make_journal(top))
    events = rows(top / "journal.db", "SELECT count(*) FROM event")[0][0]
    _, verify_s = timed(sync, "verify", "--home", top)
    r, push_s = timed(sync, "push", "--home", top, "--to", f"dir:{up}", "--json")
    size = json.loads(r.stdout)["sealed_bytes"]
    files = sorted(up.rglob("*.zst"))
    r, collect_s = timed(sync, "collect", up, "--json")
    assert json.loads(r.stdout)["events"] == events, r.stdout

    plain = top / "plain"
    plain.mkdir()
    if shutil.which("zstd"):
        for f in files:
            subprocess.run(["zstd", "-dqf", f, "-o", plain / f.name[:-4]], check=True)
        _, zstd_s = timed(subprocess.run, ["zstd", "-q", "-15", "-T1", "-r", str(plain)], check=True)
    else:
        zstd_s = None
    db = sqlite3.connect(top / "peer.db")
    db.execute("CREATE TABLE event(terminal, epoch, seq, at_ms, kind, basket, body, PRIMARY KEY(terminal, epoch, seq))")
    got = rows(up / "collection.db", "SELECT terminal, epoch, seq, at_ms, kind, basket, body FROM event")
    _, insert_s = timed(lambda: (db.executemany("INSERT INTO event VALUES(?,?,?,?,?,?,?)", got), db.commit()))
    db.close()

    print(f"events: {events} in {len(files)} batches, {size / events:.1f} bytes an event")
    print(f"verify:  {events / verify_s:12,.0f} rows/s")
    print(f"push:    {events / push_s:12,.0f} events/s"
          + (f", {push_s / zstd_s:.1f} times zstd -15 alone" if zstd_s else ""))
    print(f"collect: {events / collect_s:12,.0f} events/s, {collect_s / insert_s:.1f} times bare inserts")
