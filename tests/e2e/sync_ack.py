#!/usr/bin/env python3
"""Acknowledgements of head office: signed, forged, edited, replayed, torn; and taken back, when head office has lost
what it had."""
import json
import shutil
import sqlite3
import subprocess

import lib
from sync_lib import Journal, can_fake_time, difference, rows, sync

t = lib.Tap()


def push(home, up, *args):
    r = sync("push", "--home", home, "--to", f"dir:{up}", "--json", *args)
    return r, (json.loads(r.stdout) if r.stdout else {})


def outbox(home):
    return sorted(p.name for p in (home / "outbox").glob("*.zst"))


def till(top, name, **kwargs):
    home, up = top / f"{name}-till", top / f"{name}-office"
    home.mkdir(), up.mkdir()
    j = Journal(home / "journal.db", **kwargs)
    j.play(600)
    return home, up, j


def make_key(path):
    subprocess.run(["minisign", "-G", "-W", "-p", f"{path}.pub", "-s", f"{path}.key"], check=True, capture_output=True)


def forge(up, j, committed, at="2026-11-23T10:00:00.000Z"):
    (up / "ack").mkdir(exist_ok=True)
    (up / "ack" / j.till).write_text(json.dumps({
        "goeswith_ack": 1, "terminal": j.till, "at": at,
        "epochs": [{"epoch": j.epoch, "committed": committed, "have": committed, "gaps": []}], "rejected": []}))


def signed(top):
    home, up, j = till(top, "signed")
    office, other = top / "office", top / "other"
    make_key(office), make_key(other)
    pinned = home / "trust/ack"
    pinned.mkdir(parents=True)
    shutil.copy(f"{office}.pub", pinned / "office.pub")
    push(home, up)
    waiting = outbox(home)
    ack, sig = up / "ack" / j.till, up / "ack" / f"{j.till}.minisig"

    def refused(name, why):
        r, done = push(home, up)
        said = sync("status", "--home", home, "--to", f"dir:{up}").stdout
        t.check(r.returncode == 6 and why in r.stderr and why in " ".join(said.split()) and outbox(home) == waiting
                and done["committed_batches"] == 0, f"{name}: refused and told, nothing deleted", r.stderr + said)

    forge(up, j, j.seq)
    refused("a forged acknowledgement, unsigned", "is not signed")
    sync("collect", up)
    refused("head office's own, but unsigned", "is not signed")
    sync("collect", up, "--ack-key", f"{other}.key")
    refused("signed by another key", "not trusted here")
    shutil.copy(f"{other}.pub", home / "trust/tables.pub")
    refused("signed by a key that is trusted for tables only", "not trusted here")
    (home / "trust/tables.pub").unlink()
    sync("collect", up, "--ack-key", f"{office}.key")
    good, good_sig = ack.read_bytes(), sig.read_bytes()
    forge(up, j, j.seq + 5000)
    refused("edited under its signature", "does not fit")
    ack.write_bytes(good)
    checked = subprocess.run(["minisign", "-Vm", ack, "-p", f"{office}.pub"], capture_output=True, text=True)
    t.check(checked.returncode == 0 and j.till in checked.stdout, "the minisign tool accepts the signature", checked.stderr)
    r, done = push(home, up)
    t.equal((r.returncode, done["committed_batches"], outbox(home)), (0, len(waiting), []), "signed by head office: believed")
    key = subprocess.run(["head", "-1", f"{office}.pub"], capture_output=True, text=True).stdout.split()[-1]
    said = sync("status", "--home", home, "--to", f"dir:{up}").stdout
    t.check(f"signed with key {key}" in " ".join(said.split()), "status tells by whom", said)

    # Replay: what an old one says was true once, and is no more than that.
    j.play(300)
    push(home, up)
    waiting = outbox(home)
    ack.write_bytes(good), sig.write_bytes(good_sig)
    r, done = push(home, up)
    t.equal((r.returncode, outbox(home), done["taken_back_events"]), (0, waiting, 0), "an old one replayed: harmless")
    sync("collect", up, "--ack-key", f"{office}.key")
    torn = ack.read_bytes()
    ack.write_bytes(good)
    waiting = outbox(home)
    refused("the old text with the new signature (a crash between both files)", "does not fit")
    sync("collect", up, "--ack-key", f"{office}.key")
    r, done = push(home, up)
    t.check(r.returncode == 0 and outbox(home) == [] and ack.read_bytes() != good, "the next round mends it", r.stderr)
    t.check(torn != good and difference(j, up / "collection.db") == "", "every event is there", "")
    # Another terminal's, properly signed.
    home2 = top / "second-till"
    home2.mkdir()
    k = Journal(home2 / "journal.db", terminal="T2", seed=4)
    k.play(100)
    shutil.copytree(home / "trust", home2 / "trust")
    push(home2, up)
    for suffix in ("", ".minisig"):
        shutil.copy(f"{ack}{suffix}", up / "ack" / f"{k.till}{suffix}")
    r, done = push(home2, up)
    t.check(r.returncode != 0 and "another terminal" in r.stderr and len(outbox(home2)) == 1,
            "another terminal's, properly signed: refused", r.stderr)

    # What the configuration says goes first.
    (home2 / "goeswith.conf").write_text("[sync]\nsigned_acks = no\n")
    sync("collect", up)
    t.check(not (up / "ack" / f"{k.till}.minisig").exists(), "no key at head office: no old signature stays", "")
    r, done = push(home2, up)
    t.equal((r.returncode, outbox(home2)), (0, []), "signed_acks = no: believed unsigned, though a key is there")
    k.play(100)
    shutil.rmtree(home2 / "trust")
    (home2 / "goeswith.conf").write_text("[sync]\nsigned_acks = yes\n")
    r, done = push(home2, up)
    t.check(r.returncode == 6 and "no key" in r.stderr and len(outbox(home2)) == 1, "signed_acks = yes without a key: said",
            r.stderr)
    (home2 / "goeswith.conf").write_text("[sync]\nsigned_acks = perhaps\n")
    r, done = push(home2, up)
    t.check("must be yes or no" in r.stderr, "signed_acks = perhaps: said", r.stderr)


def unsigned(top):
    """One shop with a stick and no keys: a forged acknowledgement may delete a file, never an event."""
    home, up, j = till(top, "plain", seed=8)
    forge(up, j, j.seq, at="2199-01-01T00:00:00.000Z")
    push(home, up)
    r, done = push(home, up)
    t.check(r.returncode == 6 and "future" in r.stderr and len(outbox(home)) == 1, "unsigned and from the future: refused",
            r.stderr)
    shutil.rmtree(up)
    up.mkdir()
    forge(up, j, j.seq, at="2020-01-01T00:00:00.000Z")
    r, done = push(home, up)
    t.equal(outbox(home), [], "unsigned, and nobody asks for a signature: believed")
    shutil.rmtree(up / "up", ignore_errors=True)
    (up / "up" / j.till).mkdir(parents=True)
    sync("collect", up)
    r, done = push(home, up)
    t.check(done["taken_back_events"] == j.seq and "sealed again" in r.stderr, "head office says it has nothing: taken back",
            r.stderr)
    push(home, up), sync("collect", up), push(home, up)
    t.equal((difference(j, up / "collection.db"), outbox(home)), ("", []), "every event arrives in the end")


def restored(top):
    """Head office loses a day and comes back with yesterday's database."""
    home, up, j = till(top, "backup", seed=9)
    for _ in range(3):
        push(home, up, "--batch-events", "150"), sync("collect", up), push(home, up)
        j.play(400)
    shutil.copy(up / "collection.db", top / "backup.db")
    for _ in range(3):
        push(home, up, "--batch-events", "150"), sync("collect", up), push(home, up)
        j.play(400)
    before = rows(up / "collection.db", "SELECT max(seq) FROM event")[0][0]
    for p in up.glob("collection.db*"):
        p.unlink()
    shutil.copy(top / "backup.db", up / "collection.db")
    shutil.rmtree(up / "up" / j.till)
    (up / "up" / j.till).mkdir()
    after = rows(up / "collection.db", "SELECT max(seq) FROM event")[0][0]
    sync("collect", up)
    r, done = push(home, up)
    t.equal(done["taken_back_events"], before - after, "a restored head office: what it has lost is noticed")
    push(home, up), sync("collect", up)
    r, done = push(home, up)
    t.equal((difference(j, up / "collection.db"), outbox(home)), ("", []), "and sent again, and all of it is there")
    t.equal(rows(up / "collection.db", "SELECT count(*) FROM file WHERE state = 3")[0][0], 0, "the chain of files held")
    # A place of which the till knows nothing any more is told, not guessed.
    db = sqlite3.connect(home / "sync.db")
    db.execute("DELETE FROM batch WHERE last < (SELECT max(last) FROM batch)")
    db.commit()
    db.close()
    forge(up, j, 5, at="2026-12-24T00:00:00.000Z")
    (home / "goeswith.conf").write_text("")
    r = subprocess.run(["faketime", "-f", "@2026-12-24 00:00:10", lib.program("goeswith-sync"), "push", "--home", home,
                        "--to", f"dir:{up}"], capture_output=True, text=True) if can_fake_time() else None
    if r is None:
        t.skip("a place the till does not know", "no faketime, or a build that does not bear it")
    else:
        t.check("does not know that place" in r.stderr, "a place the till does not know: told", r.stderr)


with lib.home() as top:
    if shutil.which("minisign"):
        signed(top)
    else:
        t.skip("signed acknowledgements", "no minisign")
    unsigned(top)
    restored(top)
t.done()
