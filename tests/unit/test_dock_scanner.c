/* What a dock makes of bytes: scans of every framing, and text for a customer display. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/display.h"
#include "firmware/scanner.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- framing
 * --------------------------------------------------------------------------------------- */

/* Scans joined by '|', refusals as !1 too long, !2 noise, !3 partial; answers behind a '>'. */
struct tape {
	char text[8192], open[8192];
	size_t len, open_len;
};

static void tape_add(struct tape *t, const char *s, size_t n)
{
	assert_true(t->len + n + 1 < sizeof(t->text));
	memcpy(t->text + t->len, s, n);
	t->len += n;
	t->text[t->len] = '\0';
}

static void tape_begin(void *ctx)
{
	((struct tape *)ctx)->open_len = 0;
}

static void tape_put(void *ctx, uint8_t byte)
{
	struct tape *t = ctx;

	t->open[t->open_len++] = (char)byte;
}

static void tape_cut(void *ctx, uint32_t len)
{
	((struct tape *)ctx)->open_len = len;
}

static bool tape_end(void *ctx, uint32_t now_ms)
{
	struct tape *t = ctx;

	(void)now_ms;
	tape_add(t, t->open, t->open_len);
	tape_add(t, "|", 1);
	return true;
}

static void tape_refuse(void *ctx, enum gw_link_scan_status why, uint32_t now_ms)
{
	char s[3] = {'!', (char)('0' + why), '|'};

	(void)now_ms;
	tape_add(ctx, s, 3);
}

static void tape_answer(void *ctx, const uint8_t *bytes, uint32_t len)
{
	tape_add(ctx, ">", 1);
	tape_add(ctx, (const char *)bytes, len);
}

static const struct gw_scanner_sink tape_sink = {tape_begin, tape_put,    tape_cut,
						 tape_end,   tape_refuse, tape_answer};

/* "~" in a row is a pause longer than the gap; "_" is as long, but nobody looked whether there was
 * nothing to read.
 */
static void play(struct tape *t, struct gw_scanner *s, const char *in, size_t len, uint32_t *now)
{
	for (size_t i = 0; i < len; i++) {
		if (in[i] == '~') {
			*now += 60;
			gw_scanner_tick(s, *now);
		} else if (in[i] == '_') {
			*now += 60;
		} else {
			gw_scanner_byte(s, (uint8_t)in[i], *now += 1);
		}
	}
	(void)t;
}

static void plain_framing(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		/* terminators, one frame for CRLF, no empty frames */
		{"~12345\r67890\r", "12345|67890|"},
		{"~12345\r\n67890\r\n\r\n", "12345|67890|"},
		{"~1\n2\t3\x03", "1|2|3|"},
		/* the pause ends a scan that has no terminator */
		{"~12345~67890~", "12345|67890|"},
		{"~12345\r~67890~", "12345|67890|"},
		/* GS is data */
		{"~]C10109501101530003\x1d"
		 "10AB\r",
		 "]C10109501101530003\x1d"
		 "10AB|"},
		/* what was running when we began is not ours */
		{"345\r12345\r", "!3|12345|"},
		{"345~12345\r", "!3|12345|"},
		/* time alone is no pause */
		{"~12_345\r_67890\r", "12345|67890|"},
		{"34_5\r12345\r", "!3|12345|"},
		{"_345\r12345\r", "!3|12345|"},
		/* over-long: refused once, in step again at a terminator or a pause */
		{"~1234567890123456789012345678901\r12345\r", "!1|12345|"},
		{"~1234567890123456789012345678901~12345\r", "!1|12345|"},
		{"~123456789012345678901234567890\r", "123456789012345678901234567890|"},
	};
	struct gw_scanner_config c = {GW_FRAMING_PLAIN, GW_TERM_ALL, true, 50, 30};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tape t = {0};
		struct gw_scanner s;
		uint32_t now = UINT32_MAX - 70; /* over the wrap of the clock */

		gw_scanner_init(&s, &c, &tape_sink, &t, now);
		play(&t, &s, rows[i].in, strlen(rows[i].in), &now);
		assert_string_equal(t.text, rows[i].want);
	}
}

static void line_errors(void **state)
{
	struct gw_scanner_config c = {GW_FRAMING_PLAIN, GW_TERM_ALL, true, 50, 20};
	struct tape t = {0};
	struct gw_scanner s;
	uint32_t now = 0;

	(void)state;
	gw_scanner_init(&s, &c, &tape_sink, &t, now);
	play(&t, &s, "~12", 3, &now);
	gw_scanner_error(&s, now);
	play(&t, &s, "45\r67\r", 6, &now);
	gw_scanner_error(&s, now); /* in the first byte of a scan */
	play(&t, &s, "9\r10\r", 5, &now);
	assert_string_equal(t.text, "!2|67|!2|10|");
}

static void stx_etx_framing(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"~\x02"
		 "12345\x03",
		 "12345|>\x06"},
		{"~junk\x02"
		 "12345\x03\r\n\x02"
		 "6\x03",
		 "12345|>\x06"
		 "6|>\x06"},
		/* never finished */
		{"~\x02"
		 "123~\x02"
		 "456\x03",
		 "!3|>\x15"
		 "456|>\x06"},
		{"~\x02"
		 "123\x02"
		 "456\x03",
		 "!3|456|>\x06"},
	};
	struct gw_scanner_config c = {GW_FRAMING_STXETX, GW_TERM_ETX, true, 50, 20};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tape t = {0};
		struct gw_scanner s;
		uint32_t now = 0;

		gw_scanner_init(&s, &c, &tape_sink, &t, now);
		play(&t, &s, rows[i].in, strlen(rows[i].in), &now);
		assert_string_equal(t.text, rows[i].want);
	}
}

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	while (*hex != '\0') {
		out[n++] = (uint8_t)strtoul(hex, NULL, 16);
		hex += strcspn(hex, " ");
		hex += strspn(hex, " ");
	}
	return n;
}

static void ssi_framing(void **state)
{
	/* decode packets as the makers' guides lay them out; the last column is what the dock keeps
	 */
	static const struct {
		const char *hex, *want;
	} rows[] = {
		{"12 F3 00 00 0B 35 39 30 31 32 33 34 31 32 33 34 35 37 FC 52",
		 "]E05901234123457|"},
		{"0D F3 00 00 0A 39 36 33 38 35 30 37 34 FD 4C", "]E496385074|"},
		{"19 F3 00 00 0F 30 31 30 39 35 32 31 32 33 34 35 34 33 32 31 33 1D 31 30 41 FA F9",
		 "]C10109521234543213\x1d"
		 "10A|"},
		/* a suffix inside the packet */
		{"13 F3 00 00 0B 35 39 30 31 32 33 34 31 32 33 34 35 37 0D FC 44",
		 "]E05901234123457|"},
		/* sent again because our ACK was lost: kept once */
		{"12 F3 00 00 0B 35 39 30 31 32 33 34 31 32 33 34 35 37 FC 52 "
		 "12 F3 00 01 0B 35 39 30 31 32 33 34 31 32 33 34 35 37 FC 51",
		 "]E05901234123457|"},
		/* scanned twice: kept twice */
		{"0D F3 00 00 0A 39 36 33 38 35 30 37 34 FD 4C 0D F3 00 00 0A 39 36 33 38 35 30 37 "
		 "34 FD 4C",
		 "]E496385074|]E496385074|"},
	};
	struct gw_scanner_config c = {GW_FRAMING_SSI, 0, false, 50, 2000};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct tape t = {0};
		struct gw_scanner s;
		uint8_t bytes[200];
		size_t n = from_hex(rows[i].hex, bytes);

		gw_scanner_init(&s, &c, &tape_sink, &t, 0);
		for (size_t k = 0; k < n; k++)
			gw_scanner_byte(&s, bytes[k], 100);
		assert_string_equal(t.text, rows[i].want);
	}
}

static size_t ssi_packet(uint8_t *out, const uint8_t *body, size_t len)
{
	unsigned sum = 0;

	out[0] = (uint8_t)(len + 1);
	memcpy(out + 1, body, len);
	for (size_t i = 0; i <= len; i++)
		sum += out[i];
	out[len + 1] = (uint8_t)((0x10000u - (sum & 0xFFFFu)) >> 8);
	out[len + 2] = (uint8_t)(0x10000u - (sum & 0xFFFFu));
	return len + 3;
}

/* 500 bytes in three packets, the second one damaged once. */
static void ssi_multipacket(void **state)
{
	struct gw_scanner_config c = {GW_FRAMING_SSI, 0, true, 50, 2000};
	struct tape t = {0};
	struct gw_scanner s;
	uint8_t body[256], packet[260];
	size_t lens[3] = {241, 250, 9}, n;

	(void)state;
	gw_scanner_init(&s, &c, &tape_sink, &t, 0);
	for (unsigned k = 0, attempt = 0; k < 3;) {
		uint8_t head[13] = {0x73, 0, 0, (uint8_t)k, 0xF3, 0, 0, 1, 0xF7, 0x1C, 1, 1, 0xF4};
		size_t head_len = k == 0 ? 13 : 4;

		memcpy(body, head, head_len);
		memset(body + head_len, 'a' + (int)k, lens[k]);
		n = ssi_packet(packet, body, head_len + lens[k]);
		if (k == 1 && attempt++ == 0)
			packet[100] ^= 1;
		else
			k++;
		for (size_t i = 0; i < n; i++)
			gw_scanner_byte(&s, packet[i], 100);
	}
	/* ACK, NAK, ACK, then the whole with its ACK; the tape cannot hold the NULs */
	assert_int_equal(t.len, 6 + 1 + 7 + 1 + 6 + 1 + 3 + 500 + 1 + 6 + 1);
	assert_memory_equal(t.text + 22, "]Q1", 3);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(t.text[25 + i], i < 241 ? 'a' : i < 491 ? 'b' : 'c');
}

static void dressing(void **state)
{
	struct gw_scanner_config c = {GW_FRAMING_PLAIN, GW_TERM_ALL, true, 50, 20};
	struct tape t = {0};
	struct gw_scanner s;
	uint8_t out[40];
	uint32_t now = 0;

	(void)state;
	gw_scanner_init(&s, &c, &tape_sink, &t, now);
	assert_int_equal(gw_scanner_dress(&s, out, 40, (const uint8_t *)"12", 2), 3);
	assert_memory_equal(out, "12\r", 3);
	play(&t, &s, "~1\r\n", 4, &now); /* it says CRLF, so do we */
	assert_int_equal(gw_scanner_dress(&s, out, 40, (const uint8_t *)"12", 2), 4);
	assert_memory_equal(out, "12\r\n", 4);
	play(&t, &s, "1~", 2, &now);
	assert_int_equal(gw_scanner_dress(&s, out, 40, (const uint8_t *)"12", 2), 2);
	play(&t, &s, "1\t", 2, &now);
	assert_int_equal(gw_scanner_dress(&s, out, 40, (const uint8_t *)"12", 2), 3);
	assert_memory_equal(out, "12\t", 3);
	c.framing = GW_FRAMING_SSI;
	assert_int_equal(gw_scanner_dress(&s, out, 40, (const uint8_t *)"5901234123457", 13), 20);
	assert_memory_equal(out + 18, "\xFC\x52", 2);
	assert_int_equal(gw_scanner_dress(&s, out, 10, (const uint8_t *)"5901234123457", 13), 0);
}

/* --- the customer display
 * -------------------------------------------------------------------------- */

static void display_text(void **state)
{
	/* what 437 and 858 show of a text, all of 20 characters */
	static const struct {
		const char *text, *cp437, *cp858;
	} rows[] = {
		{"Torch 12.99", "Torch 12.99         ", "Torch 12.99         "},
		{"a line longer than the display", "a line longer than t", "a line longer than t"},
		{"Müsli Größe",
		 "M\x81sli Gr\x94\xE1"
		 "e         ",
		 "M\x81sli Gr\x94\xE1"
		 "e         "},
		{"3,49 €", "3,49 E              ", "3,49 \xD5              "},
		{"Ákos Łódź",
		 "Akos L\xA2"
		 "dz           ",
		 "\xB5kos L\xA2"
		 "dz           "},
		{"“x”–…", "\"x\"-.               ", "\"x\"-.               "},
		{"e\xCC\x81t", "et                  ",
		 "et                  "}, /* a mark of its own */
		{"電池\x1b[\xFF", "???[?               ", "???[?               "},
		{"", "                    ", "                    "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_display d = {GW_DISPLAY_ESCPOS, GW_DISPLAY_CP437};
		uint8_t out[GW_DISPLAY_COLUMNS];

		gw_display_line(&d, out, (const uint8_t *)rows[i].text, strlen(rows[i].text));
		assert_memory_equal(out, rows[i].cp437, sizeof(out));
		d.page = GW_DISPLAY_CP858;
		gw_display_line(&d, out, (const uint8_t *)rows[i].text, strlen(rows[i].text));
		assert_memory_equal(out, rows[i].cp858, sizeof(out));
	}
}

static void display_commands(void **state)
{
	struct gw_display d = {GW_DISPLAY_ESCPOS, GW_DISPLAY_CP858};
	uint8_t out[GW_DISPLAY_MAX];

	(void)state;
	assert_int_equal(gw_display_start(&d, out), 6);
	assert_memory_equal(out, "\x1b@\x1bt\x13\x0c", 6);
	assert_int_equal(gw_display_show(&d, out, (const uint8_t *)"a", 1, (const uint8_t *)"b", 1),
			 51);
	assert_memory_equal(out,
			    "\x1bt\x13\x1f$\x01\x01"
			    "a                   \x1f$\x01\x02"
			    "b ",
			    33);
	d.type = GW_DISPLAY_CD5220;
	d.page = GW_DISPLAY_CP437;
	assert_int_equal(gw_display_start(&d, out), 7);
	assert_memory_equal(out, "\x0c\x1b@\x1bt\x00\x0c", 7);
	assert_int_equal(gw_display_show(&d, out, (const uint8_t *)"a", 1, (const uint8_t *)"b", 1),
			 48);
	assert_memory_equal(out, "\x1bQAa                   \r\x1bQBb ", 29);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_framing),   cmocka_unit_test(line_errors),
		cmocka_unit_test(stx_etx_framing), cmocka_unit_test(ssi_framing),
		cmocka_unit_test(ssi_multipacket), cmocka_unit_test(dressing),
		cmocka_unit_test(display_text),    cmocka_unit_test(display_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
