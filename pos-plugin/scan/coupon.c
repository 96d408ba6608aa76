/*
 * North American coupons in GS1 DataBar (GS1 US, "North American Coupon Application Guideline"):
 * a row of fields, many of them behind a digit that says their length (a VLI).  Only the structure
 * is checked here; what a coupon is worth is the till's business.
 *
 *	8110: prefix, offer, save value, primary purchase, then optional fields, each behind its
 *	      number, in rising order: 1 and 2 more purchases, 3 expiry, 4 start, 5 serial,
 *	      6 retailer, 9 miscellaneous
 *	8112: format, funder, offer, serial
 */
#include <string.h>

#include "base/when.h"
#include "scan/ai.h"
#include "scan/gtin.h"

struct reader {
	const char *p, *end;
};

/* Steps over n digits; NULL when there are not so many. */
static const char *take(struct reader *r, size_t n)
{
	const char *field = r->p;

	if ((size_t)(r->end - r->p) < n)
		return NULL;
	r->p += n;
	return field;
}

/* One digit out of a set. */
static bool one_of(struct reader *r, const char *set)
{
	const char *digit = take(r, 1);

	if (digit == NULL)
		return false;
	if (strchr(set, *digit) == NULL)
		r->p--;
	return strchr(set, *digit) != NULL;
}

/* A field behind its length digit, which must be in the set; plus is added to it. */
static bool variable(struct reader *r, const char *set, unsigned plus)
{
	return one_of(r, set) && take(r, (unsigned)(r->p[-1] - '0') + plus) != NULL;
}

/* The prefix of a further purchase; 9 stands for that of the primary one. */
static bool other_prefix(struct reader *r)
{
	if (r->p < r->end && *r->p == '9')
		return take(r, 1) != NULL;
	return variable(r, "0123456", 6);
}

static bool purchase(struct reader *r)
{
	return variable(r, "12345", 0) && one_of(r, "012349") && take(r, 3) != NULL;
}

static bool date(struct reader *r, int year, int64_t *day)
{
	const char *p = take(r, 6);
	int y, m, d;

	if (p == NULL)
		return false;
	y = gw_ai_full_year((p[0] - '0') * 10 + (p[1] - '0'), year);
	m = (p[2] - '0') * 10 + (p[3] - '0');
	d = (p[4] - '0') * 10 + (p[5] - '0');
	if (m < 1 || m > 12 || d < 1 || d > gw_days_in_month(y, m)) {
		r->p = p;
		return false;
	}
	*day = gw_days_from_civil(y, m, d);
	return true;
}

static bool optional_field(struct reader *r, char number, int year, int64_t *expiry)
{
	int64_t start;

	switch (number) {
	case '1':
		return one_of(r, "0123") && purchase(r) && other_prefix(r);
	case '2':
		return purchase(r) && other_prefix(r);
	case '3':
		return date(r, year, expiry);
	case '4':
		return date(r, year, &start) && start <= *expiry;
	case '5':
		return variable(r, "0123456789", 6);
	case '6':
		return variable(r, "1234567", 6);
	case '9':
		return one_of(r, "01256") && one_of(r, "012") && take(r, 1) != NULL &&
		       one_of(r, "01");
	default:
		return false;
	}
}

static bool read_8110(struct reader *r, int year)
{
	int64_t expiry = INT64_MAX;
	char last = '0';

	if (!variable(r, "0123456", 6) || take(r, 6) == NULL || !variable(r, "12345", 0) ||
	    !purchase(r))
		return false;
	while (r->p < r->end) {
		char number = *r->p;

		if (number <= last)
			return false;
		last = number;
		r->p++;
		if (!optional_field(r, number, year, &expiry))
			return false;
	}
	return true;
}

static bool read_all(bool ok, const struct reader *r, const char *value, size_t *at)
{
	*at = (size_t)(r->p - value);
	return ok && r->p == r->end;
}

bool gw_coupon_check_8110(const char *value, size_t len, int year, size_t *at)
{
	struct reader r = {value, value + len};

	if (!gw_digits_only(value, len))
		return false;
	return read_all(read_8110(&r, year), &r, value, at);
}

bool gw_coupon_check_8112(const char *value, size_t len, size_t *at)
{
	struct reader r = {value, value + len};

	if (!gw_digits_only(value, len))
		return false;
	return read_all(one_of(&r, "01") && variable(&r, "0123456", 6) && take(&r, 6) != NULL &&
				variable(&r, "0123456789", 6),
			&r, value, at);
}
