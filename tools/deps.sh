#!/bin/sh
# Installs what goeswith needs on Debian, as root or through sudo; safe to run again.
# usage: tools/deps.sh [--build | --list]      --build: without what only the tests need
set -eu

# What building and running need, with the reason for each.
build_list() {
	cat <<'END'
gcc                     the compiler
libc6-dev               C library headers
pkg-config              tells hosts of libgoeswith how to link
libncurses-dev          the text screens
libsqlite3-dev          journal.db and table.db
libserialport-dev       scanners and tills on serial lines
libjansson-dev          reading JSON
libinih-dev             reading goeswith.conf
libsodium-dev           BLAKE2b, Ed25519
libzstd-dev             bundles and uploaded batches
libcurl4-openssl-dev    goeswith-sync only: HTTPS and S3
zlib1g-dev              gzip, the one packing every ClickHouse server takes (head office)
libopenblas-dev         goeswith-mine only: learned weights
liblapacke-dev          goeswith-mine only: learned weights
tzdata                  local time of shops
END
}
# What the tests need besides.
test_list() {
	cat <<'END'
libcmocka-dev           unit tests
python3                 drives the programs end to end
git                     lists the sources to check
clang                   second compiler, fuzzing
libclang-rt-14-dev      sanitizer and fuzzer run time
clang-format            layout
clang-tidy              static checks
cppcheck                static checks
mandoc                  manual pages are checked
tmux                    screens are looked at in a real terminal
gcc-arm-none-eabi       the dock firmware
qemu-system-arm         the dock firmware, run
sqlite3                 a second opinion on databases
minisign                a second opinion on signatures
libzint-dev             a second opinion on bar codes
nginx                   uploads over mutual TLS
openssl                 certificates for that
clickhouse-server       head office's statistics over two shards (run as a program, never as a service)
ceph-mon                uploads to an object store that is not ours: its monitor,
ceph-osd                ... its disk (in memory),
radosgw                 ... and its S3 gateway
s3cmd                   ... as head office reads it
faketime                clocks that are wrong
systemd                 systemd-analyze checks the units (no service is started)
udev                    udevadm checks the rule for scanners
END
}
if [ "${1:-}" = --list ]; then
	build_list
	test_list
	exit 0
fi
wanted=$({
	build_list
	[ "${1:-}" = --build ] || test_list
} | awk '{ print $1 }')
if ! command -v apt-get >/dev/null 2>&1; then
	echo "tools/deps.sh knows Debian's apt-get only; install by hand what 'tools/deps.sh --list' prints" >&2
	exit 4
fi
missing=
for p in $wanted; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
if [ -z "$missing" ]; then
	echo "deps: all packages are installed"
	exit 0
fi
echo "deps: installing$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
# policy-rc.d is left alone: nginx is wanted as a program for a test, not as a service of the machine.
install() {
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
		apt-get install -y -q --no-install-recommends $missing
}
if ! install >/dev/null 2>&1; then
	$sudo apt-get update -q >/dev/null
	install >/dev/null
fi
echo "deps: done"
