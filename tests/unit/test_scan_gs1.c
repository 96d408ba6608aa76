/*
 * Element strings and links: what is kept, what is warned of, what is refused.  The shared vectors
 * cover the standard; these rows pin down what a till does beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/when.h"
#include "scan/ai.h"
#include "scan/scan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define GS       "\x1D"

/* Calls of the allocator by the library; the linker sends them here. */
static int allocations;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

static void add_amount(char *out, size_t size, const char *name, const struct gw_scan_amount *a)
{
	size_t n = strlen(out);

	if (a->value >= 0)
		snprintf(out + n, size - n, " %s=%lld/%d%s", name, (long long)a->value, a->decimals,
			 a->unit);
}

static void add_text(char *out, size_t size, const char *name, const char *value)
{
	size_t n = strlen(out);

	if (value[0] != '\0')
		snprintf(out + n, size - n, " %s=%s", name, value);
}

/* "product 0952... (01)(10) lot=AB !AI (17): no such date". */
static const char *digest(const struct gw_scan_config *config, const char *in)
{
	static char out[1000];
	static struct gw_scan_elements elements;
	struct gw_scan s;
	char text[100];

	gw_scan_decode_elements(config, (const uint8_t *)in, strlen(in), &s, &elements);
	if (s.kind == GW_SCAN_REFUSED) {
		snprintf(out, sizeof(out), "refused %d: %s", s.at, s.error);
		return out;
	}
	snprintf(out, sizeof(out), "%s %s", gw_scan_kind_name(s.kind), s.key);
	for (int i = 0; i < elements.count; i++)
		add_text(out, sizeof(out), "ai", elements.list[i].ai);
	add_text(out, sizeof(out), "lot", s.lot);
	add_text(out, sizeof(out), "serial", s.serial);
	add_text(out, sizeof(out), "expiry", s.expiry);
	add_text(out, sizeof(out), "best", s.best_before);
	add_text(out, sizeof(out), "sell", s.sell_by);
	add_amount(out, sizeof(out), "net", &s.net_weight);
	add_amount(out, sizeof(out), "price", &s.price);
	if (s.count >= 0)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), " count=%d", s.count);
	for (int i = 0; i < s.warning_count; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), " !%s@%d",
			 gw_scan_warning_text(&s.warnings[i], text, sizeof(text)),
			 s.warnings[i].at);
	return out;
}

struct line {
	const char *in, *expect;
};

static void check_lines(const struct gw_scan_config *config, const struct line *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(digest(config, rows[i].in), rows[i].expect);
}

#define GTIN "09521234543213"

static void test_elements(void **state)
{
	static const struct line rows[] = {
		{"]d201" GTIN "17270200"
		 "10AB" GS "21S1",
		 "product " GTIN " ai=01 ai=17 ai=10 ai=21 lot=AB serial=S1 expiry=2027-02-28"},
		{"]d201" GTIN "17280200", "product " GTIN " ai=01 ai=17 expiry=2028-02-29"},
		{"]d201" GTIN "15770101"
		 "16760101",
		 "product " GTIN " ai=01 ai=15 ai=16 best=1977-01-01 sell=2076-01-01"},
		{"]d201" GTIN "70032612312359", "product " GTIN " ai=01 ai=7003 expiry=2026-12-31"},
		{"]e001900123456789083103001750"
		 "39329782172",
		 "product 90012345678908 ai=01 ai=3103 ai=3932 net=1750/3kg price=2172/2EUR"},
		{"]e0019001234567890832020001563922"
		 "199",
		 "product 90012345678908 ai=01 ai=3202 ai=3922 net=156/2lb price=199/2"},
		{"]d201" GTIN "30"
		 "12",
		 "product " GTIN " ai=01 ai=30 count=12"},
		/* One bad element, in each way there is. */
		{"]d201" GTIN "17261301"
		 "10AB",
		 "product " GTIN " ai=01 ai=10 lot=AB !AI (17): no such date@21"},
		{"]d201" GTIN "10A#B" GS "21S1",
		 "product " GTIN " ai=01 ai=21 serial=S1 !AI (10): a character that may not stand "
		 "here@22"},
		{"]d201" GTIN "8912" GS "21S1",
		 "product " GTIN " ai=01 ai=21 serial=S1 !AI (8912): no such application "
		 "identifier@19"},
		{"]d210LOT" GS "17" GS "01" GTIN,
		 "product " GTIN " ai=10 ai=01 lot=LOT !AI (17): no value@11"},
		{"]d201" GTIN "3932"
		 "001100",
		 "product " GTIN " ai=01 !AI (3932): no such currency@23"},
		/* Two lots: the first one counts, and the till is told. */
		{"]d201" GTIN "10A" GS "10B",
		 "product " GTIN " ai=01 ai=10 ai=10 lot=A !AI (10): stands there twice with "
		 "different values@25"},
		{"]d201" GTIN "10A" GS "10A", "product " GTIN " ai=01 ai=10 ai=10 lot=A"},
		{"]d201" GTIN "10LOT42"
		 "17261231",
		 "product " GTIN " ai=01 ai=10 lot=LOT4217261231 !AI (10): ends like a date: is a "
		 "separator missing?@26"},
		/* FNC1 that the scanner sends on top, in front and behind. */
		{"]d2" GS "01" GTIN GS, "product " GTIN " ai=01"},
		{GS "01" GTIN "10A", "product " GTIN " ai=01 ai=10 lot=A"},
		{"]d1[)>\x1E"
		 "05" GS "01" GTIN GS "10A\x1E\x04",
		 "product " GTIN " ai=01 ai=10 lot=A"},
		/* What is no product. */
		{"]C100106141411234567897", "other  ai=00"},
		{"]e08110106141416543213150110121", "coupon  ai=8110"},
		/* Money: no. */
		{"]d20109521234543214", "refused 18: AI (01): check digit is 4, should be 3"},
		{"]d201" GTIN "0109501101530003", "refused 21: two different GTINs in one scan"},
		{"]d201" GTIN "0109501101530004",
		 "refused 34: AI (01): check digit is 4, should be 3"},
		{"]d2010952123454321", "refused 5: AI (01): the value has the wrong length"},
		{"]d210", "refused 5: AI (10): no value"},
		{"]d2", "refused 3: nothing behind the symbology identifier"},
	};

	(void)state;
	check_lines(NULL, rows, COUNT(rows));
}

static void test_parts(void **state)
{
	static const struct line rows[] = {
		{"]E09521234543213|]e017261231", "product " GTIN " ai=17 expiry=2026-12-31"},
		{"]E09521234543213]e01726123110A",
		 "product " GTIN " ai=17 ai=10 lot=A expiry=2026-12-31"},
		{"]E09521234543213]d201" GTIN "10A", "product " GTIN " ai=01 ai=10 lot=A"},
		{"]d201" GTIN "10A]E09521234543213", "product " GTIN " ai=01 ai=10 lot=A"},
		{"]E09521234543213]Q1https://id.gs1.org/01/" GTIN "/10/A",
		 "product " GTIN " ai=01 ai=10 lot=A"},
		{"]E09521234543213]d20109501101530003",
		 "refused 21: two different GTINs in one scan"},
		{"]E09521234543213]E09501101530003", "refused 19: two different GTINs in one scan"},
		{"]E09780201379624]E251299", "product 09780201379624"},
		{"]E251299]E09780201379624", "product 09780201379624"},
		{"]E09780201379624]E25129", "product 09780201379624 !a second part of the scan "
					    "could not be read@16"},
		{"]E09780201379624]Q1SOME TEXT",
		 "product 09780201379624 !a second part of the scan "
		 "could not be read@19"},
		{"]E09780201379624|]e0", "product 09780201379624 !a second part of the scan could "
					 "not be read@17"},
	};

	(void)state;
	check_lines(NULL, rows, COUNT(rows));
}

static void test_links(void **state)
{
	static const struct line rows[] = {
		{"]Q1https://id.gs1.org/01/" GTIN "/10/A%2FB?17=261231",
		 "product " GTIN " ai=01 ai=10 ai=17 lot=A/B expiry=2026-12-31"},
		{"HTTPS://SHOP.EXAMPLE/A/B/01/" GTIN, "product " GTIN " ai=01"},
		{"https://shop.example:8443/x/01/" GTIN "?utm=1&17=261231#part",
		 "product " GTIN " ai=01 ai=17 expiry=2026-12-31"},
		{"https://a/414/9520123456788/01/" GTIN, "product " GTIN " ai=01"},
		{"https://a/01/9521234543213",
		 "product " GTIN " ai=01 !the GTIN is written with fewer than 14 digits@13"},
		{"https://a/01/9521234543213?01=96385074",
		 "refused 30: two different GTINs in one scan"},
		{"https://a/01/" GTIN "/21/A/10/B",
		 "product " GTIN " ai=01 ai=21 ai=10 lot=B serial=A !does not belong at this place "
		 "of the link@36"},
		{"https://a/01/" GTIN "?10=B",
		 "product " GTIN " ai=01 ai=10 lot=B !AI (10): belongs in the path of the link@28"},
		{"https://a/01/" GTIN "/10/A%2",
		 "product " GTIN " ai=01 !AI (10): a faulty percent escape@31"},
		{"https://a/01/" GTIN "/10/A%01",
		 "product " GTIN " ai=01 !AI (10): a character that may not stand here@32"},
		{"https://a/01/" GTIN "/10/A+B", "product " GTIN " ai=01 ai=10 lot=A+B"},
		{"https://a/01/" GTIN "?99=A+B",
		 "product " GTIN " ai=01 !AI (99): a character that may not stand here@32"},
		{"https://a/00/106141411234567897", "uri  ai=00"},
		{"https://www.example.com/promo?id=5", "uri  !a link without a product@0"},
		{"https://a/01/%30952123454321%33", "product " GTIN " ai=01"},
		{"https://a/01/095212345432%zz", "refused 13: AI (01): a faulty percent escape"},
		{"https://a/01/09521234543214",
		 "refused 26: AI (01): check digit is 4, should be 3"},
		{"https:///01/" GTIN, "refused 8: a link without a proper domain"},
		{"https://a/01/" GTIN "/10/<b>", "refused 31: a character that no link may hold"},
		{"https://pay.example/?pan=4111111111111111",
		 "refused -1: payment card number refused"},
	};

	(void)state;
	check_lines(NULL, rows, COUNT(rows));
}

static void test_config(void **state)
{
	static const struct line substituted[] = {
		{"]d201" GTIN "10AB|17261231",
		 "product " GTIN " ai=01 ai=10 ai=17 lot=AB expiry=2026-12-31"},
		{"|01" GTIN "10AB|21C", "product " GTIN " ai=01 ai=10 ai=21 lot=AB serial=C"},
		{"]C0A|B", "code A|B"},
	};
	static const struct line strict[] = {
		{"]d201" GTIN "3922199", "product " GTIN " ai=01 ai=3922 price=199/2 !AI (3922): "
					 "needs a companion that is missing@23"},
		{"]d201" GTIN "3103001750"
		 "3922199",
		 "product " GTIN " ai=01 ai=3103 ai=3922 net=1750/3kg price=199/2"},
		{"]C11012345",
		 "other  ai=10 lot=12345 !AI (10): needs a companion that is missing@5"},
	};
	static const struct line later[] = {
		{"]d201" GTIN "17490101", "product " GTIN " ai=01 ai=17 expiry=2149-01-01"},
		{"]d201" GTIN "17510101", "product " GTIN " ai=01 ai=17 expiry=2051-01-01"},
	};
	struct gw_scan_config config = {.gs = '|'};

	(void)state;
	check_lines(&config, substituted, COUNT(substituted));
	config = (struct gw_scan_config){.strict = true};
	check_lines(&config, strict, COUNT(strict));
	config = (struct gw_scan_config){.year = 2100};
	check_lines(&config, later, COUNT(later));
}

/* What the reference says of values, one row a check. */
static void test_values(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{"(8013)1987654Ad4X4bL5ttr2310c2K", true}, /* GenSpecs 7.9.5 */
		{"(8013)1987654Ad4X4bL5ttr2310cK2", false},
		{"(8007)DE89370400440532013000", true},
		{"(8007)DE89370400440532013001", false},
		{"(421)276AB", true},
		{"(421)999AB", false},
		{"(7030)999AB", true},
		{"(4307)DE", true},
		{"(4307)XX", false},
		{"(3912)978100", true},
		{"(3912)979100", true},
		{"(3912)001100", false},
		{"(8006)095212345432130102", true},
		{"(8006)095212345432130302", false},
		{"(4300)A%20B", true},
		{"(4300)A%2GB", false},
		{"(7041)PX", true},
		{"(7041)QZ", false},
		{"(7241)10", true},
		{"(7241)11", false},
		{"(7258)2/3", true},
		{"(7258)3/2", false},
		{"(8030)ABC-_w==", false},
		{"(8030)ABCDE=", true},
		{"(4330)000123-", true},
		{"(4330)000123+", false},
		{"(4309)00000000001800000000", true},
		{"(4309)18000000010000000000", false},
		{"(8110)106141416543213150110121", true},
		{"(8110)10614141654321315011012", false},
		{"(8110)1061414165432131501101213261231", true},
		{"(8110)10614141654321315011012132612314260101", true},
		{"(8110)10614141654321315011012132612313261231", false}, /* twice */
		{"(8110)10614141654321315011012142601013261231", false}, /* out of order */
		{"(8110)10614141654321315011012132601014261231", false}, /* ends before it starts */
		{"(8112)001234561234560123456", true},
		{"(8112)0012345612345601234567", false},
	};
	struct gw_scan s;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if ((gw_scan_decode_bracketed(NULL, rows[i].text, strlen(rows[i].text), &s, NULL) ==
		     GW_OK) != rows[i].good)
			fail_msg("%s: %s", rows[i].text, s.error);
}

static void test_table(void **state)
{
	unsigned number, found = 0;

	(void)state;
	for (unsigned n = 0; n < 10000; n++) {
		char text[5];

		snprintf(text, sizeof(text), "%04u", n);
		for (size_t len = 2; len <= 4; len++) {
			const struct gw_ai *ai = gw_ai_find(text, len, &number);

			if (ai == NULL || ai->numbers.digits != len)
				continue;
			assert_in_range(number, ai->numbers.first, ai->numbers.last);
			assert_true(ai->min <= ai->max && ai->part_count >= 1);
			found++;
		}
	}
	/* Each identifier of d digits is met once for every number that begins with it. */
	assert_true(found > 500);
	assert_null(gw_ai_find("0", 1, &number));
	assert_null(gw_ai_find("AB", 2, &number));
	assert_null(gw_ai_find("31", 2, &number));
	assert_string_equal(gw_ai_currency(978), "EUR");
	assert_null(gw_ai_currency(0));
	assert_null(gw_ai_currency(999999));
	assert_non_null(strstr(gw_ai_source, "Syntax Dictionary"));
}

static void test_dates(void **state)
{
	static const char in[] = "]d201" GTIN "1726123115261130";
	struct gw_scan s;
	char text[60];

	(void)state;
	gw_scan_decode(NULL, (const uint8_t *)in, strlen(in), &s);
	assert_false(gw_scan_check_dates(&s, gw_days_from_civil(2026, 11, 30)));
	assert_int_equal(s.warning_count, 0);
	assert_false(gw_scan_check_dates(&s, gw_days_from_civil(2026, 12, 31)));
	assert_int_equal(s.warning_count, 1);
	assert_string_equal(gw_scan_warning_text(&s.warnings[0], text, sizeof(text)),
			    "the best-before date is past");
	s.warning_count = 0;
	assert_true(gw_scan_check_dates(&s, gw_days_from_civil(2027, 1, 1)));
	assert_int_equal(s.warning_count, 2);
}

static void test_limits(void **state)
{
	static char in[GW_SCAN_DATA_MAX];
	size_t n = (size_t)sprintf(in, "]d201" GTIN);

	(void)state;
	for (int i = 1; i < GW_SCAN_ELEMENTS_MAX; i++)
		n += (size_t)sprintf(in + n, "2001");
	assert_memory_equal(digest(NULL, in), "product " GTIN, 22);
	sprintf(in + n, "2001");
	assert_string_equal(digest(NULL, in), "refused 273: more than 64 elements");
}

static void test_no_allocation(void **state)
{
	static const char *const scans[] = {
		"]E09521234543213",
		"]d201" GTIN "17261301"
		"10AB" GS "21S1",
		"4111111111111111",
		"]Q1https://id.gs1.org/01/" GTIN "/10/A%2FB?17=261231",
		"]C0ABC",
		"]E0123",
	};
	static struct gw_scan_elements elements;
	struct gw_scan s;
	void *volatile probe; /* so that the compiler keeps the pair */
	int before;

	(void)state;
	probe = malloc(1);
	free(probe);
	assert_true(allocations > 0); /* the counter works */
	before = allocations;
	for (size_t i = 0; i < COUNT(scans); i++)
		gw_scan_decode_elements(NULL, (const uint8_t *)scans[i], strlen(scans[i]), &s,
					&elements);
	assert_int_equal(allocations, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements),      cmocka_unit_test(test_parts),
		cmocka_unit_test(test_links),         cmocka_unit_test(test_config),
		cmocka_unit_test(test_values),        cmocka_unit_test(test_table),
		cmocka_unit_test(test_dates),         cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_allocation),
	};

	return cmocka_run_group_tests_name("scan gs1", tests, NULL, NULL);
}
