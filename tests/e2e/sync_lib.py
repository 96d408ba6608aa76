"""Journals made by hand for the tests of sync: the documented schema and hash chain, in Python."""
import hashlib
import json
import random
import shutil
import sqlite3
import struct
import subprocess

import lib

SCHEMA = """
PRAGMA journal_mode=WAL; PRAGMA application_id=1735879217; PRAGMA user_version=1;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL,
 boot INTEGER NOT NULL, basket TEXT, kind TEXT NOT NULL, body TEXT NOT NULL, chain BLOB NOT NULL,
 scan_session INTEGER, scan_seq INTEGER);
"""
START = 1795424400000  # 2026-11-23 09:00 UTC
assert 1735879217 == 0x67776a31


class Journal:
    def __init__(self, path, store="S1", terminal="T1", seed=1):
        self.path, self.store, self.terminal = path, store, terminal
        self.till = f"{store}-{terminal}"
        self.random = random.Random(seed)
        self.epoch = f"{self.random.getrandbits(64):016x}"
        self.seq = self.sale = 0
        self.at = START
        self.chain = hashlib.blake2b(f"goeswith journal 1\n{self.epoch}\n{store}-{terminal}".encode(),
                                     digest_size=32).digest()
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(SCHEMA)
        self.db.executemany("INSERT INTO meta VALUES(?,?)", [("store", store), ("terminal", terminal),
                                                             ("epoch", self.epoch)])
        self.db.execute("PRAGMA synchronous=OFF")
        self.add("start", "", {"version": "0.1.0"})

    def add(self, kind, basket, body, scan=None, same=False):
        """same: caused by the input before, so at the same time."""
        self.seq += 1
        self.at += 0 if same else self.random.randrange(200, 4000)
        mono = self.at - START
        text = json.dumps(body, separators=(",", ":")).encode()
        session, number = scan or (0, 0)
        head = struct.pack("<qqqIII", self.seq, self.at, mono, 1, session, number)
        parts = [head]
        for part in (kind.encode(), basket.encode(), text):
            parts += [struct.pack("<I", len(part)), part]
        self.chain = hashlib.blake2b(self.chain + b"".join(parts), digest_size=32).digest()
        self.db.execute("INSERT INTO event VALUES(?,?,?,?,?,?,?,?,?,?)",
                        (self.seq, self.at, mono, 1, basket or None, kind, text.decode(), self.chain,
                         session or None, number if session else None))

    def play(self, events):
        """Sales until there are this many more events."""
        r, end = self.random, self.seq + events
        self.db.execute("BEGIN")
        while self.seq < end:
            self.sale += 1
            basket = f"{self.till}-20261123-{self.sale:06d}"
            total = 0
            self.add("open", basket, {})
            for line in range(1, r.randrange(2, 8)):
                item = min(int(r.paretovariate(0.8)), 3000)
                price = item * 37 % 2000 + 49
                total += price
                self.add("line", basket, {"line": line, "code": f"0400638{item * 7919 % 10000000:07d}",
                                          "name": f"Item number {item} of the shop", "qty": 1, "price": price,
                                          "source": "scan"}, (77, self.seq), line == 1)
                if line == 2:
                    rule = min(int(r.paretovariate(0.9)), 300)
                    ids = " ".join(f"r{(rule * 13 + k * 7) % 300}" for k in range(r.randrange(1, 5)))
                    self.add("offer", basket, {
                        "offer": 1, "rule": f"r{rule}", "rule_kind": "addon", "code": f"04006381{rule:06d}",
                        "pos_code": f"04006381{rule:06d}", "name": f"Add-on {rule}", "script": f"Add-on {rule} to go?",
                        "price": rule * 7 + 99, "margin": rule * 3 + 20, "subtotal": total, "expires_ms": 8000,
                        "why": ["Item"], "table_version": "12", "experiment": "e1", "arm": "a",
                        "eligible": ids.count(" ") + 1, "propensity_ppm": 980000, "holdout_ppm": 100000,
                        "bucket_ppm": r.randrange(100000, 1000000), "eligible_ids": ids}, same=True)
                    result = r.choice(["accepted", "declined", "declined", "expired", "not_voiced"])
                    self.add("outcome", basket, {"offer": 1, "rule": f"r{rule}", "code": f"04006381{rule:06d}",
                                                 "result": result, "ms": r.randrange(500, 8000),
                                                 **({"value": rule * 7 + 99} if result == "accepted" else {})})
            self.add("close", basket, {"lines": line, "items": line, "total": total, "reason": "total"})
        self.db.execute("COMMIT")


def sync(*args, **kwargs):
    return lib.run("goeswith-sync", *args, **kwargs)


def can_fake_time():
    """faketime is here and this build bears it (sanitizers want to be loaded first)."""
    return bool(shutil.which("faketime")) and subprocess.run(
        ["faketime", "-f", "+1s", lib.program("goeswith-sync"), "--version"], capture_output=True).returncode == 0


def rows(path, sql, *args):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


# What is uploaded of an event: all but what head office knows from the rule table.
LEAN = """SELECT seq, at_ms, mono_ms, boot, basket, kind,
 CASE kind WHEN 'line' THEN json_remove(body, '$.name')
  WHEN 'offer' THEN json_remove(body, '$.script', '$.why', '$.why_more')
  WHEN 'outcome' THEN json_remove(body, '$.rule', '$.code') ELSE body END, scan_session, scan_seq
 FROM event ORDER BY seq"""
BOOK = """SELECT seq, at_ms, mono_ms, boot, basket, kind, body, scan_session, scan_seq FROM event
 WHERE terminal = ? ORDER BY epoch, seq"""


def difference(journal, book):
    """"" when the book holds exactly the journal's events, else what differs."""
    want = rows(journal.path, LEAN)
    got = rows(book, BOOK, journal.till)
    if want == got:
        return ""
    for a, b in zip(want, got):
        if a != b:
            return f"journal {a}\nbook    {b}"
    return f"journal has {len(want)} events, the book {len(got)}"


def mutate(chance, data):
    """Bits flipped, pieces cut out, put in, overwritten."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8])):
        at = chance.randrange(len(data))
        kind = chance.randrange(5)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[at:at + chance.randrange(1, 20)]
        elif kind == 2:
            data[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 20)))
        elif kind == 3:
            data[at:at + 4] = b"9999"
        else:
            other = chance.randrange(len(data))
            data[at:at + 16] = data[other:other + 16]
        data = data or bytearray(b"{")
    return bytes(data)
