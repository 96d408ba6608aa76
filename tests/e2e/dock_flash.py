#!/usr/bin/env python3
"""The firmware with a flash journal, in the emulator, loses its power: the emulated flash is saved,
the emulator killed, and a new one begun with that flash and nothing in its RAM.  The same for goeswith-dock with a
file as flash.

The emulated board has no NOR flash; its driver keeps flash's rules over plain memory (board/
mps2-an385/flash.c), so what is shown here is the image, not the cells.  Torn cells are simulated by
tests/unit/test_flash_cuts.c.

DOCK_QEMU_SEED=n   the random numbers
"""
import os
import pty
import random
import subprocess
import time
import tty

import devices
import lib
import qemu_lib
from qemu_lib import Feed, Machine, need, same

HOST = str(lib.ROOT / os.environ.get("DOCK_HOST", "build/release/tests/e2e/dock_host"))
SEED = lib.seed("DOCK_QEMU_SEED")
ROUNDS = 6
AREA, SIZE = 0x00100000, 16 * 1024
CAP_FLASH, RESTORED = 16, 128
FIELDS = ("magic", "generation", "session", "base", "next", "head", "used", "lost", "lost_told", "clock_seq", "cmd_next",
          "boots", "from", "ending", "ends", "flash_written", "flash_generation", "size", "crc")

qemu_lib.BOARDS["mps2-an385-flash"] = qemu_lib.BOARDS["mps2-an385"]
qemu_lib.BOARDS["stm32f1-flash"] = qemu_lib.BOARDS["stm32f1"]
t = lib.Tap()


class Box:
    """A dock whose flash outlives its emulator."""

    def __init__(self, home, rng, board="mps2-an385-flash"):
        self.home, self.rng, self.board = home, rng, board
        self.m, self.lives = None, 0
        self.flash = None  # a file, once there is one

    def on(self):
        self.lives += 1
        home = self.home / f"life{self.lives}"
        home.mkdir()
        extra = ["-device", f"loader,file={self.flash},addr={AREA:#x},force-raw=on"] if self.flash else []
        self.m = Machine(home, self.board, random.Random(1), extra=extra)
        if not self.m.ready():
            raise RuntimeError("the dock did not start: " + (home / "qemu.err").read_text(errors="replace"))
        return self.m

    def headers(self):
        n = len(FIELDS)
        words = self.m.words(self.m.symbol("memory"), 2 * n)
        return sorted((dict(zip(FIELDS, h)) for h in (words[:n], words[n:])), key=lambda h: h["generation"])

    def ring(self):
        return self.headers()[1]

    def off(self):
        """As a power cut: at once, whatever is going on.  Returns how many pieces were safe by then, of
        all there ever were: by the older of the two headers, since the other may be half written."""
        self.m.qmp("stop")
        old, new = self.headers()
        if old["magic"] != new["magic"]:
            old = new
        self.flash = self.home / f"flash{self.lives}"
        self.m.qmp("pmemsave", val=AREA, size=SIZE, filename=str(self.flash))
        self.m.close()
        self.m = None
        return max(old["flash_written"], old["from"] + old["base"])

    def all_safe(self):
        r = self.ring()
        return max(r["flash_written"], r["from"] + r["base"]) == r["from"] + r["next"]

    def wait_safe(self):
        return lib.wait_for(self.all_safe, step=0.05)


class Register:
    """The link's host, with a journal of its own that outlives it."""

    def __init__(self, box):
        self.box, self.p = box, None
        self.path = box.home / "journal"

    def on(self):
        self.p = subprocess.Popen([HOST, str(self.path), "--tty", str(self.box.m.qmp_path.parent / "wire.sock")],
                                  stdin=subprocess.PIPE, stdout=open(self.box.home / "host.out", "ab"), stderr=subprocess.STDOUT)

    def off(self):
        if self.p:
            self.p.kill()
            self.p.wait()
            self.p.stdin.close()
            self.p = None

    def journal(self):
        return devices.host_journal(self.path)

    def settle(self, count):
        lib.wait_for(lambda: len(self.journal()) >= count, step=0.1)
        return self.journal()


def nobody_there(home, rng):
    """A register that is dead all the time; it comes when the dock has lost its power twice."""
    box = Box(home, rng)
    register = Register(box)
    try:
        m = box.on()
        t.check(m.host.hello["caps"] & CAP_FLASH, "the image says that it has a flash journal", m.host.hello)
        feed = Feed(m)
        feed.run(60, 100)
        t.check(box.wait_safe(), "60 scans without a register are in flash", box.ring())
        t.check(feed.settle_till(), "and every byte was at the till")
        first = feed.codes
        box.off()
        m = box.on()
        feed = Feed(m)
        feed.number += 1000
        feed.run(20, 100)
        t.check(box.wait_safe(), "20 more after a loss of power", box.ring())
        box.off()
        m = box.on()
        register.on()
        same(t, register.settle(80), first + feed.codes, "after a second one the register gets all 80, in order, once")
        r = box.ring()
        t.check(lib.wait_for(lambda: box.ring()["used"] == 0 and box.ring()["session"] != 0),
                "and has opened a new session", r)
        live = Feed(m)
        live.number += 2000
        live.run(20, 100)
        same(t, register.settle(100), first + feed.codes + live.codes, "in which scanning goes on")
        t.check(m.stack_used() <= 1280 - 128, f"{m.stack_used()} of 1280 bytes of stack used, 128 to spare")
    finally:
        register.off()
        if box.m:
            box.m.close()


def any_moment(home, rng):
    """Power lost at random moments, with the register alive, dead, or killed in between."""
    box = Box(home, rng)
    register = Register(box)
    codes, safe, number, restored = [], set(), 4000000000000, 0
    try:
        for life in range(ROUNDS):
            m = box.on()
            first = box.ring()["from"] + box.ring()["next"]
            restored += m.host.hello["state"] & RESTORED != 0
            if rng.random() < 0.6:
                register.on()
            feed = Feed(m)
            feed.number = number
            # few enough that all of them fit into the dock's memory: none is refused
            for _ in range(rng.randrange(2, 5)):
                feed.run(rng.randrange(2, 7), 150)
                if rng.random() < 0.4:
                    register.off()
                time.sleep(rng.random() * 0.4)
            if life == 0:  # the others are cut wherever they are
                lib.wait_for(box.all_safe, step=0.05)
            safe |= set(feed.codes[:max(0, box.off() - first)])
            codes += feed.codes
            number = feed.number
            register.off()
        m = box.on()
        register.on()
        t.check(lib.wait_for(lambda: box.ring()["used"] == 0 and box.ring()["session"] != 0), "the last life drains", box.ring())
        t.equal(box.ring()["lost"], 0, "none was refused")
        got = register.journal()
        t.check(got == sorted(set(got)) and set(got) <= set(codes),
                f"{ROUNDS} losses of power at any moment: nothing twice, all in order", got)
        t.check(safe <= set(got) and safe,
                f"{len(got)} of {len(codes)} scans arrived, among them all {len(safe)} that were safe", sorted(safe - set(got)))
        print(f"# {restored} starts with an unfinished session from flash", flush=True)
    finally:
        register.off()
        if box.m:
            box.m.close()


def no_flash_there(home, rng):
    """The emulated STM32 has no flash controller: nothing that is programmed stays.  The image, with
    its handlers in RAM, finds that out and is a dock without a flash journal."""
    box = Box(home, rng, "stm32f1-flash")
    register = Register(box)
    try:
        m = box.on()
        feed = Feed(m)
        feed.run(40, 100)
        t.check(lib.wait_for(lambda: not m.host.hello.get("caps", CAP_FLASH) & CAP_FLASH),
                "stm32f1-flash: a flash that takes nothing is not claimed", m.host.hello)
        register.on()
        same(t, register.settle(40), feed.codes, "stm32f1-flash: and 40 scans go the old way")
        t.check(feed.settle_till(), "stm32f1-flash: every byte at the till")
        t.check(m.stack_used() <= 1280 - 128, f"stm32f1-flash: {m.stack_used()} of 1280 bytes of stack used, 128 to spare")
    finally:
        register.off()
        if box.m:
            box.m.close()


class Software:
    """goeswith-dock with a file as flash and no other memory; kill -9 is its power cut."""

    def __init__(self, home):
        self.home, self.p = home, None
        self.socket, self.flash, self.link = home / "dock.sock", home / "flash", home / "scanner"
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.link.symlink_to(os.ttyname(self.slave))

    def command(self, *more):
        return [lib.program("goeswith-dock"), "--scanner", str(self.link), "--flash-journal", str(self.flash), *map(str, more)]

    def on(self):
        self.p = subprocess.Popen(self.command("--listen", self.socket), stderr=open(self.home / "dock.err", "ab"))
        lib.wait_for(lambda: self.socket.exists() and self.answers(), step=0.05)

    def answers(self):
        r = lib.run("goeswith-dock", "status", "--listen", self.socket, "--json")
        return r.returncode == 0 and '"starting":true' not in r.stdout.replace(" ", "")

    def scan(self, codes):
        time.sleep(0.2)  # the dock finds its step in a pause
        for code in codes:
            os.write(self.master, code.encode() + b"\r")

    def holds(self, codes):
        return all(code.encode() in self.flash.read_bytes() for code in codes)

    def off(self):
        if self.p:
            self.p.kill()
            self.p.wait()
            self.p = None

    def close(self):
        self.off()
        os.close(self.master)
        os.close(self.slave)


def software_dock(home, rng):
    box = Software(home)
    host = None
    codes = [str(4000000000000 + i) for i in range(60)]
    path = home / "journal"

    def journal():
        return devices.host_journal(path)
    try:
        for at in (0, 20):
            box.on()
            box.scan(codes[at:at + 20])
            t.check(lib.wait_for(lambda at=at: box.holds(codes[at:at + 20]), step=0.05), f"goeswith-dock: scans {at} to {at + 20} are in the file")
            if at == 0:
                r = subprocess.run(box.command("--listen", home / "other.sock"), capture_output=True, text=True, timeout=lib.DEADLINE)
                t.check(r.returncode == 4 and "another dock" in r.stderr, "goeswith-dock: one file serves one dock", r.stderr)
            box.off()
        box.on()
        host = subprocess.Popen([HOST, str(path), "--socket", str(box.socket)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        lib.wait_for(lambda: len(journal()) >= 40, step=0.05)
        box.scan(codes[40:])
        lib.wait_for(lambda: len(journal()) >= 60, step=0.05)
        same(t, journal(), codes, "goeswith-dock: killed twice without a register: all 60 scans, in order, once")
    finally:
        if host:
            host.kill()
            host.wait()
            host.stdin.close()
        box.close()


with lib.home() as folder:
    software_dock(folder, random.Random(SEED))
need(t, "qemu-system-arm", "arm-none-eabi-nm")
for test in (nobody_there, any_moment, no_flash_there):
    with lib.home() as folder:
        try:
            test(folder, random.Random(SEED))
        except Exception as e:  # noqa: BLE001 - the others shall still run
            t.check(False, f"{test.__name__}: {e!r}")
t.done()
