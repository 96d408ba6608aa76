#include "base/when.h"

#include <stdbool.h>
#include <stdio.h>

#include "goeswith/status.h"

int64_t gw_days_from_civil(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

int gw_days_in_month(int year, int month)
{
	static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

struct gw_civil gw_civil_from_ms(int64_t ms)
{
	int64_t days = ms / GW_DAY_MS - (ms % GW_DAY_MS < 0);
	int64_t rest = ms - days * GW_DAY_MS;
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct gw_civil c;

	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	c.hour = (int)(rest / 3600000);
	c.minute = (int)(rest / 60000 % 60);
	c.second = (int)(rest / 1000 % 60);
	c.ms = (int)(rest % 1000);
	c.weekday = (int)(((days + 3) % 7 + 7) % 7);
	return c;
}

char *gw_when_format(char out[GW_WHEN_MAX], int64_t ms)
{
	int64_t least = gw_days_from_civil(1, 1, 1) * GW_DAY_MS;
	int64_t most = gw_days_from_civil(10000, 1, 1) * GW_DAY_MS - 1;
	struct gw_civil c = gw_civil_from_ms(ms < least ? least : ms > most ? most : ms);
	char room[96];

	snprintf(room, sizeof(room), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day,
		 c.hour, c.minute, c.second, c.ms);
	for (size_t i = 0; i < GW_WHEN_MAX; i++)
		out[i] = room[i];
	return out;
}

/* Reads exactly `digits` digits at *p, stepping over them; false if they are not there. */
static bool take(const char **p, const char *end, int digits, int *out)
{
	int n = 0;

	if (end - *p < digits)
		return false;
	for (int i = 0; i < digits; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		n = n * 10 + (**p - '0');
	}
	*out = n;
	return true;
}

static bool take_char(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

static bool take_date(const char **p, const char *end, int64_t *days)
{
	int y, m, d;

	if (!take(p, end, 4, &y) || !take_char(p, end, '-') || !take(p, end, 2, &m) ||
	    !take_char(p, end, '-') || !take(p, end, 2, &d))
		return false;
	if (y < 1 || m < 1 || m > 12 || d < 1 || d > gw_days_in_month(y, m))
		return false;
	*days = gw_days_from_civil(y, m, d);
	return true;
}

int gw_date_parse(const char *text, size_t len, int64_t *days)
{
	const char *p = text, *end = text + len;

	return take_date(&p, end, days) && p == end ? GW_OK : GW_E_INPUT;
}

static bool take_fraction(const char **p, const char *end, int *ms)
{
	int scale = 100;
	const char *start;

	*ms = 0;
	if (!take_char(p, end, '.'))
		return true;
	start = *p;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, scale /= 10)
		*ms += (**p - '0') * scale;
	return *p > start;
}

static bool take_offset(const char **p, const char *end, int *minutes)
{
	int sign, h, m;

	*minutes = 0;
	if (take_char(p, end, 'Z') || take_char(p, end, 'z'))
		return true;
	if (*p == end || (**p != '+' && **p != '-'))
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	if (!take(p, end, 2, &h) || !take_char(p, end, ':') || !take(p, end, 2, &m) || h > 23 ||
	    m > 59)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

int gw_when_parse(const char *text, size_t len, int64_t *ms)
{
	const char *p = text, *end = text + len;
	int64_t days;
	int h, m, s, fraction, offset;

	if (!take_date(&p, end, &days))
		return GW_E_INPUT;
	if (!take_char(&p, end, 'T') && !take_char(&p, end, 't') && !take_char(&p, end, ' '))
		return GW_E_INPUT;
	if (!take(&p, end, 2, &h) || !take_char(&p, end, ':') || !take(&p, end, 2, &m) ||
	    !take_char(&p, end, ':') || !take(&p, end, 2, &s))
		return GW_E_INPUT;
	/* A leap second is accepted and read as the second before it. */
	if (h > 23 || m > 59 || s > 60 || !take_fraction(&p, end, &fraction) ||
	    !take_offset(&p, end, &offset) || p != end)
		return GW_E_INPUT;
	if (s == 60)
		s = 59;
	*ms = days * GW_DAY_MS + ((int64_t)h * 60 + m - offset) * 60000 + (int64_t)s * 1000 +
	      fraction;
	return GW_OK;
}
