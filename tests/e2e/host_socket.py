#!/usr/bin/env python3
"""The engine protocol over a Unix socket: several programs at once, none of which can make the
register wait, whatever they do."""
import contextlib
import json
import os
import socket
import stat
import subprocess
import sys

import lib


class Client:
    def __init__(self, path, small=False):
        self.s = socket.socket(socket.AF_UNIX)
        if small:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.s.connect(str(path))
        self.s.settimeout(lib.DEADLINE)
        self.rest = b""

    def send(self, *commands):
        for c in commands:
            self.s.sendall(c if isinstance(c, bytes) else json.dumps(c).encode() + b"\n")

    def read(self):
        """Next answer, None at the end."""
        while b"\n" not in self.rest:
            try:
                data = self.s.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def read_until(self, on):
        got = []
        while not got or (got[-1] is not None and got[-1]["on"] != on):
            got.append(self.read())
        return got

    def ask(self, *commands):
        """Everything heard up to the answer to `state`."""
        self.send(*commands, {"do": "state"})
        return self.read_until("state")

    def close(self):
        self.s.close()


def serve(home, path, *args, **kwargs):
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    kwargs.setdefault("stderr", subprocess.PIPE)
    p = subprocess.Popen([lib.program("goeswith"), "--headless", "--home", str(home), "--listen",
                          str(path), *args], **kwargs)
    lib.wait_for(lambda: connects(path) or p.poll() is not None)  # it is there before it is listened to
    return p


def connects(path):
    try:
        Client(path).close()
        return True
    except OSError:
        return False


def several_programs(t, home):
    path = home / "till.sock"
    p = serve(home, path)
    try:
        t.equal(stat.S_IMODE(path.stat().st_mode), 0o660, "the socket is for owner and group")
        a = Client(path)
        a.ask()
        quiet = len(os.listdir(f"/proc/{p.pid}/fd")) - 1
        b = Client(path)
        b.ask()
        got = a.ask({"do": "line", "code": "TEA"}, b"oops\n", {"do": "accept"})
        t.equal([x["on"] for x in got if x["on"] not in ("table", "start")],
                ["open", "line", "unknown", "error", "error", "state"], "the asker hears it all")
        b.send({"do": "cashier", "id": "9"})
        got = b.read_until("cashier")
        t.equal([x["on"] for x in got if x["on"] not in ("table", "start")],
                ["open", "line", "unknown", "cashier"],
                "the other hears what happened, not the errors")
        t.equal(a.read()["on"], "cashier", "and is heard in turn")
        a.send(b'{"do":"line","code":"HA')
        b.ask({"do": "line", "code": "WHOLE"})
        a.send(b'LF"}\n')
        codes = [x["code"] for x in a.ask() if x["on"] == "line"]
        t.equal(codes, ["WHOLE", "HALF"], "half a line waits for its other half")
        a.send(b"z" * 1000000 + b"\n")
        t.check(any("65536" in x.get("text", "") for x in a.ask()), "1 MB is told and thrown away")
        a.send(b'{"do":"line","code":"LAST"}')
        a.s.shutdown(socket.SHUT_WR)
        t.equal([a.read()["on"], a.read()["on"], a.read()], ["line", "unknown", None],
                "who ends his side is answered and let go")
        b.close()

        for i in range(200):
            c = Client(path)
            with contextlib.suppress(OSError):  # turned away while the others are let out
                c.send(b'{"do":"tick"}\n{"do":' if i % 2 else b"")
            c.close()
        last = Client(path)  # callers are let in by turns: behind him nobody waits
        with contextlib.suppress(OSError):
            last.ask()
        last.close()
        t.check(lib.wait_for(lambda: len(os.listdir(f"/proc/{p.pid}/fd")) == quiet),
                "200 short visits leave no descriptor behind")

        guests = [Client(path) for _ in range(16)]
        for g in guests:
            g.ask()
        more = Client(path)
        t.equal((more.read() or {}).get("text"), "too many clients", "a 17th is turned away")
        t.check(guests[3].ask(), "the others are served")
    finally:
        lib.end(p)
    t.equal(p.returncode, 0, "SIGTERM ends it in good order")
    t.check(not path.exists(), "and takes the socket away")


def nobody_makes_it_wait(t, home):
    path = home / "till.sock"
    p = serve(home, path, "-v")
    try:
        mute, till = Client(path, small=True), Client(path)
        mute.send({"do": "state"})
        sold = 0
        while sold < 4000:
            till.ask(*[{"do": "line", "code": f"ITEM-{sold + i}"} for i in range(50)])
            sold += 50
            if sold % 500 == 0:
                till.ask({"do": "tender"})
        t.equal(sold, 4000, "4,000 lines are sold beside a program that never reads")
        mute.s.settimeout(lib.DEADLINE)
        last, n = None, 0
        while True:
            answer = mute.read()
            if answer is None:
                break
            last, n = answer, n + 1
        t.check(n > 100 and last["on"] == "error" and "not read" in last["text"],
                "it finds whole lines, why it was dropped, and the end", (n, last))

        flood = Client(path)
        flood.s.setblocking(False)
        try:
            while True:
                flood.s.send(b'{"do":"state"}\n' * 1000)
        except BlockingIOError:
            pass
        t.check(till.ask({"do": "line", "code": "CALM"}), "a flood without reading stops itself")
        flood.s.settimeout(lib.DEADLINE)
        t.check(flood.read_until("state")[-1] is not None, "and goes on when it reads")
        flood.close()
    finally:
        lib.end(p)


def starts_and_restarts(t, home, other):
    path = home / "till.sock"
    first = serve(home, path)
    second = serve(other, path)
    _, err = second.communicate(timeout=lib.DEADLINE)
    t.check(second.returncode == 4 and b"in use" in err, "a second register leaves it alone",
            (second.returncode, err))
    t.check(connects(path), "the first one still answers")
    first.kill()
    first.communicate()
    t.check(path.exists() and not connects(path), "kill -9 leaves the socket behind")
    third = serve(home, path)
    t.check(lib.wait_for(lambda: connects(path)), "the next start takes its place")
    lib.end(third)
    path.write_text("precious")
    fourth = serve(home, path)
    _, err = fourth.communicate(timeout=lib.DEADLINE)
    t.equal((fourth.returncode, path.read_text()), (6, "precious"), "a file in the way is left")
    long = home / ("x" * 120)
    fifth = serve(home, long)
    fifth.communicate(timeout=lib.DEADLINE)
    t.equal(fifth.returncode, 3, "a path too long for a socket is bad input")


def beside_others(t, home):
    path = home / "till.sock"
    both = lib.Headless(home, "--listen", path)
    lib.wait_for(lambda: connects(path))
    c = Client(path)
    c.ask({"do": "line", "code": "FROM-SOCKET"})
    both.send({"do": "line", "code": "FROM-STDIN"})
    t.equal([a["code"] for a in both.read_until("unknown") + both.read_until("unknown")
             if a["on"] == "line"], ["FROM-SOCKET", "FROM-STDIN"], "stdin and socket together")
    t.equal([a["code"] for a in c.read_until("unknown") if a["on"] == "line"], ["FROM-STDIN"],
            "each hears the other")
    t.equal(both.close(), 0, "the end of stdin ends it")

    screen = lib.Screen("goeswith", "--home", home, "--listen", path)
    try:
        lib.wait_for(lambda: connects(path))
        c = Client(path)
        c.ask({"do": "line", "code": "ON-SCREEN", "price": 1234})
        t.check(screen.wait_text("ON-SCREEN") and screen.wait_text("12.34"),
                "what a till tells is on the cashier's screen", screen.seen[-1500:])
    finally:
        screen.close()


def main():
    t = lib.Tap()
    with lib.home() as home, lib.home() as other:
        several_programs(t, home)
        nobody_makes_it_wait(t, home)
        starts_and_restarts(t, home, other)
    with lib.home() as home:
        beside_others(t, home)
    t.done()


if __name__ == "__main__":
    sys.exit(main())
