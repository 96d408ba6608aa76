#include "ui/burst.h"

#include <string.h>

#include "base/utf8.h"

#define LEAST_CODE 3 /* characters; without a terminator fewer are no scan */

static void clear(struct gw_burst *burst)
{
	burst->len = 0;
	burst->chars = 0;
	burst->same = true;
	burst->done = false;
	burst->cut = false;
}

void gw_burst_init(struct gw_burst *burst, int32_t gap_ms)
{
	memset(burst, 0, sizeof(*burst));
	clear(burst);
	burst->gap_ms = gap_ms > 0 ? gap_ms : GW_BURST_GAP_MS;
}

static int64_t window_ms(const struct gw_burst *burst)
{
	return burst->chars > 1 ? 4 * (int64_t)burst->gap_ms : burst->gap_ms;
}

static bool all_digits(const struct gw_burst *burst)
{
	for (size_t i = 0; i < burst->len; i++)
		if (burst->data[i] < '0' || burst->data[i] > '9')
			return false;
	return true;
}

static bool key_held_down(const struct gw_burst *burst)
{
	return burst->same && !all_digits(burst);
}

enum gw_burst_result gw_burst_poll(struct gw_burst *burst, int64_t now_ms)
{
	if (burst->done)
		clear(burst);
	if (burst->chars == 0 || now_ms - burst->last_ms < window_ms(burst))
		return GW_BURST_NOTHING;
	burst->done = true;
	if (burst->chars == 1)
		return GW_BURST_TYPED;
	if (key_held_down(burst))
		return GW_BURST_NOISE;
	if (burst->chars >= LEAST_CODE)
		return GW_BURST_SCAN;
	return all_digits(burst) ? GW_BURST_TYPED : GW_BURST_NOISE;
}

static void append(struct gw_burst *burst, uint32_t c)
{
	char bytes[4];
	size_t n = 1;

	if (c < 0x80)
		bytes[0] = (char)c;
	else
		n = gw_utf8_encode(c, bytes);
	if (burst->chars == 0)
		burst->first = c;
	burst->same = burst->same && c == burst->first;
	burst->chars++;
	if (burst->len + n > sizeof(burst->data)) {
		burst->cut = true;
		return;
	}
	memcpy(burst->data + burst->len, bytes, n);
	burst->len += n;
}

enum gw_burst_result gw_burst_add(struct gw_burst *burst, uint32_t c, int64_t now_ms)
{
	bool ends = c == '\r' || c == '\n' || c == '\t' || c == 0x03;
	bool stray_lf = c == '\n' && burst->after_cr && now_ms - burst->last_ms < burst->gap_ms;

	burst->after_cr = c == '\r';
	if (burst->done)
		clear(burst);
	if (stray_lf)
		return GW_BURST_NOTHING;
	burst->last_ms = now_ms;
	if (!ends) {
		append(burst, c);
		return GW_BURST_NOTHING;
	}
	if (burst->chars == 0)
		return GW_BURST_NOTHING;
	burst->done = true;
	return key_held_down(burst) && burst->chars > 1 ? GW_BURST_NOISE : GW_BURST_SCAN;
}

bool gw_burst_busy(const struct gw_burst *burst, int64_t now_ms)
{
	return !burst->done && burst->chars > 0 && now_ms - burst->last_ms < window_ms(burst);
}

int64_t gw_burst_deadline(const struct gw_burst *burst)
{
	return burst->done || burst->chars == 0 ? -1 : burst->last_ms + window_ms(burst);
}
