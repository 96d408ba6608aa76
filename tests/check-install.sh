#!/bin/bash
# make install DESTDIR=... prefix=...: every program answers from where it was put, and uninstall
# leaves nothing behind.
set -u
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
fail() { echo "not ok - $*"; exit 1; }
make -s install DESTDIR="$dest" prefix=/opt/goeswith >/dev/null || fail "make install"
bin=$dest/opt/goeswith/bin
for p in goeswith goeswith-dock goeswith-decode goeswith-table goeswith-mine goeswith-report goeswith-sync goeswith-sim; do
	[ -x "$bin/$p" ] || fail "$p is not installed"
	"$bin/$p" --help >"$dest/out" 2>&1 || fail "$p --help exits $?"
	grep -q '^usage:' "$dest/out" || fail "$p --help prints no usage"
	"$bin/$p" --version | grep -q "^$p [0-9]" || fail "$p --version"
	"$bin/$p" --no-such-option >"$dest/out" 2>"$dest/err"
	[ $? -eq 2 ] || fail "$p does not exit 2 on wrong usage"
	[ ! -s "$dest/out" ] && [ -s "$dest/err" ] || fail "$p tells wrong usage on stdout"
	[ -e "$dest"/opt/goeswith/share/man/man[1-9]/"$p".[1-9] ] || fail "$p has no manual page"
done
"$bin/goeswith" report --version | grep -q '^goeswith-report ' || fail "goeswith VERB"
[ -f "$dest/opt/goeswith/include/goeswith/engine.h" ] || fail "public headers"
make -s uninstall DESTDIR="$dest" prefix=/opt/goeswith >/dev/null || fail "make uninstall"
left=$(find "$dest/opt" -type f)
[ -z "$left" ] || fail "left behind: $left"
echo "installed, answered, uninstalled"
