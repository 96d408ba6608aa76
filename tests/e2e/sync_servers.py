"""Servers the tests of sync run against: nginx with the configuration we ship, and certificates for it."""
import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess

import lib
from sync_lib import sync


def die_with_parent():
    """In a child: a test that is killed leaves no server behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def push(home, url, *args):
    r = sync("push", "--home", home, "--to", url, "--json", *args)
    return r, (json.loads(r.stdout) if r.stdout else {})


def configure(home, **values):
    (home / "goeswith.conf").write_text("[sync]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))


# --- certificates -----------------------------------------------------------------------------------------------

def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def make_ca(folder, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
            "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt")


def make_cert(folder, ca, name, days=30, address=False):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")
    extra = []
    if address:
        (folder / "ext").write_text("subjectAltName=IP:127.0.0.1\n")
        extra = ["-extfile", folder / "ext"]
    openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{ca}.crt", "-CAkey", folder / f"{ca}.key",
            "-CAcreateserial", "-days", days, "-out", folder / f"{name}.crt", *extra)


class Server:
    """A server process, on a port or None, which can be killed and started again."""

    def __init__(self, command, port, log=subprocess.DEVNULL):
        self.command, self.port, self.log = [str(c) for c in command], port, log
        self.start()

    def start(self):
        self.p = subprocess.Popen(self.command, stdout=self.log, stderr=self.log, preexec_fn=die_with_parent,
                                  start_new_session=True)

        def answers():
            if self.port is None:
                return True
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            return self.p.poll() is not None
        lib.wait_for(answers)

    def kill(self):
        """kill -9, of its workers too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.p.pid, signal.SIGKILL)
        self.p.wait()

    def end(self):
        lib.end(self.p)
        self.kill()


@contextlib.contextmanager
def nginx(top, office, certs):
    """The configuration we ship, with its paths and port replaced."""
    port = lib.free_port()
    text = (lib.ROOT / "tools/sync/nginx.conf.example").read_text()
    for a, b in [("syslog:server=unix:/dev/log,tag=goeswith,nohostname", str(top / "nginx-error.log")), ("/run/nginx-goeswith.pid", str(top / "nginx.pid")),
                 ("/srv/goeswith", str(office)), ("/etc/goeswith/server", str(certs / "server")),
                 ("/etc/goeswith/terminals-ca", str(certs / "terminals")), ("listen 8443", f"listen 127.0.0.1:{port}"),
                 ("worker_processes auto", "worker_processes 1")]:
        assert a in text, a
        text = text.replace(a, b)
    text = text.replace("user www-data goeswith;", "user root;" if os.geteuid() == 0 else "")
    (top / "nginx.conf").write_text(text)
    (office / "temp").mkdir(exist_ok=True)
    server = Server(["nginx", "-p", top, "-c", top / "nginx.conf", "-g", "daemon off;", "-e", top / "error.log"], port)
    server.url = f"https://127.0.0.1:{port}"
    try:
        yield server
    finally:
        server.end()
