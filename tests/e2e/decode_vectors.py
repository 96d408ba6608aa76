#!/usr/bin/env python3
"""Every row of the shared scan vectors through goeswith-decode.

What a row asks for is its column `lenient`, overridden by `pos` where that is filled:
  ok      accepted, with the row's GTIN and elements
  error   refused, or sold with a warning: one bad identifier does not stop a sale
Rows marked `other` that have no GTIN may also be taken as text.  The reasons of all rows that
differ from the reference engine stand in EXPLAINED below; a reason that no row needs fails.
"""
import json
import re

import lib

t = lib.Tap()
FILE = lib.SHARED / "vectors" / "gs1-scan-vectors.tsv"

# The engine wants a symbology identifier; a till takes plain codes without one.
EXPLAINED = {"S0002": "code"}


def rows():
    names = None
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        cells = line.split("\t")
        if names is None:
            names = cells
            continue
        yield dict(zip(names, cells + [""] * (len(names) - len(cells))))


def decode(lines, *args):
    done = lib.run("goeswith-decode", "--home", "/nonexistent", *args, stdin="".join(l + "\n" for l in lines))
    out = [json.loads(l) for l in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(out) == len(lines), (len(out), len(lines))
    return out


def joined(ais):
    return "".join("(%s)%s" % (ai, value.replace("(", "\\(")) for ai, value in ais)


def judge_pos(row, got):
    """What the column `pos` says in words, as checks; None when it says no more than `lenient`."""
    want = row["pos"]
    gtin = re.search(r"gtin14=(\d{14})", want) or re.search(r"-> gtin14 (\d{14})", want)
    addon = re.search(r"addon=(\d+)", want)
    if want.startswith("reject"):
        return not got["ok"]
    if gtin:
        return (got["ok"] and got.get("gtin") == gtin[1] and
                (addon is None or got.get("addon") == addon[1]))
    if "internal code" in want:
        return got["ok"] and got["kind"] == "code"
    if want.startswith("hold"):
        return got["ok"] and got["kind"] == "addon"
    if want.startswith("not a product"):
        return got["ok"] and got["kind"] in ("other", "uri") and "gtin" not in got
    if want.startswith("accept (ambiguous)"):
        return got["ok"] and got.get("lot") == "LOT4217261231" and got["warnings"]
    if "treat as GS1 element string" in want:
        return got["ok"] and got.get("gtin") == "09521234543213" and got.get("lot") == "A"
    raise AssertionError("no rule for: " + want)


def judge(row, got):
    if row["pos"]:
        return judge_pos(row, got)
    if row["id"] in EXPLAINED:
        return got["ok"] and got["kind"] == EXPLAINED[row["id"]]
    if row["lenient"] == "error":
        sold = bool(got.get("gtin")) or got.get("kind") == "uri"
        return not got["ok"] or (sold and bool(got["warnings"]))
    if not got["ok"] or got.get("gtin", "") != row["gtin14"]:
        return False
    return joined(got.get("ais", [])) == row["ais"].replace("\\\\", "\\")


def main():
    if not FILE.exists():
        t.skip("scan vectors", f"{FILE} is not there")
        t.done()
    everything = list(rows())
    # One row shows a maker's own identifiers, which have to be configured.
    maker = [r for r in everything if "Zebra" in r["pos"]]
    bracketed = [r for r in everything if r["kind"] == "bracketed"]
    scans = [r for r in everything if r not in maker and r not in bracketed]
    seen = set()
    for part, args in ((scans, []), (bracketed, ["--bracketed"]), (maker, ["--code-ids", "zebra"])):
        bad = []
        for row, got in zip(part, decode([r["input"] for r in part], *args)):
            if row["id"] in EXPLAINED:
                seen.add(row["id"])
            if not judge(row, got):
                bad.append("%s %s %s\n  pos=%s gtin=%s ais=%s\n  got %s" % (
                    row["id"], row["lenient"], row["input"], row["pos"], row["gtin14"],
                    row["ais"], json.dumps(got)))
        t.check(not bad, "%d rows %s" % (len(part), " ".join(args)), "\n".join(bad))
    t.check(seen == set(EXPLAINED), "every explained difference exists")
    t.check(len(everything) >= 560, f"the file has its {len(everything)} rows")

    # A money-relevant property of all rows: whatever is sold has a good check digit.
    bad = [got for got in decode([r["input"] for r in scans])
           if got.get("gtin") and sum(int(d) * (3 if i % 2 == 0 else 1)
                                      for i, d in enumerate(got["gtin"])) % 10]
    t.check(not bad, "every GTIN has a good check digit", bad)

    # Negative control: the judge must notice a wrong answer.
    row = next(r for r in scans if r["lenient"] == "ok" and r["gtin14"])
    t.check(not judge(row, {"ok": True, "kind": "product", "gtin": "0" * 14, "ais": [],
                            "warnings": []}), "the judge refuses a wrong GTIN")
    t.done()


main()
