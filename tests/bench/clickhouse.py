#!/usr/bin/env python3
"""Head office on ClickHouse (two shards on this machine) beside one SQLite file, in the same run: collecting, reports,
exact pairs.  Sales are real baskets through the real engine where ../shared is there, else made up."""
import gzip
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import clickhouse_lib  # noqa: E402
import lib  # noqa: E402
from sync_lib import Journal, rows, sync  # noqa: E402

BASKETS = int(os.environ.get("BASKETS", "4000"))
TILLS = 4


def timed(what, *args, **kwargs):
    start = time.monotonic()
    value = what(*args, **kwargs)
    return value, time.monotonic() - start


def checked(r):
    assert r.returncode == 0, r.stderr
    return r.stdout


def make(top, office):
    source = lib.SHARED / "data/uci_baskets.txt.gz"
    lines = []
    if source.exists():
        with gzip.open(source, "rt") as f:
            lines = [line for _, line in zip(range(BASKETS), f)]
    for n in range(TILLS):
        home = top / f"till{n}"
        home.mkdir()
        if lines:
            (home / "baskets").write_text("".join(lines[n::TILLS]))
            checked(lib.run("goeswith-sim", "replay", "--baskets", home / "baskets", "--home", home, "--terminal",
                            f"T{n}", "--json", timeout=600))
        else:
            Journal(home / "journal.db", terminal=f"T{n}", seed=n).play(30000)
        checked(sync("push", "--home", home, "--to", f"dir:{office}", timeout=600))
    return f"{len(lines):,} UCI baskets through the engine" if lines else "made-up sales"


def best(*args, times=3):
    """The shortest of a few runs, and what was printed."""
    runs = [timed(lib.run, *args, timeout=600) for _ in range(times)]
    return checked(runs[0][0]), min(s for _, s in runs)


def main(top):
    office, book = top / "office", top / "book.db"
    office.mkdir()
    print("sales:", make(top, office))
    with clickhouse_lib.cluster(top) as servers:
        version = servers[0].ask("SELECT version()").strip()
        checked(sync("schema", "--cluster", "shops", *(s.url() for s in servers)))
        _, sqlite_s = timed(lambda: checked(sync("collect", office, "--into", book, timeout=600)))
        _, server_s = timed(lambda: checked(sync("collect", office, "--into", servers[0].url(), timeout=600)))
        events = rows(book, "SELECT count(*) FROM event")[0][0]
        print(f"events: {events:,} of {TILLS} tills; ClickHouse {version}, 2 shards; load {os.getloadavg()[0]:.1f}")
        print(f"collect into SQLite:     {events / sqlite_s:10,.0f} events/s")
        print(f"collect into ClickHouse: {events / server_s:10,.0f} events/s, {server_s / sqlite_s:.2f} times the time")
        bytes_there = sum(s.rows("SELECT sum(bytes) FROM system.parts WHERE active AND database = 'goeswith'")[0][0]
                          for s in servers)
        print(f"size: {bytes_there / events:.1f} bytes an event there, {book.stat().st_size / events:.1f} in SQLite")
        for name, *args in (("report hours", "goeswith-report", "hours", "--from", "2026-01-01", "--to", "2026-12-31"),
                            ("report today", "goeswith-report", "today", "--from", "2026-01-01", "--to", "2026-12-31"),
                            ("pairs, count >= 5", "goeswith-mine", "--tsv", "--min-count", "5"),
                            ("pairs, count >= 40", "goeswith-mine", "--tsv", "--min-count", "40"),
                            ("triples, count >= 40", "goeswith-mine", "--tsv", "--min-count", "40", "--max-antecedent",
                             "2")):
            here, here_s = best(*args, book)
            there, there_s = best(*args, servers[0].url())
            assert here == there, name
            print(f"{name + ':':22s} {there_s * 1000:8.0f} ms by the server, {there_s / here_s:5.2f} times SQLite")


if clickhouse_lib.PROGRAM is None:
    print("skipped: no clickhouse-server")
else:
    with lib.home() as folder:
        main(folder)
