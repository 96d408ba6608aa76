#!/usr/bin/env python3
"""Bench of the dock: from a scan's last byte to the register's socket and to the till's line, through
the software dock and through the firmware in the emulator, beside the same bytes through cat(1)."""
import os
import pathlib
import pty
import select
import shutil
import socket
import subprocess
import sys
import time
import tty

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import lib  # noqa: E402

N = int(os.environ.get("BENCH_SCANS", "300"))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def encode(kind, session, seq, payload=b""):
    raw = bytes([1 << 5 | kind, 0]) + session.to_bytes(4, "little") + seq.to_bytes(4, "little") + payload
    raw += crc32c(raw).to_bytes(4, "little")
    return b"\0" + b"".join(bytes([len(run) + 1]) + run for run in raw.split(b"\0")) + b"\0"


def decode(stuffed):
    out, at = b"", 0
    while at < len(stuffed):
        step = stuffed[at]
        out += b"\0" * (at > 0) + stuffed[at + 1:at + step]
        at += step
    return out


class Register:
    """Speaks just enough of the link to be sent scans."""

    def __init__(self, s):
        self.s, self.rest, self.session, self.next, self.waiting = s, b"", 0, 0, []
        while self.session == 0:
            s.sendall(encode(3, int.from_bytes(os.urandom(4), "little") | 1, 0, bytes(4)))
            for frame in self.frames(1.0):
                if frame[0] & 31 == 1:
                    self.session = int.from_bytes(frame[2:6], "little")
                    self.next = int.from_bytes(frame[6:10], "little")
                    self.ack()

    def frames(self, seconds):
        if select.select([self.s], [], [], seconds)[0]:
            self.rest += self.s.recv(65536)
        *whole, self.rest = self.rest.split(b"\0")
        return [decode(w) for w in whole if w]

    def ack(self):
        self.s.sendall(encode(4, self.session, self.next, b"\0\x08"))

    def scan(self):
        """When the scan with the next number came."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            self.waiting = self.waiting or self.frames(5.0)
            now = time.perf_counter()
            while self.waiting:
                frame = self.waiting.pop(0)
                if frame[0] & 31 == 2 and int.from_bytes(frame[6:10], "little") == self.next:
                    self.next += 1
                    self.ack()
                    return now
                if frame[0] & 31 == 2:
                    self.ack()  # sent again: our answer was late
        sys.exit("bench: no scan in 20 s")


def scanner_pty(path):
    master, slave = pty.openpty()
    tty.setraw(slave)
    path.symlink_to(os.ttyname(slave))
    return master, slave


def times(send, arrived):
    out = []
    for i in range(N):
        code = b"%013d\r" % (4000000000000 + i)
        time.sleep(0.004)
        start = time.perf_counter()
        send(code)
        out.append((arrived(code) - start) * 1e6)
    return sorted(out)


def show(name, us, peer=None):
    p50, p99 = us[len(us) // 2], us[len(us) * 99 // 100]
    ratio = f"  {p50 / peer:5.2f} x cat" if peer else ""
    print(f"{name:46} p50 {p50:7.0f} us   p99 {p99:7.0f} us{ratio}")
    return p50


def read_till(fd, after=lambda: None):
    got = b""

    def arrived(code):
        nonlocal got
        while not got.endswith(code):
            got += os.read(fd, 4096)
        at = time.perf_counter()
        after()
        return at
    return arrived


def bench_cat(home):
    master, slave = scanner_pty(home / "cat")
    out_r, out_w = os.pipe()
    p = subprocess.Popen(["cat", str(home / "cat")], stdout=out_w)
    time.sleep(0.2)
    us = times(lambda code: os.write(master, code), read_till(out_r))
    lib.end(p)
    return show("pty -> cat -> pipe", us)


def bench_software(home, peer):
    master, _ = scanner_pty(home / "scanner")
    with lib.running("goeswith-dock", "--scanner", home / "scanner", "--listen", home / "s", "--till", f"pty:{home}/till",
                     stderr=subprocess.DEVNULL):
        s = socket.socket(socket.AF_UNIX)
        lib.wait_for(lambda: s.connect_ex(str(home / "s")) == 0)
        till = os.open(home / "till", os.O_RDWR | os.O_NOCTTY)
        register = Register(s)
        time.sleep(0.3)
        show("software dock: scan -> till", times(lambda c: os.write(master, c), read_till(till, register.scan)), peer)
        os.close(till)
        return show("software dock: scan -> register", times(lambda c: os.write(master, c), lambda _: register.scan()), peer)


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    lib.wait_for(lambda: s.connect_ex(str(path)) == 0)
    return s


def bench_emulated(home, peer, software):
    elf = lib.ROOT / "build/firmware/stm32f1/dock.elf"
    if shutil.which("qemu-system-arm") is None or not elf.exists():
        print("emulated dock: skipped, needs qemu-system-arm and make firmware")
        return
    args = ["qemu-system-arm", "-M", "stm32vldiscovery", "-kernel", str(elf), "-display", "none", "-monitor", "none"]
    for name in ("host", "scan", "till"):
        args += ["-chardev", f"socket,id={name},path={home}/{name}.sock,server=on,wait=off", "-serial", f"chardev:{name}"]
    p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        till, scanner, host = (connect(home / f"{n}.sock") for n in ("till", "scan", "host"))
        for s in (till, scanner, host):
            s.settimeout(10)
        register = Register(host)
        time.sleep(0.3)
        got = b""

        def passed(code):
            """Both lines are read all the time: an unread one stops the emulator."""
            nonlocal got
            until = time.monotonic() + 20
            while not got.endswith(code):
                ready = select.select([till, host], [], [], 1.0)[0]
                if till in ready:
                    got = got[-64:] + till.recv(4096)
                if host in ready:
                    register.waiting += register.frames(0)
                if time.monotonic() > until:
                    sys.exit(f"bench: {code} did not come to the till, but {got[-40:]}")
            at = time.perf_counter()
            register.scan()
            return at

        def both(code):
            passed(code)
            return time.perf_counter()
        us = times(scanner.sendall, passed)
        show("emulated dock: scan -> till", us, peer)
        print(f"{'':46} = {us[N // 2] / 14 / 1042:.3f} of a byte's time at 9600 baud for each byte")
        mine = show("emulated dock: scan -> register", times(scanner.sendall, both), peer)
        print(f"emulated / software, scan -> register: {mine / software:.2f}")
    finally:
        lib.end(p)
    # A byte's way in the emulator is a matter of its threads; what is the firmware's is counted.
    counted = subprocess.run([sys.executable, str(lib.ROOT / "tests/e2e/dock_qemu_time.py")], capture_output=True, text=True)
    print("\n".join(line[2:] for line in counted.stdout.splitlines() if line.startswith("# ")))
    for image in sorted(elf.parents[1].glob("*/dock.elf")):
        print(subprocess.run(["firmware/check-size.sh", image.parent.name, str(image), str(image.parent)], capture_output=True, text=True,
                             cwd=lib.ROOT).stdout.strip())


with lib.home() as where:
    base = bench_cat(where)
    bench_emulated(where, base, bench_software(where, base))
