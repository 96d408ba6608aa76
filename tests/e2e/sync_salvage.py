#!/usr/bin/env python3
"""goeswith-sync verify and salvage on journals of the real register's engine: what was changed shows, what is left
of a damaged file comes back, and the register goes on from it."""
import json
import os
import random
import shutil
import sqlite3

import lib
from sync_lib import rows, sync

t = lib.Tap()
SEED = int(os.environ.get("SEED", "20261122"))
chance = random.Random(SEED)
print(f"# seed {SEED}")

with lib.home() as top:
    home = top / "till"
    home.mkdir()
    (top / "baskets").write_text("".join(" ".join(chance.sample("ABCDEFGHIJKLMNOP", chance.randint(2, 9))) + "\n"
                                         for _ in range(400)))
    r = lib.run("goeswith-sim", "replay", "--baskets", top / "baskets", "--home", home)
    journal = home / "journal.db"
    events = rows(journal, "SELECT count(*) FROM event")[0][0]
    r = sync("verify", "--home", home, "--json")
    t.equal(json.loads(r.stdout), {"ok": True, "rows": events, "last": events}, "a journal as it was written")

    copy = top / "copy.db"
    shutil.copy(journal, copy)
    db = sqlite3.connect(copy)
    line = db.execute("SELECT min(seq) FROM event WHERE kind = 'line' AND seq > 700").fetchone()[0]
    db.execute("UPDATE event SET body = replace(body, '\"qty\":1', '\"qty\":2') WHERE seq = ?", (line,))
    db.commit()
    db.close()
    r = sync("verify", copy, "--json")
    bad = json.loads(r.stdout)
    t.check(r.returncode == 3 and not bad["ok"] and bad["bad"] == line, "one changed row shows: exit 3", r.stderr)
    t.check("changed after it was written" in r.stderr, "and is said in words", r.stderr)

    # The middle of the file overwritten, and its first page: SQLite gives up.
    data = bytearray(journal.read_bytes())
    pages = len(data) // 4096
    for page in [0] + chance.sample(range(1, pages), max(2, pages // 20)):
        data[page * 4096:(page + 1) * 4096] = bytes(chance.randrange(256) for _ in range(64)) * 64
    broken = top / "broken.db"
    broken.write_bytes(data)
    r = sync("verify", broken)
    t.check(r.returncode == 3 and "broken.db" in r.stderr, "a broken file is said to be broken", r.stderr)
    saved = top / "saved.db"
    r = sync("salvage", broken, "-o", saved, "--json")
    got = json.loads(r.stdout) if r.returncode == 0 else {}
    t.check(got.get("rows", 0) > events * 0.8 and got["rows"] + got["missing"] == got["last"],
            f"{got.get('rows')} of {events} events come back", r.stderr + r.stdout)
    same = dict(rows(journal, "SELECT seq, body FROM event"))
    back = rows(saved, "SELECT seq, body FROM event")
    t.check(all(same[s] == b for s, b in back), "each as it was")
    t.check(rows(saved, "SELECT count(*) FROM sale")[0][0] > 0, "with statistics tables made anew")
    r = sync("salvage", broken, "-o", saved)
    t.check(r.returncode == 3 and "already" in r.stderr, "nothing is overwritten", r.stderr)
    (top / "noise").write_bytes(bytes(chance.randrange(256) for _ in range(20000)))
    r = sync("salvage", top / "noise", "-o", top / "none.db")
    t.check(r.returncode == 3 and not (top / "none.db").exists(), "noise holds no events", r.stderr)

    # Bits flipped at random places: whatever is left comes back, each event as it was or told to be unproved.
    tried = refused = 0
    for flips in [1] * 12 + [5] * 6 + [50] * 4 + [500] * 3:
        data = bytearray(journal.read_bytes())
        for _ in range(flips):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        broken.write_bytes(data)
        fresh = top / f"fresh{tried}.db"
        tried += 1
        r = sync("salvage", broken, "-o", fresh, "--json")
        got = json.loads(r.stdout) if r.returncode == 0 else {"rows": 0, "proved": 0, "last": 0, "missing": 0}
        back = dict(rows(fresh, "SELECT seq, body FROM event")) if r.returncode == 0 else {}
        wrong = sum(same.get(s) != b for s, b in back.items())
        v = json.loads(sync("verify", broken, "--json").stdout or '{"ok":false}')
        good = (got["rows"] >= events - 4 * flips and got["rows"] == len(back) and wrong <= got["rows"] - got["proved"] and
                (wrong == 0 or not v["ok"]) and got["last"] <= events)
        refused += not good
        if not good:
            t.check(False, f"{flips} flipped bits", f"{r.stderr}{r.stdout} of {events}, {wrong} wrong")
    t.check(refused == 0, f"{tried} times 1 to 500 bits flipped: salvage loses at most the rows they hit, and knows them")
    r = sync("salvage", journal, "-o", top / "no/such/folder.db")
    t.check(r.returncode in (1, 5) and "folder.db" in r.stderr, "a place that is not there: said", r.stderr)

    # The register opens what was saved and goes on.
    store, terminal = (rows(saved, "SELECT value FROM meta WHERE key = ?", k)[0][0] for k in ("store", "terminal"))
    home2 = top / "till2"
    home2.mkdir()
    shutil.copy(saved, home2 / "journal.db")
    (home2 / "goeswith.conf").write_text("")
    r = lib.run("goeswith-sim", "replay", "--baskets", top / "baskets", "--max", "3", "--home", home2, "--store", store,
                "--terminal", terminal)
    after = rows(home2 / "journal.db", "SELECT count(*), count(DISTINCT basket) FROM event WHERE kind = 'open'")
    before = rows(saved, "SELECT count(*) FROM event WHERE kind = 'open'")[0][0]
    t.equal(after[0], (before + 3, before + 3), "the register goes on, no sale's number is used twice")
t.done()
