#!/usr/bin/env python3
"""goeswith-sync over https: nginx with mutual TLS and the configuration we ship; a server that fails in every
way."""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import time

import lib
from sync_lib import Journal, difference, sync
from sync_servers import configure, make_ca, make_cert, nginx, openssl, push
from sync_web import Handler, serve

t = lib.Tap()


def fleet(office, certs, url):
    """Many terminals against one nginx and one collector."""
    for n in range(1, 7):
        make_cert(certs, "terminals", f"F0000-T{n:04d}")
    shutil.copy(certs / "head.crt", certs / "ca.crt")
    sync("collect", office)
    r = lib.run("goeswith-sim", "fleet", "6", "--to", url, "--certs", certs, "--baskets", "60", "--json")
    got = json.loads(r.stdout) if r.stdout else {}
    t.check(r.returncode == 0 and got["failed"] == 0 and got["events"] > 5000, "a fleet drains through nginx",
            r.stderr + r.stdout)
    r = sync("collect", office, "--json")
    took = json.loads(r.stdout)
    t.equal((took["events"], took["rejected"]), (got.get("events"), 0), "and every event of it is taken")
    r = lib.run("goeswith-sim", "fleet", "6", "--to", url, "--certs", certs, "--baskets", "5", "--jobs", "6", "--seed", "2",
                "--splay", "3", "--batch-events", "10", "--json")
    got = json.loads(r.stdout) if r.stdout else {}
    t.check(r.returncode == 0 and got["drain_seconds"] > 2.4 and got["batches"] >= got["events"] / 10,
            "splayed, and in small batches", r.stderr + r.stdout)
    r = lib.run("goeswith-sim", "fleet", "2", "--to", "https://127.0.0.1:1", "--baskets", "3", "--json")
    t.equal((r.returncode, json.loads(r.stdout)["failed"]), (4, 2), "a fleet without a server says so")


def over_nginx(top):
    home, office, certs = top / "till", top / "office", top / "certs"
    for folder in (home, office, certs):
        folder.mkdir()
    os.chmod(top, 0o755)
    make_ca(certs, "head")
    make_ca(certs, "terminals")
    make_ca(certs, "strangers")
    make_cert(certs, "head", "server", address=True)
    make_cert(certs, "terminals", "S1-T1")
    make_cert(certs, "terminals", "S1-T2")
    shutil.copytree(certs, certs / "strange")
    make_cert(certs / "strange", "strangers", "S1-T1")
    shutil.copytree(certs, certs / "old")
    openssl("x509", "-req", "-in", certs / "S1-T1.csr", "-CA", certs / "terminals.crt", "-CAkey", certs / "terminals.key",
            "-CAcreateserial", "-days", "-1", "-out", certs / "old" / "S1-T1.crt")
    good = dict(cert=certs / "S1-T1.crt", key=certs / "S1-T1.key", ca=certs / "head.crt")
    j = Journal(home / "journal.db")
    j.play(1500)
    with nginx(top, office, certs) as server:
        url = server.url
        configure(home, **good)
        r, done = push(home, url)
        t.equal((r.returncode, done.get("sent_events")), (0, j.seq), "nginx takes the batches over mutual TLS")
        if shutil.which("minisign"):
            subprocess.run(["minisign", "-G", "-W", "-p", top / "acks.pub", "-s", top / "acks.key"], check=True,
                           capture_output=True)
            (home / "trust/ack").mkdir(parents=True)
            shutil.copy(top / "acks.pub", home / "trust/ack")
            sync("collect", office, "--ack-key", top / "acks.key")
        else:
            sync("collect", office)
        t.equal(difference(j, office / "collection.db"), "", "every event arrives")
        r, done = push(home, url)
        t.equal((done["committed_batches"] > 0, done["unacknowledged_batches"]), (True, 0), "and is acknowledged")

        def fails(name, why, status, **changed):
            j.play(20)
            configure(home, **{**good, **changed})
            r, done = push(home, url)
            t.check(r.returncode == status and why in r.stderr and done["waiting_batches"] > 0 and
                    done["quarantined_batches"] == 0, f"{name}: said, nothing lost", r.stderr + r.stdout)

        fails("another terminal's certificate", "certificate must be this terminal's", 6,
              cert=certs / "S1-T2.crt", key=certs / "S1-T2.key")
        fails("a stranger's certificate", "", 6, cert=certs / "strange/S1-T1.crt", key=certs / "strange/S1-T1.key")
        fails("an expired certificate", "", 6, cert=certs / "old/S1-T1.crt")
        fails("a server we do not know", "not accepted", 6, ca=certs / "terminals.crt")
        fails("a certificate that is not there", "certificate", 6, cert=certs / "nothing.crt")
        configure(home, **good)
        # Sent but not remembered (a crash in between): the server has it, once is enough.
        r, done = push(home, url)
        t.equal((r.returncode, done["waiting_batches"]), (0, 0), "with the right one again: all is sent")
        j.play(100)
        sync("push", "--home", home, "--to", "dir:" + str(office), "--config", "/dev/null")
        with contextlib.closing(__import__("sqlite3").connect(home / "sync.db")) as db:
            db.execute("UPDATE batch SET state = 0 WHERE state = 1")
            db.commit()
        r, done = push(home, url)
        t.check(r.returncode == 0 and done["sent_batches"] > 0, "a batch that is there already counts as sent", r.stderr)
        code = subprocess.run(["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-T", "/etc/hostname", "--cert",
                               certs / "S1-T1.crt", "--key", certs / "S1-T1.key", f"{url}/up/S1-T1/hello.txt"],
                              capture_output=True, text=True).stdout if shutil.which("curl") else "403"
        t.equal(code, "403", "names that are not batches are refused")
        fleet(office, certs, url)
    r, done = push(home, url)
    t.check(r.returncode == 4, "server gone: exit 4, try again", r.stderr)
    sync("collect", office)
    t.equal(difference(j, office / "collection.db"), "", "0 lost, 0 doubled")


# --- a server that fails -----------------------------------------------------------------------------------------

class Failing(Handler):
    def do_GET(self):
        self.answer(404)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plan = self.server.plan
        step = plan.pop(0) if plan else 201
        if step == "hang up":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif step == "half":
            self.wfile.write(b"HTTP/1.1 20")
            self.close_connection = True
        elif step == "endless":
            self.send_response(500)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(1000):
                    self.wfile.write(b"x" * 65536)
            self.close_connection = True
        elif isinstance(step, tuple):
            self.answer(step[0], step[1])
        else:
            if step == 201:
                if self.headers.get("If-None-Match") != "*":
                    step = 400
                self.server.files[self.path] = body
            self.answer(step)


def over_failing(top):
    home = top / "till3"
    home.mkdir()
    j = Journal(home / "journal.db")
    j.play(300)
    with serve(Failing) as (server, url):
        for step, status in [(500, 4), (503, 4), ("hang up", 4), ("half", 4), ("endless", 4), (403, 6), (401, 6), (404, 6)]:
            server.plan = [step]
            r, done = push(home, url, "--batch-events", "100")
            t.check(r.returncode == status and done["waiting_batches"] >= 3 and done["quarantined_batches"] == 0,
                    f"answer {step}: waits", f"{r.returncode} {r.stderr}{r.stdout}")
        server.plan = [(429, [("Retry-After", "120")])]
        asked = time.time()
        push(home, url)
        wait = __import__("sqlite3").connect(home / "sync.db").execute("SELECT max(next_ms) FROM batch").fetchone()[0]
        t.check(wait / 1000 - asked >= 120, "429 with Retry-After: not before that", wait / 1000 - asked)
        j.play(200)
        server.plan = [400]
        r, done = push(home, url, "--batch-events", "50")
        t.check(r.returncode == 6 and done["sent_batches"] >= 3 and done["waiting_batches"] == 1,
                "400 to one batch: the ones behind it go on", r.stdout)
        for i in range(4):
            j.play(60)
            server.plan = [400]
            r, done = push(home, url, "--batch-events", "50")
        t.equal((done["waiting_batches"], done["quarantined_batches"]), (0, 1), "... and in the end it is put aside")
        push(home, url)
        server.plan = [413]
        j.play(200)
        r, done = push(home, url, "--batch-events", "50")
        t.check(r.returncode == 0 and done["quarantined_batches"] == 1 and done["waiting_batches"] == 0 and
                done["sent_batches"] >= 3, "413: that batch is put aside, the rest goes on", r.stdout)
        r = sync("status", "--home", home, "--to", url)
        t.check("Put aside      2 batches" in r.stdout and "too large" in r.stdout, "status says so", r.stdout)
        t.equal(sync("push", "--home", home, "--to", "http://192.0.2.1/x").returncode, 2, "plain http leaves no machine")


with lib.home() as top:
    if shutil.which("nginx") and shutil.which("openssl"):
        over_nginx(top)
    else:
        t.skip("nginx with mutual TLS", "no nginx or openssl")
    over_failing(top)
t.done()
