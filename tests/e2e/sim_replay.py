#!/usr/bin/env python3
"""goeswith-sim replay: baskets through the real engine into a real journal, the journal decided
again, and the register's ranking against one worked out here."""
import gzip
import json
import random
import sqlite3
import sys

import lib

SEED = 20261122


def rows(journal, sql):
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def make_shop(home, rng):
    """60 items, 300 rules of one or two items, a table in home; the rules as python sees them."""
    csv = home / "csv"
    csv.mkdir()
    codes = [f"A{i:03d}" for i in range(60)]
    (csv / "items.csv").write_text("code,name,price,cost,category,kind,stock,tags\n" + "".join(
        f"{c},Item {c},{rng.randint(100, 900) / 100:.2f},0.50,,product,,\n" for c in codes))
    rules = []
    while len(rules) < 300:
        *ants, suggest = rng.sample(codes, rng.choice((2, 2, 3)))
        rules.append((tuple(sorted(ants)), suggest, rng.randint(1, 1000) / 1000))
    (csv / "rules.csv").write_text("rule,if,suggest,kind,weight\n" + "".join(
        f"r{i},{' '.join(a)},{s},addon,{w:.3f}\n" for i, (a, s, w) in enumerate(rules)))
    (csv / "settings.csv").write_text("key,value\ncurrency,EUR\nholdout_ppm,200000\n")
    made = lib.run("goeswith-table", "make", csv, "-o", home / "bundle")
    put = lib.run("goeswith-table", "install", home / "bundle", "--home", home)
    return codes, rules, made.returncode == 0 and put.returncode == 0, made.stderr + put.stderr


def write_baskets(path, codes, rng, n):
    baskets = [rng.sample(codes, rng.randint(1, 12)) for _ in range(n)]
    path.write_text("".join(" ".join(b) + "\n" for b in baskets))
    return baskets


def replay(*args, **kwargs):
    done = lib.run("goeswith-sim", "replay", *args, "--json", **kwargs)
    return done, (json.loads(done.stdout) if done.stdout.startswith("{") else {})


def fills_a_home(t, home, baskets):
    done, got = replay("--baskets", home / "baskets", "--home", home, "--check")
    t.check(done.returncode == 0, "baskets are replayed into a home", done.stderr)
    t.equal((got.get("baskets"), got.get("items")), (len(baskets), sum(map(len, baskets))),
            "it counts baskets and items")
    t.equal(got.get("check", {}).get("ok"), True, "its own check is content")
    t.check(got["engine_us"]["p99"] > 0 and got["journal_us"]["count"] > 0, "it tells latencies")

    lines = {}
    for basket, code in rows(home / "journal.db", "SELECT basket, json_extract(body, '$.code') "
                             "FROM event WHERE kind = 'line' ORDER BY seq"):
        lines.setdefault(basket, []).append(code)
    t.equal(list(lines.values()), baskets, "the journal holds every item once, in order")
    t.check(got["offers"] > 50 and got["ghosts"] > 10, "there are offers and ghosts", got)
    t.equal(rows(home / "journal.db", "SELECT count(*) FROM event WHERE kind = 'offer'")[0][0],
            got["offers"], "the journal holds every offer")
    kept = rows(home / "journal.db", "SELECT count(*) FROM event WHERE kind <> 'start'")[0][0]
    t.equal(kept, got["events"], "the journal holds every event")


def decides_again(t, home):
    done, got = replay("--journal", home / "journal.db", "--home", home, "--check")
    check = got.get("check", {})
    t.check(done.returncode == 0 and check.get("ok") and check["decisions"] > 60,
            "a journal's offers are decided again, bit for bit", done.stdout)
    t.equal(check.get("decisions"), check.get("equal"), "every decision is equal")

    before = (home / "journal.db").read_bytes()
    done, got = replay("--journal", home / "journal.db", "--home", home / "copy", "--table",
                       home / "table.db", "--check")
    sql = "SELECT basket, kind, body FROM event WHERE kind NOT IN ('start', 'stop') ORDER BY seq"
    t.check(rows(home / "copy/journal.db", sql) == rows(home / "journal.db", sql),
            "into another home it writes the same journal", [x for x in zip(
                rows(home / "copy/journal.db", sql), rows(home / "journal.db", sql))
                if x[0] != x[1]][:3])
    done, _ = replay("--journal", home / "copy/journal.db", "--home", home)
    t.equal(done.returncode, 6, "not into a journal that is there")
    t.check((home / "journal.db").read_bytes() == before, "and changes nothing in the first")

    replay("--baskets", home / "baskets", "--home", home / "east", "--table", home / "table.db",
           "--utc-offset", "840")
    done, got = replay("--journal", home / "east/journal.db", "--table", home / "table.db", "--check")
    t.check(done.returncode == 0 and got["check"]["equal"] > 60 and not got["check"]["astray"],
            "a shop of another zone is decided again in its own time", (done.stderr, got))
    t.equal(rows(home / "east/journal.db", "SELECT DISTINCT json_extract(body, '$.utc_offset') "
                 "FROM event WHERE kind = 'open'"), [(840,)], "which its journal tells")

    forged = home / "forged.db"
    forged.write_bytes((home / "journal.db").read_bytes())
    with sqlite3.connect(forged) as db:
        db.execute("UPDATE event SET body = json_set(body, '$.propensity_ppm', 999999) "
                   "WHERE seq = (SELECT seq FROM event WHERE kind = 'offer' LIMIT 1 OFFSET 7)")
    done, got = replay("--journal", forged, "--table", home / "table.db", "--check")
    t.equal((done.returncode, got["check"]["decisions"] - got["check"]["equal"]), (1, 1),
            "one forged propensity is found")

    with sqlite3.connect(forged) as db:
        db.execute("DELETE FROM event WHERE seq = (SELECT min(seq) FROM event WHERE kind='ghost')")
    done, got = replay("--journal", forged, "--table", home / "table.db", "--check")
    t.check(done.returncode == 1 and got["check"]["astray"] == 1,
            "a sale that cannot have happened so is found", done.stdout)

    done, got = replay("--journal", home / "journal.db", "--table", home / "other.db", "--check")
    t.check(done.returncode == 1 and "other.db" in done.stderr, "a missing table is an error",
            done.stderr)


def is_repeatable(t, home, other):
    args = ("--baskets", home / "baskets", "--accept-ppm", "400000", "--table",
            home / "table.db")
    first, a = replay(*args, "--home", other / "a")
    second, b = replay(*args, "--home", other / "b")
    sql = "SELECT seq, at_ms, basket, kind, body FROM event WHERE kind <> 'start'"
    t.check(rows(other / "a/journal.db", sql) == rows(other / "b/journal.db", sql),
            "the same baskets give the same journal")
    t.check(a["outcomes"]["accepted"] > 10, "customers accept", a)
    accepted = a["outcomes"]["accepted"] / (a["outcomes"]["accepted"] + a["outcomes"]["expired"] +
                                            a["outcomes"]["ignored"])
    t.check(0.25 < accepted < 0.55, "about as many as they were told to", accepted)
    t.check(a["outcomes"]["accepted_by_scan"] > 0, "some by scanning the add-on", a)
    done, got = replay("--journal", other / "a/journal.db", "--table", home / "table.db",
                       "--check")
    t.check(done.returncode == 0 and got["check"]["astray"] == 0,
            "a journal with accepted offers is decided again", done.stdout)

    done, got = replay(*args, "--home", other / "a", "--check")
    t.check(done.returncode == 0 and got["check"]["ok"], "a second run goes on behind the first",
            done.stdout)
    t.equal(rows(other / "a/journal.db", "SELECT count(DISTINCT basket) FROM sale")[0][0],
            2 * a["baskets"], "no sale has the number of another")


def rank(rules, context):
    score = {}
    for place, (ants, suggest, weight) in enumerate(rules):
        if suggest not in context and set(ants) <= context:
            old = score.get(suggest, (0, 0))
            score[suggest] = (old[0] + round(weight * 1000), 0)
    return score


def ranks_like_python(t, home, codes, rules, rng):
    cases, hits, undecided = [], 0, 0
    for _ in range(1500):
        held, *context = rng.sample(codes, rng.randint(3, 9))
        cases.append(f"{held}\t{' '.join(context)}\n")
        score = rank(rules, set(context))
        if held in score:
            better = sum(s[0] > score[held][0] for s in score.values())
            equal = sum(s[0] == score[held][0] for s in score.values()) - 1
            undecided += better == 0 and equal > 0
            hits += better == 0 and equal == 0
    path = home / "cases.gz"
    path.write_bytes(gzip.compress("".join(cases).encode()))
    done, got = replay("--hit1", path, "--table", home / "table.db")
    t.check(hits > 20, "the cases are worth asking", hits)
    t.check(done.returncode == 0 and got.get("cases") == 1500 and
            hits <= got["first"] <= hits + undecided,
            "the register ranks first what the sum of the weights says",
            f"{got} against {hits} + {undecided}")


def takes_what_comes(t, home):
    packed = home / "b.gz"
    packed.write_bytes(gzip.compress(b"A001 A002\r\n\nA003"))
    done, got = replay("--baskets", packed, "--check")
    t.equal((done.returncode, got.get("baskets"), got.get("items")), (0, 2, 3),
            "packed, with CRLF, an empty line and no last line feed")
    done, got = replay("--baskets", "-", "--check", stdin="citrus fruit\tyogurt\nA\t\tB\n")
    t.equal((done.returncode, got.get("items")), (0, 4), "from stdin, items by TABs")
    done, got = replay("--baskets", "-", "--check", stdin="4006381333931 04006381333931 x x\n")
    t.equal((done.returncode, got.get("items")), (0, 4), "a GTIN in two spellings, an item twice")
    done, got = replay("--baskets", "-", "--check", stdin=" ".join(f"I{i}" for i in range(1200)))
    t.equal((done.returncode, got.get("items")), (0, 1200), "a basket of 1,200 items")
    packed.write_bytes(packed.read_bytes()[:-6])
    done, _ = replay("--baskets", packed)
    t.equal(done.returncode, 3, "a damaged file is bad input")
    t.equal(lib.run("goeswith-sim", "replay", "--baskets", home / "nowhere").returncode != 0, True,
            "a file that is not there is an error")
    t.equal(lib.run("goeswith-sim", "replay").returncode, 2, "nothing to do is wrong usage")
    done = lib.run("goeswith-sim", "replay", "--hit1", "-", "--table", home / "table.db",
                   stdin="A001 A002\n")
    t.check(done.returncode == 3 and "case 1" in done.stderr, "a faulty case is named",
            done.stderr)
    done = lib.run("goeswith-sim", "replay", "--baskets", home / "baskets", "--table",
                   home / "table.db", "--explain", "5")
    told = [line for line in done.stdout.splitlines() if "because of Item A" in line]
    t.equal(len(told), 5, "five offers are explained")


def real_baskets(t):
    path = lib.SHARED / "data/uci_baskets.txt.gz"
    if not path.exists():
        t.skip("2,000 real baskets", "no shared data")
        return
    done, got = replay("--baskets", path, "--max", "2000", "--check")
    t.check(done.returncode == 0 and got["check"]["baskets"] == 2000 and got["check"]["ok"],
            "2,000 real baskets are in the journal, once, in order", done.stdout)


def main():
    t = lib.Tap()
    print("# seed", SEED)
    rng = random.Random(SEED)
    with lib.home() as home, lib.home() as other:
        codes, rules, good, why = make_shop(home, rng)
        t.check(good, "a table is made and installed", why)
        baskets = write_baskets(home / "baskets", codes, rng, 400)
        fills_a_home(t, home, baskets)
        decides_again(t, home)
        is_repeatable(t, home, other)
        ranks_like_python(t, home, codes, rules, rng)
        takes_what_comes(t, home)
    real_baskets(t)
    t.done()


if __name__ == "__main__":
    sys.exit(main())
