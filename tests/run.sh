#!/bin/bash
# Runs test programs that speak TAP (https://testanything.org), and adds up what they say, in the
# order given.  A program that dies, prints no plan of its own, says nothing, or leaves
# files in the $TMPDIR that is made for it alone, is a failure of its own.
# Those behind "--" want the machine for themselves: they run last, one at a time.
#
# The *.py play whole programs in real time, and a machine that stands still for a moment can spoil
# that.  One that fails is said to, and run once more with the machine to itself, at the end: what it
# says then counts (one that takes five minutes has had its time).  The others draw the same numbers
# each time; they have one try.
# usage: tests/run.sh [PROGRAM...] [-- PROGRAM...]
#	TEST_TIMEOUT=SECONDS (900)   TEST_JOBS=N at a time (one for each processor, at most four)
#	TEST_REPEAT=0: nothing has a second try
set -u
passed=0 failed=0 skipped=0
room=$(mktemp -d)
chmod 755 "$room" # tests run programs as other users too
trap 'rm -rf "$room"' EXIT
tests=() together=-1
for arg in "$@"; do
	if [ "$arg" = -- ]; then together=${#tests[@]}; else tests+=("$arg"); fi
done
[ "$together" -ge 0 ] || together=${#tests[@]}
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

# judge NUMBER: sets ok, bad, skip and status.
judge() {
	local my=$room/$1 left
	read -r status <"$my/status"
	ok=$(grep -cE '^ok\b' "$my/out")
	bad=$(grep -cE '^not ok\b' "$my/out")
	skip=$(grep -ciE '^ok\b.*# skip' "$my/out")
	[ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; } && bad=1
	left=$(ls -A "$my/t")
	if [ -n "$left" ]; then
		echo "left behind in \$TMPDIR: $left" >>"$my/err"
		bad=$((bad + 1))
	fi
}

# told_by NUMBER: what a failed one said.
told_by() {
	grep -vE '^ok\b' "$room/$1/out" | tail -n 60
	tail -n 60 "$room/$1/err"
}

# may_repeat NUMBER
may_repeat() {
	[[ ${tests[$1]} = *.py ]] && [ "${TEST_REPEAT:-1}" != 0 ] && [ "$(cat "$room/$1/ms")" -lt 300000 ]
}

# report NUMBER TRY: prints how it went and adds it up, or puts it off until its second try.
report() {
	local my=$room/$1 name=${tests[$1]##*/} ok bad skip status
	judge "$1"
	if [ "$bad" -ne 0 ] && [ "$2" = 1 ] && may_repeat "$1"; then
		echo "  again  $name: $bad failed (exit status $status); it has a second try, and said:"
		told_by "$1" | sed 's/^not ok /bad /; s/^/         | /'
		again+=("$1")
		ok=0 bad=0 skip=0
	elif [ "$bad" -ne 0 ]; then
		echo "FAILED $name (exit status $status)"
		told_by "$1"
	else
		echo "  ok     $name: $((ok - skip)) passed$([ "$skip" -gt 0 ] && echo ", $skip skipped") ($(cat "$my/ms") ms)"
		grep -iE '^ok\b.*# skip' "$my/out" | sed 's/^/         /'
	fi
	passed=$((passed + ok - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
	rm -rf "$my"
}

told=0 again=()
tell() {
	while [ -e "$room/$told/done" ]; do
		report $told 1
		told=$((told + 1))
	done
}

for ((i = 0; i < ${#tests[@]}; i++)); do
	[ "$i" -lt "$together" ] || jobs=1
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
		tell
	done
	run_one $i &
done
wait
tell
for i in "${again[@]}"; do
	run_one "$i"
	report "$i" 2
done
if [ -n "${RUN_TOTALS:-}" ]; then
	echo "$passed $failed $skipped" >>"$RUN_TOTALS"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
