"""What the end-to-end tests share: TAP output, a temporary home, the programs, waiting.

    import lib
    t = lib.Tap()
    with lib.home() as home:
        t.check(lib.run("goeswith-table", "--version").returncode == 0, "answers")
    t.done()
"""
import contextlib
import json
import os
import pathlib
import pty
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("BIN", "build"))
BIN = BIN if BIN.is_absolute() else ROOT / BIN
SHARED = pathlib.Path(os.environ.get("SHARED", "../shared"))
SHARED = SHARED if SHARED.is_absolute() else ROOT / SHARED
os.umask(0o022)  # some tests run programs as other users, who must be able to read what is made here
DEADLINE = 180  # seconds without any progress; generous, since a busy machine is no failure


class Tap:
    """Counts and prints results; a failed check does not stop the script."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, good, name, detail=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {name}", flush=True)
        if not good and detail != "":
            for line in str(detail).splitlines()[-40:]:
                print("#", line, flush=True)
        return bool(good)

    def equal(self, got, want, name):
        return self.check(got == want, name, f"got:  {got!r}\nwant: {want!r}")

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # skip {why}", flush=True)

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


def program(name):
    return str(BIN / name)


def run(name, *args, stdin=None, timeout=DEADLINE, env=None):
    """Runs a program of ours to its end; text in, text out."""
    return subprocess.run([program(name), *map(str, args)], input=stdin, capture_output=True,
                          text=True, errors="backslashreplace", timeout=timeout, env=env)


def remove(path):
    """A folder and all in it, also when a program that is just ending still puts a file there."""
    shutil.rmtree(path, ignore_errors=True)
    return not os.path.lexists(path)


@contextlib.contextmanager
def home():
    """A temporary folder, gone afterwards."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="goeswith-test-"))
    try:
        yield path
    finally:
        wait_for(lambda: remove(path), 20)


@contextlib.contextmanager
def running(name, *args, **kwargs):
    """A program of ours in the background; ended, and reaped, at the end of the block."""
    p = subprocess.Popen([program(name), *map(str, args)], **kwargs)
    try:
        yield p
    finally:
        end(p)


def end(p):
    if p.poll() is None:
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()
    for stream in (p.stdin, p.stdout, p.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def wait_for(condition, seconds=DEADLINE, step=0.02):
    """Polls until condition() is true; returns its value, or a false one when time is up."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > until:
            return value
        time.sleep(step)


def wait_more(measure, want, seconds=DEADLINE, step=0.02):
    """Polls until measure() is at least that; gives up when it has not grown for so long.  What
    thousands of durable writes take altogether is the disk's business."""
    best, until = None, 0.0
    while True:
        value = measure()
        if value >= want:
            return value
        if best is None or value > best:
            best, until = value, time.monotonic() + seconds
        if time.monotonic() > until:
            return value
        time.sleep(step)


def switches(pid):
    """How often a process has gone to sleep, that is, how often it has been woken."""
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches"))


def asleep(seconds, *pids):
    """Whether the processes sleep for so long without being woken once.  What they have to do before
    that (a checkpoint, the clock on a screen) may be late on a busy machine or fall into the first
    windows; returns the wake-ups of the last window, 0 for the sleep that was asked for."""
    until = time.monotonic() + DEADLINE
    while True:
        before = [switches(pid) for pid in pids]
        time.sleep(seconds)
        woken = sum(switches(pid) for pid in pids) - sum(before)
        if woken == 0 or time.monotonic() > until:
            return woken


def seed(name="SEED"):
    """Where a random test begins: NAME=... repeats one, CI takes the same each time."""
    value = int(os.environ.get(name) or (20261122 if os.environ.get("CI") else random.randrange(1 << 30)))
    print(f"# {name}={value}", flush=True)
    return value


def free_port():
    """A TCP port for a server that cannot choose one.  It lies below those that connections get for
    their own side, and a name is held as long as we live, so no other test takes the same."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        top = min(32768, int(f.read().split()[0]))
    while True:
        port = random.randrange(min(10240, top // 2), top)
        held, probe = socket.socket(socket.AF_UNIX), socket.socket()
        try:
            held.bind(f"\0goeswith-test-port-{port}")
            probe.bind(("127.0.0.1", port))
            ports_held.append(held)
            return port
        except OSError:
            held.close()
        finally:
            probe.close()


ports_held = []


class Headless:
    """goeswith --headless as a till program drives it."""

    def __init__(self, home_dir, *args, env=None):
        self.p = subprocess.Popen([program("goeswith"), "--headless", "--home", str(home_dir), *map(str, args)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        os.set_blocking(self.p.stdout.fileno(), False)
        self.rest = b""

    def send(self, *lines):
        for line in lines:
            text = line if isinstance(line, (str, bytes)) else json.dumps(line)
            data = text if isinstance(text, bytes) else text.encode()
            self.p.stdin.write(data + b"\n")
        self.p.stdin.flush()

    def read(self, seconds=DEADLINE):
        """Next answer as a dict, None at the end or when time is up."""
        until = time.monotonic() + seconds
        while b"\n" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.p.stdout], [], [], left)[0]:
                return None
            chunk = self.p.stdout.read(65536)
            if not chunk:
                return None
            self.rest += chunk
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def read_until(self, on, seconds=DEADLINE):
        """All answers up to and with the first whose "on" is this one."""
        got = []
        while True:
            answer = self.read(seconds)
            if answer is None:
                return got
            got.append(answer)
            if answer.get("on") == on:
                return got

    def close(self):
        """End of stdin; returns the exit status."""
        with contextlib.suppress(OSError):
            self.p.stdin.close()
        try:
            return self.p.wait(DEADLINE)
        finally:
            end(self.p)

    def kill(self):
        self.p.kill()
        end(self.p)


class Screen:
    """A program of ours on a pseudo-terminal; what it draws is kept raw."""

    def __init__(self, name, *args, rows=24, cols=80, term="xterm-256color", env=None):
        import fcntl
        import struct
        import termios

        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        environment = dict(os.environ if env is None else env, TERM=term, LC_ALL="C.UTF-8")
        self.p = subprocess.Popen([program(name), *map(str, args)], stdin=slave, stdout=slave,
                                  stderr=subprocess.PIPE, env=environment, start_new_session=True)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.seen = b""

    def pump(self, seconds=0.0):
        until = time.monotonic() + seconds
        while True:
            left = max(0.0, until - time.monotonic())
            if not select.select([self.master], [], [], left)[0]:
                return
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.seen += data

    def wait_text(self, text, seconds=DEADLINE):
        want = text.encode()

        def there():
            self.pump(0.02)
            return want in self.seen
        return wait_for(there, seconds, 0.0)

    def type(self, data):
        os.write(self.master, data if isinstance(data, bytes) else data.encode())

    def hang_up(self):
        os.close(self.master)
        self.master = -1

    def close(self):
        end(self.p)
        if self.master >= 0:
            os.close(self.master)
