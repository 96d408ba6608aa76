#!/bin/sh
# Opens the register on the demo shop while a simulated scanner plays a morning of customers.
# usage: run.sh FOLDER-OF-THE-PROGRAMS [OPTION OF goeswith...]
# Everything lives in a temporary folder and is gone afterwards; GOESWITH_DEMO_HOME keeps it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${1:-.}" && pwd)
[ $# -gt 0 ] && shift
for p in goeswith goeswith-dock goeswith-sim goeswith-table goeswith-report; do
	[ -x "$bin/$p" ] || { echo "demo: $bin/$p is missing; run make first" >&2; exit 2; }
done
if [ ! -t 0 ] || [ ! -t 1 ]; then
	echo "demo: this wants a terminal (over ssh: ssh -t)" >&2
	exit 2
fi
tmp=
finish() {
	trap - EXIT
	trap '' INT TERM HUP
	# $! and not a variable: we may be here before one could be set.  Again and again: a signal
	# for the player is lost while it is still a copy of this shell with this shell's traps.
	set +u
	player=$! tries=0
	while [ -n "$player" ] && kill "$player" 2>/dev/null && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -lt 100 ] || kill -9 "$player" 2>/dev/null || true
	[ -z "$tmp" ] || rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
tmp=$(mktemp -d)
home=${GOESWITH_DEMO_HOME:-$tmp/home}
mkdir -p "$home"
"$bin/goeswith-table" make "$here" -o "$tmp/bundle" >/dev/null
"$bin/goeswith-table" install "$tmp/bundle" --home "$home" >/dev/null
"$bin/goeswith-sim" scanner "$here/morning.scan" --port "$tmp/scanner" --loop >/dev/null 2>&1 &
"$bin/goeswith" --home "$home" --scanner "$tmp/scanner" --store DEMO --terminal T01 --cashier 17 "$@"
echo
"$bin/goeswith-report" today --home "$home" || true
