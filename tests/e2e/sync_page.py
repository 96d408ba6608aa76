#!/usr/bin/env python3
"""The commands of goeswith-head-office(7) for a server, a till and a stolen till, as they stand there, run as root in
name spaces of their own (files, network): nginx as its own user, the collector as goeswith, the till as goeswith-sync.
Only systemctl is left out; what the units start is started by hand as their user."""
import fcntl
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

import lib

t = lib.Tap()
PAGE = lib.ROOT / "tools/sync/goeswith-head-office.7"
# Everything the page touches is covered first; the programs are installed where it looks for them.
COVER = r"""
set -e
mount --make-rprivate /
mount -t tmpfs none "$1/over"
for d in /etc /usr/local /var; do
    n="$1/over/$(echo $d | tr / _)"
    mkdir -p "$n/up" "$n/work"
    mount -t overlay none -o "lowerdir=$d,upperdir=$n/up,workdir=$n/work" $d
done
mount -t tmpfs none /srv
mount -t tmpfs none /run
cp -r "$1/installed/." /usr/local/
echo 127.0.0.1 office.example >>/etc/hosts
mkdir -p /var/log/nginx /var/lib/nginx
exec python3 "$2" inside "$1"
"""


def blocks(section):
    """The displays of a section: what a reader would type or write."""
    text = PAGE.read_text()
    part = re.search(rf"^\.Ss {section}\n(.*?)(?=^\.S[sh] )", text, re.S | re.M)[1]
    return [b.replace("\\e", "\\") for b in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", part, re.S | re.M)]


def shell(text, name, user=None):
    text = "".join(line for line in text.splitlines(True) if not line.startswith("systemctl"))
    command = ["sh", "-ec", text]
    # Into a file: a server that is started keeps it open.
    with tempfile.TemporaryFile("w+") as said:
        status = subprocess.run(command if user is None else ["runuser", "-u", user, "--", *command], stdout=said,
                                stderr=said, stdin=subprocess.DEVNULL, timeout=lib.DEADLINE).returncode
        said.seek(0)
        told = said.read()
    t.check(status == 0, name, text + told)
    return told


def sales(user="goeswith"):
    shell("umask 007; printf 'A B C\\nB C D\\n' | goeswith-sim replay --baskets /dev/stdin --home /var/lib/goeswith "
          "--store S0042 --terminal T03",
          "the till sells", user)


def loopback_up():
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS: up, running


def inside(top):
    loopback_up()
    os.chdir(top / "keys")
    os.environ["PATH"] = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ.pop("GOESWITH_HOME", None)
    authorities, server, terminal, nginx, units, collect = blocks("A server")
    for name, text in (("a user, a folder, two authorities", authorities), ("the server's certificate", server),
                       ("a terminal's certificate", terminal), ("nginx is set up and started", nginx), ("units are copied", units)):
        shell(text, f"page: {name}")
    users, conf, service = blocks("A till")
    shell(users, "page: the till's users and files")
    pathlib.Path("/var/lib/goeswith/goeswith.conf").write_text(conf)
    shell(service, "page: the till's units")
    sales()
    os.environ["GOESWITH_HOME"] = "/var/lib/goeswith"
    told = shell("umask 007; goeswith-sync push", "goeswith-sync's user pushes", "goeswith-sync")
    t.check("sent 1" in told, "nginx, as its own user, takes it", told)
    strange = next(pathlib.Path("/srv/goeswith/up/S0042-T03").iterdir()).with_name("hello")
    strange.write_text("not a batch")
    os.chown(strange, 33, strange.parent.stat().st_gid)
    told = shell("umask 027\n" + collect, "page: collect and report")
    t.check("1 taken" in told and "1 refused" in told and not strange.exists(),
            "the collector, as its own user, takes the batch and moves what it refuses", told)
    told = shell("umask 007; goeswith-sync push", "the till pushes again", "goeswith-sync")
    t.check("committed 1, waiting 0, not acknowledged 0" in told, "the acknowledgement is read through nginx", told)
    sales()
    shell(blocks("A till is stolen")[0], "page: the till is stolen")
    lib.wait_for(lambda: subprocess.run(["runuser", "-u", "goeswith-sync", "--", "goeswith-sync", "push"], capture_output=True,
                                        cwd="/").returncode == 6, 20, 0.5)
    r = subprocess.run(["runuser", "-u", "goeswith-sync", "--", "goeswith-sync", "push"], capture_output=True, text=True, cwd="/")
    t.check(r.returncode == 6 and "revoked" in r.stderr and "sent 0" in r.stdout, "it is shut out", r.stdout + r.stderr)
    subprocess.run(["nginx", "-s", "stop", "-c", "/etc/goeswith/nginx.conf"], capture_output=True)
    lib.wait_for(lambda: not pathlib.Path("/run/nginx-goeswith.pid").exists())
    t.done()


def outside():
    needed = [p for p in ("unshare", "nginx", "openssl", "runuser", "useradd") if not shutil.which(p)]
    if os.geteuid() != 0 or needed:
        t.skip("the page for head office", f"no {', '.join(needed)}" if needed else "not root")
        t.done()
    with lib.home() as top:
        os.chmod(top, 0o755)
        for folder in ("over", "keys", "installed/bin", "installed/share/goeswith/sync"):
            (top / folder).mkdir(parents=True)
        for name in ("goeswith", "goeswith-sync", "goeswith-report", "goeswith-sim"):
            shutil.copy(lib.program(name), top / "installed/bin")
        for f in [*(lib.ROOT / "tools/sync").glob("*.example"), *(lib.ROOT / "tools/sync/systemd").iterdir()]:
            shutil.copy(f, top / "installed/share/goeswith/sync")
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c"]
        probe = COVER.rsplit("exec ", 1)[0]
        r = subprocess.run([*command, probe, "sh", str(top)], capture_output=True, text=True)
        if r.returncode != 0:
            t.skip("the page for head office", f"no name spaces here: {r.stderr.strip()[:80]}")
            t.done()
        sys.exit(subprocess.run([*command, COVER, "sh", str(top), os.path.abspath(__file__)], timeout=240).returncode)


if sys.argv[1:2] == ["inside"]:
    inside(pathlib.Path(sys.argv[2]))
else:
    outside()
