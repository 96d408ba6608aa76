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
	c->first_ms = c->start_ms = c->last_ms = 0;
	c->len = 0;
	c->line(c->ctx, head, sizeof(head) - 1);
}

/* Also with the parity bits off: a card read at wrong settings is still a card. */
static bool holds_card(const struct gw_capture *c)
{
	uint8_t plain[GW_CAPTURE_BURST];
	bool seen = gw_card_seen((const char *)c->bytes, c->len);

	for (size_t i = 0; i < c->len && !seen; i++)
		plain[i] = c->bytes[i] & 0x7F;
	seen = seen || gw_card_seen((const char *)plain, c->len);
	gw_scan_wipe(plain, sizeof(plain));
	return seen;
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

void gw_capture_end(struct gw_capture *c)
{
	static const char told[] = "# a payment card was left out: its bytes are masked\n";
	bool card = c->len > 0 && holds_card(c);
	size_t n;

	if (c->len == 0)
		return;
	if (card)
		c->line(c->ctx, told, sizeof(told) - 1);
	n = (size_t)snprintf(c->text, 16, "%lu ", (unsigned long)(c->start_ms - c->first_ms));
	for (size_t i = 0; i < c->len; i++) {
		bool control = (c->bytes[i] & 0x7F) < 0x20;

		n += put_byte(c->text + n, card && !control ? (uint8_t)'x' : c->bytes[i]);
	}
	c->text[n++] = '\n';
	c->text[n] = '\0';
	gw_scan_wipe(c->bytes, c->len);
	c->len = 0;
	c->line(c->ctx, c->text, n);
}

static bool ends(uint8_t byte)
{
	return byte == CR || byte == LF || byte == TAB || byte == ETX;
}

void gw_capture_bytes(struct gw_capture *c, const uint8_t *bytes, size_t len, uint32_t t_ms)
{
	if (c->len > 0 && t_ms - c->last_ms >= GW_CAPTURE_PAUSE_MS)
		gw_capture_end(c);
	if (!c->timed)
		c->first_ms = t_ms;
	c->timed = true;
	c->last_ms = t_ms;
	for (size_t i = 0; i < len; i++) {
		if (c->len == GW_CAPTURE_BURST)
			gw_capture_end(c);
		if (c->len == 0)
			c->start_ms = t_ms;
		c->bytes[c->len++] = bytes[i];
		if (ends(bytes[i]) && !(i + 1 < len && bytes[i] == CR && bytes[i + 1] == LF))
			gw_capture_end(c);
	}
}
