#!/usr/bin/env python3
"""goeswith-mine evaluate on real sales, and its table in the real register: the same hits."""
import gzip
import json

import lib

t = lib.Tap()
RETAIL = lib.SHARED / "data/online_retail.csv.gz"
KEEP = ["--basket-match", "^[0-9]{6}$", "--item-match", "^[0-9]{5}[A-Za-z]*$", "--upper"]
# hit@1, hit@3, hit@5, MRR@10 of methods without parameters, as measured by others
KNOWN = {"popularity": (.0075, .0172, .0224, .0148),
         "pair lift, max": (.0587, .1125, .1419, .0947),
         "pair confidence, max": (.1214, .2052, .2543, .1765),
         "cosine, max": (.1261, .2170, .2688, .1848)}


def evaluate(*args):
    done = lib.run("goeswith-mine", "evaluate", "--json", *args)
    t.equal(done.returncode, 0, f"evaluate {' '.join(str(a) for a in args[:2])}")
    out = json.loads(done.stdout)
    return out, {m["method"]: m for m in out["methods"]}


def numbers(m):
    return tuple(m[k] for k in ("hit_at_1", "hit_at_3", "hit_at_5", "mrr_at_10"))


def near(got, want, by=.00035):
    return all(abs(a - b) < by for a, b in zip(got, want))


def retail():
    out, known = evaluate("--method", "rules", *KEEP, RETAIL)
    t.equal((out["baskets"], out["train"], out["items"], out["cases"]), (19773, 15818, 3732, 6968),
            "the protocol's baskets, items and cases out of the raw file")
    for name, want in KNOWN.items():
        t.check(near(numbers(known[name]), want), f"{name} as published",
                f"{numbers(known[name])} {want}")
    _, counts = evaluate("--method", "counts", "--no-tune", *KEEP, RETAIL)
    t.check(counts["counts"]["hit_at_3"] >= .225, "counts alone reach hit@3 0.225",
            numbers(counts["counts"]))


def register():
    with lib.home() as home:
        (home / "csv").mkdir()
        _, methods = evaluate("--method", "sparse", "--no-tune", "-o", home / "csv/rules.csv",
                              "--items", home / "csv/items.csv", *KEEP, RETAIL)
        mine = methods["sparse"]
        t.check(mine["hit_at_3"] >= .2457 and mine["rules"] <= 40000,
                "40,000 rules beat the published best pruned table", numbers(mine))
        t.check(methods["sparse, for money"]["value_at_3"] > mine["value_at_3"],
                "a little weight on the price earns more a hit")
        made = lib.run("goeswith-table", "make", home / "csv", "-o", home / "bundle")
        put = lib.run("goeswith-table", "install", home / "bundle", "--home", home)
        t.check(made.returncode == 0 and put.returncode == 0, "the table is made and installed",
                made.stderr + put.stderr)
        cases = home / "cases.tsv"
        cases.write_bytes(gzip.open(lib.SHARED / "data/uci_P1_cases.tsv.gz").read())
        done = lib.run("goeswith-sim", "replay", "--hit1", cases, "--table", home / "table.db",
                       "--json")
        hits = json.loads(done.stdout)
        t.check(hits["cases"] == 6968 and abs(hits["hit1"] - mine["hit_at_1"]) < 1e-5,
                "the register puts first what evaluate does, in every case", f"{hits} {mine}")


def groceries():
    _, methods = evaluate(lib.SHARED / "data/groceries.tsv")
    t.check(near(numbers(methods["popularity"])[1:2], (.1804,), .0001), "groceries: popularity")
    best = max(m["hit_at_3"] for m in methods.values())
    t.check(best >= .2086, "groceries: no worse than the best peer", best)
    t.check(methods["sparse"]["hit_at_3"] >= .2086, "groceries: also without LAPACKE",
            methods["sparse"])
    one = lib.run("goeswith-mine", "evaluate", "--threads", 1, "--method", "sparse", "--json",
                  lib.SHARED / "data/groceries.tsv").stdout
    three = lib.run("goeswith-mine", "evaluate", "--threads", 3, "--method", "sparse", "--json",
                    lib.SHARED / "data/groceries.tsv").stdout

    def untimed(text):
        return [{k: v for k, v in m.items() if k != "seconds"} for m in json.loads(text)["methods"]]

    t.equal(untimed(one), untimed(three), "the same for any number of threads")


if RETAIL.exists():
    retail()
    register()
    groceries()
else:
    t.skip("evaluate on real sales", "no ../shared")
done = lib.run("goeswith-mine", "evaluate", "-", stdin="a b\n")
t.check(done.returncode == 3 and "nothing" in done.stderr, "too little to measure: exit 3",
        done.stderr)
t.done()
