#!/usr/bin/env python3
"""A table from a real shop's sales: rules by a plain count over UCI Online Retail, made, installed, looked up."""
import collections
import csv
import gzip
import io
import itertools
import json
import re

import lib

t = lib.Tap()
SALES = lib.SHARED / "data" / "online_retail.csv.gz"
MIN_COUNT = 40
MIN_CONFIDENCE = 0.2
BASKET_MAX = 40  # a wholesaler's giant orders say little about what goes together


def read_sales():
    """Baskets of distinct codes, and each code's first name and median price."""
    baskets = collections.defaultdict(set)
    names, prices = {}, collections.defaultdict(list)
    with gzip.open(SALES, "rt", encoding="utf-8", errors="replace", newline="") as f:
        for row in csv.DictReader(f):
            code = row["StockCode"].upper()
            if not (re.fullmatch(r"[0-9]{6}", row["InvoiceNo"]) and re.fullmatch(r"[0-9]{5}[A-Z]*", code)
                    and int(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0):
                continue
            baskets[row["InvoiceNo"]].add(code)
            names.setdefault(code, row["Description"].strip())
            prices[code].append(float(row["UnitPrice"]))
    price = {c: sorted(p)[len(p) // 2] for c, p in prices.items()}
    return list(baskets.values()), names, price


def count(baskets):
    single, pairs = collections.Counter(), collections.Counter()
    for basket in baskets:
        single.update(basket)
    for basket in baskets:
        if len(basket) <= BASKET_MAX:
            pairs.update(itertools.permutations(sorted(c for c in basket if single[c] >= MIN_COUNT), 2))
    total = len(baskets)
    return [(x, y, n, n / total, n / single[x], n * total / single[x] / single[y])
            for (x, y), n in sorted(pairs.items()) if n >= MIN_COUNT and n / single[x] >= MIN_CONFIDENCE]


def text(rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def main():
    if not SALES.exists():
        t.skip("a table from real sales", "no ../shared")
        t.done()
    baskets, names, price = read_sales()
    rules = count(baskets)
    t.check(len(baskets) == 19773, "19,773 baskets, as the protocol says", len(baskets))
    t.check(500 < len(rules) < 40000, "a plain count gives hundreds of rules", len(rules))
    with lib.home() as home:
        csv_dir = home / "csv"
        csv_dir.mkdir()
        (csv_dir / "items.csv").write_text(text([("code", "name", "price")] + [
            (c, names[c] or c, f"{price[c]:.2f}") for c in sorted(names)]))
        (csv_dir / "rules.csv").write_text(text([("rule", "if", "suggest", "support", "confidence", "lift")] + [
            (f"uci-{x}-{y}", x, y, f"{s:.6f}", f"{c:.6f}", f"{lift:.3f}") for x, y, _, s, c, lift in rules]))
        (csv_dir / "settings.csv").write_text("key,value\ncurrency,GBP\nholdout_ppm,0\n")
        done = lib.run("goeswith-table", "make", csv_dir, "-o", home / "bundle", "--chain", "uci")
        t.equal(done.returncode, 0, "real sales make a table")
        print("#", done.stdout.strip())
        done = lib.run("goeswith-table", "install", home / "bundle", "--home", home / "till")
        t.equal(done.returncode, 0, "it is installed")
        shown = [json.loads(l) for l in lib.run("goeswith-table", "show", "--home", home / "till", "--json", "--items",
                                                "--rules").stdout.splitlines()]
        t.equal((shown[0]["items"], shown[0]["rules"]), (len(names), len(rules)), "every item and rule is in it")
        by_code = {r["item"]: r for r in shown if "item" in r}
        t.equal(by_code["85123A"]["name"], names["85123A"], "an item is found by its code")
        t.equal(by_code["22423"]["price"], round(price["22423"] * 100), "with its price")
        by_id = {r["rule"]: r for r in shown if "rule" in r}
        best = max(rules, key=lambda r: (r[4], r[0]))
        got = by_id[f"uci-{best[0]}-{best[1]}"]
        t.equal((got["if"], got["suggest"], round(got["confidence"], 6)), ([best[0]], best[1], round(best[4], 6)),
                "the surest rule came through whole")
        words = lib.run("goeswith-table", "show", "--home", home / "till", "--rules").stdout
        t.check(f"with {names[best[0]]}: {names[best[1]]} for " in words, "and reads well")
        print(f"# {names[best[0]]} -> {names[best[1]]}: {best[2]} times, confidence {best[4]:.2f}")
        register = lib.Headless(home / "till", "--store", "UCI", "--terminal", "T1")
        register.send({"do": "scan", "data": best[0]})
        got = {a["on"]: a for a in register.read_until("offer")}
        t.equal(got.get("line", {}).get("name"), names[best[0]], "the register knows the item")
        t.check(got.get("offer", {}).get("code") in {y for x, y, *_ in rules if x == best[0]},
                "and offers what goes with it", got)
        register.close()
        t.equal(lib.run("goeswith-table", "diff", csv_dir, home / "till").stdout, "", "nothing was lost or added")
    t.done()


main()
