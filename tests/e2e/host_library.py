#!/usr/bin/env python3
"""The library as a till vendor gets it: installed into a folder, found by pkg-config, linked both
ways, called from C and C++, and exporting what its map says and nothing else."""
import os
import re
import shutil
import subprocess
import sys

import lib

VARIANT = os.environ.get("VARIANT", "release")
PREFIX = "/opt/goeswith"
ITEMS = """code,name,price,cost,category,kind,stock,tags
05012345678900,Espresso machine,199.00,120.00,kitchen,product,,
04012345678901,Descaler,9.90,2.00,kitchen,product,,
"""
RULES = """rule,if,suggest,kind,price,script,weight
r1,05012345678900,04012345678901,addon,8.90,Keeps it clean for a year,1.0
"""


def sh(*command, **kwargs):
    kwargs.setdefault("capture_output", True)
    return subprocess.run(list(map(str, command)), text=True, timeout=300, **kwargs)


def make(*args):
    """make as a person calls it, whatever make runs this test."""
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    return sh("make", "-s", *args, cwd=lib.ROOT, env=env)


def exported(*nm):
    out = sh("nm", *nm).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines()
            if re.search(r" [TDRBVW] ", line)}


def public_calls():
    """Every function that a public header marks GW_API."""
    calls = set()
    for header in ("engine.h", "table.h"):
        text = (lib.ROOT / "include/goeswith" / header).read_text()
        calls |= set(re.findall(r"^GW_API [^;{]*?\b(gw_\w+)\(", text, re.M | re.S))
    return calls


def make_table(t, home):
    csv = home / "csv"
    csv.mkdir()
    (csv / "items.csv").write_text(ITEMS)
    (csv / "rules.csv").write_text(RULES)
    (csv / "settings.csv").write_text("key,value\ncurrency,EUR\nholdout_ppm,0\n")
    made = lib.run("goeswith-table", "make", csv, "-o", home / "bundle")
    put = lib.run("goeswith-table", "install", home / "bundle", "--home", home)
    t.check(made.returncode == 0 and put.returncode == 0, "a table is made and installed",
            made.stderr + put.stderr)
    return home / "table.db"


def build(t, home, stage, how):
    env = dict(os.environ, PKG_CONFIG_PATH=f"{stage}{PREFIX}/lib/pkgconfig",
               PKG_CONFIG_SYSROOT_DIR=str(stage))
    flags = sh("pkg-config", "--cflags", "--libs", *(["--static"] if how == "static" else []),
               "goeswith", env=env)
    t.check(flags.returncode == 0, f"pkg-config knows goeswith ({how})", flags.stderr)
    words = flags.stdout.split()
    if how == "static":
        words = [f"{stage}{PREFIX}/lib/libgoeswith.a" if w == "-lgoeswith" else w for w in words]
    program = home / f"host-{how}"
    source = stage / PREFIX[1:] / "share/goeswith/example/host.c"
    done = sh(os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Werror", source,
              *words, "-o", program)
    t.check(done.returncode == 0, f"the example host builds ({how})", done.stderr)
    return program


def runs(t, program, stage, table, how):
    env = dict(os.environ)
    if how == "shared":
        env["LD_LIBRARY_PATH"] = f"{stage}{PREFIX}/lib"
    done = sh(program, table, input="05012345678900\nyes\ntotal\npay\n"
              "05012345678900\n]E04012345678901\npay\n", env=env)
    t.equal([" ".join(line.split()) for line in done.stdout.splitlines()],
            ["1 Espresso machine 1 x 19900",
             "? Descaler for 890 (goes with Espresso machine)",
             '"Keeps it clean for a year"',
             "2 Descaler 1 x 890",
             "taken: 04012345678901",
             "ring 04012345678901",
             "2 items, 20790",
             "1 Espresso machine 1 x 19900",
             "? Descaler for 890 (goes with Espresso machine)",
             '"Keeps it clean for a year"',
             "2 Descaler 1 x 890",
             "taken: 04012345678901",
             "2 items, 20790"], f"the example host sells and offers ({how})")
    bad = sh(program, "/nowhere/table.db", input="", env=env)
    t.check(bad.returncode != 0 and "/nowhere/table.db" in bad.stderr,
            f"the example host says why it cannot start ({how})", bad.stderr)


def main():
    t = lib.Tap()
    if VARIANT not in ("release", "clang"):
        t.skip("the installed library", f"instrumented build ({VARIANT})")
        t.done()
    with lib.home() as home:
        stage = home / "stage"
        done = make("install-lib", f"DESTDIR={stage}", f"prefix={PREFIX}", f"VARIANT={VARIANT}")
        t.check(done.returncode == 0, "make install-lib", done.stderr)
        so = stage / "opt/goeswith/lib/libgoeswith.so"
        want = public_calls()
        t.check(len(want) >= 14, "the headers were read", want)
        t.equal(exported("-D", "--defined-only", so), want,
                "the shared library exports the public calls and nothing else")
        t.equal(exported("-g", "--defined-only", so.with_suffix(".a")), want,
                "so does the static one")
        dynamic = sh("readelf", "-d", so).stdout
        t.check("soname: [libgoeswith.so.0]" in dynamic, "it has a soname", dynamic)
        needed = set(re.findall(r"NEEDED.*\[(lib[a-z0-9+-]+)\.so", dynamic))
        t.check(needed <= {"libsqlite3", "libm", "libc"}, "it needs SQLite and libc only", needed)

        if shutil.which("g++") or shutil.which("clang++"):
            cxx = shutil.which("g++") or shutil.which("clang++")
            done = sh(cxx, "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                      f"-I{stage}{PREFIX}/include", f"-L{stage}{PREFIX}/lib", "-x", "c++", "-",
                      "-lgoeswith", "-o", home / "cxx", input="""
#include <goeswith/table.h>
int main()
{
	gw_table *table = nullptr;
	gw_err err = {};
	return gw_table_load(&table, "/nowhere", &err) == GW_E_NOT_FOUND ? 0 : 1;
}
""")
            ran = sh(home / "cxx", env=dict(os.environ, LD_LIBRARY_PATH=f"{stage}{PREFIX}/lib"))
            t.check(done.returncode == 0 and ran.returncode == 0,
                    "C++ compiles the headers and links the library", done.stderr)
        else:
            t.skip("C++ compiles the headers", "no C++ compiler")

        table = make_table(t, home)
        for how in ("shared", "static"):
            runs(t, build(t, home, stage, how), stage, table, how)

        done = make("uninstall-lib", f"DESTDIR={stage}", f"prefix={PREFIX}")
        left = [str(p) for p in (stage / "opt/goeswith/lib").rglob("*") if not p.is_dir()]
        t.equal(left, [], "make uninstall-lib takes the library away again")
    t.done()


if __name__ == "__main__":
    sys.exit(main())
