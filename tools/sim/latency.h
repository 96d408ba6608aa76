/*
 * How long things took, as a histogram with 32 steps per power of two (at most 3 % off), so that
 * any number of measurements costs the same 16 KiB.  Plain data; zeroed memory is empty.
 */
#ifndef TOOLS_SIM_LATENCY_H
#define TOOLS_SIM_LATENCY_H

#include <stdint.h>

#define GW_LATENCY_STEPS 32

struct gw_latency {
	uint64_t count, max_ns, sum_ns;
	uint64_t buckets[60 * GW_LATENCY_STEPS];
};

/* Nanoseconds on the monotonic clock. */
uint64_t gw_latency_now_ns(void);
void gw_latency_add(struct gw_latency *l, uint64_t ns);

/*
 * The time that `share_ppm` of the measurements did not exceed (upper edge of its step, never more
 * than the maximum), in ns; 0 when there are none.
 */
uint64_t gw_latency_quantile(const struct gw_latency *l, uint32_t share_ppm);

#endif
