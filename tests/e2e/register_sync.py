#!/usr/bin/env python3
"""The register's status line says what has not left for head office, told by the sync tool alone."""
import sys

import lib

SALE = '{"do":"scan","data":"4006381333931"}\n{"do":"tender"}\n'


def chip(home, text):
    """Is this on the screen of a register started now?"""
    screen = lib.Screen("goeswith", "--home", home)
    try:
        return screen.wait_text(text)
    finally:
        screen.close()


def main():
    t = lib.Tap()
    with lib.home() as home:
        office = home / "office"
        office.mkdir()
        lib.run("goeswith", "--headless", "--home", home, stdin=SALE)
        t.check(chip(home, "saved"), "without a head office: what is on disk is saved")
        r = lib.run("goeswith-sync", "push", "--to", f"dir:{office}", "--home", home)
        t.equal(r.returncode, 0, "a push")
        before = (home / "sync.news").stat().st_mtime_ns
        lib.run("goeswith-sync", "push", "--to", f"dir:{office}", "--home", home)
        t.equal((home / "sync.news").stat().st_mtime_ns, before, "nothing new: the news are not written again")
        lib.run("goeswith", "--headless", "--home", home, stdin=SALE)
        screen = lib.Screen("goeswith", "--home", home)
        t.check(screen.wait_text(" wait"), "events wait for the sync tool", screen.seen[-600:])
        screen.seen = b""
        r = lib.run("goeswith-sync", "push", "--to", f"dir:{office}", "--home", home)
        t.equal(r.returncode, 0, "a push while the register runs")
        t.check(screen.wait_text("sen"), "is on its screen without a key", screen.seen[-600:])
        screen.close()
    t.done()


if __name__ == "__main__":
    sys.exit(main())
