#!/bin/bash
# Fuzzes each target for a while from its corpus, two at a time; new findings stay in
# build/fuzz/findings/.
# usage: tests/fuzz/run.sh FOLDER-OF-TARGETS SECONDS TARGET...        FUZZ_JOBS=N at a time (2)
set -u
export dir=$1 seconds=$2
shift 2
mkdir -p build/fuzz/findings

fuzz_one() {
	local t=$1 grown=build/fuzz/corpus/$1 log=build/fuzz/$1.log
	mkdir -p "$grown"
	if "$dir/fuzz_$t" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="build/fuzz/findings/$t-" "$grown" "tests/fuzz/corpus/$t" >"$log" 2>&1; then
		echo "  ok     fuzz $t: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
	else
		echo "FAILED fuzz $t"$'\n'"$(tail -n 40 "$log")"
	fi
}
export -f fuzz_one

all=$(printf "%s\n" "$@" | xargs -P "${FUZZ_JOBS:-2}" -I{} bash -c "fuzz_one {}")
printf "%s\n" "$all"
passed=$(grep -c '^  ok     fuzz ' <<<"$all")
failed=$(($# - passed))
[ -n "${RUN_TOTALS:-}" ] && echo "$passed $failed 0" >>"$RUN_TOTALS"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
