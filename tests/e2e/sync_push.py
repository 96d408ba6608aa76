#!/usr/bin/env python3
"""goeswith-sync push and collect over a folder: a round trip, and everything that can be wrong with a file."""
import contextlib
import json
import os
import shutil
import subprocess

import lib
from sync_lib import Journal, difference, rows, sync

t = lib.Tap()


def zst(*args):
    return shutil.which("zstd") and subprocess.run(["zstd", "-q", *map(str, args)], check=True)


def push(home, up, *args):
    r = sync("push", "--home", home, "--to", f"dir:{up}", "--json", *args)
    return r, (json.loads(r.stdout) if r.stdout else {})


def collect(up, *args):
    r = sync("collect", up, "--json", *args)
    return r, (json.loads(r.stdout) if r.stdout else {})


def files(folder):
    return sorted(p for p in folder.rglob("*.zst")) if folder.exists() else []


with lib.home() as top:
    home, up = top / "till", top / "office"
    home.mkdir(), up.mkdir()
    r, _ = push(home, up)
    t.check(r.returncode == 1 and "journal.db" in r.stderr, "no journal: said", r.stderr)
    j = Journal(home / "journal.db")
    j.play(2500)
    r, done = push(home, up)
    t.equal((r.returncode, done.get("sent_events"), done.get("waiting_batches")), (0, j.seq, 0), "all events are sent")
    size = sum(p.stat().st_size for p in files(up / "up"))
    t.check(size / j.seq <= 20, f"{size / j.seq:.1f} bytes an event on the wire, of made-up sales full of chance")
    t.check(all(p.stat().st_size for p in files(home / "outbox")), "kept until acknowledged")
    r, took = collect(up)
    t.equal((r.returncode, took.get("events"), took.get("rejected")), (0, j.seq, 0), "head office takes them")
    t.equal(difference(j, up / "collection.db"), "", "every event once, as it was")
    r, done = push(home, up)
    t.equal((done["committed_batches"] > 0, done["unacknowledged_batches"], files(home / "outbox")), (True, 0, []),
            "deleted once committed, not before")
    r, took = collect(up)
    t.equal((took["files"], took["events"]), (0, 0), "collecting again takes nothing")
    ack = json.loads((up / "ack" / j.till).read_text())
    t.equal(ack["epochs"], [{"epoch": j.epoch, "committed": j.seq, "have": j.seq, "gaps": []}], "the acknowledgement")
    r = sync("verify", "--home", home, "--json")
    t.equal(json.loads(r.stdout), {"ok": True, "rows": j.seq, "last": j.seq}, "the journal's chain holds")
    a = json.loads(lib.run("goeswith-report", "today", "--from", "2026-11-01", "--to", "2026-12-31", "--json",
                           up / "collection.db").stdout)
    b = json.loads(lib.run("goeswith-report", "today", "--from", "2026-11-01", "--to", "2026-12-31", "--json",
                           up / "up").stdout)
    t.check(a == b and a["sales"] == j.sale, "report: the book and the batches say the same", f"{a}\n{b}")

    j.play(700)
    r = sync("status", "--home", home, "--to", f"dir:{up}", "--json")
    t.equal(json.loads(r.stdout)["unsealed_events"], 700 + (j.seq - 700 - rows(home / "sync.db",
            "SELECT max(last) FROM batch")[0][0]), "status counts what is not sealed")
    shutil.move(up, top / "away")
    r, done = push(home, up)
    t.check(r.returncode == 4 and "office" in r.stderr, "stick pulled out: exit 4, try again", r.stderr)
    r = sync("status", "--home", home, "--to", f"dir:{up}")
    t.check("To be sent" in r.stdout and "tried 1" in r.stdout and "office" in r.stdout, "status says why", r.stdout)
    shutil.move(top / "away", up)
    push(home, up)
    collect(up)
    push(home, up)
    t.equal((difference(j, up / "collection.db"), files(home / "outbox")), ("", []), "and then all is well again")

    # --- what can be wrong with a file
    def fresh_file():
        """A new batch of the till, put but not collected."""
        j.play(100)
        push(home, up)
        return max(files(up / "up"), key=lambda p: p.name)

    def refused(path, why, name):
        before = rows(up / "collection.db", "SELECT count(*) FROM event")
        r, took = collect(up)
        ok = r.returncode == 0 and took["rejected"] == 1 and why in r.stderr and not path.exists()
        after = rows(up / "collection.db", "SELECT count(*) FROM event")
        t.check(ok and before == after, f"{name}: refused, nothing taken", r.stderr)

    path = fresh_file()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    refused(path, "damaged", "a flipped bit")
    push(home, up)   # learns that it arrived damaged
    push(home, up)   # sends it again
    collect(up)
    push(home, up)
    t.equal((difference(j, up / "collection.db"), files(home / "outbox")), ("", []), "a damaged file is sent again")

    path = fresh_file()
    collect(up)
    other = path.parent.parent / "S1-T9" / path.name
    other.parent.mkdir()
    shutil.copy(path, other)
    refused(other, "it says it is from S1-T1", "a batch in another terminal's folder")
    shutil.rmtree(other.parent)
    collect(up)
    bogus = path.with_name("hello.ndjson.zst")
    bogus.write_bytes(b"hello")
    refused(bogus, "name", "a file with another name")
    link = path.with_name(path.name.replace(j.epoch, "ffffffffffffffff"))
    os.symlink("/etc/passwd", link)
    refused(link, "not a file", "a symbolic link")

    # a forged batch by somebody who may write into the folder, name and hash being right
    import hashlib

    def forge(first, last, prev, lines, **head):
        h = {"goeswith": 1, "program": "x", "terminal": j.till, "epoch": j.epoch, "first": first, "last": last,
             "prev": prev, "sealed_at": "2026-11-23T10:00:00.000Z", **head}
        body = "".join(json.dumps(o, separators=(",", ":")) + "\n" for o in [h] + lines).encode()
        digest = hashlib.blake2b(body, digest_size=32).hexdigest()
        p = path.parent / f"{j.epoch}-{first:012d}-{last:012d}-{digest[:32]}.ndjson.zst"
        p.write_bytes(body)
        return p

    def line(seq, kind="scanner", **body):
        return {"seq": seq, "at": "2026-11-23T10:00:00.000Z", "mono": 1, "boot": 1, "kind": kind, **body}

    last = rows(up / "collection.db", "SELECT max(last) FROM file")[0][0]
    refused(forge(5, 5, "", [line(5)]), "says something else", "an event that is there, changed")
    refused(forge(last + 1, last + 1, "0" * 64, [line(last + 1)]), "does not follow", "a batch out of the chain")
    refused(forge(last + 1, last + 2, "", [line(last + 1)]), "promises 2", "a batch with fewer events than it says")
    refused(forge(last + 1, last + 1, "", [line(last + 1, "line", line="one")]), "\"line\"", "a field of a wrong type")
    refused(forge(last + 1, last + 1, "", [line(last + 1, "outcome", offer=1, result="x" * 70000)]), "longer",
            "a line over the cap")
    if shutil.which("zstd"):
        bomb = top / "bomb"
        bomb.write_bytes(b" " * (64 << 20))
        zst("-19", bomb, "-o", top / "bomb.zst")
        packed = (top / "bomb.zst").read_bytes()
        digest = hashlib.blake2b(packed, digest_size=32).hexdigest()
        p = path.parent / f"{j.epoch}-{last + 1:012d}-{last + 1:012d}-{digest[:32]}.ndjson.zst"
        p.write_bytes(packed)
        refused(p, "unpacks to more", "a zip bomb")
    else:
        t.skip("a zip bomb", "no zstd program")
    r, done = push(home, up)
    path = fresh_file()
    r, took = collect(up)
    t.check(took["accepted"] == 1 and difference(j, up / "collection.db") == "", "and the rest goes on",
            r.stderr + difference(j, up / "collection.db"))
    big = path.with_name(f"{j.epoch}-{last + 900:012d}-{last + 901:012d}-{'0' * 32}.ndjson.zst")
    with big.open("wb") as f:
        f.truncate(5 << 20)
    refused(big, "larger", "a file over the cap")

    # --- signatures
    keys = top / "keys"
    keys.mkdir()
    path = fresh_file()
    r, took = collect(up, "--keys", keys)
    t.check(took["files"] == 0 and "waits" in r.stderr, "keys demanded, none known: the terminal's files wait", r.stderr)
    shutil.copy(home / "device" / "till.pub", keys / f"{j.till}.pub")
    t.equal(oct((home / "device" / "till.key").stat().st_mode & 0o777), "0o600", "the till's key is its own")
    r, took = collect(up, "--keys", keys)
    t.equal((took["accepted"], took["rejected"]), (1, 0), "signed by the till's key: taken")
    last = rows(up / "collection.db", "SELECT max(last) FROM file WHERE state = 1")[0][0]
    before = rows(up / "collection.db", "SELECT count(*) FROM event")
    forge(last + 1, last + 1, "", [line(last + 1)])
    r, took = collect(up, "--keys", keys)
    t.check(took["rejected"] == 1 and "not signed" in r.stderr, "not signed: refused", r.stderr)

    # --- limits of the outbox
    home2 = top / "till2"
    home2.mkdir()
    k = Journal(home2 / "journal.db", terminal="T2", seed=5)
    k.play(3000)
    away = top / "nowhere"
    sync("push", "--home", home2, "--to", f"dir:{away}", "--batch-events", "100")
    with contextlib.closing(__import__("sqlite3").connect(home2 / "sync.db")) as db:
        db.execute("UPDATE batch SET sealed_ms = sealed_ms - 200 * 86400000 WHERE first < 501")
        db.commit()
    r = sync("push", "--home", home2, "--to", f"dir:{away}", "--batch-events", "100", "--json")
    t.equal(json.loads(r.stdout)["dropped_events"], 500, "an outbox that is too old drops the oldest")
    push(home2, up)
    r, took = collect(up)
    ack = json.loads((up / "ack" / k.till).read_text())
    have = rows(up / "collection.db", "SELECT count(*), min(seq) FROM event WHERE terminal = ?", k.till)
    t.equal((have, took["rejected"]), ([(k.seq - 500, 501)], 0), "the rest arrives")
    t.equal((ack["epochs"][0]["committed"], len(ack["epochs"][0]["gaps"])), (k.seq, 5),
            "a gap that is told does not hold up the rest")
    push(home2, up)
    t.equal(files(home2 / "outbox"), [], "and all of it is settled")

    # --- two at once, a state that is not ours
    r = sync("push", "--home", home, "--to", "ftp://x")
    t.equal(r.returncode, 2, "a place of an unknown kind: exit 2")
    (home / "sync.db").write_bytes(b"x" * 4096)
    r, _ = push(home, up)
    t.check(r.returncode == 3 and "sync.db" in r.stderr, "a foreign state file: exit 3", r.stderr)
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(str(home / "sync.db") + suffix)
    r, done = push(home, up, "--batch-events", "300")
    r, took = collect(up)
    t.equal((took["rejected"], difference(j, up / "collection.db")), (0, ""),
            "the state lost: all is sealed again in other pieces, nothing is doubled")
t.done()
