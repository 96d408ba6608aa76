/*
 * Two framers read scanners: the dock's, byte by byte into its ring, and the one for captures.
 * What a scanner sends in good order both must cut alike, and what the dock hands on must sell as
 * what the capture says: the same table of symbologies is behind both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/scanner.h"
#include "link/ssi_types.h"
#include "random.h"
#include "scan/frame.h"
#include "scan/scan.h"
#include "scan/symbology.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SCANS    64

struct cuts {
	char text[SCANS][300];
	size_t len[SCANS], count, open_len;
	char open[8192];
};

static void begin(void *ctx)
{
	((struct cuts *)ctx)->open_len = 0;
}

static void put(void *ctx, uint8_t byte)
{
	struct cuts *c = ctx;

	c->open[c->open_len++] = (char)byte;
}

static void cut(void *ctx, uint32_t len)
{
	struct cuts *c = ctx;

	if (len < c->open_len)
		c->open_len = len;
}

static void keep(struct cuts *c, const char *bytes, size_t len)
{
	assert_true(c->count < SCANS && len < sizeof(c->text[0]));
	memcpy(c->text[c->count], bytes, len);
	c->text[c->count][len] = '\0';
	c->len[c->count++] = len;
}

static bool end(void *ctx, uint32_t now_ms)
{
	struct cuts *c = ctx;

	(void)now_ms;
	keep(c, c->open, c->open_len);
	return true;
}

static void refuse(void *ctx, enum gw_link_scan_status why, uint32_t now_ms)
{
	(void)why, (void)now_ms;
	keep(ctx, "!", 1);
}

static void answer(void *ctx, const uint8_t *bytes, uint32_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static const struct gw_scanner_sink sink = {begin, put, cut, end, refuse, answer};

static void by_dock(struct cuts *c, uint8_t framing, const uint8_t *bytes, size_t len)
{
	const struct gw_scanner_config config = {framing, GW_TERM_ALL, true, 50, 4096};
	struct gw_scanner s;

	c->count = c->open_len = 0;
	gw_scanner_init(&s, &config, &sink, c, 0);
	gw_scanner_tick(&s, 100);
	for (size_t i = 0; i < len; i++)
		gw_scanner_byte(&s, bytes[i], 100);
	gw_scanner_tick(&s, 300);
}

static void by_capture(struct cuts *c, enum gw_frame_style style, const uint8_t *bytes, size_t len)
{
	static struct gw_frame f;

	c->count = 0;
	gw_frame_init(&f, style);
	for (size_t i = 0; i <= len; i++) {
		enum gw_frame_event event =
			i < len ? gw_frame_push(&f, bytes[i]) : gw_frame_idle(&f);

		if (event == GW_FRAME_SCAN)
			keep(c, (const char *)f.data, f.len);
		else if (event == GW_FRAME_DAMAGED || event == GW_FRAME_TOO_LONG)
			keep(c, "!", 1);
	}
}

/* An SSI packet from the scanner; `again` sets the retransmit bit. */
static size_t packet(uint8_t *out, uint8_t opcode, const uint8_t *data, size_t n, bool again)
{
	size_t len = gw_ssi_build(out, opcode, data, n);

	if (again) {
		uint16_t check = (uint16_t)((out[len - 2] << 8 | out[len - 1]) - 1);

		out[3] = 1;
		out[len - 2] = (uint8_t)(check >> 8);
		out[len - 1] = (uint8_t)check;
	}
	assert_true(gw_ssi_valid(out, len));
	return len;
}

static size_t code(uint8_t *out, uint64_t *seed)
{
	size_t n = 1 + random_below(seed, 40);

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)('0' + random_below(seed, 43)); /* 0 to Z */
	return n;
}

/* A transmission of some scans as a scanner in good order sends it; returns its length. */
static size_t transmission(uint8_t *out, uint8_t framing, uint64_t *seed)
{
	size_t n = 0, scans = 1 + random_below(seed, 8);

	for (size_t k = 0; k < scans; k++) {
		uint8_t data[64];
		size_t len = code(data + 1, seed);

		if (framing == GW_FRAMING_SSI) {
			data[0] = 0x03;
			n += packet(out + n, GW_SSI_DECODE, data, len + 1, false);
			if (random_below(seed, 4) == 0) /* our ACK was lost */
				n += packet(out + n, GW_SSI_DECODE, data, len + 1, true);
			continue;
		}
		if (framing == GW_FRAMING_STXETX)
			out[n++] = 0x02;
		memcpy(out + n, data + 1, len);
		n += len;
		if (framing == GW_FRAMING_STXETX) {
			out[n++] = 0x03;
		} else {
			static const char *const ends[] = {"\r", "\n", "\r\n", "\t", "\x03"};
			const char *e = ends[random_below(seed, COUNT(ends))];

			memcpy(out + n, e, strlen(e));
			n += strlen(e);
		}
	}
	return n;
}

static void both_cut_alike(void **state)
{
	static const struct {
		uint8_t framing;
		enum gw_frame_style style;
		size_t prefix; /* the identifier that the dock writes for Code 128 */
	} rows[] = {{GW_FRAMING_PLAIN, GW_FRAME_LINES, 0},
		    {GW_FRAMING_STXETX, GW_FRAME_STX, 0},
		    {GW_FRAMING_SSI, GW_FRAME_SSI, 3}};
	uint64_t first = random_seed();
	static struct cuts dock, capture;
	static uint8_t bytes[4096];

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (unsigned k = 0; k < 2000; k++) {
			uint64_t seed = first + k;
			size_t len = transmission(bytes, rows[r].framing, &seed);

			by_dock(&dock, rows[r].framing, bytes, len);
			by_capture(&capture, rows[r].style, bytes, len);
			assert_int_equal(dock.count, capture.count);
			for (size_t i = 0; i < dock.count; i++)
				assert_string_equal(dock.text[i] + rows[r].prefix, capture.text[i]);
		}
}

/* The negative control: a framer that split on GS would be found out. */
static void they_can_disagree(void **state)
{
	static struct cuts dock, capture;
	const uint8_t bytes[] = "]C10104006381333931\x1D"
				"10A\r";

	(void)state;
	by_dock(&dock, GW_FRAMING_PLAIN, bytes, sizeof(bytes) - 1);
	by_capture(&capture, GW_FRAME_LINES, bytes, sizeof(bytes) - 1);
	assert_int_equal(dock.count, 1);
	assert_int_equal(capture.count, 1);
	by_capture(&capture, GW_FRAME_STX, bytes, sizeof(bytes) - 1);
	assert_int_not_equal(dock.count, capture.count);
}

struct sold {
	bool ok;
	char gtin[15], code[GW_SCAN_CODE_SIZE], addon[8];
};

static struct sold sell(const struct gw_scan *scan)
{
	struct sold s = {.ok = scan->kind != GW_SCAN_REFUSED};

	snprintf(s.gtin, sizeof(s.gtin), "%s", scan->gtin);
	snprintf(s.code, sizeof(s.code), "%s", scan->code);
	snprintf(s.addon, sizeof(s.addon), "%s", scan->addon);
	return s;
}

/* Whether a symbology can hold it: "]E0" alone does not tell UPC-A, UPC-E and EAN-13 apart. */
static bool belongs(unsigned type, const char *sample)
{
	static const struct {
		uint8_t type, action;
	} rows[] = {
#define ROW(number, letter, modifier, action, name) {number, GW_SYM_##action},
		GW_SSI_TYPES(ROW)
#undef ROW
	};
	size_t len = strlen(sample);

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].type != type)
			continue;
		if (rows[i].action == GW_SYM_RETAIL)
			return len == 12 || len == 13;
		if (rows[i].action == GW_SYM_UPCE)
			return len <= 8;
		/* coupon codes have no identifier of their own, and are not of ten digits */
		return type != 0x17 || len != 10;
	}
	return true;
}

/* Whatever the number of the symbology, dock and capture sell the same article. */
static void every_type_sells_alike(void **state)
{
	static const char *const samples[] = {
		"ABC-123",
		"4006381333931",
		"012345678905",
		"96385074",
		"01234565",
		"012345",
		"0123456",
		"0306406152",
		"400638133393112345",
		"9638507412",
		"01234567890512",
		"0104006381333931",
		"]C10104006381333931",
		"https://id.gs1.org/01/04006381333931",
	};
	unsigned known = 0;

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		for (size_t i = 0; i < COUNT(samples); i++) {
			static struct cuts dock;
			uint8_t data[128] = {(uint8_t)type}, wire[GW_SSI_PACKET_MAX];
			size_t len = strlen(samples[i]);
			struct gw_scan a, b;
			struct sold x, y;

			memcpy(data + 1, samples[i], len);
			by_dock(&dock, GW_FRAMING_SSI, wire,
				packet(wire, GW_SSI_DECODE, data, len + 1, false));
			assert_int_equal(dock.count, 1);
			known += i == 0 && dock.text[0][0] == ']';
			/* a type has an identifier exactly if the decoder has a name for it */
			if (i == 0)
				assert_int_equal(dock.text[0][0] == ']',
						 gw_ssi_name((uint8_t)type)[0] != '\0');
			(void)gw_scan_decode(NULL, (const uint8_t *)dock.text[0], dock.len[0], &a);
			(void)gw_scan_decode_ssi(NULL, (uint8_t)type, data + 1, len, &b, NULL);
			x = sell(&a);
			y = sell(&b);
			if (!belongs(type, samples[i]))
				continue;
			assert_int_equal(x.ok, y.ok);
			assert_string_equal(x.gtin, y.gtin);
			assert_string_equal(x.code, y.code);
			assert_string_equal(x.addon, y.addon);
		}
#define ONE(number, letter, modifier, action, name) +1
	assert_int_equal(known, 0 GW_SSI_TYPES(ONE));
#undef ONE
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_cut_alike),
		cmocka_unit_test(they_can_disagree),
		cmocka_unit_test(every_type_sells_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
