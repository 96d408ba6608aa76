#!/usr/bin/env python3
"""Makes pos-plugin/scan/ai_table.c from GS1's Barcode Syntax Dictionary and the ISO code lists.

usage: tools/decode/ai_gen.py DICTIONARY COMMIT [ISO-CODES-FOLDER] >pos-plugin/scan/ai_table.c

DICTIONARY  gs1-syntax-dictionary.txt (https://github.com/gs1/gs1-syntax-dictionary, Apache-2.0)
COMMIT      the commit of that repository it was taken from
ISO-CODES-FOLDER  JSON files of Debian's iso-codes (default /usr/share/iso-codes/json)

The output is committed, so that building needs neither of them.  It holds facts about numbers
(lengths, sets, checks), no text of the source but the short titles.
"""
import json
import re
import subprocess
import sys

SETS = {"N": 1, "X": 2, "Y": 4, "Z": 8}
SET82 = ("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
         "abcdefghijklmnopqrstuvwxyz")
SET39 = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SET64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="

# In ISO 4217's history but still met: the list of iso-codes lacks it.
EXTRA_CURRENCIES = {396: "XAD"}

# Codes of types of packages, UN/ECE Recommendation 21, annexes V and VI, with the additions of the
# GS1 code list PackageTypeCode.
PACKAGE_TYPES = """
1A 1B 1D 1F 1G 1W 200 201 202 203 204 205 206 210 211 212 2C 3A 3H 43 44 4A 4B 4C 4D 4F
4G 4H 5H 5L 5M 6H 6P 7A 7B 8 8A 8B 8C 9 AA AB AC AD AF AG AH AI AJ AL AM AP APE AT AV B4
BB BC BD BE BF BG BGE BH BI BJ BK BL BM BME BN BO BP BQ BR BRI BS BT BU BV BW BX BY BZ
CA CB CBL CC CCE CD CE CF CG CH CI CJ CK CL CM CN CO CP CQ CR CS CT CU CV CW CX CY CZ DA
DB DC DG DH DI DJ DK DL DM DN DP DPE DR DS DT DU DV DW DX DY E1 E2 E3 EC ED EE EF EG EH
EI EN FB FC FD FE FI FL FO FOB FP FPE FR FT FW FX GB GI GL GR GU GY GZ HA HB HC HG HN HR
IA IB IC ID IE IF IG IH IK IL IN IZ JB JC JG JR JT JY KG KI LAB LE LG LT LU LV LZ MA MB
MC ME MPE MR MS MT MW MX NA NE NF NG NS NT NU NV OA OB OC OD OE OF OK OPE OT OU P2 PA
PAE PB PC PD PE PF PG PH PI PJ PK PL PLP PN PO POP PP PPE PR PT PU PUE PV PX PY PZ QA QB
QC QD QF QG QH QJ QK QL QM QN QP QQ QR QS RB1 RB2 RB3 RCB RD RG RJ RK RL RO RT RZ S1 SA
SB SC SD SE SEC SH SI SK SL SM SO SP SS ST STL SU SV SW SX SY SZ T1 TB TC TD TE TEV TG
THE TI TK TL TN TO TR TRE TS TT TTE TU TV TW TWE TY TZ UC UN UUE VA VG VI VK VL VN VO VP
VQ VR VS VY WA WB WC WD WF WG WH WJ WK WL WM WN WP WQ WR WRP WS WT WU WV WW WX WY WZ X11
X12 X15 X16 X17 X18 X19 X20 X3 XA XB XC XD XF XG XH XJ XK YA YB YC YD YF YG YH YJ YK YL
YM YN YP YQ YR YS YT YV YW YX YY YZ ZA ZB ZC ZD ZF ZG ZH ZJ ZK ZL ZM ZN ZP ZQ ZR ZS ZT
ZU ZV ZW ZX ZY ZZ
""".split()


def part(text):
    optional = text.startswith("[")
    spec, *checks = text.replace("[", "").replace("]", "").split(",")
    kind, length = spec[0], spec[1:]
    if length.startswith(".."):
        low, high = 1, int(length[2:])
    else:
        low = high = int(length)
    return SETS[kind], low, high, optional, checks


def numbers(text):
    """Range of "01", "310n", "31nn" or "3100-3105"."""
    if "-" in text:
        first, last = text.split("-")
    else:
        first, last = text.replace("n", "0"), text.replace("n", "9")
    return int(first), int(last), len(first)


def parse(lines):
    for line in lines:
        line, _, title = line.rstrip("\n").partition(" # ")
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        name = words.pop(0)
        flags = words.pop(0) if not re.match(r"[NXYZ\[]", words[0]) else ""
        parts, attributes = [], []
        for word in words:
            if re.match(r"\[?[NXYZ](\.\.)?[0-9]", word):
                parts.append(part(word))
            else:
                attributes.append(word)
        row = {"numbers": numbers(name), "flags": flags, "parts": parts, "title": title.strip(),
               "ex": [], "req": [], "key": None}
        for a in attributes:
            key, _, value = a.partition("=")
            if key == "ex":
                row["ex"] += [numbers(n) for n in value.split(",")]
            elif key == "req":
                row["req"].append(value)
            elif key == "dlpkey":
                row["key"] = value
            else:
                sys.exit("unknown attribute: " + a)
        yield row


def flag(b):
    return "true" if b else "false"


def print_rows(rows):
    shared, parts, ranges = {}, [], []

    def place(pool, items):
        """Offset of items in a pool, sharing what stands there already."""
        key = (id(pool), tuple(items))
        if key not in shared:
            shared[key] = len(pool)
            pool.extend(items)
        return shared[key]

    out = []
    for r in rows:
        cells = []
        for s, low, high, optional, checks in r["parts"]:
            names = ", ".join("GW_AI_CHECK_" + c.upper() for c in checks) or "0"
            cells.append("{%d, %d, %d, %s, {%s}}" % (s, low, high, flag(optional), names))
        at = place(parts, cells)
        low = sum(p[1] for p in r["parts"] if not p[3])
        high = sum(p[2] for p in r["parts"])
        excludes = "NULL"
        if r["ex"]:
            excludes = "ranges + %d" % place(ranges, ["{%d, %d, %d}" % e for e in r["ex"]])
        quoted = lambda s: "NULL" if not s else '"%s"' % s
        out.append("\t{{%d, %d, %d}, %s, %s, %s, %d, %d, %d, %d, parts + %d, %s, %s, %s,\n\t %s}," % (
            *r["numbers"], flag("*" in r["flags"]), flag("?" in r["flags"]),
            flag(r["key"] is not None), low, high, len(cells), len(r["ex"]), at, excludes,
            quoted(r["key"]), quoted("|".join(r["req"])), quoted(r["title"]) if r["title"] else '""'))
    print("static const struct gw_ai_part parts[] = {")
    print("".join("\t%s,\n" % p for p in parts) + "};\n")
    print("static const struct gw_ai_range ranges[] = {")
    print("".join("\t%s,\n" % p for p in ranges) + "};\n")
    print("static const struct gw_ai rows[] = {\n" + "\n".join(out) + "\n};\n")


def wrap(items, per_line=16):
    items = [str(i) for i in items]
    return "".join("\t" + " ".join(i + "," for i in items[k:k + per_line]) + "\n"
                   for k in range(0, len(items), per_line))


def print_index(rows):
    """Per first two digits: how many digits follow them, and where their rows are listed."""
    digits, index, heads = {}, [0], []
    for r in rows:
        first, last, n = r["numbers"]
        for number in range(first, last + 1):
            head = int(str(number).zfill(n)[:2])
            if digits.setdefault(head, n) != n:
                sys.exit("identifiers of different lengths begin with %02d" % head)
    for head in range(100):
        n = digits.get(head, 0)
        if n == 0:
            heads.append("{0, 0}")
            continue
        heads.append("{%d, %d}" % (n, len(index)))
        scale = 10 ** (n - 2)
        cells = [0] * scale
        for i, r in enumerate(rows):
            first, last, m = r["numbers"]
            for number in range(first, last + 1):
                if m == n and number // scale == head:
                    cells[number % scale] = i + 1
        index += cells
    print("/* By the first two digits: digits in all (0: none begin so), place in index[]. */")
    print("static const struct {\n\tuint8_t digits;\n\tuint16_t place;\n} heads[100] = {")
    print(wrap(heads, 8) + "};\n")
    print("/* By the digits behind them: row + 1, or 0. */")
    kind = "uint8_t" if len(rows) < 255 else "uint16_t"
    print("static const %s index_of[] = {" % kind)
    print(wrap(index, 24) + "};\n")


def print_sets(iso):
    sets = [sum(bit for chars, bit in (("0123456789", 1), (SET82, 2), (SET39, 4), (SET64, 8))
                if chr(c) in chars and c < 128) for c in range(256)]
    print("const uint8_t gw_ai_sets[256] = {")
    print(wrap(sets, 32) + "};\n")
    countries = json.load(open(iso + "/iso_3166-1.json"))["3166-1"]
    words = [0] * 32
    for c in countries:
        n = int(c["numeric"])
        words[n // 32] |= 1 << n % 32
    print("/* Bit n: n is the number of a country. */")
    print("static const uint32_t countries[32] = {")
    print(wrap(["0x%08Xu" % w for w in words], 6) + "};\n")
    words = [0] * 26
    for c in countries:
        a, b = c["alpha_2"]
        words[ord(a) - 65] |= 1 << ord(b) - 65
    print("/* By the first letter: bit n is the second letter. */")
    print("static const uint32_t country_letters[26] = {")
    print(wrap(["0x%08Xu" % w for w in words], 6) + "};\n")
    money = {int(c["numeric"]): c["alpha_3"]
             for c in json.load(open(iso + "/iso_4217.json"))["4217"] if "numeric" in c}
    money.update(EXTRA_CURRENCIES)
    print("static const struct {\n\tuint16_t number;\n\tchar code[4];\n} currencies[] = {")
    print(wrap(['{%d, "%s"}' % m for m in sorted(money.items())], 5) + "};\n")
    print("static const char package_types[][4] = {")
    print(wrap(['"%s"' % p for p in sorted(PACKAGE_TYPES)], 12) + "};\n")


FUNCTIONS = r"""const struct gw_ai *gw_ai_find(const char *p, size_t len, unsigned *number)
{
	unsigned n = 0, head, i, row, scale = 1;

	if (len < 2 || (unsigned char)(p[0] - '0') > 9 || (unsigned char)(p[1] - '0') > 9)
		return NULL;
	head = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	if (heads[head].digits == 0 || heads[head].digits > len)
		return NULL;
	for (i = 2; i < heads[head].digits; i++) {
		if ((unsigned char)(p[i] - '0') > 9)
			return NULL;
		n = n * 10 + (unsigned)(p[i] - '0');
		scale *= 10;
	}
	row = index_of[heads[head].place + n];
	*number = head * scale + n;
	return row == 0 ? NULL : &rows[row - 1];
}

bool gw_ai_is_country(unsigned number)
{
	return number < 1000 && (countries[number / 32] >> number % 32 & 1) != 0;
}

bool gw_ai_is_country_alpha2(const char *p)
{
	return p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z' &&
	       (country_letters[p[0] - 'A'] >> (p[1] - 'A') & 1) != 0;
}

static int compare_type(const void *key, const void *row)
{
	return memcmp(key, row, sizeof(package_types[0]));
}

bool gw_ai_is_package_type(const char *p, size_t len)
{
	char key[sizeof(package_types[0])] = "";

	if (len >= sizeof(key))
		return false;
	memcpy(key, p, len);
	return bsearch(key, package_types, sizeof(package_types) / sizeof(package_types[0]),
		       sizeof(package_types[0]), compare_type) != NULL;
}

const char *gw_ai_currency(unsigned number)
{
	size_t low = 0, high = sizeof(currencies) / sizeof(currencies[0]);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (currencies[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sizeof(currencies) / sizeof(currencies[0]) && currencies[low].number == number
		       ? currencies[low].code
		       : NULL;
}"""


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    iso = sys.argv[3] if len(sys.argv) == 4 else "/usr/share/iso-codes/json"
    with open(sys.argv[1], encoding="utf-8") as f:
        rows = sorted(parse(f), key=lambda r: str(r["numbers"][0]).zfill(r["numbers"][2]))
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "iso-codes"],
                             capture_output=True, text=True).stdout or "unknown"
    source = "GS1 Barcode Syntax Dictionary @%s (Apache-2.0); iso-codes %s" % (sys.argv[2], version)
    print("/* Made by tools/decode/ai_gen.py; do not edit.\n * Source: %s. */" % source)
    print("/* clang-format off */")
    print('#include "scan/ai.h"\n\n#include <stdlib.h>\n#include <string.h>\n')
    print('const char gw_ai_source[] = "%s";\n' % source)
    print_rows(rows)
    print_index(rows)
    print_sets(iso)
    print(FUNCTIONS)


if __name__ == "__main__":
    main()
