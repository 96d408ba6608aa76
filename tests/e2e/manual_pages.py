#!/usr/bin/env python3
"""Each program's --help, verb by verb, fits a terminal and tells of the same options as its manual page."""
import re
import shutil
import subprocess

import lib

t = lib.Tap()
PAGES = [p for folder in ("pos-plugin/man", "tools/*", "firmware/board/posix") for p in (lib.ROOT).glob(f"{folder}/goeswith*.1")]


def told_by(program, *verb):
    return subprocess.run([lib.program(program), *verb, "--help"], capture_output=True, text=True, timeout=lib.DEADLINE).stdout


def helps(program):
    """What --help prints, and that of every verb it names, in its usage or a list."""
    first = told_by(program)
    words = re.findall(rf"^(?:usage:| +)(?: *{program})? +([a-z][a-z|-]+)(?![a-z,])", first, re.M)
    verbs = {verb for word in words for verb in word.split("|")} if program != "goeswith" else ()
    return first + "".join(told_by(program, verb) for verb in sorted(verbs))


def page(path):
    shown = subprocess.run(["mandoc", "-Tascii", "-Owidth=200", path], capture_output=True, text=True, check=True).stdout
    return re.sub(".\b", "", shown)


if not shutil.which("mandoc"):
    t.skip("manual pages", "no mandoc")
else:
    t.check(len(PAGES) >= 8, "every program has a page", PAGES)
    for path in PAGES:
        program = path.stem
        told, text = helps(program), page(path)
        options = set(re.findall(r"^\s+(?:-[a-z], )?(--[a-z][a-z-]+)", told, re.M))
        missing = sorted(o for o in options if not re.search(rf"{o}(?![a-z-])", text))
        t.check(len(options) >= 5 and not missing, f"{program}: the page has every option that --help has", missing)
        wide = [line for line in told.splitlines() if len(line) > 80]
        t.equal(wide, [], f"{program}: --help fits a terminal")
        heads = " ".join(re.findall(r"^\.It (Fl .*)", path.read_text(), re.M))
        heads = set(re.findall(r"(?:Fl |, )-([a-z][a-z-]+)", heads))
        stale = sorted(h for h in heads if f"--{h}" not in told)
        t.check(not stale, f"{program}: --help has every option that the page explains", stale)
t.done()
