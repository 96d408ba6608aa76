#!/usr/bin/env python3
"""What a machine runs: the systemd units and the udev rule as shipped, and the programs as users of their own in one
group, so far confined as one can without systemd as the first process: read-only system, no capabilities, no network
for the collector."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import lib

t = lib.Tap()
UNITS = lib.ROOT / "tools/sync/systemd"
REGISTER, SYNC, REPORT, STRANGER, GROUP = 64001, 64002, 64003, 64004, 64000


def installed(folder):
    """The units with the paths of this build, as `make install` writes them."""
    folder.mkdir()
    for f in UNITS.iterdir():
        (folder / f.name).write_text(f.read_text().replace("/usr/local/bin", str(lib.BIN)))
    return folder


def analyze(*args):
    r = subprocess.run(["systemd-analyze", *map(str, args)], capture_output=True, text=True)
    return r.returncode, r.stdout + r.stderr


def units(top):
    if not shutil.which("systemd-analyze"):
        t.skip("systemd units", "no systemd-analyze")
        return
    folder = installed(top / "units")
    files = sorted(f for f in folder.iterdir() if f.suffix in (".service", ".timer"))
    status, said = analyze("verify", "--man=no", *files)
    t.check(status == 0 and not said.strip(), f"systemd-analyze verify: {', '.join(f.name for f in files)}", said)
    wrong = folder / "goeswith-wrong.service"
    wrong.write_text((folder / "goeswith-sync.service").read_text().replace("ProtectSystem=", "ProtectSistem="))
    status, said = analyze("verify", "--man=no", wrong)
    t.check("ProtectSistem" in said, "... and it would notice a wrong word", said)
    for name in ("goeswith-sync", "goeswith-collect"):
        status, said = analyze("security", "--offline=true", "--no-pager", folder / f"{name}.service")
        level = re.search(r"exposure level for \S+ ([\d.]+)", said)
        t.check(level and float(level[1]) <= 2.0, f"{name}.service: exposure {level and level[1]} of 10", said[-500:])


def udev_rule():
    """The rules folder is a tmpfs of a mount namespace of its own, so the machine's is not touched."""
    if not shutil.which("udevadm") or os.geteuid() != 0 or not pathlib.Path("/sys/class/tty/tty0").exists():
        t.skip("udev rule", "no udevadm, not root, or no tty0")
        return

    def said(text):
        script = """mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && cat >/run/udev/rules.d/60-goeswith-scanner.rules &&
            udevadm test --action=add /sys/class/tty/tty0 2>&1"""
        r = subprocess.run(["unshare", "--mount", "sh", "-c", script], input=text, capture_output=True, text=True)
        return r.stdout + r.stderr

    rule = (UNITS / "60-goeswith-scanner.rules").read_text()
    out = said(rule)
    if "Reading rules file: /run/udev/rules.d/60-goeswith-scanner.rules" not in out:
        t.skip("udev rule", "udevadm test reads no rules here")
        return
    # The group is made by whoever installs; that it is not here yet is no fault of the rule.
    complaints = [line for line in out.splitlines() if "60-goeswith-scanner.rules" in line and "Reading" not in line and
                  "Unknown group 'goeswith'" not in line]
    t.equal(complaints, [], "udevadm reads the rule without a complaint")
    out = said(rule.replace("ATTRS{idVendor}", "ATRRS{idVendor}"))
    t.check("60-goeswith-scanner.rules" in out.replace("Reading rules file: /run/udev/rules.d/60-goeswith-scanner.rules", ""),
            "... and would notice a wrong one", out[-800:])


# --- users of their own ------------------------------------------------------------------------------------------

def as_user(uid, *command, group=GROUP, **kwargs):
    return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={group}", "--clear-groups", "--no-new-privs",
                           "--bounding-set=-all", "--inh-caps=-all", *map(str, command)], capture_output=True, text=True,
                          timeout=lib.DEADLINE, cwd="/", **kwargs)


def confined(uid, writable, *command):
    """The system read-only but for one folder, as ProtectSystem=strict and ReadWritePaths= do; no network."""
    script = 'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / && umask 007 && exec "$@"'
    return ["unshare", "--mount", "--net", "sh", "-c", script, str(writable), "setpriv", f"--reuid={uid}",
            f"--regid={GROUP}", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
            *map(str, command)]


def owners(folder):
    return {str(p.relative_to(folder)): (p.stat().st_uid, oct(p.stat().st_mode & 0o777)) for p in folder.rglob("*")}


def users(top):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        t.skip("users of their own", "not root, or no setpriv")
        return
    os.chmod(top, 0o755)
    home, office = top / "home", top / "office"
    for folder in (home, office):
        folder.mkdir()
        os.chown(folder, REGISTER, GROUP)
        os.chmod(folder, 0o2770)
    (top / "baskets").write_text("A B C\nB C D\n" * 50)
    os.umask(0o077)  # whatever the caller's umask, home files are the group's
    r = as_user(REGISTER, lib.program("goeswith-sim"), "replay", "--baskets", top / "baskets", "--home", home)
    os.umask(0o022)
    t.check(r.returncode == 0 and (home / "journal.db").stat().st_uid == REGISTER, "the register's user writes the journal",
            r.stderr)
    t.equal(oct((home / "journal.db").stat().st_mode & 0o777), "0o660", "... for the group and nobody else")
    before = (home / "journal.db").read_bytes()
    r = as_user(SYNC, lib.program("goeswith-sync"), "push", "--home", home, "--to", f"dir:{office}")
    t.check(r.returncode == 0 and "sent 1" in r.stdout, "sync's user reads it and pushes", r.stderr + r.stdout)
    t.equal((home / "journal.db").read_bytes(), before, "... and leaves it as it was")
    mine = sorted(name for name, (uid, _) in owners(home).items() if uid == SYNC and not name.startswith("journal"))
    t.check({"sync.db", "sync.news", "outbox", "device/till.key"} <= set(mine), "sync's own files are its own", mine)
    t.equal(owners(home)["device/till.key"][1], "0o600", "the till's key is for nobody else")
    r = as_user(REPORT, lib.program("goeswith-report"), "today", "--from", "2026-01-01", "--to", "2026-12-31", "--home", home,
                "--json")
    t.check(r.returncode == 0 and '"sales":100' in r.stdout.replace(" ", ""), "the report's user reads", r.stderr + r.stdout)
    r = as_user(REPORT, "cat", home / "device/till.key")
    t.check(r.returncode != 0, "... but not the till's key", r.stdout)
    for name, args in (("goeswith-report", ("today", "--home", home)), ("goeswith-sync", ("push", "--home", home, "--to", "dir:/tmp"))):
        r = as_user(STRANGER, lib.program(name), *args, group=STRANGER)
        t.check(r.returncode in (5, 6) and "ermission" in r.stderr, f"a stranger is refused by {name}: {r.returncode}", r.stderr)

    # The service's own command, confined; then the collector's.
    (home / "goeswith.conf").write_text(f"[sync]\nto = dir:{office}\nevery = 1\nsplay = 0\nbatch_age = 0\n")
    os.chmod(home / "goeswith.conf", 0o640)
    os.chown(home / "goeswith.conf", 0, GROUP)
    probe = subprocess.run(confined(SYNC, home, "touch", top / "outside"), capture_output=True, text=True)
    if "Read-only" not in probe.stderr and "ermission" not in probe.stderr:
        t.skip("confined service", f"no mount namespace here: {probe.stderr.strip()[:80]}")
        return
    command = re.search(r"ExecStart=\S+/(goeswith-sync) (\S+)", (UNITS / "goeswith-sync.service").read_text())
    os.chmod(office, 0o2775)
    as_user(REGISTER, lib.program("goeswith-sim"), "replay", "--baskets", top / "baskets", "--home", home, "--max", "20")
    env = dict(os.environ, GOESWITH_HOME=str(home))
    with (top / "log").open("w") as log:
        p = subprocess.Popen(confined(SYNC, home, lib.program(command[1]), command[2]), env=env, stdout=log, stderr=log)
        told = lib.wait_for(lambda: "Read-only" in (top / "log").read_text())
        time.sleep(4)
        p.send_signal(signal.SIGTERM)
        status = p.wait(lib.DEADLINE)
    lines = (top / "log").read_text().splitlines()
    t.check(told and status == 0, "the service's command, confined: what it may not write it says", "\n".join(lines))
    t.check(len(lines) == 1, f"the same trouble is one line in the log, not one a round ({len(lines)})", "\n".join(lines))
    inside = home / "office"
    os.rename(office, inside)
    (home / "goeswith.conf").write_text(f"[sync]\nto = dir:{inside}\nevery = 1\nsplay = 0\nbatch_age = 0\n")
    p = subprocess.Popen(confined(SYNC, home, lib.program(command[1]), command[2]), env=env, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    sent = lib.wait_for(lambda: len(list((inside / "up").rglob("*.zst"))) >= 2)
    p.send_signal(signal.SIGTERM)
    t.check(sent and p.wait(lib.DEADLINE) == 0, "the service's command, confined, does its work and ends when told", "")
    r = subprocess.run(confined(SYNC, inside, lib.program("goeswith-sync"), "collect", inside), capture_output=True, text=True,
                       env=dict(os.environ, GOESWITH_HOME=str(inside)))
    t.check(r.returncode == 0 and "taken with" in r.stdout, "the collector's command does, without a network", r.stderr)


with lib.home() as top:
    units(top)
    udev_rule()
    users(top)
t.done()
