/* Framing of captured bytes, SSI packets, twins, and the guess which settings fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scan/frame.h"
#include "scan/profile.h"
#include "scan/twin.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Scans as "a|b", "R" repeat, "L" too long, "D" damaged; '_' in the input is a pause. */
static const char *digest(enum gw_frame_style style, const char *in, size_t len)
{
	static char out[400];
	static struct gw_frame f;
	size_t n = 0;

	gw_frame_init(&f, style);
	out[0] = '\0';
	for (size_t i = 0; i <= len; i++) {
		enum gw_frame_event e = i == len || in[i] == '_'
						? gw_frame_idle(&f)
						: gw_frame_push(&f, (uint8_t)in[i]);
		const char *word = e == GW_FRAME_REPEAT     ? "R"
				   : e == GW_FRAME_TOO_LONG ? "L"
				   : e == GW_FRAME_DAMAGED  ? "D"
							    : "";

		if (e == GW_FRAME_NONE)
			continue;
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.*s%s", n > 0 ? "|" : "",
				      e == GW_FRAME_SCAN ? (int)f.len : 0, (const char *)f.data,
				      word);
	}
	return out;
}

static void test_lines(void **state)
{
	static const struct {
		enum gw_frame_style style;
		const char *in, *expect;
	} rows[] = {
		{GW_FRAME_LINES, "abc\rdef\n", "abc|def"},
		{GW_FRAME_LINES, "abc\r\ndef\r\n", "abc|def"},
		{GW_FRAME_LINES, "\r\n\r\n", ""},
		{GW_FRAME_LINES, "abc\tdef\x03", "abc|def"},
		{GW_FRAME_LINES, "abc_def_", "abc|def"},
		{GW_FRAME_LINES,
		 "\x02"
		 "abc\x03",
		 "abc"},
		{GW_FRAME_LINES,
		 "a\x1D"
		 "b\r",
		 "a\x1D"
		 "b"},
		{GW_FRAME_STX,
		 "zz\x02"
		 "abc\x03zz\x02"
		 "d\x03",
		 "abc|d"},
		{GW_FRAME_STX,
		 "\x02"
		 "abc\x02"
		 "def\x03",
		 "D|def"},
		{GW_FRAME_STX,
		 "\x02"
		 "abc_\x02"
		 "def\x03",
		 "D|def"},
		{GW_FRAME_STX, "\x02\x03", ""},
		{GW_FRAME_STX,
		 "\x02"
		 "a\rb\x03",
		 "a\rb"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(digest(rows[i].style, rows[i].in, strlen(rows[i].in)),
				    rows[i].expect);
}

static void test_too_long(void **state)
{
	static const char line[] = {'\r', 'a', 'b', 'c', '\r'};
	static const char next[] = {'\x03', '\x02', 'd', 'e', '\x03'};
	static char in[5000];

	(void)state;
	memset(in, 'x', sizeof(in));
	memcpy(in + 4990, line, sizeof(line));
	assert_string_equal(digest(GW_FRAME_LINES, in, sizeof(in)), "L|abc|xxxxx");
	in[0] = '\x02';
	memcpy(in + 4980, next, sizeof(next));
	assert_string_equal(digest(GW_FRAME_STX, in, sizeof(in)), "L|de");
}

static size_t from_hex(uint8_t *out, const char *hex)
{
	size_t n = 0;
	char *end;

	for (unsigned long byte; byte = strtoul(hex, &end, 16), end != hex; hex = end)
		out[n++] = (uint8_t)byte;
	return n;
}

static const uint8_t ean_packet[] = {0x12, 0xF3, 0,   0,   0x0B, '5', '9', '0', '1',  '2',
				     '3',  '4',  '1', '2', '3',  '4', '5', '7', 0xFC, 0x52};

/* What one row of the shared file must become, by the words of its last columns. */
static void check_packet(struct gw_frame *f, const uint8_t *p, size_t n, const char *meaning)
{
	enum gw_frame_event e = GW_FRAME_NONE;
	struct gw_scan s;
	bool again = strstr(meaning, "retransmit bit") != NULL;
	static const struct {
		const char *words, *gtin, *addon;
	} scans[] = {
		{"DECODE_DATA EAN-13+2", "09771234567003", "12"},
		{"DECODE_DATA EAN-13+5", "09780201379624", "51299"},
		{"DECODE_DATA EAN-13", "05901234123457", ""},
		{"DECODE_DATA UPC-A", "00012345678905", ""},
		{"DECODE_DATA UPC-E0", "00012345000065", ""},
		{"DECODE_DATA EAN-8", "00000096385074", ""},
		{"DECODE_DATA GS1-128", "09521234543213", ""},
	};

	for (size_t i = 0; again && i < sizeof(ean_packet); i++)
		gw_frame_push(f, ean_packet[i]); /* what is sent again */
	for (size_t i = 0; i < n; i++)
		e = gw_frame_push(f, p[i]);
	if (strstr(meaning, "BAD checksum") != NULL) {
		assert_false(gw_ssi_valid(p, n));
		assert_int_equal(e, GW_FRAME_DAMAGED);
		return;
	}
	assert_true(gw_ssi_valid(p, n));
	if (again) {
		assert_int_equal(e, GW_FRAME_REPEAT);
		return;
	}
	if (strstr(meaning, "multipacket 3/3") != NULL) {
		assert_int_equal(e, GW_FRAME_SCAN);
		assert_int_equal(f->len, 500);
		assert_string_equal(gw_ssi_name(f->code_type), "QR Code");
		return;
	}
	if (strstr(meaning, "DECODE_DATA") == NULL) {
		assert_int_equal(e, GW_FRAME_NONE);
		return;
	}
	assert_int_equal(e, GW_FRAME_SCAN);
	gw_scan_decode_ssi(NULL, f->code_type, f->data, f->len, &s, NULL);
	for (size_t i = 0; i < COUNT(scans); i++)
		if (strncmp(meaning, scans[i].words, strlen(scans[i].words)) == 0) {
			assert_string_equal(s.key, scans[i].gtin);
			assert_string_equal(s.addon, scans[i].addon);
			assert_int_equal(s.warning_count, 0);
			return;
		}
	fail_msg("no rule for: %s", meaning);
}

static void test_ssi_vectors(void **state)
{
	const char *shared = getenv("SHARED");
	char path[1024], line[4096];
	static struct gw_frame f;
	int rows = 0;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/vectors/ssi-packets.tsv",
		 shared != NULL ? shared : "../shared");
	file = fopen(path, "r");
	if (file == NULL)
		skip();
	gw_frame_init(&f, GW_FRAME_SSI);
	while (fgets(line, sizeof(line), file) != NULL) {
		uint8_t packet[300];
		char *hex = strchr(line, '\t'), *meaning;

		if (line[0] == '#' || strncmp(line, "family", 6) == 0 || hex == NULL)
			continue;
		meaning = strchr(hex + 1, '\t');
		assert_non_null(meaning);
		*meaning++ = '\0';
		check_packet(&f, packet, from_hex(packet, hex + 1), meaning);
		rows++;
	}
	fclose(file);
	assert_true(rows >= 19);
}

static enum gw_frame_event push_all(struct gw_frame *f, const uint8_t *p, size_t n)
{
	enum gw_frame_event e = GW_FRAME_NONE;

	for (size_t i = 0; i < n; i++)
		e = gw_frame_push(f, p[i]);
	return e;
}

/* The same item twice is two items; a retransmission of it is not; nor is one never heard. */
static void test_ssi_repeats(void **state)
{
	static struct gw_frame f;
	uint8_t again[sizeof(ean_packet)], out[GW_SSI_PACKET_MAX], expect[8];

	(void)state;
	memcpy(again, ean_packet, sizeof(again));
	again[3] = 1;
	again[sizeof(again) - 1]--;
	gw_frame_init(&f, GW_FRAME_SSI);
	assert_int_equal(push_all(&f, again, sizeof(again)), GW_FRAME_SCAN);
	assert_int_equal(push_all(&f, again, sizeof(again)), GW_FRAME_REPEAT);
	assert_int_equal(push_all(&f, ean_packet, sizeof(ean_packet)), GW_FRAME_SCAN);
	assert_int_equal(push_all(&f, ean_packet, sizeof(ean_packet)), GW_FRAME_SCAN);
	assert_int_equal(push_all(&f, again, sizeof(again)), GW_FRAME_REPEAT);
	/* A packet cut short is dropped at the pause, and the next one is whole. */
	assert_int_equal(push_all(&f, ean_packet, 9), GW_FRAME_NONE);
	assert_int_equal(gw_frame_idle(&f), GW_FRAME_DAMAGED);
	assert_int_equal(push_all(&f, ean_packet, sizeof(ean_packet)), GW_FRAME_SCAN);

	assert_int_equal(gw_ssi_build(out, GW_SSI_ACK, NULL, 0),
			 from_hex(expect, "04 D0 04 00 FF 28"));
	assert_memory_equal(out, expect, 6);
	assert_int_equal(gw_ssi_build(out, GW_SSI_NAK, (const uint8_t *)"\x01", 1), 7);
	assert_int_equal(from_hex(expect, "05 D1 04 00 01 FF 25"), 7);
	assert_memory_equal(out, expect, 7);
}

static struct gw_scan scan_of(const char *text)
{
	struct gw_scan_config config = {.region = GW_REGION_GERMANY};
	struct gw_scan s;

	assert_int_equal(gw_scan_decode(&config, (const uint8_t *)text, strlen(text), &s), GW_OK);
	return s;
}

static void test_twins(void **state)
{
	static const struct {
		const char *first, *second;
		int64_t ms;
		bool twin;
	} rows[] = {
		{"]E09521234543213", "]d2010952123454321310AB", 300, true},
		{"]d2010952123454321310AB", "]E09521234543213", 300, true},
		{"]E09521234543213", "]Q1https://id.gs1.org/01/09521234543213", 900, true},
		{"]E09521234543213", "]E09521234543213", 300, false},
		{"]d20109521234543213", "]d20109521234543213", 300, false},
		{"]E09521234543213", "]d20109521234543213", 1500, false},
		{"]E09521234543213", "]d20109501101530003", 300, false},
		{"]E02811111068708", "]d20102811110000006", 300, true}, /* by region */
		{"]E02088060112343", "]d20102088060100005", 300, true}, /* by prefix */
		{"]E02811111068708", "]d20102822220000008", 300, false},
		{"]E09521234543213", "]C0ABC", 300, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_scan_twin twin = {0};
		struct gw_scan a = scan_of(rows[i].first), b = scan_of(rows[i].second);

		assert_false(gw_scan_is_twin(&twin, &a, 10000, GW_SCAN_TWIN_MS));
		assert_int_equal(gw_scan_is_twin(&twin, &b, 10000 + rows[i].ms, GW_SCAN_TWIN_MS),
				 rows[i].twin);
		/* After a pair, the same pack's first code is a second piece. */
		if (rows[i].twin)
			assert_false(
				gw_scan_is_twin(&twin, &a, 10100 + rows[i].ms, GW_SCAN_TWIN_MS));
	}
}

static uint8_t with_parity(char c, char parity)
{
	bool odd = __builtin_parity((unsigned char)c);

	switch (parity) {
	case 'E':
		return (uint8_t)(c | (odd ? 0x80 : 0));
	case 'O':
		return (uint8_t)(c | (odd ? 0 : 0x80));
	case 'M':
		return (uint8_t)(c | 0x80);
	default:
		return (uint8_t)c;
	}
}

/* Scans as each profile's scanner sends them, read at 8N1: the guess must find the profile. */
static void test_guess(void **state)
{
	static const char *const scans[] = {"5901234123457", "]C10109501101530003", "ABC-12",
					    "96385074"};

	(void)state;
	for (size_t i = 0; gw_profile_at(i) != NULL; i++) {
		const struct gw_profile *p = gw_profile_at(i);
		struct gw_profile_fit fits[GW_PROFILE_FITS_MAX];
		uint8_t bytes[400];
		size_t n = 0;
		char advice[160];

		for (size_t k = 0; k < COUNT(scans) && p->style != GW_FRAME_SSI; k++) {
			if (p->style == GW_FRAME_STX)
				bytes[n++] = with_parity('\x02', p->parity);
			for (const char *c = scans[k]; *c != '\0'; c++)
				bytes[n++] = with_parity(*c, p->parity);
			bytes[n++] =
				with_parity(p->style == GW_FRAME_STX ? '\x03' : '\r', p->parity);
		}
		for (size_t k = 0; k < 3 && p->style == GW_FRAME_SSI; k++) {
			memcpy(bytes + n, ean_packet, sizeof(ean_packet));
			n += sizeof(ean_packet);
		}
		assert_true(gw_profile_guess(bytes, n, fits) >= 1);
		if (fits[0].profile != p)
			fail_msg("%s taken for %s: %s", p->name, fits[0].profile->name,
				 fits[0].reason);
		assert_true(fits[0].score >= 90);
		assert_string_equal(gw_profile_advice(bytes, n, advice, sizeof(advice)), "");
		assert_ptr_equal(gw_profile_find(p->name), p);
	}
	assert_null(gw_profile_find("nobody"));
}

static void test_advice(void **state)
{
	static const struct {
		const char *bytes, *expect;
	} rows[] = {
		{"A5901234123457\r", "a letter before each number: set code-ids = zebra"},
		{"5901234123457", "no terminator: scans are told apart by pauses only"},
		{"5901234123457\r", ""},
		{"]C1010952123454321310AB|17261231\r", "'|' stands where GS should: set gs = |"},
		{"\xFE\xF8\x80\xFF\xE0\xFC\xF8\x80\xFE",
		 "mostly noise: the scanner speaks at another speed"},
	};
	char advice[160];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(gw_profile_advice((const uint8_t *)rows[i].bytes,
						      strlen(rows[i].bytes), advice,
						      sizeof(advice)),
				    rows[i].expect);
	assert_string_equal(gw_profile_advice((const uint8_t *)"", 0, advice, sizeof(advice)), "");
	assert_int_equal(gw_profile_guess((const uint8_t *)"", 0, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),       cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_ssi_vectors), cmocka_unit_test(test_ssi_repeats),
		cmocka_unit_test(test_twins),       cmocka_unit_test(test_guess),
		cmocka_unit_test(test_advice),
	};

	return cmocka_run_group_tests_name("scan frame", tests, NULL, NULL);
}
