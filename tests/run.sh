#!/bin/bash
# Runs test programs that speak TAP (https://testanything.org) and adds up what they say.
# A program that dies, prints no plan of its own, says nothing, or leaves files in the $TMPDIR that is
# made for it alone, is a failure of its own.
# usage: tests/run.sh PROGRAM...        TEST_TIMEOUT=SECONDS (300)  SLOW=1 prints times
set -u
passed=0 failed=0 skipped=0
room=$(mktemp -d)
chmod 755 "$room" # tests run programs as other users too
out=$room/out err=$room/err
trap 'rm -rf "$room"' EXIT
for test in "$@"; do
	name=${test##*/}
	started=$(date +%s%N)
	mkdir -m 1777 "$room/t"
	TMPDIR=$room/t CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 10 "${TEST_TIMEOUT:-300}" "$test" >"$out" 2>"$err" </dev/null
	status=$?
	ms=$((($(date +%s%N) - started) / 1000000))
	ok=$(grep -cE '^ok\b' "$out")
	bad=$(grep -cE '^not ok\b' "$out")
	skip=$(grep -ciE '^ok\b.*# skip' "$out")
	[ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; } && bad=1
	left=$(ls -A "$room/t")
	if [ -n "$left" ]; then
		echo "left behind in \$TMPDIR: $left" >>"$err"
		bad=$((bad + 1))
	fi
	rm -rf "$room/t"
	passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
	if [ "$bad" -ne 0 ]; then
		echo "FAILED $name (exit status $status)"
		grep -vE '^ok\b' "$out" | tail -n 60
		tail -n 60 "$err"
	else
		echo "  ok     $name: $((ok - skip)) passed$([ "$skip" -gt 0 ] && echo ", $skip skipped") (${ms} ms)"
		grep -iE '^ok\b.*# skip' "$out" | sed 's/^/         /'
	fi
done
if [ -n "${RUN_TOTALS:-}" ]; then
	echo "$passed $failed $skipped" >>"$RUN_TOTALS"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
