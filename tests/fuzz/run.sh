#!/bin/sh
# Fuzzes each target for a while from its corpus; new findings stay in build/fuzz/findings/.
# usage: tests/fuzz/run.sh FOLDER-OF-TARGETS SECONDS TARGET...
set -u
dir=$1 seconds=$2
shift 2
mkdir -p build/fuzz/findings
failed=0 passed=0
for t in "$@"; do
	grown=build/fuzz/corpus/$t
	mkdir -p "$grown"
	if "$dir/fuzz_$t" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/findings/$t-" "$grown" "tests/fuzz/corpus/$t" \
		>"build/fuzz/$t.log" 2>&1; then
		passed=$((passed + 1))
		echo "  ok     fuzz $t: $(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$t.log") inputs"
	else
		failed=$((failed + 1))
		echo "FAILED fuzz $t"
		tail -n 40 "build/fuzz/$t.log"
	fi
done
[ -n "${RUN_TOTALS:-}" ] && echo "$passed $failed 0" >>"$RUN_TOTALS"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
