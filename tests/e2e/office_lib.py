"""Sales of every kind from several tills, and the comparison of what programs say of them: shared by the tests of
ClickHouse (two shards of an old server) and chDB (today's engine)."""
import gzip
import os
import pathlib
import random
import tempfile

import lib
from sync_lib import Journal, sync

SEED = int(os.environ.get("SEED", "20261122"))
DEMO = lib.ROOT / "tools/sim/demo"
FROM, TO = "2026-01-01", "2026-12-31"

t = lib.Tap()
chance = random.Random(SEED)


def collect(office, into, *more):
    return sync("collect", office, "--into", into, *more, timeout=300)


def push(home, office, *more):
    r = sync("push", "--home", home, "--to", f"dir:{office}", *more)
    if r.returncode != 0:
        t.check(False, "push", r.stderr)


# --- sales ----------------------------------------------------------------------------------------------------------

class Odd(Journal):
    """Sales of every kind that statistics must tell apart."""

    def shop(self, sales):
        r = self.random
        self.db.execute("BEGIN")
        for _ in range(sales):
            self.sale += 1
            basket = f"{self.till}-20261123-{self.sale:06d}"
            if r.random() < 0.1:
                self.add("login", "", {"id": str(r.randrange(10, 14))})
            if r.random() < 0.02:
                self.add("stop", "", {"text": "end of shift"})
                self.add("start", "", {"version": "0.1.0"})
            self.add("open", basket, r.choice([{}, {"utc_offset": 0}, {"utc_offset": 345}, {"utc_offset": -570},
                                               {"utc_offset": 840}, {"utc_offset": -1441}]))
            if r.random() < 0.05:
                self.add("login", basket, {"id": "ß'\\\"\t7"})
            lines = r.randrange(0, 7)
            items = total = offer = 0
            for line in range(1, lines + 1):
                code, qty = f"0400638{r.randrange(40):07d}", r.choice([1, 1, 1, 2, 3, -1, 0])
                price = r.choice([-1, 0, 99, 12345, 2**31 + 7, 3 * 2**33])
                self.add("line", basket, {"line": line, "code": code, "qty": qty, "source": "scan",
                                          **({"price": price} if price >= 0 else {})})
                if r.random() < 0.2:
                    self.add("unknown", basket, {"code": code, "line": line})
                if r.random() < 0.1:
                    qty += 1
                    self.add("line", basket, {"line": line, "code": code, "qty": qty, "source": "host"})
                if r.random() < 0.1:
                    self.add("void", basket, {"line": line, "code": code, "qty": qty})
                items, total = items + qty, total + max(price, 0) * qty
                if r.random() < 0.4:
                    offer += 1
                    self.offer(basket, offer, line)
            if r.random() < 0.1:
                self.add("suspend", basket, {})
                self.add("resume", basket, {})
            if r.random() < 0.95:
                self.add("close", basket, {"lines": lines, "items": items, "total": total,
                                           "reason": r.choice(["total", "tender", "cancel", "idle"])})
        self.db.execute("COMMIT")

    def offer(self, basket, offer, line):
        r = self.random
        kind = r.choice(["offer", "offer", "ghost"])
        rule, margin = f"r{r.randrange(9)}'", r.choice([{}, {"margin": 2**31 + 5}, {"margin": 40}])
        self.add(kind, basket, {"offer": offer, "rule": rule, "rule_kind": "addon", "code": "00000000000123",
                                "pos_code": "00000000000123", "name": r.choice(["Ä", "B\\n", "a'b"]), "price": 2**31,
                                "subtotal": 10, "expires_ms": 8000, "eligible": 1, "propensity_ppm": 1000000,
                                "holdout_ppm": 100000, "bucket_ppm": 5, "eligible_ids": rule, **margin})
        if r.random() < 0.9:
            result = r.choice(["accepted", "accepted_by_scan", "declined", "not_voiced", "ignored", "withdrawn"])
            taken = result.startswith("accepted") and kind == "offer"
            self.add("outcome", basket, {"offer": offer, "rule": rule, "code": "00000000000123", "result": result,
                                         "ms": 1200, **({"value": 2**31 + 9, "line": r.choice([0, line])} if taken else {}),
                                         **({"ghost": True} if kind == "ghost" else {})})


def till(top, name, make):
    home = top / name
    home.mkdir()
    make(home)
    return home


def simulated(home, baskets, store, terminal, *more):
    r = lib.run("goeswith-sim", "replay", "--baskets", baskets, "--home", home, "--store", store, "--terminal", terminal,
                "--json", *more, timeout=300)
    if r.returncode != 0:
        t.check(False, "replay", r.stderr)


def demo_baskets(path, seed):
    codes = [line.split(",")[0] for line in (DEMO / "items.csv").read_text().splitlines()[1:]]
    r = random.Random(seed)
    path.write_text("".join(" ".join(r.choices(codes, k=r.randrange(1, 7))) + "\n" for _ in range(150)))


def make_tills(top):
    """Homes of tills, in the order of their names."""
    bundle = top / "bundle"
    lib.run("goeswith-table", "make", DEMO, "-o", bundle)
    homes = []
    for n in range(3):
        def demo(home, n=n):
            lib.run("goeswith-table", "install", bundle, "--home", home)
            demo_baskets(home / "baskets", SEED + n)
            simulated(home, home / "baskets", "D1", f"T{n}", "--accept-ppm", 300000, "--basket-ms", 2500000,
                      "--utc-offset", (0, 330, -570)[n])
        homes.append(till(top, f"demo{n}", demo))
    for n in range(2):
        homes.append(till(top, f"odd{n}", lambda home, n=n: Odd(home / "journal.db", "O1", f"T{n}", SEED + n).shop(400)))
    uci = lib.SHARED / "data/uci_baskets.txt.gz"
    if uci.exists():
        with gzip.open(uci, "rt") as f:
            lines = [next(f) for _ in range(500)]
        for n in range(2):
            def real(home, n=n):
                (home / "baskets").write_text("".join(lines[n::2]))
                simulated(home, home / "baskets", "U1", f"T{n}")
            homes.append(till(top, f"uci{n}", real))
    return homes


# --- the same numbers -----------------------------------------------------------------------------------------------

ITEMS = "ITEMS"  # in a form: a file, whose content counts as output too


def output(program, form, source):
    with tempfile.TemporaryDirectory(prefix="goeswith-test-") as folder:
        items = pathlib.Path(folder) / "items.csv"
        r = lib.run(program, *(items if arg == ITEMS else arg for arg in form), *source, timeout=300)
        r.stdout += items.read_text() if items.exists() else ""
        return r


def outputs(program, forms, sources):
    """What a program prints of each source, in every form."""
    return [[output(program, form, source) for source in sources] for form in forms]


def same(name, program, forms, sources):
    runs = outputs(program, forms, sources)
    wrong = [f"{' '.join(map(str, form))}: {[r.returncode for r in got]} {got[-1].stderr}"
             for form, got in zip(forms, runs)
             if any(r.returncode != 0 or r.stdout != got[0].stdout for r in got) or len(got[0].stdout) < 20]
    t.check(not wrong, f"{name}: {len(forms)} forms, the same bytes from {len(sources)} kinds of source",
            "\n".join(wrong))


def check_numbers(homes, office, book, url):
    # Journals made by hand have no statistics tables: their batches stand for them.
    journals = [office / "up" / f"O1-T{h.name[3:]}" if h.name.startswith("odd") else h / "journal.db" for h in homes]
    sources = [journals, [book], [url]]
    periods = [("--from", FROM, "--to", TO), ("--date", "2026-01-06"), ("--date", "2026-11-23"), ("--date", "1999-01-01"),
               ("--from", "2026-01-05", "--to", "2026-01-07")]
    forms = [[verb, *period, "--utc-offset", offset, *form] for verb in ("today", "rules", "cashiers", "hours")
             for period in periods[:2] for offset in (0, 330, -570) for form in ([], ["--json"])]
    forms += [["rules", *p, "--csv"] for p in periods] + [["today", *p, "--json"] for p in periods]
    same("report", "goeswith-report", forms, sources)
    same("report csv", "goeswith-report", [["csv"]], sources[1:])
    items = ["--catalogue", DEMO / "items.csv", "--items", ITEMS]
    forms = [["--tsv"], ["--tsv", "--min-count", 3], ["--tsv", "--min-support", "0.01", "--min-confidence", "0.2"],
             ["--tsv", "--measure", "lift", "--fdr", "0.05"], ["--tsv", "--productive", "--min-count", 2],
             ["--tsv", "--max-antecedent", 2, "--min-count", 4], ["--tsv", "--max-basket", 20], items,
             ["--method", "counts", *items]]
    same("mine", "goeswith-mine", forms, [[h / "journal.db" for h in homes], *sources[1:]])


def check_twice(book, url):
    """When every row is there twice."""
    both = [[book], [url]]
    same("every row twice: report", "goeswith-report",
         [[verb, "--from", FROM, "--to", TO, "--json"] for verb in ("today", "rules", "cashiers", "hours")] + [["csv"]], both)
    same("every row twice: mine", "goeswith-mine", [["--tsv"], ["--tsv", "--max-antecedent", 2, "--min-count", 4]], both)
