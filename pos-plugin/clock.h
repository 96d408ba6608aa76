/*
 * The one place that reads clocks.  The engine below is told the time; tests and simulations tell
 * it another one.
 */
#ifndef PLUGIN_CLOCK_H
#define PLUGIN_CLOCK_H

#include <stdint.h>

struct gw_now {
	int64_t at_ms;   /* UTC since 1970 */
	int64_t mono_ms; /* never jumps, keeps counting in suspend (CLOCK_BOOTTIME) */
};

struct gw_now gw_clock_now(void);

/* For differences of less than a millisecond, on a clock that never jumps. */
int64_t gw_clock_us(void);

/* Minutes to add to UTC for local time at that moment, by the system's time zone. */
int gw_clock_utc_offset_min(int64_t at_ms);

/*
 * The same, remembered: zones change at quarters of an hour, and asking for each scan is slow.
 * Starts as {0}; the caller's.
 */
struct gw_zone {
	int64_t quarter; /* of an hour since 1970, plus 1; 0: nothing remembered */
	int offset_min;
};

int gw_zone_offset_min(struct gw_zone *zone, int64_t at_ms);

#endif
