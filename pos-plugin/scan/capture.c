#include "scan/capture.h"

#include <stdio.h>
#include <string.h>

#include "scan/card.h"
#include "scan/scan.h"

enum { ETX = 0x03, TAB = 0x09, LF = 0x0A, CR = 0x0D };

void gw_capture_begin(struct gw_capture *c, void (*line)(void *ctx, const char *text, size_t len),
		      void *ctx)
{
	static const char head[] = GW_CAPTURE_HEAD
		"# milliseconds and bytes of each scan or burst; payment cards masked\n";

	c->line = line;
	c->ctx = ctx;
	c->timed = false;
	c->first_ms = c->last_ms = 0;
	c->len = c->parts = 0;
	c->line(c->ctx, head, sizeof(head) - 1);
}

/* Also with the parity bits off: a card read at wrong settings is still a card. */
static bool holds_card(const uint8_t *bytes, size_t len)
{
	uint8_t plain[GW_CAPTURE_BURST];
	bool seen = gw_card_seen((const char *)bytes, len);

	for (size_t i = 0; i < len && !seen; i++)
		plain[i] = bytes[i] & 0x7F;
	seen = seen || gw_card_seen((const char *)plain, len);
	gw_scan_wipe(plain, sizeof(plain));
	return seen;
}

static size_t end_of(const struct gw_capture *c, size_t part)
{
	return part + 1 < c->parts ? c->part[part + 1].from : c->len;
}

/* Marks every run of parts that together hold a card: one number may have come in several. */
static void find_cards(struct gw_capture *c)
{
	for (size_t i = 0; i < c->parts; i++)
		for (size_t k = i; k < c->parts; k++)
			if (holds_card(c->bytes + c->part[i].from, end_of(c, k) - c->part[i].from))
				for (size_t m = i; m <= k; m++)
					c->part[m].card = true;
}

static size_t put_byte(char *out, uint8_t byte)
{
	static const char hex[] = "0123456789ABCDEF";

	if (byte >= 0x20 && byte < 0x7F) {
		size_t n = 0;

		if (byte == '\\')
			out[n++] = '\\';
		out[n++] = (char)byte;
		return n;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[byte >> 4];
	out[3] = hex[byte & 15];
	return 4;
}

static void write_part(struct gw_capture *c, size_t part)
{
	static const char told[] = "# a payment card was left out: its bytes are masked\n";
	bool card = c->part[part].card;
	size_t n;

	if (card)
		c->line(c->ctx, told, sizeof(told) - 1);
	n = (size_t)snprintf(c->text, 16, "%lu ",
			     (unsigned long)(c->part[part].t_ms - c->first_ms));
	for (size_t i = c->part[part].from; i < end_of(c, part); i++) {
		bool control = (c->bytes[i] & 0x7F) < 0x20;

		n += put_byte(c->text + n, card && !control ? (uint8_t)'x' : c->bytes[i]);
	}
	c->text[n++] = '\n';
	c->text[n] = '\0';
	c->line(c->ctx, c->text, n);
}

void gw_capture_end(struct gw_capture *c)
{
	size_t parts = c->parts;

	find_cards(c);
	for (size_t i = 0; i < parts; i++)
		write_part(c, i);
	gw_scan_wipe(c->bytes, c->len);
	c->len = c->parts = 0;
}

/* A byte after a pause begins a part; what has no room for one more goes on in the last. */
static void begin_part(struct gw_capture *c, uint32_t t_ms)
{
	if (c->parts == GW_CAPTURE_PARTS)
		return;
	c->part[c->parts].t_ms = t_ms;
	c->part[c->parts].from = (uint16_t)c->len;
	c->part[c->parts].card = false;
	c->parts++;
}

static bool ends(uint8_t byte)
{
	return byte == CR || byte == LF || byte == TAB || byte == ETX;
}

void gw_capture_bytes(struct gw_capture *c, const uint8_t *bytes, size_t len, uint32_t t_ms)
{
	bool pause;

	if (len == 0)
		return;
	if (c->len > 0 && t_ms - c->last_ms >= GW_CAPTURE_PAUSE_MS)
		gw_capture_end(c);
	if (!c->timed)
		c->first_ms = t_ms;
	pause = c->timed && t_ms - c->last_ms >= GW_CAPTURE_GAP_MS;
	c->timed = true;
	c->last_ms = t_ms;
	for (size_t i = 0; i < len; i++) {
		if (c->len == GW_CAPTURE_BURST)
			gw_capture_end(c);
		if (c->len == 0 || (i == 0 && pause))
			begin_part(c, t_ms);
		c->bytes[c->len++] = bytes[i];
		if (ends(bytes[i]) && !(i + 1 < len && bytes[i] == CR && bytes[i + 1] == LF))
			gw_capture_end(c);
	}
}
