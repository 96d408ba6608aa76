#!/usr/bin/env python3
"""The same tables and queries on today's ClickHouse: chDB carries its engine and is installed by npm (half a gigabyte,
so only in CI, or where CHDB names a node_modules folder that has it)."""
import os
import pathlib
import shutil
import subprocess

import lib
from office_lib import check_numbers, check_twice, collect, make_tills, push, t
from sync_lib import rows, sync

CHDB = "chdb@3.4.0"


def modules():
    """Folder of node_modules with chDB, or None with the reason."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None, "no node or npm"
    if "CHDB" in os.environ:
        return pathlib.Path(os.environ["CHDB"]), ""
    if not os.environ.get("CI"):
        return None, "only in CI, or with CHDB=.../node_modules"
    folder = lib.ROOT / "build/oracle/chdb"
    if not (folder / "node_modules/chdb/package.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        try:
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", CHDB], cwd=folder, capture_output=True,
                                  text=True, timeout=lib.DEADLINE)
        except subprocess.TimeoutExpired:
            return None, "npm does not answer"
        if done.returncode != 0:
            return None, f"npm cannot install {CHDB}"
    return folder / "node_modules", ""


def main(top, folder):
    server = subprocess.Popen(["node", str(lib.ROOT / "tests/oracle/chdb.js")], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, env={**os.environ, "NODE_PATH": str(folder), "TMPDIR": str(top)})
    try:
        url = f"clickhouse:http://127.0.0.1:{int(server.stdout.readline())}"
        office, book = top / "office", top / "book.db"
        office.mkdir()
        homes = make_tills(top)
        for home in homes:
            push(home, office)
        collect(office, book)
        r = collect(office, url)
        t.check(r.returncode == 0 and "made the tables" in r.stderr, "tables are made, and take all events", r.stderr)
        print("#", r.stderr.strip())
        check_numbers(homes, office, book, url)
        (office / "intake.db").unlink()
        r = collect(office, url)
        t.check(r.returncode == 0, "everything collected once more", r.stderr)
        check_twice(book, url)
        total = rows(book, "SELECT count(*) FROM event")[0][0]
        t.check(total > 10000, f"{total} events")
        r = sync("schema", url)
        t.check(r.returncode == 0 and "are there" in r.stdout, "schema finds its tables", r.stderr)
    finally:
        server.stdin.close()
        server.wait(lib.DEADLINE)
        server.stdout.close()


place, why = modules()
if place is None:
    t.skip("today's ClickHouse", why)
else:
    with lib.home() as path:
        main(path, place)
t.done()
