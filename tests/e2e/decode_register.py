#!/usr/bin/env python3
"""The register decodes with section [scan] of its configuration, and sells a pack once."""
import lib

t = lib.Tap()


def lines_of(home, *scans):
    """Codes of the lines that the scans make in one sale."""
    till = lib.Headless(home)
    till.send(*({"do": "scan", "data": s, "at": "2026-11-22T09:00:%02d.000Z" % (2 * i)}
                for i, s in enumerate(scans)), {"do": "total"}, {"do": "tender", "total": 0})
    got = till.read_until("closed")
    till.close()
    return [(a["code"], a.get("qty")) for a in got if a.get("on") == "line"]


with lib.home() as home:
    conf = home / "goeswith.conf"
    conf.write_text("[scan]\nregion = germany\ncode-ids = zebra\ngs = |\n", encoding="utf-8")
    t.equal(lines_of(home, "A5901234123457", "]E02811111068708", "]d20109501101530003" "10A|17301231"),
            [("05901234123457", 1), ("02811110000006", 1), ("09501101530003", 1)],
            "a maker's identifiers, a region, a stand-in for GS")
    conf.write_text("", encoding="utf-8")
    t.equal(lines_of(home, "A5901234123457", "]E02811111068708")[1][0], "02811111068708",
            "without a region the number is opaque")
    conf.write_text("[scan]\nregion = mars\n", encoding="utf-8")
    done = lib.run("goeswith", "--headless", "--home", home, stdin="")
    t.check(done.returncode == 3 and "no region 'mars'" in done.stderr, "a faulty setting is told",
            done)

with lib.home() as home:
    till = lib.Headless(home)
    till.send({"do": "scan", "data": "]E09501101530003", "at": "2026-11-22T09:00:00.000Z"},
              {"do": "scan", "data": "]d20109501101530003" "10L1", "at": "2026-11-22T09:00:00.300Z"},
              {"do": "scan", "data": "]E09501101530003", "at": "2026-11-22T09:00:05.000Z"},
              {"do": "total"}, {"do": "tender", "total": 0})
    got = till.read_until("closed")
    till.close()
    t.equal(sum(a.get("on") == "line" for a in got), 2, "bars and 2D code of a pack are one line")
t.done()
