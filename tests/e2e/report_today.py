#!/usr/bin/env python3
"""goeswith-report on uploaded batches: the day as text and JSON, other tables, errors, exit codes."""
import datetime
import json
import os

import lib

DAY = datetime.datetime(2026, 11, 23, tzinfo=datetime.timezone.utc)


def at(seconds):
    when = DAY + datetime.timedelta(seconds=seconds)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Batch:
    """Events of one till as an uploaded batch."""

    def __init__(self, terminal="S1-T1"):
        self.terminal = terminal
        self.events = []

    def add(self, seconds, kind, basket="", **body):
        self.events.append({"seq": len(self.events) + 1, "at": at(seconds), "mono": int(seconds * 1000), "boot": 1,
                            "basket": basket, "kind": kind, **body})

    def sale(self, number, seconds, total, result=None, rule="r1", name="Batteries", ghost=False, reason="tender"):
        basket = f"{self.terminal}-20261123-{number:06d}"
        self.add(seconds, "open", basket)
        self.add(seconds, "line", basket, line=1, code="04006381333931", qty=2, price=100, source="scan")
        if result:
            self.add(seconds + 1, "ghost" if ghost else "offer", basket, offer=1, rule=rule, rule_kind="addon",
                     code="04006381333948", name=name, price=349, margin=120)
            taken = result.startswith("accepted")
            self.add(seconds + 2, "outcome", basket, offer=1, result=result, value=349 if taken else 0, ghost=ghost)
        self.add(seconds + 3, "close", basket, lines=1, items=2, total=total, till=True, reason=reason)

    def write(self, path):
        head = {"goeswith": 1, "terminal": self.terminal, "epoch": "00112233aabbccdd", "first": 1,
                "last": len(self.events), "prev": "", "sealed_at": at(0)}
        path.write_text("".join(json.dumps(o) + "\n" for o in [head] + self.events))


def report(*args, **kwargs):
    env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
    return lib.run("goeswith-report", *args, env=env, **kwargs)


t = lib.Tap()
with lib.home() as home:
    one, two = Batch(), Batch("S1-T2")
    one.sale(1, 9 * 3600, 1000, "accepted")
    one.sale(2, 9 * 3600 + 60, 2000, "declined")
    one.sale(3, 10 * 3600, 500, "not_voiced")
    one.sale(4, 10 * 3600 + 60, 700, "ignored", ghost=True)
    one.sale(5, 11 * 3600, 5000, "accepted", reason="cancel")
    one.sale(6, 86400 + 3600, 123)  # the next day
    two.sale(1, 9 * 3600, 300, "accepted_by_scan", rule="r2", name="=1+1 \u202eevil\x1b[31m")
    one.write(home / "one.ndjson")
    two.write(home / "two.ndjson")

    r = report("today", "--date", "2026-11-23", "--json", "--home", home, home)
    day = json.loads(r.stdout)
    want = {"date": "2026-11-23", "currency": "EUR", "sales": 5, "units": 10, "total_minor": 4500,
            "average_value_minor": 900, "units_per_sale_milli": 2000, "cancelled": 1, "accepted_value_minor": 698,
            "accepted_margin_minor": 240}
    t.equal({k: day.get(k) for k in want}, want, "the day's numbers in JSON")
    offers = {"shown": 4, "accepted": 2, "declined": 1, "not_voiced": 1, "ignored": 0, "accepted_ppm": 500000,
              "accepted_of_voiced_ppm": 666667, "declined_ppm": 250000, "withheld": 1, "sales_offered": 4}
    t.equal({k: day["offers"].get(k) for k in offers}, offers, "offers and shares; withheld ones are not shown ones")
    t.equal((day["with_add_on"]["sales"], day["with_add_on"]["average_value_minor"],
             day["without_add_on"]["average_value_minor"]), (2, 650, 1067), "sales with and without an add-on")
    t.equal([(x["rule"], x["shown"], x["accepted"]) for x in day["rules"]], [("r1", 3, 1), ("r2", 1, 1)], "by rule")
    t.check("\u202e" not in r.stdout and "\x1b" not in r.stdout, "no control or bidi character comes out")

    r = report("today", "--date", "2026-11-23", "--currency", "JPY", "--home", home, home)
    t.check("Average sale" in r.stdout and " 900\n" in r.stdout and "50 % of offers" in r.stdout and
            "observed" in r.stdout, "the day as text, in a currency without decimals", r.stdout)
    t.check(max(map(len, r.stdout.splitlines())) <= 100, "fits a screen", r.stdout)
    r = report("today", "--date", "2026-11-24", "--json", "--home", home, home)
    day = json.loads(r.stdout)
    t.equal((day["sales"], day["total_minor"]), (1, 123), "the next day is another day")
    r = report("today", "--date", "2026-11-24", "--utc-offset", "-120", "--json", "--home", home, home)
    t.equal(json.loads(r.stdout)["sales"], 0, "days begin at local midnight")
    r = report("today", "--from", "2026-11-01", "--to", "2026-11-30", "--json", "--home", home, home)
    t.equal(json.loads(r.stdout)["sales"], 6, "a period of days")
    r = report("today", "--date", "2026-11-30", "--json", "--home", home, home)
    t.equal(json.loads(r.stdout)["same_weekday_before"], {"days": 1, "sales_a_day": 5, "average_value_minor": 900},
            "the same weekday before")

    period = ("--date", "2026-11-23", "--home", home)
    rows = json.loads(report("rules", *period, "--json", home).stdout)["rows"]
    t.equal([(x["rule"], x["shown"], x["withheld"]) for x in rows], [("r1", 3, 1), ("r2", 1, 0)], "rules")
    rows = json.loads(report("hours", *period, "--json", home).stdout)["rows"]
    t.equal([(x["hour"], x["sales"]) for x in rows], [(9, 3), (10, 2)], "hours")
    rows = json.loads(report("cashiers", *period, "--json", home).stdout)["rows"]
    t.equal([(x["sales"], x["shown"], x["voiced"], x["accepted"]) for x in rows], [(5, 4, 3, 2)], "cashiers")
    csv = report("rules", *period, "--csv", home).stdout
    t.check("\"'=1+1 evil" in csv, "a formula in a name is harmless in CSV", csv)
    csv = report("csv", "--home", home, home / "one.ndjson").stdout
    t.equal(csv.count("\n"), len(one.events) + 1, "all events as CSV")

    r = report("today", "--home", home / "none")
    t.check(r.returncode == 1 and "none/journal.db" in r.stderr, "no journal: said, with its path", r.stderr)
    (home / "junk").write_text("junk\n")
    r = report("today", "--home", home, home / "junk")
    t.check(r.returncode == 3 and "neither a journal" in r.stderr, "a file of another kind: exit 3", r.stderr)
    t.equal(report("today", "--date", "2026-02-30").returncode, 2, "no such day: exit 2")
    t.equal(report("tomorrow").returncode, 2, "no such report: exit 2")
    t.equal(report().returncode, 2, "no report: exit 2")
    r = report("today", "--date", "2026-11-23", "--home", home, home, "--json", timeout=60)
    t.equal(r.returncode, 0, "options may follow operands")
t.done()
