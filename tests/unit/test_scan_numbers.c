/*
 * Number arithmetic against the shared worked examples, read where they lie: check digits, GTIN
 * normalisation, UPC-E, prices and weights inside numbers, classes, ISBN and ISSN, dates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scan/gtin.h"
#include "scan/scan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { ID, CATEGORY, INPUT, CONTEXT, EXPECTED, DETAIL, SOURCE, COLUMNS };

struct row {
	char *cell[COLUMNS];
};

/* A few rows by hand, so that the arithmetic is tested without the shared files, too. */
static void test_by_hand(void **state)
{
	char text[16];

	(void)state;
	assert_int_equal(gw_gtin_check_digit("629104150021", 12), 3);
	assert_int_equal(gw_gtin_check_digit("", 0), 0);
	assert_int_equal(gw_gtin_verifier("2875", 4), 9);
	assert_int_equal(gw_gtin_verifier("14685", 5), 6);
	assert_int_equal(gw_gtin_verifier("146850", 6), -1);
	assert_int_equal(gw_upce_expand(text, "04252614", 8), GW_OK);
	assert_string_equal(text, "042100005264");
	assert_int_equal(gw_upce_expand(text, "0425261", 5), GW_E_INPUT);
	assert_int_equal(gw_issn_to_13(text, "2049-363X", 9, "00"), GW_E_INPUT);
	assert_int_equal(gw_isbn10_to_13(text, "0-306-40615-22", 14), GW_E_INPUT);
	assert_int_equal(gw_issn_from_13(text, "9781234567897"), GW_E_INPUT);
}

/* Every UPC-E there is comes back from its UPC-A, and no two share one. */
static void test_upce_round_trip(void **state)
{
	static unsigned char seen[2 * 10000000 / 8];
	long valid = 0;

	(void)state;
	for (int n = 0; n < 2000000; n++) {
		char digits[8], upca[13], upce[9];

		snprintf(digits, sizeof(digits), "%07d", n);
		if (gw_upce_expand(upca, digits, 7) != GW_OK)
			continue;
		valid++;
		assert_true(gw_gtin_valid(upca, 12));
		assert_int_equal(gw_upce_shorten(upce, upca), GW_OK);
		assert_memory_equal(upce, digits, 7);
		assert_int_equal(seen[n / 8] & 1 << n % 8, 0);
		seen[n / 8] = (unsigned char)(seen[n / 8] | 1 << n % 8);
	}
	/* Two systems; last digit 0-2: all 10^5; 3: third digit 3-9; 4: fourth, 5-9: fifth not 0.
	 */
	assert_int_equal(valid, 2 * (300000 + 70000 + 90000 + 5 * 90000));
}

static const char *class_words(enum gw_gtin_class class)
{
	switch (class) {
	case GW_CLASS_RCN_COMPANY:
		return "RCN company RCN-8 RCN-12 RCN:";
	case GW_CLASS_RCN_REGION:
		return "RCN geographic RCN-12 RCN-13";
	case GW_CLASS_COUPON:
		return "coupon reserved";
	case GW_CLASS_ISBN:
	case GW_CLASS_ISMN:
		return "ISBN ISBN/ISMN";
	case GW_CLASS_GTIN14:
		return "NOT";
	case GW_CLASS_GTIN12:
		return "GTIN-12";
	default:
		return "?";
	}
}

/* The first word of what the row expects must be one of the class, "geographic" and so on too. */
static void check_class(const struct row *row)
{
	char gtin[15], first[32];
	const char *expected = row->cell[EXPECTED];
	enum gw_gtin_class class;

	/* Some rows show a prefix only, with a check digit that is not meant. */
	snprintf(gtin, sizeof(gtin), "%014lld", strtoll(row->cell[INPUT], NULL, 10));
	class = gw_gtin_class(gtin);
	if (strstr(expected, "geographic") != NULL)
		assert_int_equal(class, GW_CLASS_RCN_REGION);
	else if (strstr(expected, "company") != NULL || strstr(expected, "RCN-8") != NULL)
		assert_int_equal(class, GW_CLASS_RCN_COMPANY);
	assert_int_equal(sscanf(expected, "%31s", first), 1);
	if (first[strlen(first) - 1] == ':')
		return; /* "0000000:" and the like name the prefix first, and were judged above */
	if (strcmp(first, "UPC") != 0 && strstr(class_words(class), first) == NULL)
		fail_msg("%s: %s, got class %d", row->cell[ID], expected, class);
}

static void check_gtin14(const struct row *row)
{
	char in[64], gtin[15] = "";
	size_t n = 0;

	for (const char *p = row->cell[INPUT]; *p != '\0'; p++) {
		if (p[0] == '\\' && (p[1] == 't' || p[1] == 'n'))
			p++, in[n++] = *p == 't' ? '\t' : '\n';
		else
			in[n++] = *p;
	}
	if (strcmp(row->cell[EXPECTED], "error") == 0) {
		assert_int_equal(gw_gtin_normalise(gtin, in, n), GW_E_INPUT);
		return;
	}
	assert_int_equal(gw_gtin_normalise(gtin, in, n), GW_OK);
	assert_string_equal(gtin, row->cell[EXPECTED]);
}

static void check_text(const struct row *row, int status, const char *got)
{
	const char *expected = row->cell[EXPECTED];

	if (strcmp(expected, "error") == 0)
		assert_int_equal(status, GW_E_INPUT);
	else
		assert_string_equal(got,
				    strncmp(expected, "ISSN ", 5) == 0 ? expected + 5 : expected);
}

static void check_ambiguous(const struct row *row)
{
	const char *in = row->cell[INPUT], *expected = row->cell[EXPECTED];
	char upca[13];
	bool ean = gw_gtin_valid(in, 8), upc = gw_upce_expand(upca, in, 8) == GW_OK;
	struct gw_scan_config us = {.eight = GW_EIGHT_UPCE};
	struct gw_scan s;

	assert_int_equal(ean, strcmp(expected, "UPC-E") != 0);
	assert_int_equal(upc, strcmp(expected, "EAN-8") != 0);
	assert_int_equal(gw_scan_decode(&us, (const uint8_t *)in, 8, &s), GW_OK);
	assert_memory_equal(s.gtin, upc ? "00" : "000000", upc ? 2 : 6);
	assert_memory_equal(s.gtin + (upc ? 2 : 6), upc ? upca : in, upc ? 12 : 8);
	assert_int_equal(gw_scan_decode(NULL, (const uint8_t *)in, 8, &s), GW_OK);
	assert_int_equal(s.warning_count, ean && upc);
}

/* "price=2.39 EUR": type, value and decimals as text. */
static void measure_text(const struct gw_scan *s, char out[40])
{
	long long scale = 1;

	for (int i = 0; i < s->measure.decimals; i++)
		scale *= 10;
	if (s->measure.decimals == 0)
		snprintf(out, 40, "%s=%lld %s", gw_scan_measure_name(s->measure.type),
			 (long long)s->measure.value, s->measure.unit);
	else
		snprintf(out, 40, "%s=%lld.%0*lld %s", gw_scan_measure_name(s->measure.type),
			 (long long)s->measure.value / scale, s->measure.decimals,
			 (long long)s->measure.value % scale, s->measure.unit);
}

/* Formats that are no region's: the rule is written as a pattern. */
static const char *pattern_of(const char *context)
{
	static const struct {
		const char *context, *pattern;
	} known[] = {
		{"US UPC-A 2IIIIIVPPPPC", "2IIIIIVPPPPC price 2 USD"},
		{"US UPC-A, shop software that ignores V", "2IIIIIXPPPPC price 2 USD"},
		{"RetailEdge EAN 20XXXXXPPPPPC / 02XXXXXPPPPPC", "20IIIIIPPPPPC price 2"},
		{"Odoo default nomenclature 21.....{NNDDD}", "21IIIIINNNNNC weight 3 kg"},
	};

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(context, known[i].context) == 0)
			return known[i].pattern;
	return NULL;
}

static void check_rcn(const struct row *row)
{
	const char *in = row->cell[INPUT], *expected = row->cell[EXPECTED], *key;
	const char *text = pattern_of(row->cell[CONTEXT]);
	struct gw_scan_pattern pattern;
	struct gw_scan_config config = {0};
	char why[80], measure[40];
	struct gw_scan s;
	int status;

	if (text != NULL) {
		assert_int_equal(gw_scan_pattern_parse(&pattern, text, why, sizeof(why)), GW_OK);
		config.patterns = &pattern;
		config.pattern_count = 1;
	} else {
		assert_int_equal(gw_scan_region_find(row->cell[CONTEXT], &config.region), GW_OK);
	}
	status = gw_scan_decode(&config, (const uint8_t *)in, strlen(in), &s);
	if (strstr(expected, "error") != NULL) {
		assert_int_equal(status, GW_E_INPUT);
		return;
	}
	assert_int_equal(status, GW_OK);
	if (strcmp(expected, "opaque") == 0) {
		assert_int_equal(s.measure.type, GW_MEASURE_NONE);
		assert_string_equal(s.gtin, s.scanned);
		return;
	}
	measure_text(&s, measure);
	if (strcmp(measure, expected) != 0)
		fail_msg("%s: %s, got %s", row->cell[ID], expected, measure);
	assert_int_equal(s.warning_count, strstr(row->cell[DETAIL], "price_cd=BAD") != NULL);
	key = strstr(row->cell[DETAIL], "gtin14_key=");
	if (key != NULL)
		assert_memory_equal(s.key, key + 11, 14);
}

static void check_rcn_format(const struct row *row)
{
	struct gw_scan_pattern pattern;
	struct gw_scan_config config = {.patterns = &pattern, .pattern_count = 1};
	char text[40], why[80];
	long value = strtol(strstr(row->cell[EXPECTED], "value=") + 6, NULL, 10);
	struct gw_scan s;

	snprintf(text, sizeof(text), "%s price 2", row->cell[CONTEXT]);
	assert_int_equal(gw_scan_pattern_parse(&pattern, text, why, sizeof(why)), GW_OK);
	assert_int_equal(gw_scan_decode(&config, (const uint8_t *)row->cell[INPUT],
					strlen(row->cell[INPUT]), &s),
			 GW_OK);
	assert_int_equal(s.measure.value, value);
	assert_int_equal(s.warning_count, 0);
}

static void check_addon(const struct row *row)
{
	struct gw_scan s;
	char addon[16], gtin[15];
	size_t base = strcspn(row->cell[INPUT], " ");

	assert_int_equal(gw_scan_decode(NULL, (const uint8_t *)row->cell[INPUT],
					strlen(row->cell[INPUT]), &s),
			 GW_OK);
	assert_int_equal(sscanf(strstr(row->cell[EXPECTED], "addon="), "addon=%15[0-9]", addon), 1);
	assert_string_equal(s.addon, addon);
	assert_int_equal(gw_gtin_normalise(gtin, row->cell[INPUT], base), GW_OK);
	assert_string_equal(s.key, gtin);
}

/* "(3103)001750" and what a person should read. */
static void check_ai_value(const struct row *row)
{
	const char *in = row->cell[INPUT], *expected = row->cell[EXPECTED];
	struct gw_scan s;
	char got[60] = "", value[40], scale = 0;
	const struct gw_scan_amount *a = &s.net_weight;

	assert_int_equal(gw_scan_decode_bracketed(NULL, in, strlen(in), &s, NULL), GW_OK);
	if (s.price.value >= 0)
		a = &s.price;
	if (s.expiry[0] != '\0' || s.best_before[0] != '\0') {
		if (strstr(expected, s.expiry) == NULL || strstr(expected, s.best_before) == NULL)
			fail_msg("%s: %s, got %s%s", row->cell[ID], expected, s.expiry,
				 s.best_before);
		return;
	}
	if (a->value >= 0) {
		snprintf(value, sizeof(value), "%0*lld", a->decimals % 10 + 1, (long long)a->value);
		scale = (char)(strlen(value) - (size_t)a->decimals);
		snprintf(got, sizeof(got), "%.*s%s%s", scale, value, a->decimals ? "." : "",
			 value + scale);
	} else if (s.count >= 0) {
		snprintf(got, sizeof(got), "%d", s.count);
	} else {
		assert_non_null(
			strstr(s.code, in + 1 + 4)); /* no field of its own: shown as it is */
		return;
	}
	if (strncmp(expected, got, strlen(got)) != 0 ||
	    (a->unit[0] != '\0' && strstr(expected, a->unit) == NULL))
		fail_msg("%s: %s, got %s %s", row->cell[ID], expected, got, a->unit);
}

static void check_row(const struct row *row)
{
	const char *category = row->cell[CATEGORY], *in = row->cell[INPUT];
	char out[16] = "";
	size_t n = strlen(in);

	if (strcmp(category, "check_digit") == 0)
		assert_int_equal(gw_gtin_check_digit(in, n), row->cell[EXPECTED][0] - '0');
	else if (strcmp(category, "check_digit_valid") == 0)
		assert_int_equal(gw_gtin_valid(in, n), strcmp(row->cell[EXPECTED], "valid") == 0);
	else if (strcmp(category, "gtin14") == 0)
		check_gtin14(row);
	else if (strcmp(category, "upce") == 0)
		check_text(row, gw_upce_expand(out, in, n), out);
	else if (strcmp(category, "upca_to_upce") == 0)
		check_text(row, gw_upce_shorten(out, in), out);
	else if (strcmp(category, "ambiguous8") == 0)
		check_ambiguous(row);
	else if (strcmp(category, "price_cd") == 0)
		/* One row shows a wrong answer that is widely copied. */
		assert_int_equal(gw_gtin_verifier(in, n) == row->cell[EXPECTED][0] - '0',
				 strstr(row->cell[EXPECTED], "WRONG") == NULL);
	else if (strcmp(category, "rcn") == 0)
		check_rcn(row);
	else if (strcmp(category, "rcn_format") == 0)
		check_rcn_format(row);
	else if (strcmp(category, "class") == 0)
		check_class(row);
	else if (strcmp(category, "isbn10_to_13") == 0)
		check_text(row, gw_isbn10_to_13(out, in, n), out);
	else if (strcmp(category, "issn_to_ean13") == 0)
		check_text(row, gw_issn_to_13(out, in, n, "00"), out);
	else if (strcmp(category, "ean13_to_issn") == 0)
		check_text(row, gw_issn_from_13(out, in), out);
	else if (strcmp(category, "addon") == 0)
		check_addon(row);
	else if (strcmp(category, "ai_value") == 0)
		check_ai_value(row);
	else
		fail_msg("no rule for category %s", category);
}

static void split(char *line, struct row *row)
{
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < COLUMNS; i++) {
		char *tab = line != NULL ? strchr(line, '\t') : NULL;

		row->cell[i] = line != NULL ? line : "";
		if (tab != NULL)
			*tab++ = '\0';
		line = tab;
	}
}

static void test_vectors(void **state)
{
	const char *shared = getenv("SHARED");
	char path[1024], line[4096];
	int rows = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/vectors/pos-number-vectors.tsv",
		 shared != NULL ? shared : "../shared");
	f = fopen(path, "r");
	if (f == NULL)
		skip();
	while (fgets(line, sizeof(line), f) != NULL) {
		struct row row;

		if (line[0] == '#' || strncmp(line, "id\t", 3) == 0)
			continue;
		split(line, &row);
		check_row(&row);
		rows++;
	}
	fclose(f);
	assert_true(rows >= 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_upce_round_trip),
		cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("scan numbers", tests, NULL, NULL);
}
