#!/usr/bin/env python3
"""goeswith-table from CSV to the table in force: what is refused, what survives, what is left behind."""
import json
import os
import pathlib
import pty
import random
import resource
import shutil
import signal
import subprocess
import termios
import time
import unicodedata

import lib

t = lib.Tap()
DEMO = lib.ROOT / "tools/sim/demo"


def table(*args, **kwargs):
    return lib.run("goeswith-table", *args, **kwargs)


def write_set(folder, items, rules, **others):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "items.csv").write_text(items)
    (folder / "rules.csv").write_text(rules)
    for name, text in others.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


ITEMS = "code,name,price\nA,Apple,1.00\nB,Bread,2.00\nC,Cheese,3.00\n"
RULES = "rule,if,suggest\nr1,A,B\nr2,B,C\n"


def simple(folder, version, rules=RULES, *args):
    """A small bundle with this version."""
    write_set(folder / f"csv{version}", ITEMS, rules, settings="key,value\nholdout_ppm,50000\n")
    bundle = folder / f"bundle{version}"
    done = table("make", folder / f"csv{version}", "-o", bundle, "--version-number", version, *args)
    assert done.returncode == 0, done.stderr
    return bundle


def payload_of(bundle):
    return bundle / json.loads((bundle / "manifest").read_text())["payload"]


def version_in(home):
    done = table("show", "--home", home, "--json")
    return json.loads(done.stdout)["version"] if done.returncode == 0 else None


def leftovers(home):
    return sorted(p.name for p in home.iterdir() if ".tmp" in p.name)


def demo_shop():
    with lib.home() as home:
        done = table("make", DEMO, "-o", home / "b")
        t.equal((done.returncode, done.stderr), (0, ""), "the demo shop makes a bundle without a complaint")
        table("install", home / "b", "--home", home / "h")
        rows = [json.loads(l) for l in table("show", "--home", home / "h", "--json", "--rules", "--items")
                .stdout.splitlines()]
        items = [r for r in rows if "item" in r]
        rules = [r for r in rows if "rule" in r]
        t.check(len(items) >= 150 and len(rules) >= 60, "it has 150 items and 60 rules")
        t.equal({r.get("kind", "addon") for r in rules}, {"addon", "upgrade", "bundle"}, "rules of every kind")
        wanted = ("days", "from_minute", "min_subtotal", "segment", "arm", "priority", "from", "saves", "moment")
        t.equal([w for w in wanted if not any(w in r for r in rules)], [], "and with every kind of condition")
        t.check(max(len(r.get("script", "")) for r in rules) <= 40 and max(len(i["name"]) for i in items) <= 30,
                "its texts fit the offer card")
        t.check(any(len(r["if"]) == 3 for r in rules) and any(not r["if"] for r in rules), "of 0 to 3 items")
        scripts = {unicodedata.name(c).split()[0] for i in items for c in i["name"] if c.isalpha()}
        t.check({"LATIN", "GREEK", "CYRILLIC", "CJK", "HIRAGANA"} <= scripts, "names in several scripts", scripts)
        t.equal(table("diff", DEMO, home / "h").stdout, "", "what is in force is what the CSV says")
        scans = "".join(l for l in (DEMO / "morning.scan").open() if l[0] not in "#@")
        keys = {i["item"] for i in items}
        out = [json.loads(l) for l in lib.run("goeswith-decode", "--region", "germany", stdin=scans)
               .stdout.splitlines()]
        unknown = [o for o in out if o["ok"] and o.get("gtin", o.get("code")) not in keys
                   and not o.get("code", "").startswith("GW-")]
        refused = [o["error"].split()[0] for o in out if not o["ok"]]
        t.equal((len(unknown), sorted(refused)), (2, ["check", "payment"]),
                "the morning: two unknown codes, a bad read and a card; all else is in the table")


def same_bytes():
    with lib.home() as home:
        a = write_set(home / "a", ITEMS, RULES)
        lines = ITEMS.splitlines()
        shuffled = "name,price,code\n" + "".join(
            f'"{n}",{p},{c}\r\n' for c, n, p in (l.split(",") for l in reversed(lines[1:])))
        b = write_set(home / "b", shuffled, "suggest,rule,if\r\nC,r2,B\r\nB,r1,A\r\n")
        for name in "ab":
            table("make", home / name, "-o", home / f"{name}.out", "--version-number", 1)
        t.equal(payload_of(home / "a.out").name, payload_of(home / "b.out").name,
                "the same content in another order is the same payload")
        before = (home / "a.out" / "manifest").read_bytes()
        (a / "rules.csv").write_text("rule,if,suggest\nr1,A,nothing\nr 2,B,C\n")
        done = table("make", a, "-o", home / "a.out", "--version-number", 2)
        t.equal(done.returncode, 3, "a faulty set is refused with 3")
        t.check("rules.csv:2:6: item nothing" in done.stderr and "rules.csv:3:1: rule may hold" in done.stderr,
                "all its faults are told with file, line and column", done.stderr)
        t.equal((home / "a.out" / "manifest").read_bytes(), before, "and the old bundle is untouched")
        done = table("make", a, "-o", home / "new")
        t.check(not (home / "new").exists() and not list(home.glob("*.tmp")), "nothing half made")
        (a / "rules.csv").write_text(RULES + "r3,C,A\n")
        table("make", a, "-o", home / "a.out", "--version-number", 2)
        t.equal(len(list((home / "a.out").iterdir())), 2, "a bundle is replaced whole")
        (home / "mine").mkdir()
        (home / "mine" / "letter").write_text("dear")
        done = table("make", a, "-o", home / "mine")
        t.check(done.returncode == 3 and (home / "mine" / "letter").exists(), "a folder of something else is kept")
        out = table("diff", home / "a.out", b).stdout
        t.equal(out, "- rule r3: with Cheese: Apple for 1.00\n", "diff says what changed")


def versions():
    with lib.home() as folder:
        home = folder / "h"
        one, two = simple(folder, 1), simple(folder, 2, RULES + "r3,C,A\n")
        t.equal(table("install", one, "--home", home).returncode, 0, "the first table is taken")
        t.equal(table("install", two, "--home", home).returncode, 0, "a higher version is taken")
        t.check((home / "table.prev.db").exists(), "the one before is kept")
        t.check("in force already" in table("install", two, "--home", home).stdout, "again: nothing to do")
        done = table("install", one, "--home", home)
        t.check(done.returncode == 6 and "older than 2" in done.stderr, "a lower version is refused", done.stderr)
        other = simple(folder / "x", 2)
        done = table("install", other, "--home", home)
        t.check(done.returncode == 6 and "other content" in done.stderr, "the same version with other content too")
        t.equal(version_in(home), "2", "and the table in force stays")
        t.equal(table("install", "--rollback", one, "--home", home).returncode, 0, "--rollback takes it")
        t.equal(version_in(home), "1", "then it is in force")
        table("install", "--rollback", "--home", home)
        t.equal(version_in(home), "2", "--rollback alone goes back to the one before")
        north = simple(folder / "n", 9, RULES, "--chain", "north")
        t.equal(table("install", north, "--home", home).returncode, 6, "another chain is refused")
        t.equal(table("install", north, "--chain", "north", "--home", home).returncode, 0, "unless it is named")
        newer = simple(folder / "m", 10, RULES, "--chain", "north", "--min-program", "99.0")
        done = table("install", newer, "--home", home)
        t.check(done.returncode == 1 and "update goeswith" in done.stderr, "a table for a newer goeswith is refused")
        t.equal(leftovers(home), [], "no temporary files are left")


def damage():
    with lib.home() as folder:
        home = folder / "h"
        good = simple(folder, 5)
        table("install", simple(folder, 4), "--home", home)
        rng = random.Random(5)
        print("# seed 5")

        def broken(name, change, status=3):
            bad = folder / "bad"
            shutil.rmtree(bad, ignore_errors=True)
            shutil.copytree(good, bad)
            change(bad)
            done = table("install", bad, "--home", home)
            t.check(done.returncode == status and done.stderr.count("\n") == 1 and version_in(home) == "4",
                    f"{name}: refused, the table in force stays", f"{done.returncode} {done.stderr}")

        def flip(bad):
            p = payload_of(bad)
            data = bytearray(p.read_bytes())
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            p.write_bytes(data)

        def edit(key, value):
            def change(bad):
                m = json.loads((bad / "manifest").read_text())
                if value is None:
                    del m[key]
                else:
                    m[key] = value
                (bad / "manifest").write_text(json.dumps(m))
            return change

        other = simple(folder / "o", 5, RULES + "r3,C,A\n")

        def swap(bad):
            """Another good payload, with its sizes, under the promised name."""
            theirs = json.loads((other / "manifest").read_text())
            payload_of(bad).write_bytes(payload_of(other).read_bytes())
            edit("size", theirs["size"])(bad)
            edit("raw_size", theirs["raw_size"])(bad)

        broken("a flipped bit in the payload", flip)
        broken("another payload under its name", swap)
        broken("a payload cut short", lambda b: payload_of(b).write_bytes(payload_of(b).read_bytes()[:-1]))
        broken("no payload", lambda b: payload_of(b).unlink(), 1)
        broken("no manifest", lambda b: (b / "manifest").unlink(), 1)
        broken("an empty manifest", lambda b: (b / "manifest").write_bytes(b""))
        broken("a manifest without a version", edit("version", None))
        broken("version 0", edit("version", 0))
        broken("a payload named elsewhere", edit("payload", "../../etc/passwd"))
        broken("a hash in capitals", edit("blake2b256", "A" * 64))
        broken("a size beyond all bounds", edit("size", 1 << 40))
        broken("another unpacked size", edit("raw_size", 10))
        broken("deep JSON", lambda b: (b / "manifest").write_text("[" * 60000))
        t.equal(leftovers(home), [], "no temporary files are left")


def killed():
    """kill -9 at any moment of an installation: a whole table is in force, the old or the new one."""
    with lib.home() as folder:
        home = folder / "h"
        items = "code,name,price\n" + "".join(f"C{i},Item {i},{i % 90 + 1}.00\n" for i in range(4000))
        rules = "rule,if,suggest\n" + "".join(f"r{i},C{i},C{i + 1}\n" for i in range(3999))
        for v in (1, 2):
            write_set(folder / "s", items, rules + (f"x,C{v},C{v + 9}\n"))
            table("make", folder / "s", "-o", folder / f"b{v}", "--version-number", v)
        table("install", folder / "b1", "--home", home)
        rng = random.Random(9)
        print("# seed 9")
        begun = time.monotonic()
        table("install", folder / "b2", "--home", home)
        whole = time.monotonic() - begun
        table("install", folder / "b1", "--rollback", "--home", home)
        seen = []
        for i in range(25):
            p = subprocess.Popen([lib.program("goeswith-table"), "install", "--rollback", folder / f"b{i % 2 + 1}",
                                  "--home", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.random() * whole)
            p.send_signal(signal.SIGKILL)
            p.wait()
            seen.append(version_in(home))
        t.check(set(seen) <= {"1", "2"}, "killed 25 times while installing: always a whole table", seen)
        # as if killed between keeping the old table and putting the new one in its place
        table("install", folder / "b1", "--rollback", "--home", home)
        (home / "table.prev.db").unlink(missing_ok=True)
        os.link(home / "table.db", home / "table.prev.db")
        done = table("install", folder / "b2", "--rollback", "--home", home)
        t.equal((done.returncode, version_in(home)), (0, "2"), "and the next installation works")
        t.equal(leftovers(home), [], "and clears away what was left")


def no_room():
    with lib.home() as folder:
        home = folder / "h"
        table("install", simple(folder, 1), "--home", home)
        big = write_set(folder / "big", "code,name\n" + "".join(f"C{i},{'x' * 90}{i}\n" for i in range(3000)), RULES
                        .replace("A", "C1").replace("B", "C2").replace("r2,C2,C", "r2,C2,C3"))
        table("make", big, "-o", folder / "bb", "--version-number", 2)

        def small_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

        done = subprocess.run([lib.program("goeswith-table"), "install", folder / "bb", "--home", home],
                              capture_output=True, text=True, preexec_fn=small_disk)
        t.check(done.returncode == 5 and "table.new" in done.stderr, "no room for the table: storage error", done)
        t.equal((version_in(home), leftovers(home)), ("1", []), "the old one stays, nothing is left behind")


def kill_switch():
    with lib.home() as folder:
        home = folder / "h"
        table("install", simple(folder, 1), "--home", home)
        write_set(folder / "off", "code,name\n", "rule,if,suggest\n")
        done = table("make", folder / "off", "-o", folder / "b2", "--version-number", 2)
        t.check(done.returncode == 0 and "warning: no items" in done.stderr, "an empty table is made, with a warning")
        t.equal(table("install", folder / "b2", "--home", home).returncode, 0, "it is the kill switch: a till takes it")
        t.equal(json.loads(table("show", "--json", "--home", home).stdout)["rules"], 0, "and has no rules left")


def two_at_once():
    with lib.home() as folder:
        home = folder / "h"
        bundle = simple(folder, 1)
        home.mkdir()
        fd = os.open(home, os.O_RDONLY)
        import fcntl
        fcntl.flock(fd, fcntl.LOCK_EX)
        done = table("install", bundle, "--home", home)
        t.check(done.returncode == 4 and "another installation" in done.stderr, "a second installer is told to wait")
        os.close(fd)


def minisign(*args, stdin="", cwd=None):
    return subprocess.run(["minisign", *map(str, args)], input=stdin, capture_output=True, text=True, cwd=cwd)


def id_of(public):
    return public.read_text().split("\n")[0].split()[-1]


def make_key(folder, name):
    minisign("-G", "-W", "-f", "-p", folder / f"{name}.pub", "-s", folder / f"{name}.key")
    return folder / f"{name}.pub", folder / f"{name}.key"


def make_short_key(folder, name):
    """Its id is a number, printed without the noughts it may begin with: one key in sixteen."""
    while True:
        public, secret = make_key(folder, name)
        if len(id_of(public)) < 16:
            return public, secret


def signatures():
    with lib.home() as folder:
        home = folder / "h"
        public, secret = make_short_key(folder, "online")
        other_public, other_secret = make_key(folder, "recovery")
        one = simple(folder, 1)
        done = table("sign", one, "--key", secret)
        t.equal(done.returncode, 0, "goeswith-table signs with a key of minisign")
        done = minisign("-V", "-p", public, "-m", one / "manifest")
        t.check(done.returncode == 0 and "version:1" in done.stdout, "minisign verifies it", done.stderr)
        t.equal(table("verify", one, "--key", public).returncode, 0, "so does goeswith-table")
        line = public.read_text().splitlines()[1]
        t.equal(table("verify", one, "--key", line).returncode, 0, "also with the key written out")
        t.equal(table("verify", one, "--key", other_public).returncode, 6, "another key does not fit: 6")
        two = simple(folder, 2)
        minisign("-S", "-s", secret, "-m", two / "manifest", "-t", "round two")
        done = table("verify", two, "--key", public)
        t.check(done.returncode == 0 and "(round two)" in done.stdout, "a signature of minisign verifies", done.stderr)
        legacy = simple(folder / "l", 3)
        minisign("-S", "-l", "-s", secret, "-m", legacy / "manifest")
        done = table("verify", legacy, "--key", public)
        t.check(done.returncode == 6 and "old form" in done.stderr, "the old form is refused with a hint", done.stderr)

        (home / "trust").mkdir(parents=True)
        shutil.copy(public, home / "trust")
        shutil.copy(other_public, home / "trust")
        unsigned = simple(folder / "u", 7)
        done = table("install", unsigned, "--home", home)
        t.check(done.returncode == 6 and "not signed" in done.stderr, "a home with keys refuses unsigned tables")
        stranger = simple(folder / "s", 7)
        table("sign", stranger, "--key", make_key(folder, "stranger")[1])
        done = table("install", stranger, "--home", home)
        t.check(done.returncode == 6 and "not trusted" in done.stderr, "and strangers")
        t.equal(table("install", two, "--home", home).returncode, 0, "a trusted signature is taken")
        sig = (two / "manifest.minisig").read_text()
        (two / "manifest.minisig").write_text(sig.replace("round two", "round 222"))
        done = table("verify", two, "--key", public)
        t.check(done.returncode == 6 and "comment was altered" in done.stderr, "an altered comment is noticed")
        manifest = (one / "manifest").read_text()
        (one / "manifest").write_text(manifest.replace('"version":1', '"version":8'))
        t.equal(table("install", one, "--home", home).returncode, 6, "an edited manifest is refused")
        (one / "manifest").write_text(manifest)
        for file in home.glob("table*"):
            file.unlink()
        done = table("install", one, "--home", home)
        t.check(done.returncode == 6 and "older than 2" in done.stderr,
                "a replayed old table is refused even when table.db was deleted", done.stderr)
        back = simple(folder / "r", 1)
        table("sign", back, "--key", other_secret)
        t.equal(table("install", back, "--home", home).returncode, 0, "the recovery key has a ratchet of its own")
        lines = (home / "trust" / "ratchet").read_text().splitlines()
        t.equal(sorted(l.split()[2] for l in lines), ["1", "2"], "both are remembered")
        take_over(folder, home, secret, other_secret, public)


def take_over(folder, home, secret, other_secret, public):
    """The recovery key's table is in force, version 1; the online key's last one was 2."""
    key_id = id_of(public)
    made = 0

    def signed(version, key, floor=None):
        nonlocal made
        made += 1
        bundle = simple(folder / f"t{made}", version, RULES, *(["--floor", f"{key_id}={floor}"] if floor else []))
        table("sign", bundle, "--key", key)
        return bundle

    def refused(bundle, why, name, *args):
        before = (home / "table.db").read_bytes()
        done = table("install", bundle, "--home", home, *args)
        t.check(done.returncode == 6 and why in done.stderr and (home / "table.db").read_bytes() == before, name, done.stderr)

    refused(signed(2, secret), "has taken over since", "key A's last table does not come back after key B took over")
    t.equal(table("install", signed(3, secret), "--home", home).returncode, 0, "key A's next one is taken")
    refused(signed(8, secret, 5), "recovery*.pub", "a floor in a table that no recovery key signed: refused")
    t.equal(table("install", signed(2, other_secret, 6), "--home", home).returncode, 0,
            "a recovery key sets a floor under key A")
    refused(signed(4, secret), "from version 6 on", "newer than any of key A, but below the floor: refused")
    refused(signed(4, secret), "from version 6 on", "also with --rollback", "--rollback")
    done = table("install", "--rollback", "--home", home)
    t.check(done.returncode == 6 and "from version 6 on" in done.stderr, "and going back to the table before", done.stderr)
    t.equal(table("install", signed(6, secret), "--home", home).returncode, 0, "from the floor on key A goes on")
    t.equal(table("install", signed(3, other_secret, 2), "--home", home).returncode, 0, "a lower floor")
    refused(signed(5, secret), "from version 6 on", "... changes nothing")
    (home / "table.db").unlink()
    done = table("install", signed(5, secret), "--home", home)
    t.check(done.returncode == 6 and "from version 6 on" in done.stderr, "nor does deleting the table", done.stderr)
    t.equal(table("install", signed(4, other_secret, 2**63 - 1), "--home", home).returncode, 0, "key A is ended")
    refused(signed(2**62, secret), "recovery key said so", "whatever it signs")
    for text in ('{"X":1}', '{"%s":0}' % key_id, '{"%s":"1"}' % key_id, "[]", "7"):
        bundle = signed(9, other_secret)
        manifest = json.loads((bundle / "manifest").read_text())
        manifest["floors"] = json.loads(text)
        (bundle / "manifest").write_text(json.dumps(manifest))
        minisign("-S", "-s", other_secret, "-m", bundle / "manifest")
        done = table("install", bundle, "--home", home)
        t.check(done.returncode == 3 and "floors" in done.stderr, f"floors {text}: refused", done.stderr)


def locked_key():
    with lib.home() as folder:
        password = "correct horse\n"
        public, secret = folder / "k.pub", folder / "k.key"
        done = minisign("-G", "-f", "-p", public, "-s", secret, stdin=password * 2)
        if done.returncode != 0:
            t.skip("a key with a password", "minisign cannot make one here (it needs 1 GiB)")
            return
        (folder / "pw").write_text(password)
        (folder / "wrong").write_text("battery staple\n")
        bundle = simple(folder, 1)
        done = table("sign", bundle, "--key", secret, "--password-file", folder / "wrong")
        t.check(done.returncode == 6 and "wrong password" in done.stderr, "a wrong password is refused", done.stderr)
        done = table("sign", bundle, "--key", secret, "--password-file", folder / "pw")
        t.equal(done.returncode, 0, "a key with a password signs")
        t.equal(minisign("-V", "-p", public, "-m", bundle / "manifest").returncode, 0, "minisign verifies it")
        # once the prompt is there, at whatever instant it comes
        ends = [ctrl_c(bundle, secret) for _ in range(50)]
        t.equal(set(ends), {(True, 6, True)}, "Ctrl-C at the password: the terminal shows again what is typed")


def ctrl_c(bundle, secret):
    """Was it hidden while the password was asked for, how did it end, and is it shown again?"""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(lib.program("goeswith-table"), ["goeswith-table", "sign", str(bundle), "--key", str(secret)])
    said = b""
    while b"Password" not in said:
        said += os.read(fd, 1000)
    hidden = not termios.tcgetattr(fd)[3] & termios.ECHO
    os.write(fd, b"\x03")
    ended = lib.wait_for(lambda: os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))
    if not ended:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    shown = bool(termios.tcgetattr(fd)[3] & termios.ECHO)
    os.close(fd)
    return hidden, status, shown


def spoken():
    for args in (["--help"], ["make", "--help"], ["install", "--help"], ["show", "--help"], ["--version"]):
        done = table(*args)
        t.check(done.returncode == 0 and done.stderr == "", f"{' '.join(args)} answers")
    for args in ([], ["grow"], ["make"], ["make", "x"], ["install"], ["diff", "x"], ["show", "--nothing"]):
        t.equal(table(*args).returncode, 2, f"wrong usage is 2: {args}")
    t.equal(table("check", "/nowhere").returncode, 1, "a path that is not there is 1")


def main():
    demo_shop()
    same_bytes()
    versions()
    damage()
    killed()
    no_room()
    kill_switch()
    two_at_once()
    if shutil.which("minisign"):
        signatures()
        locked_key()
    else:
        t.skip("signatures", "no minisign")
    spoken()
    t.done()


main()
