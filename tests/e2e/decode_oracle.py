#!/usr/bin/env python3
"""The decoder against two other implementations, on generated data.

  bwip-js  (npm)          element strings, several at once, Digital Links
  zint     (libzint-dev)  element strings, check digits, UPC-E

Each judges the same lines, good or bad, on its own.  Differences are counted; those that have a
reason stand in the tables below, and any other one fails.  ORACLE_SEED=N makes other data.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys

import lib

sys.path.insert(0, str(lib.ROOT / "tests" / "oracle"))
import samples  # noqa: E402

t = lib.Tap()
SEED = int(os.environ.get("ORACLE_SEED", "20261122"))
BWIP = "bwip-js@4.11.4"
HERE = lib.ROOT / "tests" / "oracle"
BUILD = lib.ROOT / "build" / "oracle"

# (what we say, what the other one says, why)
EXPLAINED = {
    "bwip-js": [
        (r"no company prefix", r"^ok", "GS1's engine wants four digits, bwip-js is content with two"),
        (r"digital signature", r"^ok", "bwip-js does not ask for the serial part beside (8030)"),
        (r"stands in the link twice", r"^ok", "the same value twice is let through by bwip-js"),
    ],
    "zint": [
        (r"no company prefix", r"^ok", "zint does not look at company prefixes"),
        (r"^ok", r"Error 260: Invalid AI", "the dictionary of zint 2.11 lacks identifiers of 2023 on"),
    ],
}


def ours(lines, *args):
    text = "".join(l.replace("\\", "\\\\") + "\n" for l in lines)
    done = lib.run("goeswith-decode", "--home", "/nonexistent", *args, stdin=text)
    out = [json.loads(l) for l in done.stdout.splitlines()]
    assert len(out) == len(lines), done.stderr
    words = []
    for o in out:
        warnings = [w for w in o.get("warnings", []) if "ends like a date" not in w]
        words.append("ok" if o["ok"] and not warnings else o.get("error") or " / ".join(warnings))
    return words


def compare(name, what, lines, mine, theirs):
    if len(theirs) != len(lines):
        t.check(False, f"{name} judged every line", theirs[-3:])
        return
    used, bad = {}, []
    for line, a, b in zip(lines, mine, theirs):
        if (a == "ok") == (b == "ok"):
            continue
        for ours_re, theirs_re, why in EXPLAINED[name]:
            if re.search(ours_re, a) and re.search(theirs_re, b):
                used[why] = used.get(why, 0) + 1
                break
        else:
            bad.append(f"{line}\n  we: {a}\n  {name}: {b}")
    good = sum(m == "ok" for m in mine)
    t.check(not bad, f"{name}: {len(lines)} {what}, {good} of them good", "\n".join(bad[:20]))
    for why, n in sorted(used.items()):
        print(f"# {n} explained: {why}")
    t.check(len(lines) // 10 < good < len(lines) * 9 // 10, f"{name}: the {what} are good and bad")


def make_elements(r):
    rows = samples.table()
    found = [s for s in (samples.element(r, rows) for _ in range(2600)) if s[1]]
    single = ["(%s)%s" % s for s in found]
    several = []
    for _ in range(700):
        pick = r.sample(found, r.randint(2, 4))
        if r.random() < 0.3:
            pick.append(("01", "09521234543213"))
        if r.random() < 0.1:
            pick.append(pick[0])
        several.append("".join("(%s)%s" % p for p in pick))
    return single, several


KEYS = {"01": ["22", "10", "21", "235"], "00": [], "8006": ["22", "10", "21"], "414": ["254", "7040"],
        "8004": ["7040"], "8018": ["8019"], "253": [], "401": []}
VALUES = {"01": "09521234543213", "00": "106141411234567897", "8006": "095212345432130102",
          "414": "9520123456788", "8004": "9520614141234567", "8018": "123456789012345675",
          "253": "1231231231232", "401": "12345678", "22": "2A", "10": "L%2F1", "21": "S-1",
          "235": "TP", "254": "ext", "7040": "1ABC", "8019": "123"}
ATTRIBUTES = ["17=261231", "17=261331", "3103=000195", "99=A%20B", "99=A", "15=270101", "10=LOT",
              "21=S", "linkType=x", "999=1", "89=A", "01=09521234543213", "8005=000150", "x",
              "11=260101", "8030=ABC", "99=", "254=abc"]


def make_links(r):
    links = []
    for _ in range(700):
        key = r.choice(list(KEYS))
        value, order = VALUES[key], KEYS[key]
        qualifiers = r.sample(order, r.randint(0, len(order)))
        if r.random() < 0.7:
            qualifiers.sort(key=order.index)
        if r.random() < 0.15:
            value = re.sub("[~#% ]", "", samples.damage(r, value))
        link = r.choice(["https://a.example", "http://id.gs1.org", "https://a.example/x/y",
                         "https://a.example:80/01"])
        link += f"/{key}/{value}" + "".join(f"/{q}/{VALUES[q]}" for q in qualifiers)
        if r.random() < 0.5:
            link += "?" + "&".join(r.sample(ATTRIBUTES, r.randint(1, 3)))
        if r.random() < 0.1:
            link += "#part"
        links.append(link)
    return links


def judge(command, lines):
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True,
                          timeout=2 * lib.DEADLINE)
    return done.stdout.splitlines()


def install_bwip():
    """Folder of node_modules with bwip-js, or None with the reason."""
    modules = BUILD / "node_modules"
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None, "no node or npm"
    if not (modules / "bwip-js" / "dist" / "bwipp.mjs").exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        (BUILD / "package.json").write_text("{}", encoding="utf-8")
        try:
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", BWIP], cwd=BUILD,
                                  capture_output=True, text=True, timeout=lib.DEADLINE)
        except subprocess.TimeoutExpired:
            return None, "npm does not answer"
        if done.returncode != 0:
            return None, f"npm cannot install {BWIP}"
    return modules, ""


def check_bwip(single, several, links):
    modules, why = install_bwip()
    if modules is None:
        t.skip("bwip-js", why)
        return
    command = ["node", str(HERE / "bwip.mjs"), str(modules)]
    compare("bwip-js", "elements", single, ours(single, "--bracketed"), judge(command, single))
    compare("bwip-js", "element strings", several, ours(several, "--bracketed"),
            judge(command, several))
    compare("bwip-js", "links", links, ours(links), judge(command, links))
    # Negative control: one answer turned round must be found.
    theirs = judge(command, single[:50])
    theirs[7] = "ok" if theirs[7] != "ok" else "no"
    differ = sum((a == "ok") != (b == "ok") for a, b in zip(ours(single[:50], "--bracketed"), theirs))
    t.check(differ >= 1, "bwip-js: a difference is seen")


def check_zint(r, single):
    program = BUILD / "zint_check"
    BUILD.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    done = subprocess.run([compiler, "-o", str(program), str(HERE / "zint_check.c"), "-lzint"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        t.skip("zint", "libzint-dev is not installed")
        return
    compare("zint", "elements", single, ours(single, "--bracketed"), judge([str(program)], single))

    numbers = ["%012d" % r.randrange(10**12) for _ in range(500)] + \
              ["%07d" % r.randrange(10**7) for _ in range(500)]
    full = judge([str(program)], ["ean " + n for n in numbers])
    got = [json.loads(l) for l in lib.run(
        "goeswith-decode", "--home", "/nonexistent",
        stdin="".join("]E%s%s\n" % ("0" if len(n) == 13 else "4", n) for n in full)).stdout.splitlines()]
    bad = [(n, g) for n, g in zip(full, got) if g.get("gtin") != n.zfill(14)]
    t.check(len(full) == 1000 and not bad, "zint: 1,000 check digits of EAN-13 and EAN-8", bad[:5])

    short = ["%d%06d" % (r.randrange(2), r.randrange(10**6)) for _ in range(500)]
    full = judge([str(program)], ["upce " + n for n in short])
    got = [json.loads(l) for l in lib.run(
        "goeswith-decode", "--home", "/nonexistent", "--eight", "upce",
        stdin="".join(n + "\n" for n in full)).stdout.splitlines()]
    # Both refuse spellings that no UPC-A is shortened to.  Of the others zint's check digit must be
    # that of our UPC-A, or the decoder would not take them.
    bad = [(s, n, g) for s, n, g in zip(short, full, got)
           if n.startswith("Error") == canonical(s) or
           (canonical(s) and (g.get("kind") != "product" or not g["gtin"].startswith("00")))]
    taken = sum(map(canonical, short))
    t.check(len(full) == 500 and not bad and taken > 300,
            f"zint: {taken} of {len(short)} UPC-E have the check digit of their UPC-A", bad[:5])


def canonical(upce):
    """The rule of GenSpecs 7.10 in words of its own: no shorter row of the table fits."""
    d = upce[1:7]
    return {"3": d[2] > "2", "4": d[3] != "0"}.get(d[5], d[5] < "3" or d[4] != "0")


def main():
    r = random.Random(SEED)
    print(f"# ORACLE_SEED={SEED}")
    single, several = make_elements(r)
    links = make_links(r)
    check_bwip(single, several, links)
    check_zint(r, single)
    t.done()


main()
