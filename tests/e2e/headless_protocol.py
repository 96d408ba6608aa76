#!/usr/bin/env python3
"""goeswith --headless on stdin and stdout: the whole protocol, faulty lines, and what is durable."""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys

import lib

SEED = 81
ITEMS = """code,name,price,cost,category,kind,stock,tags
05012345678900,Espresso machine,199.00,120.00,kitchen,product,,
04012345678901,Descaler,9.90,2.00,kitchen,product,,
CARE2,Two years of care,29.00,5.00,,service,,
FILTER,Filters,4.00,1.00,,product,,
VIP,Cleaning set,12.00,3.00,,product,,
MUG,Mug,6.00,1.00,,product,,
"""
RULES = """rule,if,suggest,kind,price,script,moment,weight,segment
r1,05012345678900,04012345678901,addon,8.90,Keeps it clean,scan,1.0,
r2,05012345678900,CARE2,addon,,We repair it,total,0.5,
r3,FILTER,VIP,addon,,,scan,0.5,loyalty
"""


def make_table(home):
    csv = home / "csv"
    csv.mkdir()
    (csv / "items.csv").write_text(ITEMS)
    (csv / "rules.csv").write_text(RULES)
    (csv / "settings.csv").write_text("key,value\ncurrency,EUR\nholdout_ppm,0\noffers_per_sale,2\n")
    lib.run("goeswith-table", "make", csv, "-o", home / "bundle").check_returncode()
    lib.run("goeswith-table", "install", home / "bundle", "--home", home).check_returncode()


def journal(home, sql):
    with sqlite3.connect(f"file:{home}/journal.db?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


class Till(lib.Headless):
    """Asks and hears everything up to the `state` that follows."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.at = 1795340400000

    def ask(self, seconds=1, **command):
        import datetime
        self.at += int(seconds * 1000)
        when = datetime.datetime.fromtimestamp(self.at / 1000, datetime.timezone.utc)
        command["at"] = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.send(command, {"do": "state"})
        got = self.read_until("state")
        self.state = got[-1] if got else None
        return [a for a in got[:-1] if a["on"] not in ("beep", "table", "start")]


def words(answers):
    return " ".join(a["on"] for a in answers)


def whole_protocol(t, till):
    def step(title, want, **command):
        got = till.ask(**command)
        t.equal(words(got), want, title)
        return got[-1] if got else {}

    step("a cashier logs in", "cashier", do="cashier", id="17")
    offer = step("a scan opens a sale and brings an offer", "open line offer", do="scan",
                 data="]E05012345678900")
    t.equal((offer["rule"], offer["price"], offer["saves"], offer["why"]),
            ("r1", 890, 100, ["Espresso machine"]), "the offer says what, for how much and why")
    end = step("declined", "offer_end", do="decline")
    t.equal((end["result"], end["ms"]), ("declined", 1000), "the outcome says so")
    step("a line of the till's own", "line", do="line", code="MUG", qty=2, price=550)
    t.equal((till.state["items"], till.state["total"]), (3, 19900 + 1100), "the state adds up")
    step("its quantity changes", "line", do="qty", line=2, qty=3)
    step("it is voided", "void", do="void", line=2)
    step("an unknown code is sold all the same", "line unknown", do="scan", data="XYZ")
    step("and taken out", "void", do="void_last")
    step("put aside", "suspend", do="suspend")
    first = till.state
    t.equal((first["state"], first["suspended"]), ("idle", 1), "one sale waits")
    step("another customer, of a segment", "open segment", do="segment", name="loyalty")
    offer = step("who is offered what is for the segment", "line offer", do="line", code="FILTER")
    t.equal(offer["rule"], "r3", "the segment's rule")
    end = step("not voiced", "offer_end", do="not_voiced")
    t.equal(end["result"], "not_voiced", "is told apart")
    step("cancelled", "closed", do="cancel")
    step("the first is taken up again", "resume", do="resume")
    t.equal(till.state["basket"][-6:], "000001", "the right one")
    step("nothing more after a no", "subtotal", do="total")
    closed = step("paid", "closed", do="tender", total=19900)
    t.equal((closed["total"], closed["total_from"], closed["reason"], closed["items"]),
            (19900, "till", "tender", 1), "closed as the till says")

    till.ask(do="scan", data="5012345678900")
    end = till.ask(do="scan", data="]E04012345678901")
    t.equal((words(end), end[-1]["result"], end[0]["price"]),
            ("line offer_end", "accepted_by_scan", 890), "scanning the add-on is an acceptance")
    offer = step("a service at the total", "subtotal offer", do="total")
    t.equal(offer["code"], "CARE2", "the service")
    got = till.ask(do="accept")
    t.equal(words(got), "line offer_end inject", "accepted: the till is told to ring it")
    step("the till confirms, no second line", "line", do="line", code="CARE2", price=2900)
    t.equal([line["line"] for line in till.state["lines"]], [1, 2, 3], "three lines")
    till.ask(do="total")
    closed = step("a second total closes", "closed", do="total")
    t.equal((closed["total"], closed["reason"]), (19900 + 890 + 2900, "total"), "with our own sum")

    till.ask(do="scan", data="5012345678900")
    end = step("time alone ends an offer", "offer_end", do="tick", seconds=60)
    t.equal((end["result"], end["ms"]), ("expired", 8000), "at its own time, not at the tick's")
    till.ask(do="cancel")
    till.ask(do="scan", data="5012345678900")
    end = step("declined, with a reason", "offer_end", do="decline", why="out_of_stock")
    t.equal((end["result"], end["why"]), ("declined", "out_of_stock"), "the reason is kept")
    step("muted", "mute", do="mute")
    step("a pause ends the sale", "closed", do="tick", seconds=7200)
    step("practice begins", "", do="practice", on=True)
    till.send({"do": "line", "code": "MUG"}, {"do": "cancel"}, {"do": "practice", "on": False})
    t.equal([a.get("seq", a.get("ack")) for a in till.ask(do="tick")], [None] * 3,
            "practice is not journalled")
    for command in ("accept", "decline", "not_voiced", "void_last", "total", "tender", "cancel",
                    "suspend", "resume"):
        step(f"{command} without its object is an error", "error", do=command)


def numbers_hold(t, home, answers):
    seqs = [a["seq"] for a in answers if "seq" in a]
    t.check(len(seqs) > 20 and seqs == list(range(seqs[0], seqs[0] + len(seqs))),
            "numbers follow each other without a gap", seqs)
    t.check(all(a["ack"] >= a["seq"] for a in answers if "seq" in a), "ack covers seq")
    kinds = dict(journal(home, "SELECT seq, kind FROM event"))
    other = {"offer_end": "outcome", "closed": "close", "cashier": "login", "ghost_end": "outcome"}
    t.equal([(a["seq"], kinds.get(a["seq"])) for a in answers
             if "seq" in a and other.get(a["on"], a["on"]) != kinds.get(a["seq"])], [],
            "each number is that event in the journal")


def decided_again(t, home, least, what):
    """The journal of a session is enough to decide its offers again, bit for bit."""
    done = lib.run("goeswith-sim", "replay", "--journal", home / "journal.db", "--home", home,
                   "--check", "--json")
    check = json.loads(done.stdout)["check"] if done.returncode in (0, 1) else {}
    t.check(done.returncode == 0 and check["ok"] and check["decisions"] >= least, what,
            done.stdout + done.stderr)


def hard_lines(t, home):
    till = lib.Headless(home)
    lines = [b"", b"{", b"null", b"[]", b'"scan"', b"\x00", b'{"do":"sc\x00an"}', b"\xff\xfe",
             b'{"do":"scan","data":"\xff"}', b"x" * 1000000, b'{"do":"tick","x":"' + b"y" * 70000,
             b'{"do":"scan","data":"' + b"7" * 5000 + b'"}', b"[" * 100000, b'{"do":' * 2000,
             b'{"do":"void","line":1e3}', b'{"do":"line","code":"A","qty":99999999999}',
             '{"do":"line","code":"\u202eevil"}'.encode()]
    for line in lines:
        till.send(line)
    till.send({"do": "line", "code": "GOOD"})
    got = []
    while not got or got[-1].get("code") != "GOOD":
        got.append(till.read())
        if got[-1] is None:
            break
    t.check(got[-1] is not None, "a good line behind the bad ones is taken")
    t.check(sum(a["on"] == "error" for a in got if a) >= len(lines) - 3, "each bad one is told",
            [a for a in got if a][-20:])
    t.check(all(len(json.dumps(a)) < 1000 for a in got if a), "no answer repeats what was sent")
    t.equal(till.close(), 0, "it ends well")

    rng = random.Random(SEED)
    till = lib.Headless(home)
    base = b'{"do":"scan","data":"]E05012345678900","at":"2026-11-22T09:41:12.345Z"}'
    for _ in range(3000):
        line = bytearray(base)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(line))
            line[at:at + rng.randint(0, 2)] = bytes([rng.choice(b'{}[]":,\\x0\xff')])
        till.send(bytes(line).replace(b"\n", b" "))
        while till.read(0) is not None:
            pass
    till.send({"do": "state"})
    t.check(till.read_until("state")[-1:], f"3,000 mutated lines (seed {SEED}): it answers on")
    t.equal(till.close(), 0, "and ends well")


def no_card_stays(t, home):
    till = lib.Headless(home)
    till.send({"do": "scan", "data": "4111111111111111"}, {"do": "line", "code": "4111111111111111"},
              b'{"do":"scan","data":"4111111111111111"', {"do": "4111111111111111"},
              {"do": "scan", "data": "%B4111111111111111^DOE/J^2912101" + "0" * 700 + "?"},
              {"do": "tick", "track": "." * 300 + "4111111111111111" + "." * 300},
              {"do": "state"})
    got = till.read_until("state")
    t.check(sum(a["on"] == "refused" for a in got) == 3 and "41111" not in json.dumps(got),
            "card numbers are refused, and no answer holds a digit of them", got)
    pid = till.p.pid
    found = memory_holds(pid, b"4111111111111111")
    if found is None:
        t.skip("none is left in the register's memory", "it may not be looked at here")
    else:
        t.equal(found, 0, "none is left in the register's memory")
    till.close()
    t.check(all(b"41111" not in p.read_bytes() for p in home.iterdir() if p.is_file()),
            "none is in a file")


def memory_holds(pid, secret):
    """How often a byte string is in the writable memory of a process; None if that is secret."""
    count = 0
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
            for line in maps:
                span, mode = line.split()[:2]
                if "w" not in mode:
                    continue
                start, end = (int(x, 16) for x in span.split("-"))
                if end - start > 1 << 28:  # a sanitizer's shadow
                    continue
                mem.seek(start)
                count += mem.read(end - start).count(secret)
    except OSError:
        return None
    return count


def durable_when_printed(t, home):
    """kill -9 the moment a number is read; what was told must be there, and the sale goes on."""
    rng = random.Random(SEED)
    lost, reopened, sold = [], [], 0
    for turn in range(25):
        till = lib.Headless(home)
        if turn > 0:
            till.send({"do": "state"})
            state = till.read_until("state")[-1]
            reopened.append((len(state["lines"]), sold))
        for _ in range(rng.randint(1, 6)):
            till.send({"do": "line", "code": "MUG"})
            line = till.read_until("line")[-1]
            sold += 1
        till.p.send_signal(signal.SIGKILL)
        till.kill()
        rows = journal(home, f"SELECT count(*) FROM event WHERE seq = {line['seq']} "
                             "AND kind = 'line'")
        lost += [line] if rows != [(1,)] else []
    t.equal(lost, [], f"25 kills (seed {SEED}): every number that was read is in the journal")
    t.check(reopened and all(a == b for a, b in reopened), "the open sale comes back each time",
            reopened)
    till = lib.Headless(home)
    till.send({"do": "tender"})
    closed = till.read_until("closed")[-1]
    t.equal((closed["lines"], closed["total"]), (sold, sold * 600), "and is paid whole in the end")
    till.close()


def ends_as_it_should(t, home):
    p = subprocess.Popen([lib.program("goeswith"), "--headless", "--home", home],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for _ in range(2000):
        p.stdin.write(b'{"do":"line","code":"MUG"}\n')
    out, _ = p.communicate(b'{"do":"tender"}', timeout=lib.DEADLINE)
    answers = [json.loads(line) for line in out.splitlines()]
    t.equal((p.returncode, sum(a["on"] == "line" for a in answers), answers[-2]["on"]),
            (0, 2000, "closed"), "2,000 lines at once, the last without its line feed")

    reader, writer = os.pipe()
    p = subprocess.Popen([lib.program("goeswith"), "--headless", "--home", home],
                         stdin=subprocess.PIPE, stdout=writer)
    os.close(writer)
    os.close(reader)
    p.stdin.write(b'{"do":"tick"}\n{"do":"state"}\n')
    p.stdin.flush()
    t.equal(p.wait(lib.DEADLINE), 0, "nobody reads stdout: it ends by itself")
    p.stdin.close()

    till = lib.Headless(home)
    till.send({"do": "line", "code": "MUG"})
    till.read_until("line")
    till.p.send_signal(signal.SIGTERM)
    t.equal(till.p.wait(lib.DEADLINE), 0, "SIGTERM ends it in good order")
    t.equal(till.read_until("stop")[-1]["on"], "stop", "and it says so")
    till.close()


def main():
    t = lib.Tap()
    with lib.home() as home:
        make_table(home)
        heard = []

        class Listening(Till):
            def read(self, *args):
                answer = super().read(*args)
                if answer is not None:
                    heard.append(answer)
                return answer

        till = Listening(home)
        whole_protocol(t, till)
        t.equal(till.close(), 0, "it ends with its stdin")
        numbers_hold(t, home, heard)
        decided_again(t, home, 6, "a replay of the session's journal decides the same")
    with lib.home() as home:
        hard_lines(t, home)
    with lib.home() as home:
        no_card_stays(t, home)
    with lib.home() as home:
        make_table(home)
        durable_when_printed(t, home)
        decided_again(t, home, 0, "a replay follows the sale through 25 restarts")
        ends_as_it_should(t, home)
    t.done()


if __name__ == "__main__":
    sys.exit(main())
