#!/usr/bin/env python3
"""goeswith-sync and what happens to people: another stick, a stray file in the folder, a file that may not be read, a
batch the server will never take, a service that is told to end while a server is silent, words in the wrong place."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import lib
from sync_lib import Journal, difference, rows, sync
from sync_servers import configure, push
from sync_web import Folder, serve

t = lib.Tap()


def till(top, name, events=300):
    home, office = top / name, top / f"{name}-office"
    home.mkdir(), office.mkdir()
    j = Journal(home / "journal.db", terminal=name)
    j.play(events)
    return home, office, j


def outbox(home):
    return sorted(p.name for p in (home / "outbox").glob("*.zst"))


def other_sticks(top):
    home, office, j = till(top, "stick")
    first = f"dir:{top / 'stick-office'}"
    push(home, first)
    shutil.rmtree(office), office.mkdir()
    r, done = push(home, first)
    t.equal((r.returncode, done["sent_batches"], len(list(office.rglob("*.zst")))), (0, 1, 1),
            "the stick was lost: what it held is put on the next one")
    r, done = push(home, first)
    t.equal(done["sent_batches"], 0, "... and only once")
    sync("collect", office, "--remove"), sync("collect", office, "--remove")
    r, done = push(home, first)
    t.equal((done["sent_batches"], done["committed_batches"], difference(j, office / "collection.db")), (0, 1, ""),
            "what was collected and removed is not put again")


def hole(top):
    """A server that will never take one batch: head office is told, and confirms what is behind it."""
    home, office, j = till(top, "hole", 900)
    with serve(Folder, office) as (server, url):
        server.plan = [413]
        r, done = push(home, url, "--batch-events", "200")
        t.check(done["quarantined_batches"] == 1 and "put aside events 1 to 200" in r.stderr and "413" in r.stderr,
                "a batch that no server takes: put aside, and said", r.stderr)
        sync("collect", office)
        r, done = push(home, url)
        t.equal((r.returncode, done["unacknowledged_batches"], outbox(home)), (0, 0, []),
                "what is behind it is confirmed, and leaves the outbox")
        ack = json.loads((office / "ack" / j.till).read_text())
        t.equal(ack["epochs"][0]["gaps"], [[1, 200]], "head office knows what it will not get")
        gaps = len(list((office / "up").rglob("*.zst")))
        push(home, url), push(home, url)
        t.equal(len(list((office / "up").rglob("*.zst"))), gaps, "told once")
        aside = next((home / "outbox/quarantine").iterdir())
        shutil.copy(aside, office / "up" / j.till)
        sync("collect", office)
        t.equal(difference(j, office / "collection.db"), "", "brought by hand, it is taken after all")
        # A file that vanished between put and collect.
        j.play(200)
        push(home, url)
        for p in (office / "up" / j.till).iterdir():
            if int(p.name.split("-")[1]) > 900:
                p.unlink()
        with contextlib.closing(__import__("sqlite3").connect(home / "sync.db")) as db:
            db.execute("UPDATE batch SET sent_ms = sent_ms - 4000000, sealed_ms = sealed_ms - 4000000 WHERE state = 1")
            db.commit()
        j.play(100)
        push(home, url)
        sync("collect", office)
        push(home, url), push(home, url)
        sync("collect", office)
        push(home, url)
        t.equal((difference(j, office / "collection.db"), outbox(home)), ("", []),
                "a file that the server lost before it was collected is put again")


def dropped(top):
    """Sent, lost there, and dropped here since the outbox was full: head office is told."""
    home, office, j = till(top, "dropped", 900)
    with serve(Folder, office) as (_, url):
        push(home, url, "--batch-events", "200")
        sorted((office / "up" / j.till).iterdir())[1].unlink()
        with contextlib.closing(__import__("sqlite3").connect(home / "sync.db")) as db:
            db.execute("UPDATE batch SET state = 4 WHERE first = 201")
            db.commit()
        for _ in range(2):
            sync("collect", office)
            r, done = push(home, url)
    ack = json.loads((office / "ack" / j.till).read_text())
    t.equal((ack["epochs"][0]["gaps"], done["unacknowledged_batches"]), ([[201, 400]], 0),
            "a batch that was dropped after it was sent, and never collected: a gap, and the rest is confirmed")


def newer(top):
    """A journal of a newer register: kinds that this program does not know are passed on under their names."""
    home, office, j = till(top, "newer", 20)
    j.add("sparkle", "b1", {"far": "future"})
    push(home, f"dir:{office}")
    r = sync("collect", office)
    t.equal((rows(office / "collection.db", "SELECT kind, body FROM event WHERE seq = ?", j.seq), difference(j, office / "collection.db")),
            ([("sparkle", '{"far":"future"}')], ""), "an event of a kind that is not known yet keeps its name")


def forged(top):
    """A kind inside of something else is not the event's: what is stored stays JSON, and the same when derived anew."""
    _, office, j = till(top, "forged", 1)
    folder = office / "up" / j.till
    folder.mkdir(parents=True)
    frame = '"at":"2026-11-22T10:00:00.000Z","mono":1,"boot":1,"basket":"b"'
    text = json.dumps({"goeswith": 1, "terminal": j.till, "epoch": "aa", "first": 1, "last": 2, "prev": "",
                       "sealed_at": "2026-11-22T10:00:00Z"}) + "\n"
    text += f'{{"seq":1,{frame},"x":{{"kind":"close","z":{{"q":1}}}},"kind":"open"}}\n'
    text += f'{{"seq":2,{frame},"x":{{"kind":"close"}},"kind":"cl\\u006fse","reason":"total"}}\n'
    name = hashlib.blake2b(text.encode(), digest_size=32).hexdigest()[:32]
    (folder / f"aa-{1:012d}-{2:012d}-{name}.ndjson.zst").write_text(text)
    r = sync("collect", office)
    got = [(kind, json.loads(body) if body.startswith("{") else body) for kind, body in
           rows(office / "collection.db", "SELECT kind, CASE WHEN json_valid(body) THEN body ELSE 'no JSON' END FROM event")]
    t.equal(got, [("open", {"x": {"kind": "close", "z": {"q": 1}}}), ("close", {"x": {"kind": "close"}, "reason": "total"})],
            "a kind inside of something else is not the event's")


def strays(top):
    home, office, j = till(top, "T2")
    push(home, f"dir:{office}")
    up = office / "up"
    (up / "AREADME").write_text("a stray file")
    os.symlink("/nonexistent", up / "AB")
    victim = top / "victim"
    victim.mkdir()
    (victim / "precious").write_text("mine")
    os.symlink(victim, up / "AC")
    strange = up / "AD"
    strange.mkdir()
    (strange / "x\x1b[31mred\x07\nroot: a line of its own").write_text("q")
    r = subprocess.run([lib.program("goeswith-sync"), "collect", str(office), "--json"], capture_output=True)
    t.equal((r.returncode, json.loads(r.stdout)["events"], json.loads(r.stdout)["rejected"]), (0, j.seq, 1),
            "stray files and links beside the terminals' folders hold nothing up")
    t.check(b"\x1b" not in r.stderr and r.stderr.count(b"\n") == 1, "a name cannot write to the terminal or forge a line",
            r.stderr)
    t.check((victim / "precious").exists() and not (office / "ack/AC").exists(), "a link is no terminal", "")
    for name in ("up", "ack", "quarantine"):
        linked = top / f"linked-{name}"
        linked.mkdir()
        os.symlink(victim, linked / name)
        r = sync("collect", linked)
        t.check(r.returncode == 6 and "is a link" in r.stderr and os.listdir(victim) == ["precious"],
                f"{name}/ that is a link: refused", r.stderr)
    # What cannot be written for one terminal is written for the others.
    (office / "ack" / j.till).unlink()
    (office / "ack/AD").unlink()
    (office / "ack/AD").mkdir()
    j.play(50)
    push(home, f"dir:{office}")
    r = sync("collect", office)
    t.check(r.returncode == 5 and "AD" in r.stderr and "not all of it: 1 " in r.stderr and difference(j, office / "collection.db") == "",
            "one terminal's acknowledgement cannot be written: told", r.stderr)
    r, done = push(home, f"dir:{office}")
    t.equal((done["unacknowledged_batches"], outbox(home)), (0, []), "... and the others have theirs")
    if os.geteuid() == 0 and shutil.which("setpriv"):
        os.chmod(top, 0o755)
        (office / "ack/AD").rmdir()
        j.play(50)
        push(home, f"dir:{office}")
        os.chown(office, 64001, 64001)
        for p in office.rglob("*"):
            os.chown(p, 64001, 64001, follow_symlinks=False)
        path = max((up / j.till).iterdir())
        secret = up / "AA"
        secret.mkdir(), os.chmod(secret, 0)
        hidden = up / "AE"
        hidden.mkdir(), (hidden / path.name).write_bytes(path.read_bytes()), os.chmod(hidden / path.name, 0)
        r = subprocess.run(["setpriv", "--reuid=64001", "--regid=64001", "--clear-groups", lib.program("goeswith-sync"),
                            "collect", str(office), "--home", str(office)], capture_output=True, text=True, cwd="/")
        t.check(r.returncode == 5 and "AA" in r.stderr and "not all of it: 2 " in r.stderr and
                difference(j, office / "collection.db") == "", "what may not be read is told, the rest is collected", r.stderr)
    else:
        t.skip("what may not be read", "not root, or no setpriv")
    stick = top / "pipes"
    (stick / "ack").mkdir(parents=True)
    os.mkfifo(stick / "ack" / j.till)
    r, _ = push(home, f"dir:{stick}")
    t.check(r.returncode == 3 and "is not a file" in r.stderr, "a pipe for an acknowledgement holds nobody up", r.stderr)


def epochs(top):
    """A terminal that makes up epochs cannot make its acknowledgement too long to be written."""
    home, office, j = till(top, "epochs", 50)
    push(home, f"dir:{office}"), sync("collect", office)
    with contextlib.closing(__import__("sqlite3").connect(office / "collection.db")) as db:
        db.executemany("INSERT INTO epoch VALUES(?, ?, ?, 1, 1, '', 0)",
                       [(j.till, f"{n:016x}", n + 2) for n in range(12000)])
        db.commit()
    r = sync("collect", office)
    ack = json.loads((office / "ack" / j.till).read_text())
    t.equal((r.returncode, len(ack["epochs"]), ack["epochs"][-1]["epoch"]), (0, 64, f"{11999:016x}"),
            "12,000 epochs of a terminal: the last ones are acknowledged")


def ending(top):
    home, office, j = till(top, "ending")
    with serve(Folder, office) as (server, url):
        server.plan = ["silence"] * 9
        configure(home, to=url, every=1, splay=0, batch_age=0)
        p = subprocess.Popen([lib.program("goeswith-sync"), "run", "--home", str(home)], stderr=subprocess.PIPE)
        asked = lib.wait_for(lambda: server.asked > 0)
        since = time.monotonic()
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(30)
        except subprocess.TimeoutExpired:
            p.kill()
        p.stderr.close()
        # The server would have been waited for for a minute.
        t.check(asked and p.wait() == 0, f"told to end while a server is silent: ends ({time.monotonic() - since:.1f} s)")
        server.plan = []
        r = subprocess.run([lib.program("goeswith-sync"), "push", "--home", str(home), "--to", url], capture_output=True,
                           text=True, env=dict(os.environ, http_proxy="http://127.0.0.1:9"))
        t.check(r.returncode == 0 and "sent 1" in r.stdout, "what stays on this machine goes through no proxy", r.stderr)


def nothing_due(top):
    """A round in which no batch is due has tried nothing, and says nothing."""
    home, office, j = till(top, "due")
    log = top / "due.log"
    with serve(Folder, office) as (server, url), log.open("w") as err:
        server.plan = [503] * 100000
        configure(home, to=url, every=1, splay=0, batch_age=0)
        with lib.running("goeswith-sync", "run", "--home", home, stderr=err):
            told = lib.wait_for(lambda: "503" in log.read_text() and next_try(home, time.time() + 3600))
            server.plan = []
            time.sleep(4)  # rounds
            t.check(told and "works again" not in log.read_text(), "a batch that waits for its time is not said to be sent",
                    log.read_text())
            lib.wait_for(lambda: next_try(home, 0))
            t.check(lib.wait_for(lambda: "works again" in log.read_text()) and log.read_text().count("503") == 1,
                    "... but when it is", log.read_text())


def next_try(home, at):
    """When what could not be sent is tried again; how many batches those are."""
    with contextlib.closing(__import__("sqlite3").connect(home / "sync.db", timeout=60)) as db:
        try:
            n = db.execute("UPDATE batch SET next_ms = ? WHERE state = 0 AND tries > 0", (int(at * 1000),)).rowcount
            db.commit()
            return n
        except __import__("sqlite3").OperationalError:
            return 0  # not there yet


def words(top):
    home, office, j = till(top, "words", 20)
    for args, status, say in [
            (("push", f"dir:{office}"), 2, f'push: what is "dir:{office}"?'), (("status", "now"), 2, 'what is "now"'),
            (("verify", home / "journal.db", "x"), 2, 'what is "x"'), (("pull", "x"), 2, 'what is "x"'),
            (("run", "x"), 2, 'what is "x"'), (("collect", office, "x"), 2, 'what is "x"'),
            (("collect",), 2, "takes one folder"), (("collect", top / "nowhere"), 4, "cannot reach the folder"),
            (("collect", home / "journal.db"), 3, "is not a folder"),
            (("push", "--home", top / "none", "--to", f"dir:{office}"), 1, "there is no home"),
            (("push", "--to", "https://me:secret@127.0.0.1/"), 2, "no password"),
            (("push", "--to", "http://127.0.0.1:80@example.com/"), 2, "no password")]:
        r = sync(*args, *(() if "--home" in args else ("--home", home)))
        t.check(r.returncode == status and say in r.stderr and "secret" not in r.stderr,
                f"{' '.join(pathlib.Path(str(a)).name for a in args)}: said", r.stderr)
    (home / "goeswith.conf").write_text(f"[sync]\nto = dir:{office}\nsigned_ack = yes\nbatch_kb = 100\n")
    r = sync("push", "--home", home)
    t.check(r.returncode == 0 and r.stderr.count("\n") == 1 and 'no setting "signed_ack"' in r.stderr,
            "a setting that there is not: said", r.stderr)
    shutil.rmtree(office), office.mkdir()
    r = sync("collect", office)
    t.check(r.returncode == 0 and "no folder up" in r.stderr, "a folder without up/: said", r.stderr)


with lib.home() as top:
    other_sticks(top)
    hole(top)
    dropped(top)
    newer(top)
    forged(top)
    strays(top)
    epochs(top)
    ending(top)
    nothing_due(top)
    words(top)
t.done()
