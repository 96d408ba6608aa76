#!/usr/bin/env python3
"""Many terminals against one nginx with mutual TLS and one collector: FLEET=N terminals (100), a day of sales each.
Peers of the same run: bare TLS handshakes and requests by `openssl s_time` to the same server, one core each side.  From
what is measured follows, by arithmetic that is printed, what 100,000 tills ask of head office."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import lib  # noqa: E402
from sync_lib import sync  # noqa: E402
from sync_servers import make_ca, make_cert, nginx  # noqa: E402

FLEET = int(os.environ.get("FLEET", "100"))
TILLS, EVENTS, OPEN_HOURS = 100000, 2000, 14


def fleet(n, url, certs, *args):
    r = lib.run("goeswith-sim", "fleet", n, "--to", url, "--certs", certs, "--json", *args, timeout=1800)
    got = json.loads(r.stdout)
    got["puts_per_s"] = got["batches"] / got["drain_seconds"]
    return got


def tell(name, got):
    print(f"{name}: {got['terminals']} terminals, {got['events']} events, {got['batches']} PUTs in "
          f"{got['drain_seconds']:.1f} s: {got['events_per_second']:,.0f} events/s, {got['puts_per_s']:.0f} PUT/s, "
          f"{got['bytes_per_event']:.1f} bytes an event, {got['failed']} failed")


def handshakes(url, certs, kind):
    """Connections a second of openssl s_time, -new: each with a handshake, -reuse: resumed."""
    done = subprocess.run(["openssl", "s_time", "-connect", url.split("//")[1], kind, "-time", "3", "-www", "/rollout",
                           "-cert", certs / "F0000-T0001.crt", "-key", certs / "F0000-T0001.key", "-CAfile",
                           certs / "ca.crt"], capture_output=True, text=True, timeout=60)
    found = re.search(r"(\d+) connections in (\d+) real seconds", done.stdout)
    return int(found[1]) / int(found[2]) if found else 0


def collect(office):
    started = time.monotonic()
    got = json.loads(sync("collect", office, "--json", timeout=1800).stdout)
    return got["events"] / (time.monotonic() - started)


def paper(day, fresh, puts, collected):
    """What the measured rates mean for a large chain; nothing here is measured but its inputs."""
    batches = TILLS * OPEN_HOURS
    wire = TILLS * EVENTS * day["bytes_per_event"]
    print(f"\nextrapolated to {TILLS:,} tills x {EVENTS:,} events a day, sealed hourly over {OPEN_HOURS} h:")
    print(f"  {TILLS * EVENTS / 1e6:.0f} M events x {day['bytes_per_event']:.1f} bytes = {wire / 1e9:.1f} GB a day")
    print(f"  {batches / 1e6:.1f} M PUTs a day / ({OPEN_HOURS} h x 3600) = {batches / OPEN_HOURS / 3600:.0f} a second, "
          f"{batches / OPEN_HOURS / 3600 / fresh['puts_per_s']:.1f} of this machine's nginx and clients together "
          f"({fresh['puts_per_s']:.0f}/s, a handshake each), {batches / OPEN_HOURS / 3600 / puts:.1f} of nginx alone "
          f"({puts:.0f} handshakes/s)")
    print(f"  one collector: {TILLS * EVENTS / 1e6:.0f} M / {collected / 1e3:.0f} k events/s = "
          f"{TILLS * EVENTS / collected / 60:.0f} min a day")
    print(f"  day-end, all within 5 minutes: {TILLS / 300:.0f} PUT/s, {TILLS / 300 / puts:.1f} of nginx alone; "
          f"within the hour (splayed): {TILLS / 3600:.0f} PUT/s")


if not shutil.which("nginx") or not shutil.which("openssl"):
    print("skipped: no nginx or openssl")
    sys.exit(0)
with lib.home() as top:
    office, certs = top / "office", top / "certs"
    office.mkdir(), certs.mkdir()
    os.chmod(top, 0o755)
    for ca in ("head", "terminals"):
        make_ca(certs, ca)
    make_cert(certs, "head", "server", address=True)
    shutil.copy(certs / "head.crt", certs / "ca.crt")
    for i in range(1, FLEET + 1):
        make_cert(certs, "terminals", f"F0000-T{i:04d}")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, shared by clients, nginx and collector")
    with nginx(top, office, certs) as server:
        (office / "rollout").write_text("{}")
        new, again = handshakes(server.url, certs, "-new"), handshakes(server.url, certs, "-reuse")
        print(f"peer: openssl s_time, {new:.0f} connections/s with a handshake, {again:.0f}/s resumed")
        (office / "rollout").unlink()
        few = max(2, FLEET // 12)
        reused = fleet(few, server.url, certs, "--baskets", "200", "--batch-events", "10", "--seed", "2")
        tell("one connection, many PUTs", reused)
        shutil.rmtree(office / "up")
        hourly = fleet(FLEET, server.url, certs, "--baskets", "9", "--seed", "3")
        tell("an hour of sales, a handshake each", hourly)
        print(f"  a PUT on a kept connection costs {hourly['puts_per_s'] and reused['puts_per_s'] / hourly['puts_per_s']:.1f} "
              f"times less than one with process start and handshake; {hourly['puts_per_s'] / new:.2f} of the peer's rate")
        shutil.rmtree(office / "up")
        backlog = fleet(FLEET, server.url, certs, "--baskets", "200", "--seed", "4")
        tell("a day's backlog after an outage", backlog)
        collected = collect(office)
        print(f"collected: {collected:,.0f} events/s into one SQLite file")
        for p in office.glob("collection.db*"):
            p.unlink()
        shutil.rmtree(office / "up")
        burst = fleet(FLEET, server.url, certs, "--baskets", "40", "--jobs", str(FLEET), "--seed", "5")
        tell("day-end, all at once", burst)
        shutil.rmtree(office / "up")
        splay = max(2, round(2 * burst["drain_seconds"]))
        calm = fleet(FLEET, server.url, certs, "--baskets", "40", "--jobs", str(FLEET), "--seed", "6", "--splay", splay)
        tell(f"day-end, splayed over {splay} s", calm)
    paper(hourly, hourly, new, collected)
