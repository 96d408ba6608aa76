#!/usr/bin/env python3
"""The budgets of the firmware stop a build: a small image inside all of them, and one fault each."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import lib

CROSS = os.environ.get("FW_CROSS", "arm-none-eabi-")
FLAGS = ("-std=c11 -ffreestanding -Os -mcpu=cortex-m3 -mthumb -fstack-usage -fcallgraph-info=su "
         "-ffunction-sections -fdata-sections").split()

# A whole image: the vectors, a handler, a call through a pointer.  FAULT and FAULTS are a row's.
SOURCE = r"""
extern unsigned link_stack_top[];
typedef void (*handler)(void);
volatile unsigned seen;
%(fault)s
__attribute__((noinline)) void leaf(void) { seen++; }
__attribute__((noinline)) void other(void) { volatile char a[100]; a[0] = 1; seen += a[0]; }
handler volatile hook = leaf;
void gw_tick(void) { volatile char a[50]; a[0] = 1; seen += a[0]; }
void gw_fault(void) { for (;;) ; }
void gw_reset(void) { hook(); other(); %(call)s }
__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
	(handler)link_stack_top, gw_reset, gw_fault, gw_fault, gw_fault, gw_fault, gw_fault, 0, 0, 0, 0,
	gw_fault, gw_fault, 0, gw_fault, gw_tick };
__attribute__((section(".vectors.irq"), used)) static const handler irqs[1] = { gw_tick };
"""
LIST = "dock.c: leaf\n"
NEST = "__attribute__((noinline)) void n%d(void) { volatile char a[500]; a[0] = 1; seen += a[0]; %s }\n"
DEEP = NEST % (3, "") + NEST % (2, "n3();") + NEST % (1, "n2();")

# name, what is put before, what gw_reset calls, the list of calls, which step must refuse (None: none) and its word
ROWS = [
    ("inside its budgets", "", "", LIST, None, ""),
    ("text", "const char fault[13000] = {1};", "seen = fault[seen];", LIST, "size", "text above 12288"),
    ("RAM", "char fault[7000];", "fault[seen] = 1;", LIST, "link", "will not fit in region `RAM'"),
    ("one frame", "void fault(void) { volatile char a[600]; a[0] = 1; seen += a[0]; }", "fault();", LIST, "size",
     "a stack frame above 560"),
    ("a frame of unknown size", "void fault(unsigned n) { volatile char a[n]; a[0] = 1; seen += a[0]; }", "fault(seen);", LIST,
     "size", "stack of unknown size"),
    ("an allocator", "__attribute__((noinline, used)) void *malloc(unsigned n) { return (void *)(n + seen); }",
     "seen = (unsigned)malloc(seen);", LIST, "size", "an allocator or printf"),
    ("a chain of calls", DEEP, "n1();", LIST, "stack", "n1 504 > n2 504 > n3 50"),
    ("a pointer nobody speaks of", "", "", "", "stack", "a pointer may hold leaf"),
    ("a call nobody speaks of", "", "", "elsewhere.c: leaf\n", "stack", "gw_reset calls through a pointer"),
    ("a pointer's target that goes deep", DEEP + "void n1(void); void (*volatile more)(void) = n1;", "more();", LIST.strip() + " n1\n",
     "stack", "n1 504 > n2 504 > n3 50"),
    ("recursion", "void fault(void); void fault2(void) { seen++; fault(); seen++; }\n"
     "void fault(void) { if (seen++) fault2(); seen++; }", "fault();", LIST, "stack", "recursion: gw_reset > fault"),
    ("a function of unknown stack", '__asm__(".thumb_func\\n.globl far\\nfar: bx lr"); void far(void);', "far();", LIST, "stack",
     "far: nothing is known of its stack"),
]


def tool(name, *arguments, where):
    r = subprocess.run([CROSS + name, *arguments], cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return r.returncode, r.stdout


def check(folder, board, calls):
    """Makes the image and returns what each step says, as (exit status, words)."""
    (folder / "calls.txt").write_text(calls)
    said = {"compile": tool("gcc", *FLAGS, "-c", "dock.c", where=folder)}
    said["link"] = tool("gcc", *FLAGS, "-nostdlib", "-Wl,--gc-sections", "-L", str(lib.ROOT), "-T",
                        f"{lib.ROOT}/firmware/board/{board}/link.ld", "-o", "dock.elf", "dock.o", where=folder)
    if said["link"][0] != 0:
        return said
    tool("objcopy", "-O", "binary", "dock.elf", "dock.bin", where=folder)
    for name, command in (("size", [lib.ROOT / "firmware/check-size.sh", board, "dock.elf", "."]),
                          ("stack", [lib.ROOT / "firmware/check-stack.py", board, "dock.elf", "calls.txt", "dock.o"])):
        r = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said[name] = (r.returncode, r.stdout)
    return said


def main():
    t = lib.Tap()
    if not shutil.which(CROSS + "gcc"):
        t.skip("the firmware's budgets", f"there is no {CROSS}gcc")
        t.done()
    for name, fault, call, calls, refuses, word in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "dock.c").write_text(SOURCE % {"fault": fault, "call": call})
            said = check(folder, "stm32f1", calls)
        if refuses is None:
            t.check(all(code == 0 for code, _ in said.values()), name, said)
            # gw_reset 8, other 104; a handler 56; both frames of the processor
            t.check("at most 240 of 1280 deep: 112 calls, 56 a handler, 0 a fault, 72" in said["stack"][1],
                    "the deepest chain is what the sources say", said["stack"][1])
        else:
            code, words = said.get(refuses, (0, ""))
            t.check(code != 0 and word in words, f"refused: {name}", said)
    t.done()


main()
