"""Random element strings made from the dictionary compiled into the decoder.

Half of the values are meant to be good, half are damaged; which is which does not matter to the
test, because two programs that know nothing of each other judge them.
"""
import pathlib
import random
import re
import string

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETS = {1: "0123456789",
        2: "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_" + string.ascii_lowercase,
        4: "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        8: string.ascii_letters + string.digits + "-_"}
ALNUM = string.ascii_uppercase + string.digits


def table():
    """[(first, last, digits, [(set, min, max, optional, [check, ...]), ...]), ...]"""
    text = (ROOT / "pos-plugin/scan/ai_table.c").read_text(encoding="utf-8")
    part = r"\{(\d+), (\d+), (\d+), (true|false), \{([^}]*)\}\}"
    parts = []
    for s, low, high, optional, checks in re.findall(part, text[:text.index("ranges[]")]):
        names = [c[len("GW_AI_CHECK_"):].lower() for c in checks.split(", ") if c != "0"]
        parts.append((int(s), int(low), int(high), optional == "true", names))
    rows = []
    for m in re.finditer(r"\{\{(\d+), (\d+), (\d+)\}, \w+, \w+, \w+, \d+, \d+, (\d+), \d+, parts \+ (\d+),", text):
        first, last, digits, count, at = map(int, m.groups())
        rows.append((first, last, digits, parts[at:at + count]))
    assert len(rows) > 180, len(rows)
    return rows


def check_digit(payload):
    return str(-sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(payload))) % 10)


def date(r, years=2):
    text = "%02d%02d%02d" % (r.randrange(100), r.randrange(1, 13), r.randrange(0, 30))
    return text if years == 2 else "19" + text


def vli(r, low, high, plus=0):
    n = r.randint(low, high)
    return str(n) + "".join(r.choices(string.digits, k=n + plus))


def coupon(r):
    text = vli(r, 0, 6, 6) + "%06d" % r.randrange(10**6) + vli(r, 1, 5) + vli(r, 1, 5)
    text += r.choice("012349") + "%03d" % r.randrange(1000)
    if r.random() < 0.3:
        text += "1" + r.choice("0123") + vli(r, 1, 5) + r.choice("012349") + "123" + r.choice(["9", vli(r, 0, 6, 6)])
    if r.random() < 0.3:
        text += "3" + "26" + "1231"
    if r.random() < 0.3:
        text += "5" + vli(r, 0, 9, 6)
    if r.random() < 0.3:
        text += "9" + r.choice("01256") + r.choice("012") + r.choice("01") + r.choice("01")
    return text


def iban(r):
    body = "".join(r.choices(ALNUM, k=r.randint(11, 24)))
    country = r.choice(["DE", "FR", "GB", "XX", "SE"])
    number = int("".join(str(int(c, 36)) for c in body + country + "00"))
    return country + "%02d" % (98 - number % 97) + body


def special(r, checks, size):
    """A value that the checks should like, or None where any of the set will do."""
    c = set(checks)
    if c & {"yymmd0", "yymmdd"}:
        return date(r)
    if "yyyymmdd" in c:
        return date(r, 4)
    if c & {"hhmi"}:
        return "%02d%02d" % (r.randrange(25), r.randrange(61))
    if c & {"hh", "mi", "ss"}:
        return "%02d" % r.randrange(62)
    if c & {"iso3166", "iso3166999", "iso4217"}:
        return r.choice(["276", "840", "978", "752", "999", "%03d" % r.randrange(1000)])
    if "iso3166alpha2" in c:
        return r.choice(["DE", "US", "".join(r.choices(string.ascii_uppercase, k=2))])
    if "couponcode" in c:
        return coupon(r)
    if "couponposoffer" in c:
        return r.choice("012") + vli(r, 0, 6, 6) + "123456" + vli(r, 0, 9, 6)
    if "iban" in c:
        return iban(r)
    if "packagetype" in c:
        return r.choice(["PX", "1A", "BX", "200", "".join(r.choices(ALNUM, k=2))])
    if "posinseqslash" in c:
        return "%d/%d" % (r.randrange(10), r.randrange(10))
    if "pieceoftotal" in c:
        return "%02d%02d" % (r.randrange(12), r.randrange(12))
    if c & {"latitude", "longitude"}:
        return "%010d" % r.randrange(4 * 10**9)
    if "hyphen" in c:
        return "-" * size
    return None


def value_of_part(r, part):
    kind, low, high, optional, checks = part
    size = r.choice([low, high, r.randint(low, high)])
    text = special(r, checks, size)
    if text is None:
        text = "".join(r.choices(SETS[kind], k=size))
        if "gcppos1" in checks or "gcppos2" in checks or kind == 2 and r.random() < 0.5:
            text = "".join(r.choices(string.digits, k=min(size, 6))) + text[6:]
        if "zero" in checks and r.random() < 0.8:
            text = "0" * size
        if "csum" in checks:
            text = text[:-1] + check_digit(text[:-1])
        if "pcenc" in checks and size > 3 and r.random() < 0.5:
            text = text[:size - 3].replace("%", "A") + "%2F"
    return text


def damage(r, text):
    if not text:
        return text
    at = r.randrange(len(text))
    how = r.randrange(4)
    if how == 0:
        return text[:at] + r.choice(string.digits + "AZaz#~ %") + text[at + 1:]
    if how == 1:
        return text[:at] + text[at + 1:]
    if how == 2:
        return text[:at] + r.choice(string.digits + "AZ") + text[at:]
    return text[:at]


def element(r, rows):
    first, last, digits, parts = r.choice(rows)
    ai = str(r.randint(first, last)).zfill(digits)
    shown = [p for i, p in enumerate(parts) if not p[3] or r.random() < 0.5 or i == 0]
    text = "".join(value_of_part(r, p) for p in shown)
    if r.random() < 0.5:
        text = damage(r, text)
    # Bracketed text: no brackets inside values, so that no program has to know the other's escapes.
    return ai, re.sub(r"[()\[\]\\^]", "-", text)
