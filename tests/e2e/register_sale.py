#!/usr/bin/env python3
"""How a sale ends, with the real register and simulated time; and what it remembers when killed."""
import sys

import lib

T0 = "2026-03-02T10:00:"


def at(seconds):
    return f"{T0}{seconds:06.3f}Z"


def scan(code, seconds):
    return {"do": "scan", "data": code, "at": at(seconds)}


def closes(home, *lines, args=()):
    """Reasons of the sales closed by these lines, the end of stdin included."""
    r = lib.run("goeswith", "--headless", "--home", home, *args,
                stdin="".join(lib.json.dumps(line) + "\n" for line in lines))
    return [a["reason"] for a in map(lib.json.loads, r.stdout.splitlines()) if a["on"] == "closed"]


def main():
    t = lib.Tap()
    with lib.home() as home:
        one = scan("4006381333931", 0)
        tick = lambda s: {"do": "tick", "at": at(s)}
        total, tender = {"do": "total"}, {"do": "tender", "total": 349}
        rows = [
            ("a second total", [one, total, total], ["total"]),
            ("the till's tender", [one, total, tender], ["tender"]),
            ("a tender without a total", [one, tender], ["tender"]),
            ("cancel", [one, {"do": "cancel"}], ["cancel"]),
            ("a moment after the total", [one, total, tick(4)], ["total"]),
            ("not before that moment", [one, total, tick(2), scan("x", 2.5), {"do": "cancel"}], ["cancel"]),
            ("the next customer after it", [one, total, scan("y", 20), {"do": "cancel"}], ["total", "cancel"]),
            ("a till that tenders is waited for", [one, tender, scan("z", 5), total, tick(40), tender],
             ["tender", "tender"]),
            ("nobody comes back", [one, {"do": "tick", "at": "2026-03-02T11:00:00Z"}], ["idle"]),
            ("the end of stdin behind a total", [one, total], ["total"]),
        ]
        for i, (name, lines, want) in enumerate(rows):
            t.equal(closes(home / str(i), *lines), want, f"a sale ends by: {name}")

        closes(home / "again", one, tender)
        later = [scan("4006381333931", 50), total, tick(59), {"do": "cancel"}]
        t.equal(closes(home / "again", *later), ["cancel"], "and after a restart as well")

        first = lib.Headless(home / "kill")
        first.send({"do": "cashier", "id": "17"}, {"do": "scan", "data": "4006381333931"}, {"do": "suspend"},
                   {"do": "scan", "data": "ABC"}, {"do": "scan", "data": "DEF"})
        while (first.read() or {}).get("code") != "DEF":
            pass
        first.send({"do": "state"})
        before = first.read_until("state")[-1]
        first.kill()
        second = lib.Headless(home / "kill")
        second.send({"do": "state"})
        after = second.read_until("state")[-1]
        for key in ("basket", "items", "total", "lines", "suspended", "state"):
            t.equal(after.get(key), before.get(key), f"killed in a sale: {key} is the same afterwards")
        second.send({"do": "cancel"}, {"do": "resume", "basket": ""}, {"do": "state"})
        t.equal(second.read_until("state")[-1]["items"], 1, "and the sale put aside comes back")
        second.close()
    t.done()


if __name__ == "__main__":
    sys.exit(main())
