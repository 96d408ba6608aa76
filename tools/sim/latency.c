#include "tools/sim/latency.h"

#include <time.h>

uint64_t gw_latency_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Values below 32 have a bucket each; above, a bucket is the top six bits of the value. */
static unsigned bucket_of(uint64_t ns)
{
	unsigned shift;

	if (ns < GW_LATENCY_STEPS)
		return (unsigned)ns;
	shift = 63u - (unsigned)__builtin_clzll(ns) - 5u;
	return (shift + 1) * GW_LATENCY_STEPS + (unsigned)(ns >> shift) - GW_LATENCY_STEPS;
}

static uint64_t upper_edge(unsigned bucket)
{
	unsigned shift = bucket / GW_LATENCY_STEPS;
	uint64_t step = bucket % GW_LATENCY_STEPS;

	if (shift == 0)
		return step;
	return ((step + GW_LATENCY_STEPS + 1) << (shift - 1)) - 1;
}

void gw_latency_add(struct gw_latency *l, uint64_t ns)
{
	l->buckets[bucket_of(ns)]++;
	l->count++;
	l->sum_ns += ns;
	if (ns > l->max_ns)
		l->max_ns = ns;
}

uint64_t gw_latency_quantile(const struct gw_latency *l, uint32_t share_ppm)
{
	uint64_t seen = 0, want = l->count / 1000000 * share_ppm +
				  (l->count % 1000000 * share_ppm + 999999) / 1000000;

	for (unsigned b = 0; l->count > 0 && b < sizeof(l->buckets) / sizeof(l->buckets[0]); b++) {
		seen += l->buckets[b];
		if (seen >= want && seen > 0)
			return upper_edge(b) < l->max_ns ? upper_edge(b) : l->max_ns;
	}
	return l->max_ns;
}
