/*
 * The days a report counts, by the shops' own clocks.  Each sale says how far its shop was ahead of
 * UTC (utc_offset_min of the table sale), so shops in different zones, and the days on which clocks
 * are changed, need no more than that.  Sales of old registers do not say; they are counted by an
 * offset that the reader assumes, and reports tell how many those were.
 *
 * Plain data.  gw_period_here asks the system's time zone, nothing reads a clock.
 *
 *	struct gw_period p = gw_period_here(day, day);
 */
#ifndef STORE_PERIOD_H
#define STORE_PERIOD_H

#include <stdint.h>

/* Minutes between local time and UTC, either way; what an event says beyond it is not believed. */
#define GW_UTC_OFFSET_MOST 1440

struct gw_period {
	int64_t from_ms, to_ms; /* [from, to) on the shop's clock, read as if it were UTC */
	/* For sales that do not tell their offset: the same days in UTC, and what their local time
	 * is ahead of UTC (told for hours of the day). */
	int64_t utc_from_ms, utc_to_ms, assumed_ms;
};

/* Days since 1970, both included; sales that do not tell are offset_min minutes ahead of UTC. */
struct gw_period gw_period_at(int64_t from_day, int64_t to_day, int offset_min);

/* ... are where this machine is: its days, with the change of clocks; its hours as at their start.
 */
struct gw_period gw_period_here(int64_t from_day, int64_t to_day);

#endif
