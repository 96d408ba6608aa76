/* Scans as a whole: what each carrier becomes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scan/scan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One line that says everything: "product 05901234123457 +51299 price=1234/2EUR !warning". */
static const char *digest(const struct gw_scan_config *config, const char *in, size_t len)
{
	static char out[600];
	struct gw_scan s;
	int n, status = gw_scan_decode(config, (const uint8_t *)in, len, &s);
	char text[100];

	assert_int_equal(status, s.kind == GW_SCAN_REFUSED ? GW_E_INPUT : GW_OK);
	if (s.kind == GW_SCAN_REFUSED) {
		snprintf(out, sizeof(out), "refused %d: %s", s.at, s.error);
		assert_string_equal(s.key, "");
		assert_string_equal(s.gtin, "");
		return out;
	}
	n = snprintf(out, sizeof(out), "%s", gw_scan_kind_name(s.kind));
	if (s.gtin[0] != '\0') {
		n += snprintf(out + n, sizeof(out) - (size_t)n, " %s", s.gtin);
		assert_string_equal(s.key, s.gtin);
	} else if (s.code[0] != '\0') {
		n += snprintf(out + n, sizeof(out) - (size_t)n, " %s", s.code);
	}
	if (s.addon[0] != '\0')
		n += snprintf(out + n, sizeof(out) - (size_t)n, " +%s", s.addon);
	if (s.measure.type != GW_MEASURE_NONE)
		n += snprintf(out + n, sizeof(out) - (size_t)n, " %s=%lld/%d%s",
			      gw_scan_measure_name(s.measure.type), (long long)s.measure.value,
			      s.measure.decimals, s.measure.unit);
	for (int i = 0; i < s.warning_count; i++)
		n += snprintf(out + n, sizeof(out) - (size_t)n, " !%s",
			      gw_scan_warning_text(&s.warnings[i], text, sizeof(text)));
	return out;
}

static void test_carriers(void **state)
{
	static const struct {
		const char *in, *expect;
	} rows[] = {
		{"]E05901234123457", "product 05901234123457"},
		{"5901234123457", "product 05901234123457"},
		{"5901234123457\r\n", "product 05901234123457"},
		{"\x02"
		 "5901234123457\x03",
		 "product 05901234123457"},
		{"012345678905", "product 00012345678905"},
		{"]E0012345678905",
		 "product 00012345678905 !fewer digits than the 13 that belong to this identifier"},
		{"96385074", "product 00000096385074"},
		{"]E496385074", "product 00000096385074"},
		{"04252614", "product 00042100005264"},
		{"12345670", "product 00000012345670 !8 digits could be EAN-8 or UPC-E"},
		{"30712345000010", "product 30712345000010"},
		{"]I130712345000010", "product 30712345000010"},
		{"]I33071234500001", "product 30712345000010"},
		{"]I01234567890", "code 1234567890"},
		{"]X0123456789X", "product 09781234567897"},
		{"9771234567003 12", "product 09771234567003 +12"},
		{"977123456700312", "product 09771234567003 +12"},
		{"]E3978020137962451299", "product 09780201379624 +51299"},
		{"]E3001234567890510", "product 00012345678905 +10"},
		{"]E251299", "addon +51299"},
		{"]E09981234567891", "coupon 09981234567891"},
		{"]C0ABC-123", "code ABC-123"},
		{"ABC-123", "code ABC-123"},
		{"]G0012345678905", "code 012345678905"},
		{"]F0A123B", "other A123B"},
		{"]L0@\n\x1E\rANSI 6360DAQJANE DOE", "other"},
		{"]Q1BEGIN:VCARD\nN:Doe\nEND:VCARD", "other"},
		{"]Q1https://a.example/x?name=doe",
		 "uri https://a.example/x !a link without a product"},
		{"12345678", "code 12345678 !the check digit does not fit a GTIN, taken as an "
			     "internal code"},
		{"4711", "code 4711"},
		{"", "refused -1: nothing was scanned"},
		{"\r\n", "refused -1: nothing was scanned"},
		{"]", "refused 0: the symbology identifier is cut off"},
		{"]XX", "refused 0: no such symbology identifier"},
		{"]C0", "refused 3: nothing behind the symbology identifier"},
		{"]Q1\xE2\x80\x8B", "refused 3: no character that can be shown"},
		{"]E0", "refused 3: no digits behind the symbology identifier"},
		{"]E0 901234123457", "refused 3: a character that is not a digit"},
		{"]E012345678901234", "refused 3: 14 digits, an EAN-13 has 13"},
		{"]E05901234123458", "refused 15: check digit is 8, should be 7"},
		{"5901234123458", "refused 12: check digit is 8, should be 7"},
		{"]I105901234123458", "refused 16: check digit is 8, should be 7"},
		{"]X01234567890", "refused 12: the check character of the ISBN is wrong"},
		{"]C0AB\x01"
		 "C",
		 "refused 5: control character 0x01 inside the data"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(digest(NULL, rows[i].in, strlen(rows[i].in)), rows[i].expect);
	assert_string_equal(digest(NULL, "AB\0C", 4), "refused 2: a NUL inside the data");
}

static void test_too_long(void **state)
{
	static char data[GW_SCAN_DATA_MAX + 1];

	(void)state;
	memset(data, 'A', sizeof(data));
	assert_string_equal(digest(NULL, data, sizeof(data)),
			    "refused 4096: longer than 4096 bytes");
	assert_string_equal(digest(NULL, data, 49),
			    "other !too long for an internal code, not kept");
	assert_memory_equal(digest(NULL, data, 48), "code AAAA", 9);
}

/* Numbers that pass Luhn and begin like an issuer's; the usual test numbers of the schemes. */
static void test_cards(void **state)
{
	static const char *const cards[] = {
		"4111111111111111",
		"]C04111111111111111",
		"4111 1111 1111 1111",
		"5555-5555-5555-4444",
		"2223003122003222",
		"378282246310005",
		"6011111111111117",
		"3530111333300000",
		"36227206271667",
		"]Q1PAN:4111111111111111;",
		"]L14111111111111111",
		"%B4111111111111111^DOE/JANE^2912101",
		";4111111111111111=29121010000000000000?",
		"]Z1;1234567890=1?",
		"+;123456789012=99?",
		"]Q14111\342\200\213111111111111",
	};
	static const char *const others[] = {
		"4111111111111112", "]C01111222233334444", "30712345000010",
		"5010000000000000", "]C0%B-SIDE^",         "]C0;12345=A",
	};
	struct gw_scan s;

	(void)state;
	for (size_t i = 0; i < COUNT(cards); i++) {
		const char *bytes = (const char *)&s;
		char digits[5] = "1111";

		memset(&s, 'x', sizeof(s));
		assert_int_equal(
			gw_scan_decode(NULL, (const uint8_t *)cards[i], strlen(cards[i]), &s),
			GW_E_INPUT);
		assert_true(s.secret);
		assert_string_equal(s.error, "payment card number refused");
		assert_int_equal(s.at, -1);
		assert_null(memmem(bytes, sizeof(s), digits, 4));
		assert_null(memmem(bytes, sizeof(s), "3782", 4));
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		gw_scan_decode(NULL, (const uint8_t *)others[i], strlen(others[i]), &s);
		assert_false(s.secret);
	}
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *in, *expect;
	} rows[] = {
		{"2IIIIIVNNNNC price 2 USD", "212345543214",
		 "product 00212345000007 price=4321/2USD"},
		{"2IIIIPPPPPVC price 2", "212345432143", "product 00212340000002 price=54321/2"},
		{"2PPPPPIIIIIC price 2", "254321123454", "product 00200000123451 price=54321/2"},
		{"24IIIIIVPPPPC price 2", "2412345543216", "product 02412345000009 price=4321/2"},
		{"21IIIIINNNNNC weight 3 kg", "2100001027506",
		 "product 02100001000004 weight=2750/3kg"},
		{"2IIIIIVPPPPC", "212345543214", "product 00212345000007 price=4321/2"},
		{"21IIIIIWWWWWC", "2100001027506", "product 02100001000004 weight=2750/3"},
		{"21.....{NNDDD}", "2100001027506", "product 02100001000004 weight=2750/3"},
		{"23.....{NNNDD} price", "2300001012346", "product 02300001000008 price=1234/2"},
		{"21IIIIINNNNNC weight 3 kg", "2200001027503", "product 02200001027503"},
		{"2IIIIIXNNNNC price 2", "212345900000", "product 00212345000007 price=0/2"},
	};
	static const char *const bad[] = {
		"",
		"28IIII",
		"28IIIIVNNNNNN price",
		"28IIIIVNNNNNC",
		"28IIIIVNNNNNC length",
		"28IIIIVNNNNNC weight 7",
		"28IIIIVNNNNNC weight 3 gram",
		"28IIIVVNNNNNC weight 3",
		"28IIIIIIIIIIC weight 3",
		"28C00000NNNNC weight 3",
		"28IIII?NNNNNC weight 3",
		"21.....{NNNNN}",
		"21.........{NNDDD}",
	};
	struct gw_scan_pattern pattern;
	char why[120];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_scan_config config = {.patterns = &pattern, .pattern_count = 1};

		assert_int_equal(gw_scan_pattern_parse(&pattern, rows[i].pattern, why, sizeof(why)),
				 GW_OK);
		assert_string_equal(digest(&config, rows[i].in, strlen(rows[i].in)),
				    rows[i].expect);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		why[0] = '\0';
		assert_int_equal(gw_scan_pattern_parse(&pattern, bad[i], why, sizeof(why)),
				 GW_E_INPUT);
		assert_true(why[0] != '\0');
	}
}

static void test_regions(void **state)
{
	static const char *const names[] = {"Germany", "DE", "great britain", "great-britain",
					    "us"};
	static const enum gw_scan_region expect[] = {
		GW_REGION_GERMANY, GW_REGION_GERMANY, GW_REGION_GREAT_BRITAIN,
		GW_REGION_GREAT_BRITAIN, GW_REGION_UNITED_STATES};
	enum gw_scan_region region;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_int_equal(gw_scan_region_find(names[i], &region), GW_OK);
		assert_int_equal(region, expect[i]);
	}
	assert_int_equal(gw_scan_region_find("atlantis", &region), GW_E_NOT_FOUND);
	assert_int_equal(gw_scan_region_find("", &region), GW_E_NOT_FOUND);
	assert_null(gw_scan_region_name((enum gw_scan_region)99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_carriers), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_cards),    cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_regions),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
