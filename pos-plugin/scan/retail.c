/*
 * The numbers printed below bars: EAN, UPC, their add-ons, ITF-14 and ISBN, with the identifier of
 * their symbology or without, when their length has to tell what they are.
 */
#include "scan/retail.h"

#include <string.h>

#include "scan/gtin.h"

static int refuse_check_digit(struct gw_scan *out, const char *digits, size_t n, size_t at)
{
	return gw_scan_refuse(out, (int)(at + n - 1), "check digit is %c, should be %d",
			      digits[n - 1], gw_gtin_check_digit(digits, n - 1));
}

/* n digits of an EAN or UPC at from, taken or refused. */
static int take_checked(struct gw_scan_job *job, size_t from, size_t n)
{
	const char *digits = job->data + from;

	if (!gw_gtin_valid(digits, n))
		return refuse_check_digit(job->out, digits, n, from);
	return gw_scan_take_gtin(job, digits, n, from, true);
}

int gw_retail_upce(struct gw_scan_job *job, size_t from, size_t n)
{
	char upca[13];

	if (gw_upce_expand(upca, job->data + from, n) != GW_OK)
		return gw_scan_refuse(job->out, (int)from, "not a UPC-E number");
	return gw_scan_take_gtin(job, upca, 12, from, true);
}

/* The 8 digits of P091-P100: valid as EAN-8, as UPC-E, or as both. */
static int take_eight(struct gw_scan_job *job, size_t from)
{
	const struct gw_scan_config *config = job->config;
	const char *digits = job->data + from;
	char upca[13];
	bool ean = gw_gtin_valid(digits, 8), upc = gw_upce_expand(upca, digits, 8) == GW_OK;
	bool prefer_upc =
		config->eight == GW_EIGHT_UPCE ||
		(config->eight == GW_EIGHT_AUTO && config->region == GW_REGION_UNITED_STATES);

	if (ean && upc)
		gw_scan_warn(job->out, GW_WARN_EIGHT_DIGITS, NULL, from);
	if (upc && (prefer_upc || !ean))
		return gw_scan_take_gtin(job, upca, 12, from, true);
	if (ean)
		return gw_scan_take_gtin(job, digits, 8, from, true);
	gw_scan_warn(job->out, GW_WARN_NOT_GTIN, NULL, from);
	return gw_scan_take_code(job, GW_SCAN_CODE, from, 8);
}

static void take_addon(struct gw_scan *out, const char *digits, size_t n)
{
	memcpy(out->addon, digits, n);
	out->addon[n] = '\0';
}

/* Digits without a symbology identifier. */
static int bare_digits(struct gw_scan_job *job, size_t from, size_t n)
{
	const char *digits = job->data + from;

	if (n == 8)
		return take_eight(job, from);
	if (n == 12 || n == 13)
		return take_checked(job, from, n);
	if (n == 14 && gw_gtin_valid(digits, n))
		return gw_scan_take_gtin(job, digits, n, from, true);
	/* A periodical or a book with its add-on; other numbers of these lengths stay codes. */
	if ((n == 15 || n == 18) && gw_gtin_valid(digits, 13) && memcmp(digits, "97", 2) == 0 &&
	    digits[2] >= '7') {
		take_addon(job->out, digits + 13, n - 13);
		return gw_scan_take_gtin(job, digits, 13, from, true);
	}
	if (n == 14)
		gw_scan_warn(job->out, GW_WARN_NOT_GTIN, NULL, from);
	return gw_scan_take_code(job, GW_SCAN_CODE, from, n);
}

static size_t count_digits(const char *data, size_t from, size_t end)
{
	size_t i = from;

	while (i < end && data[i] >= '0' && data[i] <= '9')
		i++;
	return i - from;
}

int gw_retail_bare(struct gw_scan_job *job, size_t from, size_t end)
{
	const char *data = job->data;
	size_t n;

	while (from < end && data[from] == ' ')
		from++;
	while (end > from && data[end - 1] == ' ')
		end--;
	if (from == end)
		return gw_scan_refuse(job->out, -1, "nothing was scanned");
	n = count_digits(data, from, end);
	if (from + n == end)
		return bare_digits(job, from, n);
	if ((n == 12 || n == 13) && data[from + n] == ' ' && gw_gtin_valid(data + from, n)) {
		size_t addon = count_digits(data, from + n + 1, end);

		if ((addon == 2 || addon == 5) && from + n + 1 + addon == end) {
			take_addon(job->out, data + from + n + 1, addon);
			return gw_scan_take_gtin(job, data + from, n, from, true);
		}
	}
	return gw_scan_take_code(job, GW_SCAN_CODE, from, end - from);
}

/* Refuses what is not exactly digits; the words name the first fault. */
static int check_digits_of(struct gw_scan_job *job, size_t from, size_t end)
{
	size_t n = count_digits(job->data, from, end);

	if (from == end)
		return gw_scan_refuse(job->out, (int)from,
				      "no digits behind the symbology identifier");
	if (from + n < end)
		return gw_scan_refuse(job->out, (int)(from + n), "a character that is not a digit");
	return GW_OK;
}

int gw_retail_ean(struct gw_scan_job *job, size_t from, size_t end)
{
	size_t n = end - from;
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	switch (n) {
	case 13:
		return take_checked(job, from, 13);
	case 12: /* some makers send UPC-A without the leading zero that the standard asks for */
		gw_scan_warn(job->out, GW_WARN_SHORT_EAN, NULL, from);
		return take_checked(job, from, 12);
	case 6: /* and UPC-E as it is printed, or less of it */
	case 7:
	case 8:
		gw_scan_warn(job->out, GW_WARN_SHORT_EAN, NULL, from);
		return gw_retail_upce(job, from, n);
	default:
		return gw_scan_refuse(job->out, (int)from, "%zu digits, an EAN-13 has 13", n);
	}
}

int gw_retail_ean8(struct gw_scan_job *job, size_t from, size_t end)
{
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	if (end - from != 8)
		return gw_scan_refuse(job->out, (int)from, "%zu digits, an EAN-8 has 8",
				      end - from);
	return take_checked(job, from, 8);
}

/* Digits of the number in front of its add-on, or 0. */
static size_t base_of_joined(size_t n)
{
	switch (n) {
	case 18:
	case 15:
		return 13;
	case 17:
	case 14:
		return 12;
	case 13:
	case 10:
		return 8;
	default:
		return 0;
	}
}

int gw_retail_joined(struct gw_scan_job *job, size_t from, size_t end)
{
	size_t n = end - from, base = base_of_joined(n);
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	if (base == 0)
		return gw_scan_refuse(job->out, (int)from, "%zu digits are no EAN with an add-on",
				      n);
	status = take_checked(job, from, base);
	if (status == GW_OK)
		take_addon(job->out, job->data + from + base, n - base);
	return status;
}

int gw_retail_addon(struct gw_scan_job *job, size_t from, size_t end, size_t digits)
{
	int status = check_digits_of(job, from, end);

	if (status != GW_OK)
		return status;
	if (end - from != digits)
		return gw_scan_refuse(job->out, (int)from, "%zu digits, this add-on has %zu",
				      end - from, digits);
	if (job->out->gtin[0] == '\0')
		job->out->kind = GW_SCAN_ADDON;
	take_addon(job->out, job->data + from, digits);
	return GW_OK;
}

int gw_retail_itf(struct gw_scan_job *job, size_t from, size_t end, bool cut)
{
	char gtin[GW_GTIN_SIZE];
	size_t n = end - from;

	if (count_digits(job->data, from, end) == n && n == (cut ? 13 : 14)) {
		if (!cut)
			return take_checked(job, from, 14);
		memcpy(gtin, job->data + from, 13);
		gtin[13] = (char)('0' + gw_gtin_check_digit(gtin, 13));
		return gw_scan_take_gtin(job, gtin, 14, from, true);
	}
	return gw_scan_take_code(job, GW_SCAN_CODE, from, n);
}

int gw_retail_book(struct gw_scan_job *job, size_t from, size_t end)
{
	char ean[14];
	const char *p = job->data + from;

	if (end - from == 10 && gw_digits_only(p, 9) && (p[9] == 'X' || gw_digits_only(p + 9, 1))) {
		if (gw_isbn10_to_13(ean, p, 10) != GW_OK)
			return gw_scan_refuse(job->out, (int)end - 1,
					      "the check character of the ISBN is wrong");
		return gw_scan_take_gtin(job, ean, 13, from, false);
	}
	return gw_scan_take_code(job, GW_SCAN_CODE, from, end - from);
}

int gw_retail_any(struct gw_scan_job *job, size_t from, size_t end)
{
	int status = check_digits_of(job, from, end);
	size_t n = end - from;

	if (status != GW_OK)
		return status;
	if (n == 8)
		return take_eight(job, from);
	if (n == 12 || n == 13)
		return take_checked(job, from, n);
	if (n >= 14 && n <= 18)
		return gw_retail_joined(job, from, end);
	return gw_scan_refuse(job->out, (int)from, "%zu digits are no EAN or UPC", n);
}
