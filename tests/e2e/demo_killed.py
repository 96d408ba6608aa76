#!/usr/bin/env python3
"""The demo whose terminal goes away leaves nothing behind, whenever that happens."""
import os
import pathlib
import pty
import random
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import lib

DEMO = lib.ROOT / "tools/sim/demo/run.sh"
PLAYER = "goeswith-sim scanner"


def processes(tag):
    """{pid: command line} of those that work in this folder."""
    found = {}
    for p in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (p / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            mine = tag in line or f"TMPDIR={tag}" in (p / "environ").read_bytes().decode(errors="replace").split("\0")
            if mine and (p / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                found[int(p.name)] = line
        except (OSError, IndexError):
            pass
    return found


class Demo:
    """The demo on a terminal of its own, whose master we hold."""

    def __init__(self, folder, **env):
        self.folder = folder
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.environ.update(TMPDIR=folder, TERM="vt100", **env)
                os.execv("/bin/sh", ["sh", str(DEMO), str(lib.BIN)])
            finally:
                os._exit(127)
        self.gone = False
        self.reader = threading.Thread(target=self.drain, daemon=True)
        self.reader.start()

    def drain(self):
        """Until the terminal is gone: what nobody reads would hold the demo up.  Never for long in a read, which
        would keep the terminal from going."""
        while not self.gone:
            try:
                if select.select([self.master], [], [], 0.02)[0] and not os.read(self.master, 65536):
                    return
            except OSError:
                return

    def players(self):
        return [p for p, line in processes(self.folder).items() if PLAYER in line]

    def unborn(self):
        """The player between fork and exec: a child of the shell that still has its name."""
        try:
            children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            return [c for c in children if b"run.sh" in pathlib.Path(f"/proc/{c}/cmdline").read_bytes()]
        except OSError:
            return []

    def hang_up(self):
        """As a terminal's end does: a signal to everything in front of it, at once, and then nobody behind it.  The
        signal alone is not enough: a program that is being started right then never sees it."""
        os.killpg(self.pid, signal.SIGHUP)
        self.take_away()

    def take_away(self):
        if not self.gone:
            self.gone = True
            self.reader.join()
            os.close(self.master)

    def reap(self):
        def gone():
            try:
                return os.waitpid(self.pid, os.WNOHANG) != (0, 0)
            except ChildProcessError:
                return True
        lib.wait_for(gone)

    def end(self):
        for p in processes(self.folder):
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.take_away()
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            pass


def nothing_left(t, demo, name, folder_too=True):
    left = lib.wait_for(lambda: not processes(demo.folder))
    t.check(left and not (folder_too and os.listdir(demo.folder)), name, f"{processes(demo.folder)} {os.listdir(demo.folder)}")


def at_any_moment(t, seed):
    dice = random.Random(seed)
    for i in range(8):
        delay = dice.uniform(0, 0.4)
        with tempfile.TemporaryDirectory() as folder:
            demo = Demo(folder)
            try:
                time.sleep(delay)
                if i % 2:
                    os.kill(demo.pid, signal.SIGKILL)  # the kernel hangs up on the others
                else:
                    demo.hang_up()
                nothing_left(t, demo, f"{'its shell killed' if i % 2 else 'hung up'} after {delay * 1000:.0f} ms: nothing is left",
                             folder_too=False)
            finally:
                demo.end()


def before_the_player_is_one(t):
    cc = shutil.which("cc") or shutil.which("gcc")
    if cc is None or "san" in str(lib.BIN):
        t.skip("a player not yet born", "needs a compiler and a build without sanitizers")
        return
    with lib.home() as home, tempfile.TemporaryDirectory() as folder:
        shim = pathlib.Path(home) / "slow_fork.so"
        subprocess.run([cc, "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", shim, lib.ROOT / "tests/e2e/slow_fork.c", "-ldl"], check=True)
        demo = Demo(folder, LD_PRELOAD=str(shim))
        try:
            made = lib.wait_for(lambda: list(pathlib.Path(folder).glob("*/home/table.db")) and demo.unborn(), step=0.005)
            demo.hang_up()
            t.check(made and not demo.players(), "hung up between the player's fork and its start")
            demo.reap()
            nothing_left(t, demo, "nothing is left")
        finally:
            demo.end()


def main():
    t = lib.Tap()
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"# SEED={seed}")
    at_any_moment(t, seed)
    before_the_player_is_one(t)
    t.done()


main()
