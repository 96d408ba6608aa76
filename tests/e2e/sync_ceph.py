"""Ceph's object gateway on loopback: an S3 server that is not ours and checks signatures and If-None-Match.
One monitor, one disk in memory, one gateway, all in a folder and as whoever runs the test."""
import contextlib
import pathlib
import shutil
import subprocess
import uuid

import lib
from sync_servers import Server

KEY, SECRET = "tillkey", "tillsecret"
PROGRAMS = "ceph ceph-mon ceph-osd monmaptool radosgw radosgw-admin s3cmd"

# Nobody but this test talks to it, so its parts do not sign for each other; the gateway signs all the same.
CONF = """[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon},v1:127.0.0.1:{mon1}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms mon client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
mon data = {top}/mon
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 1
osd data = {top}/osd
osd objectstore = memstore
memstore device bytes = 268435456
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class load list = *
osd class default list = *
rgw data = {top}/rgw
run dir = {top}
keyring = {top}/keyring
log file = {top}/$name.log
mon cluster log file = {top}/cluster.log
admin socket = {top}/$name.asok
pid file = {top}/$name.pid
"""


def missing():
    """What is not installed, "" when all is there."""
    return " ".join(p for p in PROGRAMS.split() if not shutil.which(p))


class Ceph:
    def __init__(self, top):
        self.top = pathlib.Path(top)
        self.port, self.mon, self.mon1 = lib.free_port(), lib.free_port(), lib.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.fsid = uuid.uuid4()
        for folder in ("mon", "osd", "rgw"):
            (self.top / folder).mkdir()
        (self.top / "ceph.conf").write_text(CONF.format(top=top, fsid=self.fsid, mon=self.mon, mon1=self.mon1))
        (self.top / "s3cfg").write_text(f"[default]\naccess_key = {KEY}\nsecret_key = {SECRET}\nuse_https = False\n"
                                        f"host_base = 127.0.0.1:{self.port}\nhost_bucket = 127.0.0.1:{self.port}\n")
        self.log = (self.top / "out").open("w")
        self.servers = []

    def start(self):
        """Some ten seconds, most of them Ceph's own."""
        disk = uuid.uuid4()
        self.tool("ceph-authtool", "--create-keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *",
                  self.top / "keyring")
        self.tool("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a",
                  f"[v2:127.0.0.1:{self.mon},v1:127.0.0.1:{self.mon1}]", self.top / "monmap")
        self.tool("ceph-mon", "--mkfs", "-i", "a", "--monmap", self.top / "monmap")
        self.serve(self.mon, "ceph-mon", "-f", "-i", "a")
        self.tool("ceph", "osd", "new", disk)
        self.tool("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self.tool("ceph", "osd", "crush", "add", "osd.0", "1", "root=default", "host=here")
        self.serve(None, "ceph-osd", "-f", "-i", "0")
        self.tool("radosgw-admin", "user", "create", "--uid", "till", "--display-name", "till", "--access-key", KEY,
                  "--secret-key", SECRET)
        self.gateway = self.serve(self.port, "radosgw", "-f", "-n", "client.rgw", "--ms_mon_client_mode=crc",
                                  f"--rgw_frontends=beast endpoint=127.0.0.1:{self.port}")

    def serve(self, port, program, *args):
        server = Server([program, "-c", self.top / "ceph.conf", *args], port, self.log)
        self.servers.append(server)
        return server

    def tool(self, program, *args):
        """A tool of Ceph that answers once the cluster does."""
        subprocess.run([program, "-c", str(self.top / "ceph.conf"), *map(str, args)], check=True, stdout=self.log,
                       stderr=self.log, timeout=lib.DEADLINE)

    def s3cmd(self, *args):
        """Debian's own S3 client, as head office would use it."""
        return subprocess.run(["s3cmd", "-c", str(self.top / "s3cfg"), *map(str, args)], capture_output=True, text=True,
                              timeout=lib.DEADLINE)

    def end(self):
        for server in reversed(self.servers):
            server.kill()
        self.log.close()


@contextlib.contextmanager
def ceph():
    """A cluster of its own, gone afterwards."""
    with lib.home() as top:
        it = Ceph(top)
        try:
            it.start()
            yield it
        finally:
            it.end()
