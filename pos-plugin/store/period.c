#include "store/period.h"

#include <time.h>

#include "base/when.h"

static struct gw_period days_of(int64_t from_day, int64_t to_day)
{
	struct gw_period p = {.from_ms = from_day * GW_DAY_MS, .to_ms = (to_day + 1) * GW_DAY_MS};

	return p;
}

struct gw_period gw_period_at(int64_t from_day, int64_t to_day, int offset_min)
{
	struct gw_period p = days_of(from_day, to_day);

	p.assumed_ms = offset_min * 60000LL;
	p.utc_from_ms = p.from_ms - p.assumed_ms;
	p.utc_to_ms = p.to_ms - p.assumed_ms;
	return p;
}

/* UTC seconds at which a day begins on this machine. */
static time_t start_here(int64_t day)
{
	struct gw_civil c = gw_civil_from_ms(day * GW_DAY_MS);
	struct tm tm = {
		.tm_year = c.year - 1900, .tm_mon = c.month - 1, .tm_mday = c.day, .tm_isdst = -1};

	return mktime(&tm);
}

struct gw_period gw_period_here(int64_t from_day, int64_t to_day)
{
	struct gw_period p = days_of(from_day, to_day);
	time_t from = start_here(from_day);
	struct tm tm;

	p.utc_from_ms = (int64_t)from * 1000;
	p.utc_to_ms = (int64_t)start_here(to_day + 1) * 1000;
	p.assumed_ms = localtime_r(&from, &tm) != NULL ? tm.tm_gmtoff * 1000LL : 0;
	return p;
}
