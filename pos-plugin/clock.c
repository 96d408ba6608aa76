#include "clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct gw_now gw_clock_now(void)
{
	struct gw_now now = {read_ms(CLOCK_REALTIME), read_ms(CLOCK_BOOTTIME)};

	return now;
}

int64_t gw_clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int gw_clock_utc_offset_min(int64_t at_ms)
{
	time_t s = (time_t)(at_ms / 1000);
	struct tm local;

	if (localtime_r(&s, &local) == NULL)
		return 0;
	return (int)(local.tm_gmtoff / 60);
}

int gw_zone_offset_min(struct gw_zone *zone, int64_t at_ms)
{
	int64_t quarter = at_ms / (15 * 60000) + 1;

	if (zone->quarter != quarter) {
		zone->quarter = quarter;
		zone->offset_min = gw_clock_utc_offset_min(at_ms);
	}
	return zone->offset_min;
}
