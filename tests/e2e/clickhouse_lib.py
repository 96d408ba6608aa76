"""Real ClickHouse servers for tests: one cluster of two shards on free loopback ports, with configurations of their own
in a temporary folder (never the installed service), small caches, few threads, and the examples that we ship.  They
die with the test."""
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import lib

PROGRAM = shutil.which("clickhouse-server") or shutil.which("clickhouse-server", path="/usr/sbin:/usr/local/sbin")

CONFIG = """<yandex>
<logger><level>warning</level><log>{dir}/log</log><errorlog>{dir}/errors</errorlog></logger>
<http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{inter}</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
<path>{dir}/data/</path><tmp_path>{dir}/tmp/</tmp_path><format_schema_path>{dir}/schemas/</format_schema_path>
<mark_cache_size>16777216</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
<max_connections>64</max_connections><max_concurrent_queries>32</max_concurrent_queries>
<users_config>{dir}/users.xml</users_config><default_profile>default</default_profile>
<default_database>default</default_database><timezone>UTC</timezone>
</yandex>"""
EXAMPLES = lib.ROOT / "tools/sync"
USERS = """<yandex><profiles><default><max_memory_usage>1500000000</max_memory_usage><max_threads>2</max_threads>
<background_pool_size>2</background_pool_size></default></profiles><quotas><default/></quotas><users>
<default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
</default></users></yandex>"""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Server:
    def __init__(self, folder, ports, shards):
        self.folder, (self.http, self.tcp, inter) = folder, ports
        folder.mkdir()
        for name in ("data", "tmp", "schemas", "config.d", "users.d"):
            (folder / name).mkdir()
        (folder / "config.xml").write_text(CONFIG.format(dir=folder, http=self.http, tcp=self.tcp, inter=inter))
        (folder / "users.xml").write_text(USERS)
        (folder / "config.d/goeswith.xml").write_text(shards)
        shutil.copy(EXAMPLES / "clickhouse-users.xml.example", folder / "users.d/goeswith.xml")
        self.p = None

    def url(self, database="goeswith"):
        return f"clickhouse:http://127.0.0.1:{self.http}/{database}"

    def start(self, wait=True):
        self.p = subprocess.Popen([PROGRAM, f"--config-file={self.folder}/config.xml"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        if wait:
            self.wait()

    def wait(self):
        if not lib.wait_for(self.answers, step=0.05):
            raise RuntimeError("ClickHouse does not start: " + (self.folder / "errors").read_text()[-2000:])

    def answers(self):
        if self.p.poll() is not None:
            self.start(False)  # its port was taken for a moment, or an old one is going down
        with contextlib.suppress(OSError):
            return self.ask("SELECT 1") == "1\n"

    def kill(self):
        self.p.kill()
        self.p.wait()

    def stop(self):
        if self.p is not None and self.p.poll() is None:
            self.kill()

    def ask(self, sql, **settings):
        settings["output_format_json_quote_64bit_integers"] = 0
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}/?{urllib.parse.urlencode(settings)}",
                                         data=sql.encode())
        try:
            with urllib.request.urlopen(request, timeout=2 * lib.DEADLINE) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as e:
            raise RuntimeError(e.read().decode()) from e

    def rows(self, sql):
        return [tuple(row) for row in json.loads(self.ask(sql + " FORMAT JSONCompact"))["data"]]


@contextlib.contextmanager
def cluster(top):
    """Two running servers that know each other as the cluster `shops`, by the example that we ship."""
    ports = [lib.free_port() for _ in range(6)]
    text = (EXAMPLES / "clickhouse-cluster.xml.example").read_text()
    for n, tcp in enumerate((ports[1], ports[4]), 1):
        text = text.replace(f"<host>office-{n}</host><port>9000</port>", f"<host>127.0.0.1</host><port>{tcp}</port>")
    servers = [Server(top / f"clickhouse{i}", ports[3 * i:3 * i + 3], text) for i in range(2)]
    try:
        for s in servers:
            s.start(False)
        for s in servers:
            s.wait()
        yield servers
    finally:
        for s in servers:
            s.stop()
