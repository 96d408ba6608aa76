/*
 * An item is seasonal when at least nine tenths of its baskets fall into a window of at most four
 * calendar months, and the sales themselves show that the quiet rest is no accident of the data's
 * ends: either the item sold in two separate years of the window, or the window lies inside the
 * data with a quiet month on each side.  Without that an item introduced last month would look
 * like one for the autumn.
 */
#include "tools/mine/season.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

#define MONTHS_MIN  11
#define MONTHS_MAX  120
#define WINDOW_MAX  4
#define BASKETS_MIN 20
#define RUN_MIN     3 /* baskets that make a year of the window count */

static int month_number(int64_t ms)
{
	struct gw_civil c = gw_civil_from_ms(ms);

	return c.year * 12 + c.month - 1;
}

static int count_months(struct gw_seasons *s, const struct gw_sales *sales, struct gw_err *err)
{
	struct gw_spool_reader reader = {0};
	struct gw_basket b;
	int begin = s->first_year * 12 + s->first_month - 1, rc = GW_OK;

	for (uint32_t k = 0; rc == GW_OK && k < gw_spool_blocks(sales->spool); k++) {
		rc = gw_spool_open(sales->spool, k, &reader, err);
		while (rc == GW_OK && gw_spool_next(&reader, &b)) {
			uint32_t month;

			if (b.when_ms == GW_NO_TIME)
				continue;
			month = (uint32_t)(month_number(b.when_ms) - begin);
			for (uint32_t i = 0; month < s->months && i < b.count; i++)
				s->sold[(size_t)b.items[i] * s->months + month]++;
		}
	}
	gw_spool_reader_release(&reader);
	return rc;
}

int gw_seasons_make(struct gw_seasons *s, const struct gw_sales *sales, struct gw_err *err)
{
	struct gw_civil first;
	int months, rc;

	memset(s, 0, sizeof(*s));
	if (sales->first_ms == GW_NO_TIME)
		return GW_OK;
	first = gw_civil_from_ms(sales->first_ms);
	months = month_number(sales->last_ms) - month_number(sales->first_ms) + 1;
	if (months < MONTHS_MIN || months > MONTHS_MAX)
		return GW_OK;
	s->first_year = first.year;
	s->first_month = first.month;
	s->months = (uint32_t)months;
	s->sold = calloc((size_t)sales->items.count * s->months + 1, sizeof(*s->sold));
	if (s->sold == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory for seasons");
	rc = count_months(s, sales, err);
	if (rc < 0)
		gw_seasons_release(s);
	return rc;
}

void gw_seasons_release(struct gw_seasons *s)
{
	free(s->sold);
	memset(s, 0, sizeof(*s));
}

/* Best window: first calendar month (0..11) and length; 0 when none holds nine tenths. */
static int find_window(const uint32_t by_month[12], uint32_t total, int *first)
{
	for (int len = 1; len <= WINDOW_MAX; len++)
		for (int m = 0; m < 12; m++) {
			uint32_t inside = 0;

			for (int i = 0; i < len; i++)
				inside += by_month[(m + i) % 12];
			if (inside * 10ULL >= total * 9ULL) {
				*first = m;
				return len;
			}
		}
	return 0;
}

static bool in_window(const struct gw_seasons *s, uint32_t month, int first, int len)
{
	int calendar = (s->first_month - 1 + (int)month) % 12;

	return (calendar - first + 12) % 12 < len;
}

/* Years of the window in the data that sold, and whether one of them has quiet months around. */
static bool is_borne_out(const struct gw_seasons *s, const uint32_t *sold, int first, int len)
{
	uint32_t years = 0;
	bool inside = false;

	for (uint32_t m = 0; m < s->months;) {
		uint32_t begin = m, baskets = 0;

		for (; m < s->months && in_window(s, m, first, len); m++)
			baskets += sold[m];
		if (m == begin) {
			m++;
			continue;
		}
		years += baskets >= RUN_MIN;
		inside |= baskets >= RUN_MIN && begin > 0 && m < s->months;
	}
	return years >= 2 || inside;
}

/* Days of the window of that year: its first month may lie in the year before its last. */
static struct gw_season window_in(int year, int first, int len)
{
	int last = first + len - 1, last_year = year + last / 12, last_month = last % 12 + 1;
	struct gw_season days = {
		gw_days_from_civil(year, first + 1, 1),
		gw_days_from_civil(last_year, last_month, gw_days_in_month(last_year, last_month))};

	return days;
}

struct gw_season gw_season_of(const struct gw_seasons *s, uint32_t item, int64_t from_day)
{
	struct gw_season open = {GW_NO_DAY, GW_NO_DAY}, next;
	const uint32_t *sold = s->sold + (size_t)item * s->months;
	uint32_t by_month[12] = {0}, total = 0;
	int first = 0, len, year;

	for (uint32_t m = 0; m < s->months; m++) {
		by_month[(s->first_month - 1 + (int)m) % 12] += sold[m];
		total += sold[m];
	}
	len = total >= BASKETS_MIN ? find_window(by_month, total, &first) : 0;
	if (len == 0 || !is_borne_out(s, sold, first, len))
		return open;
	year = gw_civil_from_ms(from_day * GW_DAY_MS).year - 1;
	do
		next = window_in(year++, first, len);
	while (next.to_day < from_day);
	if (next.from_day < from_day)
		next.from_day = from_day;
	return next;
}
