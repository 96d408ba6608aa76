#!/usr/bin/env python3
"""goeswith-decode as a program: order, escapes, streams, framed bytes, captures, cards."""
import json
import os
import pty
import subprocess
import tempfile
import time
import tty

import lib

t = lib.Tap()
NOHOME = ["--home", "/nonexistent"]


def decode(data, *args):
    done = subprocess.run([lib.program("goeswith-decode"), *NOHOME, *args],
                          input=data if isinstance(data, bytes) else data.encode(),
                          capture_output=True, timeout=lib.DEADLINE)
    return done, [json.loads(l) for l in done.stdout.splitlines()]


def even(data):
    return bytes(b | 0x80 if bin(b).count("1") % 2 else b for b in data)


# --- the contract's own examples ------------------------------------------------------------------
done, out = decode(']C10109501101530003\\x1D10AB12\n]C0ABC-123\n5901234123458\n4111111111111111\n')
t.check(done.returncode == 0 and len(out) == 4, "one answer a line", done.stderr)
t.check(out[0]["ok"] and out[0]["gtin"] == "09501101530003" and out[0]["lot"] == "AB12" and
        out[0]["ais"] == [["01", "09501101530003"], ["10", "AB12"]] and out[0]["warnings"] == [],
        "an element string", out[0])
t.check(out[1]["kind"] == "code" and out[1]["code"] == "ABC-123", "an internal code", out[1])
t.equal(out[2], {"ok": False, "error": "check digit is 8, should be 7", "at": 12}, "a check digit")
t.equal(out[3], {"ok": False, "error": "payment card number refused"}, "a card, no digit of it")
done, out = decode("]E02811111068708\n", "--region", "germany")
t.check(out[0]["gtin"] == "02811110000006" and
        out[0]["measure"] == {"type": "weight", "value": 6870, "decimals": 3, "unit": "kg"},
        "an in-store number", out[0])
done, out = decode("]E02811111068708\n", "--region", "de", "--pattern", "28IIIIVNNNNNC price 2 EUR")
t.check(out[0]["measure"]["type"] == "price", "a shop's pattern is tried first", out[0])
done, out = decode("(01)09501101530003(10)A\\(B\n", "--bracketed")
t.check(out and out[0].get("lot") is None and not out[0]["ok"], "an escape that is none is told", out)
done, out = decode("(01)09501101530003(10)A\\\\(B\n", "--bracketed")
t.check(out and out[0].get("lot") == "A(B", "bracketed text", out)
done, out = decode("]d20109501101530003" "17200101\n", "--today", "2026-11-22")
t.equal(out[0]["warnings"], ["the use-by date is past"], "an expired pack is told")

# --- lines ----------------------------------------------------------------------------------------
done, out = decode("A\\\n\\q\n\\x4\n\nB\r\nC")
t.equal([o["ok"] for o in out], [False, False, False, False, True, True],
        "faulty escapes, an empty line, CRLF, no newline at the end")
t.check(out[1]["at"] == 0 and out[3]["error"] == "nothing was scanned", "and where they are", out)
done, out = decode("x" * 5000 + "\nABC\n" + "y" * 400000 + "\nDEF\n")
t.equal([o["ok"] for o in out], [False, True, False, True], "over-long lines are one answer each")
t.equal(out[0]["error"], out[2]["error"], "of the same words")
done, out = decode(b"A\xff\xfe\n\xe2\x80\xaeB\n")
t.check(len(out) == 2 and "\u202e" not in out[1].get("code", ""), "any bytes give JSON", out)

many = "".join("]E05901234123457\n]C10109501101530003\\x1D10L%d\n" % i for i in range(50000))
done, out = decode(many)
t.check(len(out) == 100000 and all(o["ok"] for o in out) and out[99999]["lot"] == "L49999",
        "100,000 lines in order")

p = subprocess.Popen([lib.program("goeswith-decode"), *NOHOME], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE)
p.stdin.write(b"]E05901234123457\n")
p.stdin.flush()
t.check(json.loads(p.stdout.readline())["ok"], "a pipe that pauses is answered at once")
p.stdin.close()
p.wait()
p.stdout.close()

# --- framed bytes ---------------------------------------------------------------------------------
done, out = decode(b"5901234123457\r\n\x02]C10109501101530003\x1d10A\x03ABC\t4711", "--raw")
t.equal([o.get("gtin") or o.get("code") for o in out],
        ["05901234123457", "09501101530003", "ABC", "4711"], "terminators, and the end")
SSI = bytes.fromhex("12F300000B35393031323334313233343537FC52")
AGAIN = bytes.fromhex("12F300010B35393031323334313233343537FC51")
done, out = decode(SSI + AGAIN + SSI[:-1] + b"\x53" + SSI, "--raw", "--profile", "zebra-ssi")
t.equal([o["ok"] for o in out], [True, False, True], "SSI: sold, sent again, damaged, sold")
t.check(out[0]["gtin"] == "05901234123457" and out[0]["symbology"] == "]E0", "SSI: decoded", out)

master, slave = pty.openpty()
tty.setraw(slave)
with lib.running("goeswith-decode", *NOHOME, "--raw", "--idle-ms", "20", os.ttyname(slave),
                 stdout=subprocess.PIPE) as p:
    os.write(master, b"5901234123457")  # no terminator
    line = p.stdout.readline()
    t.check(json.loads(line).get("gtin") == "05901234123457", "a pause ends a scan", line)
    os.write(master, b"96385074\r")
    line = p.stdout.readline()
    t.check(json.loads(line).get("gtin") == "00000096385074", "and the next one is whole", line)
    os.close(slave)
    os.close(master)
    t.check(lib.wait_for(lambda: p.poll() is not None), "a port that is gone ends it")

# --- captures and guesses -------------------------------------------------------------------------
with tempfile.TemporaryDirectory() as folder:
    capture = os.path.join(folder, "c.txt")
    cards = b"4111111111111111\r" + even(b"5555555555554444\r") + b"%B4111111111111111^A/B^2912?\r"
    done, out = decode(b"5901234123457\r\x00\xff\r" + cards + b"ABC\\\r", "--capture", capture)
    text = open(capture, encoding="ascii").read()
    t.check(text.startswith("# goeswith capture 1\n") and "5901234123457\\x0D" in text and
            "\\x00\\xFF" in text and "ABC\\\\" in text, "a capture has every byte", text)
    t.check("4111" not in text and "5555" not in text and "\\xB5\\xB5" not in text and
            text.count("a payment card was left out") >= 2, "but no card, whatever its parity", text)
    t.check(b"4111" not in done.stdout and b"4111" not in done.stderr, "nor has the output")
    t.equal(os.stat(capture).st_mode & 0o777, 0o600, "only its owner may read it")

    scans = b"".join(b"\x02%s\x03" % s for s in (b"5901234123457", b"96385074", b"AB-1"))
    done, out = decode(even(scans), "--guess")
    t.check(out[0]["profile"] == "olivetti" and "even parity" in out[0]["reason"],
            "7E1 read as 8N1 is recognised", out)
    decode(even(scans), "--capture", capture)
    done, out = decode(b"", "--guess", capture)
    t.check(out and out[0]["profile"] == "olivetti", "from a capture, too", out)
    done, out = decode(b"A5901234123457\rA4006381333931\r", "--guess")
    t.check({"advice": "a letter before each number: set code-ids = zebra"} in out,
            "a maker's identifiers are recognised", out)
    done, out = decode(bytes((i * 73) & 0xFF | 0x80 for i in range(300)), "--guess")
    t.check("another speed" in out[-1].get("advice", ""), "noise is another speed", out)

    # --- configuration and faults -----------------------------------------------------------------
    conf = os.path.join(folder, "goeswith.conf")
    with open(conf, "w", encoding="utf-8") as f:
        f.write("[scan]\nregion = sweden\npattern = 29IIIIVNNNNNC weight 3 kg\n")
    run = lambda *a: lib.run("goeswith-decode", *a, stdin="]E02388060112344\n]E02930711068700\n")
    out = [json.loads(l) for l in run("--config", conf).stdout.splitlines()]
    t.equal([o["measure"]["value"] for o in out], [1234, 6870], "region and pattern from the file")
    out = [json.loads(l) for l in run("--config", conf, "--region", "none").stdout.splitlines()]
    t.check("measure" not in out[0] and "measure" in out[1], "options win over the file", out)
    with open(conf, "w", encoding="utf-8") as f:
        f.write("[scan]\nregion = mars\n")
    done = run("--config", conf)
    t.check(done.returncode == 3 and "no region 'mars'" in done.stderr, "a faulty file is 3", done)
    for args, status in ((["--region", "mars"], 2), (["--pattern", "28II"], 2), (["--gs", "12"], 2),
                         (["--profile", "x"], 2), (["--today", "1.1.26"], 2), (["--nope"], 2),
                         ([os.path.join(folder, "none")], 3),
                         (["--capture", folder], 5)):
        done, out = decode(b"", *args)
        t.check(done.returncode == status and done.stderr, f"{' '.join(args)}: exit {status}",
                done)
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([lib.program("goeswith-decode"), *NOHOME], input=b"ABC\n",
                                  stdout=full, stderr=subprocess.PIPE)
        t.check(done.returncode == 5 and b"cannot write" in done.stderr, "a full disk is 5")
t.done()
