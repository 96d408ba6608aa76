#!/usr/bin/env python3
"""HOST.md is the reference for till vendors: its sale is played, its tables are compared with the
program."""
import json
import os
import re
import sys

import lib

DOC = (lib.ROOT / "include/goeswith/HOST.md").read_text()


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", DOC, re.M | re.S)


def table_words(title):
    """First column of the table below a heading."""
    part = DOC.split(f"### {title}\n", 1)[1].split("\n### ", 1)[0]
    cells = re.findall(r"^\| (`.*?) \|", part, re.M)
    return {word for cell in cells for word in re.findall(r"`(\w+)`", cell)} - {"do", "on"}


def plays_the_sale(t, home):
    csv = home / "csv"
    csv.mkdir()
    for name in ("items.csv", "rules.csv"):
        (csv / name).write_text(blocks(f"csv {name}")[0])
    made = lib.run("goeswith-table", "make", csv, "-o", home / "bundle")
    put = lib.run("goeswith-table", "install", home / "bundle", "--home", home)
    t.check(made.returncode + put.returncode == 0, "the page's table is made and installed",
            made.stderr + put.stderr)
    till = lib.Headless(home, env=dict(os.environ, TZ="UTC"))
    step = 0
    for line in blocks("session")[0].splitlines():
        if line.startswith("> "):
            till.send(line[2:])
            step += 1
            continue
        want, got = json.loads(line[2:]), till.read()
        while got is not None and got["on"] in ("table", "start"):
            got = till.read()
        if not t.equal(got, want, f"step {step}: {want['on']}"):
            break
    t.equal(till.close(), 0, "it ends with its stdin")


def lists_all_commands(t, home):
    till = lib.Headless(home)
    unknown = []
    for word in sorted(table_words("Commands")) + ["nonsense"]:
        if word != "state":
            till.send({"do": word, "at": "2026-11-22T10:00:00Z"})
        till.send({"do": "state"})
        answers = till.read_until("state")
        if any("names no command" in a.get("text", "") for a in answers):
            unknown.append(word)
    till.close()
    t.equal(unknown, ["nonsense"], "every command of the page is one")
    source = (lib.ROOT / "pos-plugin/host/request.c").read_text()
    rows = set(re.findall(r'^\t\{"(\w+)",\s*GW_REQUEST_', source, re.M))
    t.check(len(rows) > 15, "the command table was read", rows)
    t.equal(table_words("Commands"), rows, "every command is on the page")


def lists_all_answers(t):
    header = (lib.ROOT / "include/goeswith/event.h").read_text()
    words = set(re.findall(r'X\(GW_EV_\w+, "(\w+)", \d\)', header))
    t.check(len(words) > 20, "the event table was read", words)
    other = {"outcome": "offer_end", "close": "closed", "login": "cashier"}
    want = {other.get(w, w) for w in words} | {"state", "ghost_end"}
    t.equal(table_words("Answers"), want, "every answer is on the page")


def main():
    t = lib.Tap()
    with lib.home() as home:
        plays_the_sale(t, home)
    with lib.home() as home:
        lists_all_commands(t, home)
    lists_all_answers(t)
    t.done()


if __name__ == "__main__":
    sys.exit(main())
