#!/usr/bin/env python3
"""goeswith-mine: exact rules, to the last count, from every kind of input."""
import gzip
import os
import stat
import subprocess

import lib

t = lib.Tap()


def tsv(*args, stdin=None):
    """Rules as {(antecedent items, consequent): (n_xy, n_x, n_y, n)}."""
    done = lib.run("goeswith-mine", "--tsv", *args, stdin=stdin)
    rules = {}
    for line in done.stdout.splitlines():
        f = line.split("\t")
        rules[(f[0], f[1])] = tuple(map(int, f[2:6]))
    return done, rules


def groceries():
    vector = lib.SHARED / "vectors/groceries_rules.tsv.gz"
    if not vector.exists():
        t.skip("groceries, 18,589 rules", "no ../shared")
        return
    want = {}
    for line in gzip.open(vector, "rt").read().splitlines()[1:]:
        f = line.split("\t")
        want[(f[0].replace("|", " "), f[1])] = (int(f[2]), int(f[3]), int(f[4]), 9835)
    done, got = tsv("--min-count", 10, "--min-confidence", "0.1", "--max-antecedent", 2,
                    lib.SHARED / "data/groceries.tsv")
    t.equal(done.returncode, 0, "groceries is mined")
    t.check(len(want) == 18589 and got == want, "groceries: all 18,589 rules to the last count",
            f"{len(got)} rules, {len(set(got) ^ set(want))} differ")
    share, same = tsv("--min-support", "0.0010167769", "--min-confidence", "10%",
                      "--max-antecedent", 2, lib.SHARED / "data/groceries.tsv")
    t.check(len(same) < len(want), "a share a hair above 10 / 9835 leaves out the count 10")
    one, _ = tsv("--min-count", 10, "--threads", 1, "--max-antecedent", 3,
                     lib.SHARED / "data/groceries.tsv")
    two, _ = tsv("--min-count", 10, "--threads", 3, "--memory", 1, "--max-antecedent", 3,
                 lib.SHARED / "data/groceries.tsv")
    t.check(one.stdout == two.stdout and one.stdout.count("\n") == 39003,
            "any number of threads and any memory print the same")


def exact_thresholds():
    # x in 30 baskets, with y in 3 of them: confidence is exactly 1/10
    baskets = "x y\n" * 3 + "x\n" * 27 + "y z\n" * 7
    _, rules = tsv("--min-confidence", "0.1", "-", stdin=baskets)
    t.equal(rules.get(("x", "y")), (3, 30, 10, 37), "confidence exactly at the threshold stays")
    _, rules = tsv("--min-confidence", "0.1000001", "-", stdin=baskets)
    t.check(("x", "y") not in rules and ("y", "z") in rules, "a hair above, and it goes")


def shapes():
    cases = [
        ("empty input", "", {}),
        ("blank lines are no baskets", "\n\n  \n", {}),
        ("one item is no rule", "a\na\n", {}),
        ("an item twice in a basket counts once", "a b a b\n",
         {("a", "b"): (1, 1, 1, 1), ("b", "a"): (1, 1, 1, 1)}),
        ("no line end at the end, CRLF, TABs inside blanks",
         "a  b\r\na b",
         {("a", "b"): (2, 2, 2, 2), ("b", "a"): (2, 2, 2, 2)}),
    ]
    for name, text, want in cases:
        done, got = tsv("-", stdin=text)
        t.check(done.returncode == 0 and got == want, name, f"{got} {done.stderr}")
    giant = " ".join(f"i{n}" for n in range(3000)) + "\n"
    done, got = tsv("--min-count", 2, "-", stdin=giant + "i1 i2\n")
    t.equal(got, {("i1", "i2"): (2, 2, 2, 2), ("i2", "i1"): (2, 2, 2, 2)}, "a giant basket")
    done, got = tsv("--max-basket", 100, "-", stdin=giant + "i1 i2\n")
    t.check(got == {("i1", "i2"): (1, 1, 1, 1), ("i2", "i1"): (1, 1, 1, 1)} and
            "left out 1 baskets" in done.stderr, "--max-basket leaves it out and says so", done.stderr)


def receipts():
    rows = ["receipt,sku,title,qty,price,when"]
    rows += ["1,a,Tea,1,2.50,2024-03-01 10:00", "1,b,Cup,2,4.00,2024-03-01 10:00",
             "2,a,Tea,1,2.50,2024-03-01 10:05", "3,a,Tea,-1,2.50,2024-03-01 10:06",
             "2,b,Cup,1,4.00,2024-03-01 10:05", "4,a,Tea,one,2.50,2024-03-01 11:00",
             '4,b,"Cup,1,4.00,2024-03-01 11:00', "5,,Tea,1,2.50,2024-03-01 12:00",
             "6,b,Cup,1,0.00,2024-03-01 12:00", "7,b,Cup,1,4.00,yesterday"]
    text = "\n".join(rows) + "\n"
    done, got = tsv("--format", "csv", "-", stdin=text)
    t.equal(got, {("a", "b"): (2, 2, 2, 2), ("b", "a"): (2, 2, 2, 2)},
            "receipts: rows of one need not stand together")
    for piece in ("not a quantity: \"one\"",
                  "never closed", "line 9", "returned or cancelled", "not sold", "not a time"):
        t.check(piece in done.stderr, f"receipts: told: {piece}", done.stderr)
    done, _ = tsv("--format", "csv", "--item-column", "plu", "-", stdin=text)
    t.check(done.returncode == 3 and "no column plu" in done.stderr and "sku" in done.stderr,
            "a column that is not there: exit 3, and the names there are", done.stderr)


def files():
    with lib.home() as home:
        (home / "a.txt").write_text("a b\n" * 3)
        (home / "b.txt.gz").write_bytes(gzip.compress(b"a b\nc\n"))
        (home / ".hidden").write_text("x y\n")
        done, got = tsv(home)
        t.equal(got.get(("a", "b")), (4, 4, 4, 5), "a directory: its files, .gz unpacked")
        whole = gzip.compress(b"a b\n" * 100000)
        (home / "cut.gz").write_bytes(whole[:-20])
        done, _ = tsv(home / "cut.gz")
        t.check(done.returncode == 3 and "cut.gz" in done.stderr, "a cut .gz: exit 3", done.stderr)
        done, _ = tsv(home / "none.txt")
        t.check(done.returncode == 1 and "none.txt" in done.stderr, "no such file", done.stderr)
        done, _ = tsv("-o", home / "no/such/dir", home / "a.txt")
        t.check(done.returncode == 5, "output that cannot be written: exit 5", done.stderr)
        os.mkfifo(home / "pipe")
        reader = subprocess.Popen(["cat", str(home / "pipe")], stdout=subprocess.PIPE, text=True)
        done, _ = tsv("-o", home / "pipe", home / "a.txt")
        stays = stat.S_ISFIFO(os.lstat(home / "pipe").st_mode)
        if not stays:
            reader.kill()
        got = reader.communicate()[0]
        t.check(stays and done.returncode == 0 and "a\tb\t" in got,
                "a pipe or device as output is written, never replaced", done.stderr + got)
        full = subprocess.run([lib.program("goeswith-mine"), "--tsv", str(home / "a.txt")],
                              stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, text=True)
        t.check(full.returncode == 5, "a full disk: exit 5", full.stderr)
    for args in (["--min-confidence", "2"], ["--max-antecedent", "4"], ["--measure", "luck"],
                 ["--min-count", "0"], ["--min-count", "2", "--min-support", "0.1"],
                 ["--item-match", "("], ["--separator", "ab"]):
        done = lib.run("goeswith-mine", *args, "-", stdin="")
        t.check(done.returncode == 2 and args[0] in done.stderr, f"wrong usage: {' '.join(args)}",
                done.stderr)


groceries()
exact_thresholds()
shapes()
receipts()
files()
t.done()
