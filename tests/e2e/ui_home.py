"""A small shop and the register at a terminal, for the tests that look at its screen."""
import re

import lib
from terminal import Terminal

ITEMS = """code,name,price,cost,category,kind,stock,tags
4006381333931,Torch LED 200 lm,12.99,6.00,light,product,20,
5012345678900,"Batteries AA, 4 pack",3.99,1.50,light,product,50,
4012345678901,抹茶アイス,2.50,1.00,food,product,50,
"""
RULES = """rule,if,suggest,kind,discount,script,weight
r1,4006381333931,5012345678900,addon,0.50,Do you need batteries for the torch?,5
"""
TORCH, BATTERIES, ICE = "4006381333931", "5012345678900", "4012345678901"
F = {1: "\x1bOP", 2: "\x1bOQ", 3: "\x1bOR", 4: "\x1bOS", 5: "\x1b[15~", 6: "\x1b[17~",
     7: "\x1b[18~", 8: "\x1b[19~", 9: "\x1b[20~", 10: "\x1b[21~"}


# Offers and totals wait for the test, however busy the machine is; nor is an offer held back because a
# scan was 50 ms on its way, or came close behind the one before.
SETTINGS = """key,value
currency,EUR
offer_ms,600000
deadline_ms,0
rush_gap_ms,0
total_close_s,3600
idle_close_s,0
"""


def make_home(path, rules=RULES, experiments=None, conf=None):
    (path / "set").mkdir()
    (path / "home").mkdir()
    (path / "set/items.csv").write_text(ITEMS)
    (path / "set/rules.csv").write_text(rules)
    (path / "set/settings.csv").write_text(SETTINGS)
    if experiments:
        (path / "set/experiments.csv").write_text(experiments)
    if conf:
        (path / "home/goeswith.conf").write_text(conf)
    made = lib.run("goeswith-table", "make", path / "set", "-o", path / "bundle")
    assert made.returncode == 0, made.stderr
    done = lib.run("goeswith-table", "install", path / "bundle", "--home", path / "home")
    assert done.returncode == 0, done.stderr
    return path / "home"


class Register(Terminal):
    def __init__(self, home, *args, **kw):
        self.home = home
        self.err = open(home / "stderr", "wb")
        super().__init__([lib.program("goeswith"), "--home", str(home), *map(str, args)],
                         stderr=self.err, **kw)

    def close(self):
        """Ends it as a closed window does, and what it started with it."""
        super().close()
        self.wait_exit()
        self.err.close()

    def sees(self, *words):
        return self.wait(lambda: all(w in self.text() for w in words))

    def scanner_ready(self):
        """What is on the line when it is opened, before a pause, is no scan of now."""
        return self.wait(lambda: "● scanner " in self.text() and "starting" not in self.text())

    def scan(self, code, end="\r"):
        """As a scanner that poses as a keyboard."""
        self.send(code + end)

    def lines(self):
        return len(re.findall(r"^│ +\d+[ +](?!item)", self.text(), re.M))
