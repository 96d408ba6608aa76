#!/bin/bash
# Runs test programs that speak TAP (https://testanything.org), and adds up what they say, in the
# order given.  A program that dies, prints no plan of its own, says nothing, or leaves
# files in the $TMPDIR that is made for it alone, is a failure of its own.
# Those behind "--" want the machine for themselves: they run last, one at a time.
# usage: tests/run.sh [PROGRAM...] [-- PROGRAM...]
#	TEST_TIMEOUT=SECONDS (900)   TEST_JOBS=N at a time (one for each processor, at most four)
set -u
passed=0 failed=0 skipped=0
room=$(mktemp -d)
chmod 755 "$room" # tests run programs as other users too
trap 'rm -rf "$room"' EXIT
tests=() together=-1
for arg in "$@"; do
	if [ "$arg" = -- ]; then together=${#tests[@]}; else tests+=("$arg"); fi
done
[ $together -ge 0 ] || together=${#tests[@]}
jobs=${TEST_JOBS:-$(nproc)}
[ -n "${TEST_JOBS:-}" ] || [ "$jobs" -le 4 ] || jobs=4

# run_one NUMBER: leaves out, err, status and ms in a folder of that number.
run_one() {
	local my=$room/$1 started
	started=$(date +%s%N)
	mkdir -m 755 "$my"
	mkdir -m 1777 "$my/t"
	TMPDIR=$my/t CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "${TEST_TIMEOUT:-900}" "${tests[$1]}" \
		>"$my/out" 2>"$my/err" </dev/null
	echo $? >"$my/status"
	echo $((($(date +%s%N) - started) / 1000000)) >"$my/ms"
	touch "$my/done"
}

# report NUMBER: prints how it went and adds it up.
report() {
	local my=$room/$1 name=${tests[$1]##*/} status ok bad skip left
	local out=$my/out err=$my/err
	read -r status <"$my/status"
	ok=$(grep -cE '^ok\b' "$out")
	bad=$(grep -cE '^not ok\b' "$out")
	skip=$(grep -ciE '^ok\b.*# skip' "$out")
	[ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; } && bad=1
	left=$(ls -A "$my/t")
	if [ -n "$left" ]; then
		echo "left behind in \$TMPDIR: $left" >>"$err"
		bad=$((bad + 1))
	fi
	passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
	if [ "$bad" -ne 0 ]; then
		echo "FAILED $name (exit status $status)"
		grep -vE '^ok\b' "$out" | tail -n 60
		tail -n 60 "$err"
	else
		echo "  ok     $name: $((ok - skip)) passed$([ "$skip" -gt 0 ] && echo ", $skip skipped") ($(cat "$my/ms") ms)"
		grep -iE '^ok\b.*# skip' "$out" | sed 's/^/         /'
	fi
	rm -rf "$my"
}

told=0
tell() {
	while [ -e "$room/$told/done" ]; do
		report $told
		told=$((told + 1))
	done
}

for ((i = 0; i < ${#tests[@]}; i++)); do
	[ $i -lt $together ] || jobs=1
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
		tell
	done
	run_one $i &
done
wait
tell
if [ -n "${RUN_TOTALS:-}" ]; then
	echo "$passed $failed $skipped" >>"$RUN_TOTALS"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
