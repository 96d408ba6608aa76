#!/usr/bin/env python3
"""goeswith-sync pull: signed tables from a folder and a web server, forged and mutated ones, staged roll-out; and
goeswith-sync run, which does all of it by itself."""
import hashlib
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import lib
from sync_lib import Journal, difference, mutate, sync

t = lib.Tap()
SEED = int(os.environ.get("SEED", "20261122"))
chance = random.Random(SEED)
print(f"# seed {SEED}")


def make_table(folder, version, rules=1):
    csv = folder.parent / f"csv-{folder.name}-{version}"
    csv.mkdir(parents=True, exist_ok=True)
    (csv / "items.csv").write_text("code,name,price\nA,Apple,1.00\nB,Bread,2.00\nC,Cheese,3.00\n")
    (csv / "rules.csv").write_text("rule,if,suggest\n" + "".join(f"r{i},A,B\n" for i in range(rules)))
    r = lib.run("goeswith-table", "make", csv, "-o", folder, "--version-number", version)
    assert r.returncode == 0, r.stderr


def pull(home, url):
    r = sync("pull", "--home", home, "--from", url, "--json")
    return r, (json.loads(r.stdout) if r.stdout else {})


def in_force(home):
    r = lib.run("goeswith-table", "show", "--home", home, "--json")
    return int(json.loads(r.stdout)["version"]) if r.returncode == 0 else None


def keypair(folder, name):
    subprocess.run(["minisign", "-G", "-W", "-f", "-p", folder / f"{name}.pub", "-s", folder / f"{name}.key"], check=True,
                   capture_output=True)


def sign(bundle, key):
    subprocess.run(["minisign", "-S", "-s", key, "-m", bundle / "manifest"], check=True, capture_output=True)


with lib.home() as top:
    home, office = top / "till", top / "office"
    home.mkdir(), office.mkdir()
    url = f"dir:{office}"
    r, _ = pull(home, url)
    t.check(r.returncode == 1 and "manifest" in r.stderr, "no table there: said", r.stderr)
    make_table(office / "table", 3)
    r, got = pull(home, url)
    t.equal((r.returncode, got.get("changed"), in_force(home)), (0, True, 3), "a table is fetched and in force")
    r, got = pull(home, url)
    t.equal((r.returncode, got.get("changed")), (0, False), "not changed: nothing is done")
    os.unlink(home / "table.db")
    r, got = pull(home, url)
    t.equal((r.returncode, in_force(home)), (0, 3), "a table that is gone is fetched again")
    make_table(office / "table", 2)
    r, _ = pull(home, url)
    t.equal((r.returncode, in_force(home)), (6, 3), "an older one is refused: exit 6")
    make_table(office / "table", 4, 2)
    payload = office / "table" / json.loads((office / "table/manifest").read_text())["payload"]
    whole = payload.read_bytes()
    payload.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    r, _ = pull(home, url)
    t.check(r.returncode == 3 and in_force(home) == 3, "a payload that was edited: refused, exit 3", r.stderr)
    payload.write_bytes(whole + b"x" * 100)
    r, _ = pull(home, url)
    t.check(r.returncode == 3 and in_force(home) == 3, "... or is longer than promised", r.stderr)
    payload.write_bytes(whole)
    r, _ = pull(home, url)
    t.equal(in_force(home), 4, "mended: taken")

    # --- signatures, made by the standard tool
    if shutil.which("minisign"):
        keys = top / "keys"
        keys.mkdir()
        for name in ("online", "recovery", "stranger"):
            keypair(keys, name)
        (home / "trust").mkdir(exist_ok=True)
        shutil.copy(keys / "online.pub", home / "trust")
        shutil.copy(keys / "recovery.pub", home / "trust")
        make_table(office / "table", 5)
        r, _ = pull(home, url)
        t.check(r.returncode == 6 and in_force(home) == 4, "not signed, but keys are pinned: refused", r.stderr)
        sign(office / "table", keys / "stranger.key")
        r, _ = pull(home, url)
        t.check(r.returncode == 6 and in_force(home) == 4, "signed by a stranger: refused", r.stderr)
        sign(office / "table", keys / "online.key")
        r, got = pull(home, url)
        t.check(r.returncode == 0 and in_force(home) == 5 and got["key"] != "", "signed by minisign: taken", r.stderr)
        make_table(office / "table", 9)
        r = lib.run("goeswith-table", "sign", office / "table", "--key", keys / "recovery.key")
        r, got = pull(home, url)
        t.check(r.returncode == 0 and in_force(home) == 9, "signed by us with the recovery key: taken", r.stderr)
        make_table(office / "table", 4)
        sign(office / "table", keys / "online.key")
        r, _ = pull(home, url)
        t.check(r.returncode == 6 and in_force(home) == 9, "an older one replayed: refused", r.stderr)
        # A thousand mutations of a good bundle's manifest and signature: none may pass.
        make_table(office / "table", 12)
        sign(office / "table", keys / "online.key")
        good = {n: (office / "table" / n).read_bytes() for n in ("manifest", "manifest.minisig")}
        before = hashlib.sha256((home / "table.db").read_bytes()).digest()
        statuses = {}
        for i in range(int(os.environ.get("MUTATIONS", "400"))):
            name = chance.choice(list(good))
            data = mutate(chance, good[name])
            if data == good[name]:
                continue
            if name == "manifest.minisig" and data.partition(b"\n")[2].rstrip() == good[name].partition(b"\n")[2].rstrip():
                continue  # the untrusted comment is what it says, and a line feed at the end signs nothing
            (office / "table" / name).write_bytes(data)
            r, _ = pull(home, url)
            statuses[r.returncode] = statuses.get(r.returncode, 0) + 1
            if r.returncode not in (3, 6):
                print(f"# {name}: {data!r}", flush=True)
            (office / "table" / name).write_bytes(good[name])
        t.equal(hashlib.sha256((home / "table.db").read_bytes()).digest(), before, "no mutation of a signed table passes")
        t.check(set(statuses) <= {3, 6}, f"each is refused with a reason: {statuses}")
        r, _ = pull(home, url)
        t.equal((r.returncode, in_force(home)), (0, 12), "the real one still does")
    else:
        t.skip("signatures", "no minisign")

    # --- staged roll-out
    home2 = top / "till2"
    home2.mkdir()
    Journal(home2 / "journal.db")
    shutil.rmtree(office / "table")
    make_table(office / "table", 20)
    make_table(office / "table-next", 21)
    for share, want in ((0, 20), (1000000, 21)):
        (office / "rollout").write_text(json.dumps({"goeswith_rollout": 1, "path": "table-next", "share_ppm": share}))
        r, got = pull(home2, url)
        t.equal((r.returncode, in_force(home2)), (0, want), f"roll-out to {share // 10000} % of the terminals")
    (office / "rollout").write_text(json.dumps({"path": "../../etc", "share_ppm": 1000000}))
    r, _ = pull(home2, url)
    t.check("etc" not in r.stderr and in_force(home2) == 21, "a path out of bounds is not followed", r.stderr)
    os.unlink(office / "rollout")

    # --- killed at any moment, the table stays whole
    make_table(office / "table", 30, 3000)
    kills = 0
    for i in range(25):
        if i % 5 == 4:
            make_table(office / "table", 30 + i, 3000 + i)
        p = subprocess.Popen([lib.program("goeswith-sync"), "pull", "--home", home2, "--from", url],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            p.wait(chance.random() * 0.06)
        except subprocess.TimeoutExpired:
            p.kill()
            kills += 1
        p.wait()
        if in_force(home2) is None:
            t.check(False, f"after kill {kills} the table cannot be read")
    r, _ = pull(home2, url)
    t.check(in_force(home2) == 54, f"killed {kills} times: always a whole table, in the end the newest", r.stderr)

    # --- a web server that knows ETags, and run
    class Files(http.server.SimpleHTTPRequestHandler):
        gets = []

        def __init__(self, *args):
            super().__init__(*args, directory=str(office))

        def log_message(self, *args):
            pass

        def do_GET(self):
            path = office / self.path.lstrip("/")
            Files.gets.append(self.path)
            tag = '"%s"' % hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else None
            if tag and self.headers.get("If-None-Match") == tag:
                self.send_response(304)
                self.end_headers()
                return
            if not tag:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("ETag", tag)
            data = path.read_bytes()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_PUT(self):
            path = office / self.path.lstrip("/")
            data = self.rfile.read(int(self.headers["Content-Length"]))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(path.name + ".tmp").write_bytes(data)
            path.with_name(path.name + ".tmp").rename(path)
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    web = f"http://127.0.0.1:{server.server_address[1]}"
    home3 = top / "till3"
    home3.mkdir()
    r, got = pull(home3, web)
    t.equal((r.returncode, in_force(home3)), (0, 54), "fetched from a web server")
    Files.gets.clear()
    r, got = pull(home3, web)
    t.equal((got.get("changed"), [g for g in Files.gets if "zst" in g or "sig" in g]), (False, []),
            "not changed: only asked")
    j = Journal(home3 / "journal.db", terminal="T3")
    j.play(400)
    (home3 / "goeswith.conf").write_text(f"[sync]\nto = {web}\nevery = 1\npull_every = 1\nsplay = 0\nbatch_age = 0\n")
    with lib.running("goeswith-sync", "run", "--home", home3, stderr=subprocess.PIPE) as p:
        arrived = lib.wait_for(lambda: sync("collect", office).returncode == 0 and
                               (office / "ack" / j.till).exists() and
                               [e["committed"] for e in json.loads((office / "ack" / j.till).read_text())["epochs"]] == [j.seq])
        make_table(office / "table", 60)
        t.check(lib.wait_for(lambda: in_force(home3) == 60), "run: a new table arrives by itself")
        t.check(arrived and difference(j, office / "collection.db") == "", "run: and so do the events")
        done = lib.wait_for(lambda: not list((home3 / "outbox").glob("*.zst")))
        t.check(done, "run: acknowledged and deleted")
        other = sync("push", "--home", home3, "--to", web)
        t.check(other.returncode == 4 and "another goeswith-sync" in other.stderr, "a second one is told", other.stderr)
        p.send_signal(signal.SIGTERM)
        t.equal(p.wait(lib.DEADLINE), 0, "run: ends when told to")
    server.shutdown()
t.done()
