#!/usr/bin/env python3
"""The deepest the stack of a dock image can get, computed from the compiler's call graph.

usage: firmware/check-stack.py IMAGE ELF CALLS OBJECT...

Each OBJECT has a .ci file beside it (gcc -fcallgraph-info=su).  The chain from reset is taken from
there, the handlers from the image's vector table.  All handlers have the priority they have after a
reset (PORTING.md, "A new board"), so one at a time stands on the main chain, and a fault on both.
CALLS says what the calls through pointers may reach, of a source or of one function; an indirect
call it does not know, a function whose address is taken and that nobody lists, recursion and a frame of unknown size stop
the build.  Prints one line and writes IMAGE's chains to stack-chain.txt beside the ELF.
"""
import os
import re
import struct
import subprocess
import sys

FRAME = 36  # eight words the processor pushes, and one to align them (ARMv7-M, B1.5.6)
INDIRECT = "__indirect_call"
CROSS = os.environ.get("FW_CROSS", "arm-none-eabi-")


class Bad(Exception):
    pass


def tool(name, *arguments):
    return subprocess.run([CROSS + name, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def short(title):
    """A function's name; static ones are called file.c:name in the graph."""
    return title.rsplit(":", 1)[-1]


class Graph:
    def __init__(self, objects):
        self.frame, self.source, self.calls, self.named = {}, {}, {}, {}
        for o in objects:
            self.read(re.sub(r"\.o$", ".ci", o))

    def read(self, path):
        with open(path) as f:
            text = f.read()
        source = re.search(r'graph: { title: "(.*?)"', text)[1]
        for title, label in re.findall(r'node: { title: "(.*?)" label: "(.*?)"', text):
            size = re.search(r"\\n(\d+) bytes \((.*?)\)", label)
            if size:
                if size[2] != "static":
                    raise Bad(f"{title}: its frame is {size[2]}")
                self.frame[title], self.source[title] = int(size[1]), source
                self.named.setdefault(short(title), []).append(title)
        for a, b in re.findall(r'edge: { sourcename: "(.*?)" targetname: "(.*?)"', text):
            self.calls.setdefault(a, set()).add(b)

    def find(self, name):
        """By its name alone, as symbols and the list of calls have it; gcc's .isra.0 apart."""
        if name not in self.named:
            raise Bad(f"{name}: nothing is known of its stack")
        return self.named[name]


def addresses_taken(objects):
    """Functions whose address a program's data or code mentions: what a pointer may hold."""
    taken = set()
    for o in objects:
        code = set(re.findall(r"\bFUNC +\w+ +\w+ +\w+ +(\S+)", tool("readelf", "-sW", o)))
        section = ""
        for line in tool("readelf", "-rW", o).splitlines():
            head = re.match(r"Relocation section '\.rela?(\.\S+)'", line)
            section = head[1] if head else section
            word = re.match(r"[0-9a-f]+ +[0-9a-f]+ +R_ARM_(?:ABS32|MOVW_ABS_NC|THM_MOVW_ABS_NC) +\S+ +(\S+)", line)
            if word and not section.startswith((".debug", ".vectors")):
                name = re.sub(r"^\.text\.", "", word[1])
                if name in code or name != word[1]:
                    taken.add(name)
    return taken


def read_calls(path):
    """SOURCE or CALLER: FUNCTION...; a line that begins with a blank goes on with the one before."""
    table, source = {}, None
    with open(path) as f:
        for line in f:
            line = line.split("#")[0].rstrip()
            if line and not line[0].isspace():
                source, line = line.split(":", 1)
            if line:
                table.setdefault(source, set()).update(line.split())
    return table


class Chains:
    def __init__(self, graph, table):
        self.graph, self.table = graph, table
        self.known, self.path = {}, []

    def targets(self, title):
        for t in sorted(self.graph.calls.get(title, ())):
            if t != INDIRECT:
                yield t if t in self.graph.frame else self.graph.find(short(t))[0]
                continue
            source = self.graph.source[title]
            listed = self.table.get(short(title), self.table.get(source))
            if listed is None:
                raise Bad(f"{title} calls through a pointer, and the list of calls has no word on {source}")
            for name in sorted(listed):
                if name in self.graph.named:  # not every image has every function
                    yield from self.graph.find(name)

    def deepest(self, title):
        """[(function, frame)...] of the deepest chain from here."""
        if title in self.path:
            raise Bad("recursion: " + " > ".join(short(t) for t in [*self.path, title]))
        if title not in self.known:
            self.path.append(title)
            below = [self.deepest(t) for t in self.targets(title)]
            self.path.pop()
            self.known[title] = [(short(title), self.graph.frame[title]), *max(below, key=depth, default=[])]
        return self.known[title]


def depth(chain):
    return sum(size for _, size in chain)


def vectors(elf, symbols):
    """The image begins with the address of the stack, the start, and the handlers' addresses."""
    count = sum(size for name, (_, size) in symbols.items() if name in ("vectors", "irqs")) // 4
    if count < 16:
        raise Bad("there is no vector table")
    with open(re.sub(r"\.elf$", ".bin", elf), "rb") as f:
        words = struct.unpack(f"<{count}I", f.read(4 * count))
    at = {address: name for name, (address, _) in symbols.items()}
    return [at[w & ~1] if w else None for w in words[1:]]


def check(image, elf, calls, objects):
    graph, table = Graph(objects), read_calls(calls)
    symbols = {name: (int(address, 16), int(size or "0", 16)) for address, size, name in re.findall(
        r"^([0-9a-f]+) (?:([0-9a-f]{8}) )?[tTbBdD] (\S+)$", tool("nm", "-S", elf), re.M)}
    loose = {t for t in addresses_taken(objects) if t in graph.named} - set().union(*table.values())
    if loose:
        raise Bad(f"a pointer may hold {', '.join(sorted(loose))}: list it, under the source that calls it")
    chains = Chains(graph, table)
    reset, *handlers = vectors(elf, symbols)
    find = lambda name: chains.deepest(graph.find(name)[0])
    main = find(reset)
    # Of the processor's own vectors, all that stand before SysTick are faults here.
    fault = max((find(h) for h in handlers[:13] if h), key=depth)
    handler = max((find(h) for h in handlers[13:] if h), key=depth)
    room = symbols["link_stack_top"][0] - symbols["link_stack"][0]
    most = depth(main) + FRAME + depth(handler) + FRAME + depth(fault)
    with open(os.path.join(os.path.dirname(elf), "stack-chain.txt"), "w") as f:
        for what, chain in (("from reset", main), ("of a handler", handler), ("of a fault", fault)):
            print(f"{depth(chain):5}  the deepest chain {what}", file=f)
            for name, size in chain:
                print(f"{size:11}  {name}", file=f)
    print(f"  the stack is at most {most} of {room} deep: {depth(main)} calls, {depth(handler)} a handler, "
          f"{depth(fault)} a fault, {2 * FRAME} what the processor saves")
    if most > room:
        raise Bad(f"the stack can get {most} deep and has {room}: " +
                  " > ".join(f"{name} {size}" for name, size in main))


def main():
    image, elf, calls, *objects = sys.argv[1:]
    try:
        check(image, elf, calls, objects)
    except Bad as e:
        sys.exit(f"{image}: {e}")


main()
