#!/usr/bin/env python3
"""What goes wrong between a till and head office, each made to happen: servers that say nothing or half of it,
certificates and clocks that are wrong, disks that are full, batches that are replayed, 10,000 that are damaged.  Each is
told with a reason, loses and doubles nothing, and the rest goes on."""
import contextlib
import hashlib
import http.server
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

import lib
from sync_lib import Journal, can_fake_time, difference, mutate, rows, sync
from sync_servers import configure, make_ca, make_cert, nginx, openssl, push

t = lib.Tap()
SEED = int(os.environ.get("SEED", "20261122"))
MUTATIONS = int(os.environ.get("MUTATIONS", "10000"))
chance = random.Random(SEED)
print(f"# seed {SEED}")


def till(top, name, events=600, **kwargs):
    home, office = top / f"{name}-till", top / f"{name}-office"
    home.mkdir(), office.mkdir()
    j = Journal(home / "journal.db", **kwargs)
    j.play(events)
    return home, office, j


def outbox(home):
    return sorted(p.name for p in (home / "outbox").glob("*.zst"))


def settle(home, office, j, name, place=None):
    """With nothing in the way any more, everything arrives once and is acknowledged."""
    place = place or f"dir:{office}"
    for _ in range(2):
        r, _ = push(home, place)
        sync("collect", office)
    r, _ = push(home, place)
    t.equal((r.returncode, difference(j, office / "collection.db"), outbox(home)), (0, "", []),
            f"{name}: then all is well again, 0 lost, 0 doubled")


# --- servers that say nothing, or half of it ---------------------------------------------------------------------

class Moody(http.server.BaseHTTPRequestHandler):
    """Keeps files; server.mood says how the next answers are."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle_mood(self):
        mood = self.server.mood
        if mood == "silent":
            self.server.awake.wait()
            self.close_connection = True
            return True
        if isinstance(mood, int):
            self.send_response(mood)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return True
        return False

    def do_GET(self):
        path = self.server.office / self.path.lstrip("/")
        if self.handle_mood():
            return
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.server.mood == "half":
            self.wfile.write(data[:len(data) // 2])
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.wfile.write(data)

    def do_PUT(self):
        if self.server.mood == "half":
            self.rfile.read(64)
            self.wfile.write(b"HTTP/1.1 201 Crea")
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.handle_mood():
            return
        path = self.server.office / self.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextlib.contextmanager
def moody(office):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    server.daemon_threads = True
    server.office, server.mood, server.awake = office, "good", threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.awake.set()
        server.shutdown()
        server.server_close()


def servers(top):
    home, office, j = till(top, "moody")
    with moody(office) as (server, url):
        for mood, why in (("silent", ""), ("half", ""), (500, "500"), (429, "429"), (403, "403")):
            server.mood = mood
            configure(home, timeout=1 if mood == "silent" else 60)  # the silent one would be silent for ever
            r, done = push(home, url, "--batch-events", "200")
            t.check(r.returncode in (4, 6) and why in r.stderr and done["waiting_batches"] == 4,
                    f"put, server {mood}: told, all waits", r.stderr + r.stdout)
        server.awake.set()
        server.mood = 412
        r, done = push(home, url, "--batch-events", "200")
        t.equal((done["waiting_batches"], done["sent_batches"]), (0, 4), "412: it is there already, as good as sent")
        with contextlib.closing(sqlite3.connect(home / "sync.db")) as db:
            db.execute("UPDATE batch SET state = 0")
            db.commit()
        server.mood = "good"
        push(home, url)
        sync("collect", office)
        for mood in ("half", "silent", 500, 403):
            server.mood = mood
            server.awake.clear()
            configure(home, timeout=1 if mood == "silent" else 60)
            r, done = push(home, url)
            t.check(r.returncode in (3, 4, 6) and len(outbox(home)) == 4,
                    f"acknowledgement, server {mood}: not believed, nothing deleted", r.stderr)
        server.awake.set()
        server.mood = "good"
        configure(home, timeout=60)
        settle(home, office, j, "moody server", url)


# --- certificates and clocks -------------------------------------------------------------------------------------

def certificates(top):
    home, office, j = till(top, "tls")
    certs = top / "certs"
    certs.mkdir()
    os.chmod(top, 0o755)
    for ca in ("head", "terminals"):
        make_ca(certs, ca)
    make_cert(certs, "terminals", "S1-T1")
    make_cert(certs, "head", "server", address=True)
    good = {n: (certs / n).read_bytes() for n in ("server.crt", "server.key")}
    configure(home, cert=certs / "S1-T1.crt", key=certs / "S1-T1.key", ca=certs / "head.crt")

    def refused(name, why):
        with nginx(top, office, certs) as server:
            j.play(20)
            r, done = push(home, server.url)
            t.check(r.returncode == 6 and why in r.stderr and done["waiting_batches"] > 0 and
                    done["quarantined_batches"] == 0, f"{name}: told, nothing lost", r.stderr)

    openssl("x509", "-req", "-in", certs / "server.csr", "-CA", certs / "head.crt", "-CAkey", certs / "head.key",
            "-CAcreateserial", "-days", "-1", "-extfile", certs / "ext", "-out", certs / "server.crt")
    refused("the server's certificate has expired", "expired")
    make_cert(certs, "head", "server")
    refused("the server's certificate is another machine's", "not accepted")
    for name, data in good.items():
        (certs / name).write_bytes(data)
    with nginx(top, office, certs) as server:
        if not can_fake_time():
            t.skip("clocks that are wrong", "no faketime, or a build that does not bear it")
        else:
            clocks(home, office, j, server.url)
        settle(home, office, j, "certificates and clocks", server.url)


def clocks(home, office, j, url):
    def at(offset, *args):
        env = dict(os.environ, FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1")
        return subprocess.run(["faketime", "-f", offset, lib.program("goeswith-sync"), *args, "--home", str(home), "--to",
                               url, "--json"], capture_output=True, text=True, timeout=lib.DEADLINE, env=env)

    push(home, url, "--batch-events", "100")
    waiting = len(outbox(home))
    for offset, name in (("+20y", "twenty years ahead"), ("-20y", "twenty years behind")):
        j.play(30)
        r = at(offset, "push")
        done = json.loads(r.stdout)
        t.check(r.returncode == 6 and "clock" in r.stderr and done["dropped_events"] == 0 and
                done["quarantined_batches"] == 0, f"a clock {name}: told, no batch is too old now", r.stderr + r.stdout)
    t.check(len(outbox(home)) >= waiting, "all of them are still there", "")
    with contextlib.closing(sqlite3.connect(home / "sync.db")) as db:
        ahead = db.execute("SELECT max(next_ms) FROM batch").fetchone()[0]
        db.execute("UPDATE batch SET next_ms = ? WHERE state = 0", (ahead,))
        db.commit()
    t.check(ahead > (time.time() + 10 * 365 * 86400) * 1000, "the next attempt was put off by twenty years", ahead)
    (home / "goeswith.conf").write_text((home / "goeswith.conf").read_text() + f"to = {url}\nsplay = 0\nevery = 1\n")
    with lib.running("goeswith-sync", "run", "--home", home, stderr=subprocess.DEVNULL):
        t.check(lib.wait_for(lambda: rows(home / "sync.db", "SELECT count(*) FROM batch WHERE state = 0")[0][0] == 0),
                "once the clock is right, run does not wait for that", "")


# --- disks that are full -----------------------------------------------------------------------------------------

@contextlib.contextmanager
def small_disk(top, name, kb):
    place = top / name
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kb}k", "none", place], capture_output=True).returncode
    try:
        yield place if mounted == 0 else None
    finally:
        if mounted == 0:
            subprocess.run(["umount", "-l", place], check=False)


def fill(place):
    with (place / "ballast").open("wb", buffering=0) as f, contextlib.suppress(OSError):
        while f.write(b"x" * 4096):
            pass


def full_disks(top):
    with small_disk(top, "stick", 4096) as stick:
        if stick is None:
            t.skip("full disks", "mounting a small disk is not permitted here")
            return
        home, office, j = till(top, "full")
        fill(stick)
        r, done = push(home, f"dir:{stick}")
        t.check(r.returncode == 5 and "space" in r.stderr and done["waiting_batches"] == 1, "a full stick: told, all waits",
                r.stderr)
        left = [p.name for p in stick.rglob("*") if p.is_file() and p.name != "ballast" and p.suffix != ".tmp"]
        t.equal(left, [], "no half batch lies on it")
        (stick / "ballast").unlink()
        settle(home, stick, j, "full stick", f"dir:{stick}")
    with small_disk(top, "till-disk", 4096) as disk:
        home, office = disk, top / "full2-office"
        office.mkdir()
        j = Journal(home / "journal.db", seed=6)
        j.play(600)
        fill(disk)
        r, done = push(home, f"dir:{office}")
        t.check(r.returncode == 5 and r.stderr != "", "the till's disk is full: told", r.stderr)
        (disk / "ballast").unlink()
        settle(home, office, j, "full till")
        j.db.close()
    with small_disk(top, "office-disk", 4096) as office:
        home, _, j = till(top, "full3", 3000, seed=7)
        push(home, f"dir:{office}")
        sync("collect", office)
        j.play(3000)
        push(home, f"dir:{office}")
        fill(office)
        r = sync("collect", office)
        t.check(r.returncode == 5 and r.stderr != "", "head office's disk is full: told", r.stderr)
        push(home, f"dir:{office}")
        t.check(len(outbox(home)) == 3, "nothing is acknowledged that is not stored", outbox(home))
        (office / "ballast").unlink()
        settle(home, office, j, "full head office")


# --- replayed and damaged batches --------------------------------------------------------------------------------

def replays(top):
    home, office, j = till(top, "replay")
    push(home, f"dir:{office}")
    folder = office / "up" / j.till
    kept = {p.name: p.read_bytes() for p in folder.iterdir()}
    sync("collect", office, "--remove")
    sync("collect", office, "--remove")
    t.equal(list(folder.iterdir()), [], "collect --remove deletes what was taken")
    for name, data in kept.items():
        (folder / name).write_bytes(data)
    r = sync("collect", office, "--json")
    t.equal((json.loads(r.stdout)["events"], difference(j, office / "collection.db")), (0, ""), "replayed as it was: nothing")
    name, data = next(iter(kept.items()))
    epoch, first, last, _ = name.split("-")
    for other in (f"{epoch}-{int(first) + 600:012d}-{int(last) + 600:012d}-{name.rsplit('-', 1)[1]}",
                  f"{'f' * 16}-{first}-{last}-{name.rsplit('-', 1)[1]}"):
        (folder / other).write_bytes(data)
        r = sync("collect", office, "--json")
        t.check(json.loads(r.stdout)["rejected"] == 1 and "something else than its name" in r.stderr,
                f"replayed as {other[:17]}...{other[17:42]}: refused", r.stderr)
    j.play(200)
    settle(home, office, j, "replays")


def broken_journal(top):
    """What was sealed before the journal broke is sent all the same."""
    home, office, j = till(top, "broken")
    sync("push", "--home", home, "--to", f"dir:{top}/nowhere")
    j.play(50)
    j.db.close()
    for p in home.glob("journal.db*"):
        p.unlink()
    (home / "journal.db").write_bytes(b"not a journal at all" * 500)
    r, done = push(home, f"dir:{office}")
    t.check(r.returncode == 3 and "journal.db" in r.stderr and done["sent_batches"] == 1,
            "a broken journal: told, and what was sealed before is sent", r.stderr + r.stdout)
    sync("collect", office)
    r, done = push(home, f"dir:{office}")
    t.check(done["committed_batches"] == 1 and outbox(home) == [], "... and acknowledged", r.stderr + r.stdout)
    news = json.loads((home / "sync.news").read_text())
    t.check("journal" in news["trouble"], "the register's screen can tell", news)


def mutations(top):
    """Damaged batches whose names fit them, packed and plain: the collector's checks beyond the hash must find them."""
    home, office, j = till(top, "mutant", 60)
    push(home, f"dir:{office}")
    folder = office / "up" / j.till
    sync("collect", office)
    good = next(folder.iterdir())
    before = rows(office / "collection.db", "SELECT * FROM event")
    shapes = [good.read_bytes()]
    if shutil.which("zstd"):
        shapes.append(subprocess.run(["zstd", "-dqc", good], capture_output=True).stdout)
    head = good.name.rsplit("-", 1)[0]
    made = set()
    while len(made) < MUTATIONS:
        data = mutate(chance, chance.choice(shapes))
        name = f"{head}-{hashlib.blake2b(data, digest_size=32).hexdigest()[:32]}.ndjson.zst"
        if name not in made and data not in shapes:
            made.add(name)
            (folder / name).write_bytes(data)
    j.play(100)
    push(home, f"dir:{office}")
    started = time.monotonic()
    r = sync("collect", office, "--json", )
    took = json.loads(r.stdout)
    # A change that no reader can see (a blank, a frame's checksum bit) is a batch with nothing new in it.
    harmless = took["accepted"] - 1
    # One that says it is of a format to come is kept for the program that knows it.
    newer = r.stderr.count(" waits: line 1: format ")
    t.check(r.returncode == 0 and took["rejected"] + harmless + newer == MUTATIONS and harmless < MUTATIONS / 5 and newer < 20,
            f"of {MUTATIONS} mutated batches {took['rejected']} are refused, {newer} wait, {harmless} say what is known "
            f"({time.monotonic() - started:.0f} s)", r.stderr[-2000:] + r.stdout)
    said = [line for line in r.stderr.splitlines() if ": refused " in line]
    t.check(len(said) == took["rejected"] and all(len(line.split(": ", 2)[2]) > 8 for line in said), "each with its reason",
            "\n".join(said[:5]))
    aside = list((office / "quarantine" / j.till).iterdir())
    t.equal(len(aside), took["rejected"], "each put aside")
    after = rows(office / "collection.db", "SELECT * FROM event")
    t.equal(after[:len(before)] == before and set(before) <= set(after), True, "no event was changed by any of them")
    settle(home, office, j, "mutations")


with lib.home() as top:
    servers(top)
    if shutil.which("nginx") and shutil.which("openssl"):
        certificates(top)
    else:
        t.skip("certificates and clocks", "no nginx or openssl")
    full_disks(top)
    replays(top)
    broken_journal(top)
    mutations(top)
t.done()
