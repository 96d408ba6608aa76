#!/bin/sh
# Line coverage of a coverage build, by folder, from gcov's own summaries.
# usage: tests/coverage.sh build/cov
set -u
dir=$1
find "$dir" -name '*.gcda' | while read -r data; do
	gcov -n -o "$(dirname "$data")" "$data" 2>/dev/null
done | awk '
/^File / { gsub(/\047/, ""); file = $2; keep = file ~ /^(pos-plugin|tools|firmware)\// }
/^Lines executed:/ && keep {
	split($0, p, /[:% ]+/); percent = p[3]; lines = p[5]
	# A file seen from several programs counts with its best run.
	hit = percent * lines / 100
	if (!(file in best) || hit > best[file]) { best[file] = hit; all[file] = lines }
	keep = 0
}
END {
	for (f in best) {
		n = split(f, part, "/")
		folder = part[1] "/" part[2] (n > 3 ? "/" part[3] : "")
		hits[folder] += best[f]; lines_in[folder] += all[f]; h += best[f]; l += all[f]
	}
	for (d in hits) printf "%6.1f %%  %6d lines  %s\n", 100 * hits[d] / lines_in[d], lines_in[d], d | "sort -k5"
	close("sort -k5")
	if (l > 0) printf "%6.1f %%  %6d lines  in all\n", 100 * h / l, l
}'
