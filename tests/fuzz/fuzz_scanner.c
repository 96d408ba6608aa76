/*
 * Fuzz target: the framing of scans.  The first byte chooses framing and answers; then pairs of a
 * pause and bytes.  Held: nothing longer than the limit, begin before put, one end for each begin.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "firmware/scanner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 300u

struct sheet {
	bool open;
	uint32_t len, scans;
};

static void begin(void *ctx)
{
	struct sheet *s = ctx;

	s->open = true;
	s->len = 0;
}

static void put(void *ctx, uint8_t byte)
{
	struct sheet *s = ctx;

	(void)byte;
	if (!s->open || ++s->len > MOST)
		abort();
}

static void cut(void *ctx, uint32_t len)
{
	struct sheet *s = ctx;

	if (len > s->len)
		abort();
	s->len = len;
}

static bool end(void *ctx, uint32_t now_ms)
{
	struct sheet *s = ctx;

	(void)now_ms;
	if (!s->open)
		abort();
	s->open = false;
	s->scans++;
	return s->scans % 5 != 0;
}

static void refuse(void *ctx, enum gw_link_scan_status why, uint32_t now_ms)
{
	(void)now_ms;
	if (why == GW_LINK_SCAN_GOOD)
		abort();
	((struct sheet *)ctx)->open = false;
}

static void answer(void *ctx, const uint8_t *bytes, uint32_t len)
{
	(void)ctx;
	if (len == 0 || bytes == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gw_scanner_sink sink = {begin, put, cut, end, refuse, answer};
	struct gw_scanner_config config = {.idle_gap_ms = 50, .scan_max = MOST};
	struct sheet sheet = {0};
	struct gw_scanner s;
	uint8_t dressed[64];
	uint32_t now = 7;

	if (size < 2)
		return 0;
	config.framing = data[0] % 3;
	config.answer = (data[0] & 4u) != 0;
	config.terminators = (uint8_t)(data[1] & 15u);
	gw_scanner_init(&s, &config, &sink, &sheet, now);
	now += 60;
	for (size_t i = 2; i < size; i++) {
		/* FE n: a pause; FD: a line error; FF x: the byte x */
		if (data[i] == 0xFE && i + 1 < size) {
			now += data[++i];
			gw_scanner_tick(&s, now);
		} else if (data[i] == 0xFD) {
			gw_scanner_error(&s, now);
		} else {
			if (data[i] == 0xFF && i + 1 < size)
				i++;
			gw_scanner_byte(&s, data[i], now);
		}
		if (gw_scanner_between(&s) && gw_scanner_wait_ms(&s, now) != UINT32_MAX)
			abort();
	}
	if (gw_scanner_dress(&s, dressed, sizeof(dressed), data, size < 80 ? (uint32_t)size : 80) >
	    sizeof(dressed))
		abort();
	return 0;
}
