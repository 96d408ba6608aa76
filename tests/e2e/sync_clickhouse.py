#!/usr/bin/env python3
"""Head office on a two-shard ClickHouse: what is collected is there once, whatever is killed or fails on the way, and
reports and mining say to the last byte what they say of the journals and of a collection on one machine."""
import http.server
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.request

import clickhouse_lib
import lib
from office_lib import (FROM, SEED, TO, Odd, chance, check_numbers, check_twice, collect, make_tills, push, same, t)
from sync_lib import LEAN, Journal, rows, sync

EVENTS = int(os.environ.get("EVENTS", "30000"))
KILLS = int(os.environ.get("KILLS", "12"))

print(f"# seed {SEED}")


def difference(journal, server, database="goeswith"):
    """"" when ClickHouse holds exactly the journal's events, each once."""
    want = [(*w[:6], json.loads(w[6]), *w[7:]) for w in rows(journal.path, LEAN)]
    got = server.rows(f"""SELECT seq, at_ms, mono_ms, boot, basket, kind, body, scan_session, scan_seq
      FROM {database}.event FINAL WHERE terminal = '{journal.till}' AND epoch = '{journal.epoch}' ORDER BY seq""")
    got = [(*g[:4], g[4] or None, g[5], json.loads(g[6]), g[7] or None, g[8] if g[7] else None) for g in got]
    if want == got:
        return ""
    for a, b in zip(want, got):
        if a != b:
            return f"journal {a}\nserver  {b}"
    return f"journal has {len(want)} events, the server {len(got)}"


# --- what travels ---------------------------------------------------------------------------------------------------

def check_counted(home, url, server):
    """That exact pairs are counted there, and that what cannot be counted there is not."""
    (home / "goeswith.conf").write_text("[clickhouse]\nuser = reports\npassword = change me\n")
    with Proxy(server) as proxy:
        r = lib.run("goeswith-mine", "--tsv", proxy.url, "--home", home)
        t.check(r.returncode == 0 and proxy.seen and not any("body" in q for q in proxy.seen),
                "pairs are counted by the server: no event travels", "\n".join(proxy.seen))
        proxy.seen.clear()
        lib.run("goeswith-mine", "--tsv", "--max-antecedent", 2, "--min-count", 50, proxy.url, "--home", home)
        t.check(any("body" in q for q in proxy.seen), "triples are counted here, from the events")
        r = sync("collect", home, "--into", proxy.url, "--home", home)
        t.check(r.returncode == 0, "a reader may look", r.stderr)
        r = sync("schema", "--home", home, server.url("notmine"))
        t.check(r.returncode == 6 and "may only read" in r.stderr, "and may not write", r.stderr)
        t.check(proxy.users == {"reports"}, "user and password come from the configuration", proxy.users)


# --- a server in between that fails ---------------------------------------------------------------------------------

class Proxy:
    """Hands requests on to a real server, or does what `fault` says to the next insert."""

    def __init__(self, server):
        self.server, self.fault, self.hits, self.seen, self.users = server, None, 0, [], set()
        self.released = threading.Event()

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.handle(self)

            def log_message(self, *_):
                pass
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"clickhouse:http://127.0.0.1:{self.http.server_port}/goeswith"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    def handle(self, h):
        body = h.rfile.read(int(h.headers["Content-Length"]))
        insert = "INSERT" in h.path
        self.seen.append(h.path if insert else body.decode(errors="replace"))
        self.users.add(h.headers.get("X-ClickHouse-User", ""))
        fault = self.fault
        if fault and fault.wants(insert, h.path, body):
            self.hits += 1
            fault(self, h, body)
            return
        self.reply(h, *self.forward(h, body))

    def forward(self, h, body):
        headers = {k: v for k, v in h.headers.items() if k.lower() in ("content-encoding", "x-clickhouse-user",
                                                                       "x-clickhouse-key")}
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.http}{h.path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=lib.DEADLINE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as e:
            return e.code, e.read()

    @staticmethod
    def reply(h, status, body, length=None, **headers):
        h.send_response(status)
        for name, value in headers.items():
            h.send_header(name.replace("_", "-"), value)
        if length is not False:
            h.send_header("Content-Length", str(len(body) if length is None else length))
        h.end_headers()
        h.wfile.write(body)
        h.wfile.flush()
        if length is not None:
            h.close_connection = True


def fault(wants=lambda insert, path, body: insert):
    def mark(f):
        f.wants = wants
        return f
    return mark


@fault()
def refused(p, h, body):
    p.reply(h, 500, b"Code: 1000, e.displayText() = DB::Exception: something is broken")


@fault()
def disk_full(p, h, body):
    p.reply(h, 500, b"Code: 243, e.displayText() = DB::Exception: Cannot reserve 1.00 MiB, not enough space")


@fault()
def shard_away(p, h, body):
    p.reply(h, 500, b"Code: 279, e.displayText() = DB::NetException: All connection tries failed. Log:")


@fault()
def half_answer(p, h, body):
    p.reply(h, 200, b"", 100)


@fault()
def lost_answer(p, h, body):
    """The rows are in, and nobody is told."""
    p.forward(h, body)
    h.close_connection = True
    h.connection.close()


@fault()
def cut_request(p, h, body):
    h.close_connection = True
    h.connection.close()


@fault()
def silence(p, h, body):
    p.released.wait()
    h.close_connection = True


@fault()
def late_error(p, h, body):
    p.reply(h, 200, b"Code: 241, e.displayText() = DB::Exception: Memory limit exceeded")


@fault()
def garbage_status(p, h, body):
    h.wfile.write(b"\x00\x01\x02 nonsense\r\n\r\n" * 100)
    h.close_connection = True


@fault(lambda insert, path, body: insert and "sale" in path)
def after_events(p, h, body):
    p.reply(h, 503, b"busy")


def check_faults(top, server):
    office, home = top / "faulty", top / "faulty-till"
    office.mkdir()
    home.mkdir()
    j = Journal(home / "journal.db", "F1", "T1", SEED)
    ack = office / "ack" / j.till
    with Proxy(server) as proxy:
        def run():
            return sync("collect", office, "--into", proxy.url, "--home", home)
        for n, (f, status, words) in enumerate([
                (refused, 1, "something is broken"), (disk_full, 5, "disk is full"),
                (shard_away, 4, "cannot be reached"), (half_answer, 4, ""), (lost_answer, 4, ""), (cut_request, 4, ""),
                (silence, 4, ""), (late_error, 4, "not enough memory"), (garbage_status, 4, ""),
                (after_events, 4, "answers 503")]):
            j.play(400)
            push(home, office, "--batch-events", chance.choice([50, 130, 500]))
            before = ack.read_bytes() if ack.exists() else b""
            proxy.fault, proxy.hits = f, 0
            # the silent one would be silent for ever; the server behind it may take its time
            (home / "goeswith.conf").write_text(f"[clickhouse]\ntimeout = {5 if f is silence else 120}\n")
            r = run()
            proxy.fault = None
            after = ack.read_bytes() if ack.exists() else b""
            t.check(r.returncode == status and words in r.stderr and proxy.hits >= 1 and before == after and
                    str(proxy.http.server_port) in r.stderr,
                    f"{f.__name__}: said, and nothing is acknowledged", f"{r.returncode} {r.stderr}")
            r = run()
            t.check(r.returncode == 0 and difference(j, server) == "" and
                    json.loads(ack.read_text())["epochs"][0]["committed"] == j.seq,
                    f"{f.__name__}: the next run goes on, {j.seq} events once",
                    r.stderr + difference(j, server))
        check_reading(proxy, home)


def check_reading(proxy, home):
    """Answers that make no sense are refused, not counted."""
    def answer(name, body, length=None):
        @fault(lambda insert, path, q: b"FROM sale" in q)
        def f(p, h, _):
            p.reply(h, 200, body, length)
        proxy.fault = f
        r = lib.run("goeswith-report", "hours", "--json", "--from", FROM, "--to", TO, "--home", home, proxy.url)
        t.check(r.returncode in (3, 4) and r.stderr.startswith("goeswith-report: http://127.0.0.1"),
                f"a report of {name} is refused", f"{r.returncode} {r.stdout} {r.stderr}")
        proxy.fault = None
    answer("half a row", b"9\t1\t2\t3\t4\t5\t6\n10\t1\t2")
    answer("half an answer", b"9\t1\t2\t3\t4\t5\t6\n", 500)
    answer("an answer without an end", b"9\t1\t2\t3\t4\t5\t6\n", False)
    answer("too few cells", b"9\t1\t2\t3\t4\t5\n")
    answer("too many cells", b"9\t1\t2\t3\t4\t5\t6\t7\n")
    answer("words for numbers", b"nine\t1\t2\t3\t4\t5\t6\n")
    answer("numbers beyond any", b"9\t1\t99999999999999999999\t3\t4\t5\t6\n")
    answer("an error page", b"Code: 241, e.displayText() = DB::Exception: Memory limit\n")
    answer("a row of 5 MB", b"9\t" * 2500000)

    @fault(lambda insert, path, body: b"version()" in body)
    def old(p, h, body):
        p.reply(h, 200, b"1.1.54390\n")
    proxy.fault = old
    r = lib.run("goeswith-report", "hours", "--home", home, proxy.url)
    t.check(r.returncode == 1 and "too old" in r.stderr, "a server that is too old is told", r.stderr)

    @fault(lambda insert, path, body: True)
    def page(p, h, body):
        p.reply(h, 200, b"<html>\n")
    proxy.fault = page
    r = lib.run("goeswith-report", "hours", "--home", home, proxy.url)
    t.check(r.returncode == 3 and "no ClickHouse" in r.stderr, "and one that is something else", r.stderr)
    proxy.fault = None


# --- clear words ----------------------------------------------------------------------------------------------------

def check_words(top, a, b):
    office = top / "words"
    office.mkdir()
    (office / "goeswith.conf").write_text("[clickhouse]\nuser = collector\npassword = wrong\n")

    def says(name, status, words, *args, home=top):
        r = sync(*args, "--home", home)
        t.check(r.returncode == status and words in r.stderr and len(r.stderr.splitlines()) <= 3, name,
                f"{r.returncode} {r.stderr}")
    says("an unknown cluster is told, and the known one", 3, "it knows: shops", "collect", office, "--into", a.url(),
         "--cluster", "shop")
    says("a node without tables is told", 4, "schema --cluster shops", "collect", office, "--into", a.url("half"),
         "--cluster", "shops")
    says("a wrong password", 6, "[clickhouse]", "collect", office, "--into", a.url(), home=office)
    says("no server there", 4, "127.0.0.1:1", "collect", office, "--into", "clickhouse:http://127.0.0.1:1")
    says("no address", 2, "clickhouse:http://HOST:PORT", "collect", office, "--into", "clickhouse:somewhere")
    says("a password in the address", 2, "without a password", "collect", office, "--into",
         "clickhouse:http://u:p@127.0.0.1:1")
    says("a password over plain http", 2, "https only", "collect", office, "--into", "clickhouse:http://192.0.2.1:8123",
         home=office)
    r = lib.run("goeswith-report", "today", a.url("nothing"))
    t.check(r.returncode == 1 and "goeswith-sync schema" in r.stderr, "a report before there are tables", r.stderr)
    r = lib.run("goeswith-report", "today", a.url(), office)
    t.check(r.returncode == 2 and "by itself" in r.stderr, "a server with other sources", r.stderr)
    r = sync("schema", "--cluster", "shops", a.url(), b.url())
    t.check(r.returncode == 0 and r.stdout.count("tables made") == 2, "tables are made on every node", r.stderr)
    r = sync("schema", "--cluster", "shops", a.url(), b.url())
    t.check(r.returncode == 0 and r.stdout.count("tables are there") == 2, "and not twice", r.stderr)
    r = sync("schema", "--cluster", "shops")
    t.equal((r.returncode, r.stdout.count("CREATE TABLE IF NOT EXISTS")), (0, 4), "the statements can be printed")


# --- late, replayed, edited -----------------------------------------------------------------------------------------

def check_late(top, server):
    office, home, url = top / "late", top / "late-till", server.url()
    office.mkdir()
    home.mkdir()
    j = Odd(home / "journal.db", "L1", "T1", SEED)
    j.shop(100)
    push(home, office, "--batch-events", 60)
    files = sorted((office / "up" / j.till).iterdir())
    held = files[len(files) // 3]
    held.rename(top / held.name)
    for _ in range(2):  # the second run finds everything pruned
        r = collect(office, url)
    early = json.loads((office / "ack" / j.till).read_text())["epochs"][0]["committed"]
    t.check(r.returncode == 0 and 0 < early < j.seq, "what follows a missing batch is not acknowledged", r.stderr)
    shutil.move(top / held.name, held)
    r = collect(office, url)
    late = json.loads((office / "ack" / j.till).read_text())["epochs"][0]["committed"]
    t.check(r.returncode == 0 and late == j.seq and difference(j, server) == "", "a late batch completes it",
            r.stderr + difference(j, server))
    same("after a late batch", "goeswith-report", [["today", "--date", "2026-11-23", "--json", "--utc-offset", 0]],
         [[office / "up"], [one_till(top, office)], [one_server(top, office, server)]])

    (home / "sync.db").unlink()
    shutil.rmtree(home / "outbox")
    j.shop(20)
    push(home, office, "--batch-events", 77)
    before = {f.name for f in files}
    fresh = [f for f in (office / "up" / j.till).iterdir() if f.name not in before]
    r = collect(office, url)
    t.check(r.returncode == 0 and len(fresh) > 5 and difference(j, server) == "",
            f"{len(fresh)} batches sealed anew with other borders: each event once", r.stderr + difference(j, server))
    same("after replayed batches", "goeswith-report", [["rules", "--date", "2026-11-23", "--json", "--utc-offset", 0]],
         [[office / "up"], [one_till(top, office)], [one_server(top, office, server)]])

    other = top / "edited-till"
    other.mkdir()
    k = Odd(other / "journal.db", "L1", "T1", SEED)  # the same epoch, other events
    k.random.seed(5)
    k.shop(30)
    push(other, office, "--batch-events", 500)
    r = collect(office, url, "--json")
    t.check(json.loads(r.stdout)["rejected"] >= 1 and "says something else" in r.stderr and difference(j, server) == "",
            "a batch that contradicts what is archived is refused", r.stdout + r.stderr)
    again = collect(office, url, "--json")
    t.equal((again.returncode, json.loads(again.stdout)["events"]), (0, 0), "and nothing is stuck")

    r = sync("collect", office, "--into", office / "intake.db")
    t.check(r.returncode == 3 and "hands its events on" in r.stderr, "an intake is no collection", r.stderr)
    r = collect(office, server.url("elsewhere"))
    t.check(r.returncode == 3 and "another place" in r.stderr, "an intake stays with its server", r.stderr)


def one_till(top, office):
    """A fresh collection of the same files, for comparison."""
    book = top / f"book{time.monotonic_ns()}.db"
    copy = top / f"copy{time.monotonic_ns()}"
    shutil.copytree(office / "up", copy / "up")
    collect(copy, book)
    return book


def one_server(top, office, server):
    """The same till alone: what the cluster says of it, moved into a database of its own."""
    name = f"alone{time.monotonic_ns()}"
    till = next((office / "up").iterdir()).name
    server.ask(f"CREATE DATABASE {name}")
    for table, version in (("event", ""), ("sale", "version")):
        key = "seq" if table == "event" else "basket"
        server.ask(f"CREATE TABLE {name}.{table} ENGINE = ReplacingMergeTree({version}) ORDER BY (terminal, epoch, {key})"
                   f" AS SELECT * FROM goeswith.{table} FINAL WHERE terminal = '{till}'")
    return server.url(name)


def check_open(top, server):
    """A sale that is collected piece by piece."""
    office, home = top / "open", top / "open-till"
    office.mkdir()
    home.mkdir()
    j = Odd(home / "journal.db", "P1", "T1", SEED)
    base = "P1-T1-20261123-9000"
    steps = [lambda b: j.add("open", b, {"utc_offset": -345}),
             lambda b: j.add("line", b, {"line": 1, "code": "A", "qty": 1, "price": 500, "source": "scan"}),
             lambda b: j.offer(b, 1, 1), lambda b: j.add("suspend", b, {}), lambda b: j.add("login", b, {"id": "77"}),
             lambda b: j.add("void", b, {"line": 1, "code": "A", "qty": 1}),
             lambda b: j.add("close", b, {"lines": 1, "items": 1, "total": 500, "reason": "tender"}),
             lambda b: j.add("outcome", b, {"offer": 1, "rule": "r", "code": "A", "result": "declined", "ms": 5})]
    old = f"{base}99"  # left open for two months, then closed
    j.at -= 60 * 86400000
    j.add("open", old, {})
    j.add("line", old, {"line": 1, "code": "B", "qty": 2, "price": 700, "source": "scan"})
    push(home, office)
    collect(office, server.url())
    j.at += 60 * 86400000
    for n in range(len(steps) + 3):  # three sales at once, each a step behind the other; an outcome after the close
        for sale in range(3):
            if 0 <= n - sale < len(steps):
                steps[n - sale](f"{base}{sale:02d}")
        push(home, office)
        r = collect(office, server.url())
        if r.returncode != 0:
            t.check(False, "collect", r.stderr)
    left = rows(office / "intake.db", "SELECT * FROM sale")
    j.add("close", old, {"lines": 1, "items": 2, "total": 1400, "reason": "tender"})
    push(home, office)
    collect(office, server.url())
    t.equal((left, difference(j, server)), ([], ""), "sales collected piece by piece: all events")
    same("sales collected piece by piece", "goeswith-report",
         [[verb, "--date", "2026-11-23", "--json", "--utc-offset", 0] for verb in ("today", "rules", "cashiers", "hours")],
         [[office / "up"], [one_till(top, office)], [one_server(top, office, server)]])
    kept = rows(office / "intake.db", "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM sale)")[0][0]
    t.equal(kept, 0, "and nothing of them is kept back")


# --- tables of an older goeswith ------------------------------------------------------------------------------------

def check_older(top, a, b):
    """Tables without the column for a shop's clock: told, grown by `schema`, and what is collected again fills it."""
    office, home = top / "older", top / "older-till"
    office.mkdir()
    home.mkdir()
    url = a.url("older")
    sync("schema", "--cluster", "shops", url, b.url("older"))
    j = Odd(home / "journal.db", "V1", "T1", SEED)
    j.shop(150)
    push(home, office)
    r = collect(office, url)
    for server in (a, b):
        for table in ("sale", "sale_shard"):
            server.ask(f"ALTER TABLE older.{table} DROP COLUMN utc_offset_min")
    db = sqlite3.connect(office / "intake.db")
    db.execute("ALTER TABLE sale DROP COLUMN utc_offset_min")
    db.close()
    ask = ["hours", "--from", FROM, "--to", TO, "--json", "--utc-offset", 0]
    r = lib.run("goeswith-report", *ask, url)
    t.check(r.returncode == 1 and "goeswith-sync schema" in r.stderr, "a report from tables of an older goeswith is told",
            f"{r.returncode} {r.stderr}")
    j.shop(150)
    push(home, office)
    before = (office / "ack" / j.till).read_bytes()
    r = collect(office, url)
    t.check(r.returncode == 1 and "addresses of all of them" in r.stderr and "columns added" in r.stderr,
            "collecting adds what its server lacks, and tells of the other node", f"{r.returncode} {r.stderr}")
    t.check((office / "ack" / j.till).read_bytes() == before, "... nothing is acknowledged meanwhile")
    r = sync("schema", "--cluster", "shops", url, b.url("older"))
    t.check(r.returncode == 0 and r.stdout.count("columns added") == 1, "schema adds it there", r.stdout + r.stderr)
    r = collect(office, url)
    t.check(r.returncode == 0 and difference(j, a, "older") == "", "then all events are there", r.stderr)
    book = one_till(top, office)
    now, want = (json.loads(lib.run("goeswith-report", *ask, source).stdout) for source in (url, book))
    t.check(now["sales_assumed_offset"] > want["sales_assumed_offset"] > 10 and
            sum(x["sales"] for x in now["rows"]) == sum(x["sales"] for x in want["rows"]) > 200,
            "no sale is lost; those of before are counted by an assumed offset, and so many are told", f"{now}\n{want}")
    (office / "intake.db").unlink()
    r = collect(office, url)
    t.check(r.returncode == 0, "everything collected once more", r.stderr)
    same("tables of an older goeswith, collected once more", "goeswith-report",
         [[verb, *period, "--json"] for verb in ("today", "rules", "cashiers", "hours")
          for period in (["--date", "2026-11-23"], ["--date", "2026-11-24"], ["--from", FROM, "--to", TO])],
         [[office / "up"], [book], [url], [b.url("older")]])


# --- kill -9 --------------------------------------------------------------------------------------------------------

def check_kills(top, servers):
    office, url = top / "killed", servers[0].url()
    office.mkdir()
    tills = []
    for n in range(3):
        home = top / f"killed{n}"
        home.mkdir()
        tills.append((home, Journal(home / "journal.db", "K1", f"T{n}", SEED + n)))
    killed = {"collector": 0, "server": 0}
    for n in range(KILLS * 20):
        if n >= KILLS * 2 and min(killed.values()) >= 2:
            break  # where most of them end before they are killed it takes some more
        for home, j in tills:
            if j.seq < EVENTS // 3:
                j.play(EVENTS // 3 // KILLS + 1)
            push(home, office, "--batch-events", chance.choice([50, 200, 500, 900]))
        p = subprocess.Popen([lib.program("goeswith-sync"), "collect", str(office), "--into", url],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() ** 2 * 0.4)
        if n % 2:
            killed["collector"] += p.poll() is None
            p.kill()
            p.wait()
        else:
            victim = chance.choice(servers)
            killed["server"] += p.poll() is None
            victim.kill()
            p.wait(2 * lib.DEADLINE)
            victim.start()
    print(f"# killed at work: {killed}")
    t.check(min(killed.values()) >= 2, f"{killed['collector']} collectors and {killed['server']} servers killed at work",
            killed)
    r = collect(office, url)
    t.check(r.returncode == 0, "the last run", r.stderr)
    for home, j in tills:
        t.equal(difference(j, servers[1]), "", f"{j.till}: {j.seq} events, 0 lost, 0 doubled")
        ack = json.loads((office / "ack" / j.till).read_text())
        t.equal(ack["epochs"][0]["committed"], j.seq, f"{j.till}: all acknowledged")
        push(home, office)
        t.equal([f for f in (home / "outbox").rglob("*") if f.is_file()], [], f"{j.till}: nothing is left in the outbox")
    kept = rows(office / "intake.db", "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM sale)")[0]
    t.check(kept[0] == 0 and kept[1] <= 3, "the intake keeps nothing but what is under way", kept)
    folded = servers[1].rows("SELECT count(), sum(total_minor), sum(length(line.line)), sum(length(offer.offer))"
                             " FROM goeswith.sale FINAL WHERE terminal LIKE 'K1-%'")[0]
    want = [sum(x) for x in zip(*[rows(j.path, "SELECT sum(kind = 'open'), sum(CASE kind WHEN 'close' THEN"
            " json_extract(body, '$.total') ELSE 0 END), sum(kind = 'line'), sum(kind = 'offer') FROM event")[0]
            for _, j in tills])]
    t.equal(list(folded), want, "their sales add up")


def negative_controls(top, server):
    """That the comparison above can fail."""
    j = Journal(top / "control.db", "C1", "T1", 1)
    j.play(50)
    t.check("the server 0" in difference(j, server), "control: a journal that was never collected is missed")


def main(top):
    started = time.monotonic()
    with clickhouse_lib.cluster(top) as servers:
        a, b = servers
        print(f"# two ClickHouse {a.ask('SELECT version()').strip()} after {time.monotonic() - started:.1f} s")
        check_words(top, a, b)
        office, book = top / "office", top / "book.db"
        office.mkdir()
        homes = make_tills(top)
        for home in homes:
            push(home, office, "--batch-events", chance.choice([90, 200, 500]))
        collect(office, book)
        r = collect(office, a.url(), "--json")
        total = rows(book, "SELECT count(*) FROM event")[0][0]
        t.equal((r.returncode, json.loads(r.stdout)["events"] if r.stdout else r.stderr), (0, total),
                f"{total} events of {len(homes)} tills go to the cluster")
        parts = [s.rows("SELECT count() FROM goeswith.event_shard")[0][0] for s in servers]
        t.check(min(parts) > 0 and sum(parts) >= total, f"both shards have some: {parts}")
        split = set(a.rows("SELECT DISTINCT terminal FROM goeswith.sale_shard")) & \
            set(b.rows("SELECT DISTINCT terminal FROM goeswith.sale_shard"))
        t.equal(split, set(), "a till's sales lie on one shard")
        check_numbers(homes, office, book, b.url())
        check_counted(top / "odd0", b.url(), b)
        # Every row once more, as if all acknowledgements of the server had been lost.
        for table in ("event", "sale"):
            a.ask(f"INSERT INTO goeswith.{table} SELECT * FROM goeswith.{table}", insert_distributed_sync=1)
        check_twice(book, a.url())
        negative_controls(top, a)
        check_late(top, a)
        check_open(top, a)
        check_older(top, a, b)
        check_faults(top, a)
        check_kills(top, servers)
        pids = [s.p.pid for s in servers]
    t.check(not any(pathlib.Path(f"/proc/{pid}").exists() for pid in pids), "no server is left")


if clickhouse_lib.PROGRAM is None:
    t.skip("head office on ClickHouse", "no clickhouse-server")
else:
    with lib.home() as folder:
        main(folder)
t.done()
