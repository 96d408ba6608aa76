#!/usr/bin/env python3
"""Reports by the shops' own clocks: registers in two zones, the hour that comes twice, sales that do not tell; the same
from journals, batches and collections, also from those that an older goeswith made."""
import json
import os
import shutil
import sqlite3

import lib
from sync_lib import rows, sync

# Rules instead of names, so that no zone file has to be there.
NEW_YORK, TOKYO, BERLIN = "EST5EDT,M3.2.0,M11.1.0", "JST-9", "CET-1CEST,M3.5.0,M10.5.0/3"
DAY = "2026-11-01"  # in New York clocks go back from 02:00 to 01:00

# (closes at, total): what was sold at each till; by its clock ...
EAST = [("2026-10-31T14:59:00Z", 1),     # ... the day before, 23:59
        ("2026-10-31T15:00:00Z", 2),     # ... 00:00
        ("2026-11-01T14:59:59.999Z", 4), # ... 23:59
        ("2026-11-01T15:00:00Z", 8)]     # ... the day after
WEST = [("2026-11-01T03:59:00Z", 16),    # ... the day before, 23:59
        ("2026-11-01T05:30:00Z", 32),    # ... 01:30
        ("2026-11-01T06:30:00Z", 64),    # ... 01:30 once more
        ("2026-11-02T04:59:00Z", 128),   # ... 23:59, after 25 hours
        ("2026-11-02T05:00:00Z", 256)]   # ... the day after
OLD = [("2026-10-31T23:30:00Z", 512),    # tells nothing: the day asked for in Berlin, not in UTC
       ("2026-11-01T23:30:00Z", 1024)]   # the other way round

t = lib.Tap()


def at_till(home, zone, terminal, sales):
    """What a real register in that zone writes."""
    lines = []
    for at, total in sales:
        lines += [{"do": "scan", "data": "4006381333931", "at": at}, {"do": "tender", "total": total, "at": at}]
    r = lib.run("goeswith", "--headless", "--home", home, "--store", "Z", "--terminal", terminal,
                stdin="".join(json.dumps(line) + "\n" for line in lines), env=dict(os.environ, TZ=zone))
    if r.returncode != 0:
        t.check(False, "register", r.stderr)


def forget(database, *, column):
    """As an older goeswith left it: no column; or as it goes on where there is one."""
    with sqlite3.connect(database, isolation_level=None) as db:
        db.execute("ALTER TABLE sale DROP COLUMN utc_offset_min" if column else "UPDATE sale SET utc_offset_min = NULL")
    db.close()


def columns(database):
    return [row[1] for row in rows(database, "PRAGMA table_info(sale)")]


def old_till(home):
    """Sales of a register whose events do not tell yet."""
    at_till(home, "UTC", "OLD", OLD)
    with sqlite3.connect(home / "journal.db", isolation_level=None) as db:
        db.execute("UPDATE event SET body = '{}' WHERE kind = 'open'")
    db.close()
    forget(home / "journal.db", column=True)


def report(zone, *args):
    return lib.run("goeswith-report", *args, env=dict(os.environ, TZ=zone, LC_ALL="C.UTF-8"))


def day(zone, sources, *args, date=DAY):
    got = json.loads(report(zone, "today", "--date", date, "--json", *args, *sources).stdout)
    return got["sales"], got["total_minor"], got["sales_assumed_offset"]


def hours(zone, sources, *args):
    got = json.loads(report(zone, "hours", "--date", DAY, "--json", *args, *sources).stdout)
    return {row["hour"]: row["sales"] for row in got["rows"]}, got["sales_assumed_offset"]


def everything(sources):
    """All reports of all days, as several readers see them."""
    out = []
    for zone in ("UTC", BERLIN, TOKYO):
        for args in (["--date", DAY], ["--date", DAY, "--utc-offset", 60], ["--from", "2026-10-31", "--to", "2026-11-02"]):
            for form in ([], ["--json"]):
                for verb in ("today", "rules", "cashiers", "hours"):
                    r = report(zone, verb, *args, *form, *sources)
                    out.append((zone, verb, args, form, r.returncode, r.stdout, r.stderr))
    return out


def check_days(homes, journals):
    told = journals[:2]
    want = {"2026-10-31": (2, 1 + 16, 0), DAY: (5, 2 + 4 + 32 + 64 + 128, 0), "2026-11-02": (2, 8 + 256, 0)}
    for zone in ("UTC", TOKYO, NEW_YORK, BERLIN):
        t.equal({date: day(zone, told, date=date) for date in want}, want,
                f"days of two zones are the shops', read in {zone}")
    t.equal(day("UTC", told, "--utc-offset", -720)[:2], want[DAY][:2], "--utc-offset does not move what tells its own")
    t.equal(hours("UTC", told), ({0: 1, 1: 2, 23: 2}, 0), "the hour that comes twice, and the ends of the day")
    t.equal(day("UTC", journals), (6, want[DAY][1] + 1024, 1), "what does not tell is counted in the reader's zone: UTC")
    t.equal(day(BERLIN, journals), (6, want[DAY][1] + 512, 1), "... Berlin")
    t.equal(day(BERLIN, journals, "--utc-offset", 0), (6, want[DAY][1] + 1024, 1), "... or by --utc-offset")
    t.equal(hours(BERLIN, journals)[0], {0: 2, 1: 2, 23: 2}, "... its hour as well")
    got = lib.run("goeswith-report", "today", "--home", homes[1], "--date", DAY, "--json",
                  env=dict(os.environ, TZ=NEW_YORK))
    t.equal(json.loads(got.stdout)["total_minor"], 32 + 64 + 128, "the shop's own report of its long day")


def check_words(journals):
    def note(*args):
        return [line for line in report("UTC", *args, *journals).stdout.splitlines() if "time zone" in line]
    here = "1 sale does not tell the shop's time zone: counted by this machine's (--utc-offset)."
    t.equal([note(verb, "--date", DAY) for verb in ("today", "rules", "cashiers", "hours")], [[here]] * 4,
            "reports say in one line how many were counted by an assumed offset")
    t.equal(note("hours", "--from", "2026-10-31", "--to", DAY, "--utc-offset", -210),
            ["2 sales do not tell the shop's time zone: counted by UTC-03:30 (--utc-offset)."], "... and by which one")
    t.equal(note("hours", "--date", "2026-11-02"), [], "... and nothing where there were none")
    r = report("UTC", "hours", "--date", DAY, "--csv", *journals)
    t.check("zone" not in r.stdout and r.stderr.startswith("goeswith-report: 1 sale does not tell"), "... beside CSV",
            r.stdout + r.stderr)


def check_older(top, journals, want):
    """Databases of an older goeswith, then worked on by this one."""
    for n, column in enumerate((True, False)):
        what = "without the column" if column else "with the column left empty"
        old = []
        for i, journal in enumerate(journals):
            old.append(top / f"older{n}-{i}.db")
            shutil.copy(journal, old[-1])
            if "utc_offset_min" in columns(old[-1]):
                forget(old[-1], column=column)
        before = [path.read_bytes() for path in old]
        t.check(everything(old) == want, f"journals {what}: the same bytes")
        t.equal([path.read_bytes() for path in old], before, "... and reading changes nothing in them")
        live = [rows(j, "SELECT * FROM sale ORDER BY basket") for j in journals[:2]]
        for path in old:
            r = report("UTC", "rebuild", path)
            t.check(r.returncode == 0 and "utc_offset_min" in columns(path), "... rebuilt", r.stderr)
        t.check(everything(old) == want, "... the same bytes again")
        t.equal([sorted(map(str, rows(p, "SELECT basket, utc_offset_min, closed_ms FROM sale"))) for p in old[:2]],
                [sorted(map(str, [(r[0], r[-1], r[3]) for r in sales])) for sales in live],
                "... and rebuilt tables are what a register writes sale by sale")


def check_collected(top, homes, journals, want):
    office, book = top / "office", top / "book.db"
    office.mkdir()
    for home in homes[:2]:
        sync("push", "--home", home, "--to", f"dir:{office}")
    r = sync("collect", office, "--into", book)
    t.check(r.returncode == 0, "collected", r.stderr)
    forget(book, column=True)
    two = everything(journals[:2])
    t.check(everything([book]) == two, "a collection of an older goeswith: the same bytes as the journals")
    sync("push", "--home", homes[2], "--to", f"dir:{office}")
    r = sync("collect", office, "--into", book)
    t.check(r.returncode == 0 and "utc_offset_min" in columns(book), "... it grows when collected into", r.stderr)
    t.check(everything([book]) == want, "... the same bytes with what has come since")
    t.check(everything([office / "up"]) == want, "batches: the same bytes")
    t.check(all(code == 0 and err == "" for *_, code, _, err in want) and two != want, "and they are reports")


with lib.home() as top:
    homes = [top / name for name in ("east", "west", "old")]
    at_till(homes[0], TOKYO, "EAST", EAST)
    at_till(homes[1], NEW_YORK, "WEST", WEST)
    old_till(homes[2])
    journals = [home / "journal.db" for home in homes]
    t.equal(rows(journals[1], "SELECT utc_offset_min FROM sale ORDER BY closed_ms"), [(-240,)] * 2 + [(-300,)] * 3,
            "a register notes for each sale how far its clock is from UTC")
    check_days(homes, journals)
    check_words(journals)
    want = everything(journals)
    check_older(top, journals, want)
    check_collected(top, homes, journals, want)
t.done()
