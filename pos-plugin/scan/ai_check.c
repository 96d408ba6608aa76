/*
 * Checks of the values behind application identifiers.  A value is a row of parts, each with a
 * length, a character set and up to three content checks; only the last part varies in length.
 */
#include <string.h>

#include "base/when.h"
#include "scan/ai.h"
#include "scan/gtin.h"

/* One part of a value, as the checks see it. */
struct view {
	const char *p;
	size_t n;
	int year;
	size_t at; /* offset of a fault inside the part */
};

typedef bool check_fn(struct view *v);

static unsigned number_of(const char *p, size_t n)
{
	unsigned value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (unsigned)(p[i] - '0');
	return value;
}

static bool all_are(const struct view *v, char c)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->p[i] != c)
			return false;
	return true;
}

static bool check_csum(struct view *v)
{
	v->at = v->n - 1;
	return gw_gtin_valid(v->p, v->n);
}

/*
 * GenSpecs 7.9.5, the check character pair of a GMN: the places in character set 82 weighted by
 * primes from the right, modulo 1021, written as two characters of a set of 32.
 */
static bool check_csumalpha(struct view *v)
{
	static const uint8_t primes[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37,
					 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83};
	static const char set82[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				    "abcdefghijklmnopqrstuvwxyz";
	static const char set32[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	unsigned sum = 0;

	if (v->n < 3 || v->n > sizeof(primes) + 2)
		return false;
	for (size_t i = 0; i < v->n - 2; i++)
		sum += (unsigned)(strchr(set82, v->p[i]) - set82) * primes[v->n - 3 - i];
	sum %= 1021;
	v->at = v->n - 2;
	return v->p[v->n - 2] == set32[sum >> 5] && v->p[v->n - 1] == set32[sum & 31];
}

/* No company prefix is shorter than four digits. */
static bool check_gcppos1(struct view *v)
{
	return v->n >= 4 && gw_digits_only(v->p, 4);
}

static bool check_gcppos2(struct view *v)
{
	return v->n >= 5 && gw_digits_only(v->p + 1, 4);
}

static bool check_hasnondigit(struct view *v)
{
	return !gw_digits_only(v->p, v->n);
}

static bool check_hh(struct view *v)
{
	return number_of(v->p, 2) < 24;
}

static bool check_mi(struct view *v)
{
	return number_of(v->p, 2) < 60;
}

static bool check_hhmi(struct view *v)
{
	return number_of(v->p, 2) < 24 && number_of(v->p + 2, 2) < 60;
}

static bool check_hyphen(struct view *v)
{
	return all_are(v, '-');
}

/* ISO 13616: the first four characters moved to the end, letters as 10-35, modulo 97 is 1. */
static bool check_iban(struct view *v)
{
	unsigned rest = 0;

	if (v->n < 10 || !gw_ai_is_country_alpha2(v->p) || !gw_digits_only(v->p + 2, 2))
		return false;
	for (size_t i = 0; i < v->n; i++) {
		char c = v->p[(i + 4) % v->n];

		if (c >= '0' && c <= '9')
			rest = (rest * 10 + (unsigned)(c - '0')) % 97;
		else if (c >= 'A' && c <= 'Z')
			rest = (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
		else
			return false;
	}
	return rest == 1;
}

static bool check_importeridx(struct view *v)
{
	return (gw_ai_sets[(unsigned char)v->p[0]] & GW_AI_SET_Z) != 0 && v->p[0] != '=';
}

static bool check_iso3166(struct view *v)
{
	return gw_ai_is_country(number_of(v->p, 3));
}

static bool check_iso3166999(struct view *v)
{
	return memcmp(v->p, "999", 3) == 0 || check_iso3166(v);
}

static bool check_iso3166alpha2(struct view *v)
{
	return gw_ai_is_country_alpha2(v->p);
}

static bool check_iso4217(struct view *v)
{
	return gw_ai_currency(number_of(v->p, 3)) != NULL;
}

static bool check_iso5218(struct view *v)
{
	return v->p[0] <= '2' || v->p[0] == '9';
}

static bool check_latitude(struct view *v)
{
	return memcmp(v->p, "1800000000", 10) <= 0;
}

static bool check_longitude(struct view *v)
{
	return memcmp(v->p, "3600000000", 10) <= 0;
}

/* GS1 code list AIDC media type: 01-10 assigned, 80-99 for use between partners. */
static bool check_mediatype(struct view *v)
{
	unsigned n = number_of(v->p, 2);

	return (n >= 1 && n <= 10) || n >= 80;
}

static bool check_nonzero(struct view *v)
{
	return !all_are(v, '0');
}

static bool check_nozeroprefix(struct view *v)
{
	return v->n == 1 || v->p[0] != '0';
}

static bool check_packagetype(struct view *v)
{
	return gw_ai_is_package_type(v->p, v->n);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

static bool check_pcenc(struct view *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->p[i] != '%')
			continue;
		v->at = i;
		if (i + 2 >= v->n || !is_hex(v->p[i + 1]) || !is_hex(v->p[i + 2]))
			return false;
	}
	return true;
}

static bool check_pieceoftotal(struct view *v)
{
	unsigned piece = number_of(v->p, 2), total = number_of(v->p + 2, 2);

	return piece != 0 && piece <= total;
}

/* "1/3": place in a sequence. */
static bool check_posinseqslash(struct view *v)
{
	const char *p = v->p;

	return v->n == 3 && p[1] == '/' && p[0] >= '1' && p[0] <= p[2] && p[2] <= '9';
}

static bool check_winding(struct view *v)
{
	return v->p[0] == '0' || v->p[0] == '1' || v->p[0] == '9';
}

static bool check_yesno(struct view *v)
{
	return v->p[0] == '0' || v->p[0] == '1';
}

static bool check_zero(struct view *v)
{
	return all_are(v, '0');
}

int gw_ai_full_year(int two_digits, int year)
{
	int full = year - year % 100 + two_digits;

	if (full - year >= 51)
		return full - 100;
	if (full - year <= -50)
		return full + 100;
	return full;
}

static bool is_date(int year, unsigned month, unsigned day, bool day_may_be_0)
{
	if (month < 1 || month > 12 || (day == 0 && !day_may_be_0))
		return false;
	return (int)day <= gw_days_in_month(year, (int)month);
}

static bool check_yymmd0(struct view *v)
{
	return is_date(gw_ai_full_year((int)number_of(v->p, 2), v->year), number_of(v->p + 2, 2),
		       number_of(v->p + 4, 2), true);
}

static bool check_yymmdd(struct view *v)
{
	return is_date(gw_ai_full_year((int)number_of(v->p, 2), v->year), number_of(v->p + 2, 2),
		       number_of(v->p + 4, 2), false);
}

static bool check_yyyymmdd(struct view *v)
{
	return is_date((int)number_of(v->p, 4), number_of(v->p + 4, 2), number_of(v->p + 6, 2),
		       false);
}

static bool check_couponcode(struct view *v)
{
	return gw_coupon_check_8110(v->p, v->n, v->year, &v->at);
}

static bool check_couponposoffer(struct view *v)
{
	return gw_coupon_check_8112(v->p, v->n, &v->at);
}

static const struct {
	check_fn *check;
	enum gw_scan_warning_code fault;
} checks[GW_AI_CHECK_COUNT] = {
	[GW_AI_CHECK_COUPONCODE] = {check_couponcode, GW_WARN_AI_COUPON},
	[GW_AI_CHECK_COUPONPOSOFFER] = {check_couponposoffer, GW_WARN_AI_COUPON},
	[GW_AI_CHECK_CSUM] = {check_csum, GW_WARN_AI_CHECK_DIGIT},
	[GW_AI_CHECK_CSUMALPHA] = {check_csumalpha, GW_WARN_AI_CHECK_PAIR},
	[GW_AI_CHECK_GCPPOS1] = {check_gcppos1, GW_WARN_AI_PREFIX},
	[GW_AI_CHECK_GCPPOS2] = {check_gcppos2, GW_WARN_AI_PREFIX},
	[GW_AI_CHECK_HASNONDIGIT] = {check_hasnondigit, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_HH] = {check_hh, GW_WARN_AI_TIME},
	[GW_AI_CHECK_HHMI] = {check_hhmi, GW_WARN_AI_TIME},
	[GW_AI_CHECK_HYPHEN] = {check_hyphen, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_IBAN] = {check_iban, GW_WARN_AI_IBAN},
	[GW_AI_CHECK_IMPORTERIDX] = {check_importeridx, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_ISO3166] = {check_iso3166, GW_WARN_AI_COUNTRY},
	[GW_AI_CHECK_ISO3166999] = {check_iso3166999, GW_WARN_AI_COUNTRY},
	[GW_AI_CHECK_ISO3166ALPHA2] = {check_iso3166alpha2, GW_WARN_AI_COUNTRY},
	[GW_AI_CHECK_ISO4217] = {check_iso4217, GW_WARN_AI_CURRENCY},
	[GW_AI_CHECK_ISO5218] = {check_iso5218, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_LATITUDE] = {check_latitude, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_LONGITUDE] = {check_longitude, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_MEDIATYPE] = {check_mediatype, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_MI] = {check_mi, GW_WARN_AI_TIME},
	[GW_AI_CHECK_NONZERO] = {check_nonzero, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_NOZEROPREFIX] = {check_nozeroprefix, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_PACKAGETYPE] = {check_packagetype, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_PCENC] = {check_pcenc, GW_WARN_AI_PERCENT},
	[GW_AI_CHECK_PIECEOFTOTAL] = {check_pieceoftotal, GW_WARN_AI_PIECES},
	[GW_AI_CHECK_POSINSEQSLASH] = {check_posinseqslash, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_SS] = {check_mi, GW_WARN_AI_TIME},
	[GW_AI_CHECK_WINDING] = {check_winding, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_YESNO] = {check_yesno, GW_WARN_AI_VALUE},
	[GW_AI_CHECK_YYMMD0] = {check_yymmd0, GW_WARN_AI_DATE},
	[GW_AI_CHECK_YYMMDD] = {check_yymmdd, GW_WARN_AI_DATE},
	[GW_AI_CHECK_YYYYMMDD] = {check_yyyymmdd, GW_WARN_AI_DATE},
	[GW_AI_CHECK_ZERO] = {check_zero, GW_WARN_AI_VALUE},
};

/* Offset of the first character outside the set, or n. */
static size_t outside(const char *p, size_t n, uint8_t set)
{
	size_t i = 0;

	while (i < n && (gw_ai_sets[(unsigned char)p[i]] & set) != 0)
		i++;
	return i;
}

/* Up to two '=' may end base64 text, and then its length is a multiple of three. */
static bool check_padding(const char *p, size_t n)
{
	size_t pads = 0;

	while (pads < n && p[n - 1 - pads] == '=')
		pads++;
	return memchr(p, '=', n - pads) == NULL && (pads == 0 || (pads <= 2 && n % 3 == 0));
}

static enum gw_scan_warning_code check_part(const struct gw_ai_part *part, struct view *v)
{
	size_t bad = outside(v->p, v->n, part->set);

	if (bad < v->n) {
		v->at = bad;
		return part->set == GW_AI_SET_N ? GW_WARN_AI_DIGITS : GW_WARN_AI_CHARACTERS;
	}
	if (part->set == GW_AI_SET_Z && !check_padding(v->p, v->n))
		return GW_WARN_AI_PADDING;
	for (int i = 0; i < 3 && part->checks[i] != GW_AI_CHECK_NONE; i++) {
		v->at = 0;
		if (!checks[part->checks[i]].check(v))
			return checks[part->checks[i]].fault;
	}
	return GW_WARN_NONE;
}

enum gw_scan_warning_code gw_ai_check_value(const struct gw_ai *ai, const char *value, size_t len,
					    int year, size_t *at)
{
	size_t done = 0;

	*at = 0;
	if (len == 0)
		return GW_WARN_AI_EMPTY;
	if (len < ai->min)
		return GW_WARN_AI_LENGTH;
	if (len > ai->max)
		return GW_WARN_AI_LONG;
	for (int i = 0; i < ai->part_count; i++) {
		const struct gw_ai_part *part = &ai->parts[i];
		size_t left = len - done, n = left < part->max ? left : part->max;
		struct view v = {value + done, n, year, 0};
		enum gw_scan_warning_code fault;

		if (n == 0 && part->optional)
			break;
		if (n < part->min)
			return GW_WARN_AI_LENGTH;
		fault = check_part(part, &v);
		*at = done + v.at;
		if (fault != GW_WARN_NONE)
			return fault;
		done += n;
	}
	*at = 0;
	return GW_WARN_NONE;
}
