#!/usr/bin/env python3
"""goeswith-sync to object stores: Ceph's gateway, which is not ours and refuses signatures, clocks and second puts
that are not right, with head office reading it by Debian's s3cmd; and, where Ceph is not installed, a checker of our
own."""
import contextlib
import hashlib
import hmac
import os
import pathlib
import shutil
import sqlite3
import subprocess
import urllib.parse

import lib
import sync_ceph
from sync_lib import Journal, can_fake_time, difference, sync
from sync_servers import configure, push
from sync_web import Handler, serve

t = lib.Tap()
PLACE = "s3://shops/chain1"


def seal_again(home):
    """As after a crash between put and remembering it."""
    with contextlib.closing(sqlite3.connect(home / "sync.db")) as db:
        db.execute("UPDATE batch SET state = 0 WHERE state = 1")
        db.commit()


def under_ceph(top, ceph):
    home, office = top / "till", top / "office"
    home.mkdir(), office.mkdir()
    j = Journal(home / "journal.db")
    j.play(1200)
    right = dict(s3_endpoint=ceph.url, s3_key=sync_ceph.KEY, s3_secret=sync_ceph.SECRET)
    configure(home, **right)
    r, done = push(home, PLACE)
    t.check(r.returncode == 6 and "NoSuchBucket" in r.stderr and done["waiting_batches"] > 0,
            "no such bucket: said, and all waits", r.stderr)
    ceph.s3cmd("mb", "s3://shops")
    configure(home, **{**right, "s3_secret": "wrong"})
    r, done = push(home, PLACE)
    t.check(r.returncode == 6 and "SignatureDoesNotMatch" in r.stderr and done["waiting_batches"] > 0,
            "a wrong secret is refused by the store, in its words", r.stderr)
    configure(home, **right)
    if can_fake_time():
        late = subprocess.run(["faketime", "-f", "+2h", lib.program("goeswith-sync"), "push", "--home", str(home), "--to",
                               PLACE], capture_output=True, text=True, timeout=lib.DEADLINE)
        t.check(late.returncode == 6 and "RequestTimeTooSkewed" in late.stderr and "clock" in late.stderr,
                "a clock two hours ahead: the store says so", late.stderr)
    else:
        t.skip("a clock two hours ahead", "no faketime, or a build that does not bear it")
    r, done = push(home, PLACE)
    t.equal((r.returncode, done.get("sent_events"), done.get("quarantined_batches")), (0, j.seq, 0),
            "signed by libcurl, all batches are put")
    names = [line.split()[-1] for line in ceph.s3cmd("ls", "-r", PLACE + "/up/").stdout.splitlines()]
    there = {n.rsplit("/", 1)[1] for n in names}
    t.equal(there, {p.name for p in (home / "outbox").glob("*.zst")}, "under their names")

    # If-None-Match: the store keeps what it has.
    first = min(names)
    ceph.s3cmd("put", "/etc/hostname", first)
    seal_again(home)
    r, done = push(home, PLACE)
    t.equal((r.returncode, done["sent_batches"]), (0, len(names)), "put a second time: as good as sent")
    kept = top / "kept"
    ceph.s3cmd("get", first, kept)
    t.equal(kept.read_bytes(), pathlib.Path("/etc/hostname").read_bytes(), "... and nothing was overwritten (412)")
    ceph.s3cmd("put", home / "outbox" / first.rsplit("/", 1)[1], first)

    def head_office():
        """The commands of goeswith-head-office(7)."""
        (office / "up").mkdir(exist_ok=True)
        a = ceph.s3cmd("sync", "--skip-existing", PLACE + "/up/", f"{office}/up/")
        r = sync("collect", office)
        b = ceph.s3cmd("sync", f"{office}/ack/", PLACE + "/ack/")
        return a.returncode == 0 and b.returncode == 0 and r.returncode == 0

    t.check(head_office() and difference(j, office / "collection.db") == "", "s3cmd, collect, s3cmd: every event arrives",
            difference(j, office / "collection.db"))
    r, done = push(home, PLACE)
    t.equal((r.returncode, done["unacknowledged_batches"], done["committed_batches"]), (0, 0, len(names)),
            "acknowledged, and deleted at the till")

    # The gateway is killed again and again while batches are put.
    killed = n = 0
    while n < 3 or (killed == 0 and n < 30):  # a fast one may be done before
        j.play(1000)
        p = subprocess.Popen([lib.program("goeswith-sync"), "push", "--home", str(home), "--to", PLACE,
                              "--batch-events", "20"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            p.wait(0.1 + 0.2 * (n % 3))
        killed += p.poll() is None
        ceph.gateway.kill()
        p.wait()
        ceph.gateway.start()
        n += 1
    r, done = push(home, PLACE)
    t.check(r.returncode == 0 and killed > 0, f"the gateway killed {killed} times while it was at work", r.stderr)
    head_office()
    push(home, PLACE)
    t.equal((difference(j, office / "collection.db"), list((home / "outbox").glob("*.zst"))), ("", []),
            f"{j.seq} events, 0 lost, 0 doubled, all acknowledged")

    # Tables come the same way.
    (top / "set").mkdir()
    (top / "set/items.csv").write_text("code,name,price,cost\n1000,Torch,9.99,4\n1001,Battery,1.99,1\n")
    (top / "set/rules.csv").write_text("rule,if,suggest,kind\nr1,1000,1001,addon\n")
    made = lib.run("goeswith-table", "make", top / "set", "-o", top / "table", "--version-number", "3")
    ceph.s3cmd("sync", f"{top}/table/", PLACE + "/table/")
    r = sync("pull", "--home", home, "--from", PLACE, "--json")
    t.check(r.returncode == 0 and '"version":3' in r.stdout, "a table is pulled", made.stderr + r.stderr)
    r = sync("pull", "--home", home, "--from", PLACE, "--json")
    t.check(r.returncode == 0 and '"changed":false' in r.stdout, "not changed: only asked", r.stderr + r.stdout)


# --- a checker of our own -----------------------------------------------------------------------------------------

class Store(Handler):
    """Checks AWS Signature Version 4 as the specification says, on its own."""
    KEY, SECRET = "till-key", "till-secret"

    def signature_fits(self, body):
        auth = self.headers.get("Authorization", "")
        if not auth.startswith("AWS4-HMAC-SHA256 "):
            return False
        parts = dict(p.strip().split("=", 1) for p in auth[17:].split(","))
        key, date, region, service, _ = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        sent = hashlib.sha256(body).hexdigest()
        if key != self.KEY or self.headers["x-amz-content-sha256"] != sent or "x-amz-content-sha256" not in names:
            return False
        path = urllib.parse.urlparse(self.path)
        canonical = "\n".join([self.command, path.path, path.query,
                               *(f"{n}:{self.headers[n].strip()}" for n in names), "", parts["SignedHeaders"], sent])
        scope = f"{date}/{region}/{service}/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"], scope,
                          hashlib.sha256(canonical.encode()).hexdigest()])
        k = ("AWS4" + self.SECRET).encode()
        for part in (date, region, service, "aws4_request"):
            k = hmac.new(k, part.encode(), hashlib.sha256).digest()
        return hmac.new(k, text.encode(), hashlib.sha256).hexdigest() == parts["Signature"]

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.signature_fits(body):
            self.answer(403)
        elif self.headers.get("If-None-Match") == "*" and self.path in self.server.files:
            self.answer(412)
        else:
            self.server.files[self.path] = body
            self.answer(200)

    def do_GET(self):
        if not self.signature_fits(b""):
            self.answer(403)
        elif self.path in self.server.files:
            self.answer(200, body=self.server.files[self.path])
        else:
            self.answer(404)


def under_checker(top):
    home, office = top / "till4", top / "bucket"
    home.mkdir(), office.mkdir()
    j = Journal(home / "journal.db")
    j.play(800)
    with serve(Store) as (server, url):
        configure(home, s3_endpoint=url, s3_key="till-key", s3_secret="wrong")
        r, done = push(home, "s3://shops/chain1")
        t.check(r.returncode == 6 and done["waiting_batches"] > 0, "own checker: a wrong secret is refused", r.stderr)
        configure(home, s3_endpoint=url, s3_key="till-key", s3_secret="till-secret")
        r, done = push(home, "s3://shops/chain1")
        t.check(r.returncode == 0 and done["sent_events"] == j.seq, "own checker: signed, put, once", r.stderr)
        for name, data in server.files.items():
            path = office / name.removeprefix("/shops/chain1/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        sync("collect", office)
        t.equal(difference(j, office / "collection.db"), "", "own checker: every event arrives")
        server.files["/shops/chain1/ack/S1-T1"] = (office / "ack/S1-T1").read_bytes()
        r, done = push(home, "s3://shops/chain1")
        t.equal((r.returncode, done["unacknowledged_batches"]), (0, 0), "own checker: and is acknowledged")


with lib.home() as top:
    os.chmod(top, 0o755)
    under_checker(top)
    lacking = sync_ceph.missing()
    if lacking:
        t.skip("Ceph's object gateway", f"no {lacking}")
    else:
        with sync_ceph.ceph() as ceph:
            under_ceph(top, ceph)
t.done()
