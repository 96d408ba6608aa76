#include "base/utf8.h"

#include <string.h>

size_t gw_utf8_decode(const char *p, size_t len, uint32_t *code_point)
{
	const unsigned char *s = (const unsigned char *)p;
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t need;

	*code_point = 0xFFFD;
	if (len == 0)
		return 0;
	c = s[0];
	if (c < 0x80) {
		*code_point = c;
		return 1;
	}
	if (c >= 0xC2 && c < 0xE0)
		need = 2, c &= 0x1F;
	else if (c >= 0xE0 && c < 0xF0)
		need = 3, c &= 0x0F;
	else if (c >= 0xF0 && c < 0xF5)
		need = 4, c &= 0x07;
	else
		return 1;
	if (len < need)
		return 1;
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 1;
		c = c << 6 | (s[i] & 0x3F);
	}
	if (c < least[need] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
		return 1;
	*code_point = c;
	return need;
}

size_t gw_utf8_encode(uint32_t c, char out[4])
{
	if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
		c = 0xFFFD;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

bool gw_utf8_valid(const char *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t c;
		size_t n = gw_utf8_decode(p + i, len - i, &c);

		if (c == 0xFFFD && n == 1)
			return false;
		i += n;
	}
	return true;
}

size_t gw_utf8_cut(const char *text, size_t max)
{
	size_t back = 0;

	/* Step back over at most three continuation bytes to the lead byte that needs them. */
	while (back < 3 && back < max && ((unsigned char)text[max - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back < max) {
		unsigned char lead = (unsigned char)text[max - 1 - back];
		size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;

		if (need > back + 1)
			return max - 1 - back;
	}
	return max;
}

bool gw_utf8_is_unsafe(uint32_t c)
{
	/* Inclusive ranges, ascending. */
	static const struct {
		uint32_t first, last;
	} unsafe[] = {
		{0x0000, 0x001F},   {0x007F, 0x009F}, {0x00AD, 0x00AD},   {0x034F, 0x034F},
		{0x061C, 0x061C},   {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},
		{0x200B, 0x200F},   {0x2028, 0x202E}, {0x2060, 0x206F},   {0x3164, 0x3164},
		{0xFDD0, 0xFDEF},   {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
		{0xFFF0, 0xFFFB},   {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
		{0xE0000, 0xE0FFF},
	};

	if (c >= 0x20 && c < 0x7F)
		return false;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		if (c < unsafe[i].first)
			return false;
		if (c <= unsafe[i].last)
			return true;
	}
	return (c & 0xFFFE) == 0xFFFE;
}

size_t gw_utf8_sanitize(char *out, size_t size, const char *in, size_t len)
{
	size_t used = 0;
	bool blank = false;

	for (size_t i = 0; i < len;) {
		uint32_t c;
		char bytes[4];
		size_t n;

		i += gw_utf8_decode(in + i, len - i, &c);
		if (gw_utf8_is_unsafe(c)) {
			/* A control separates words; an invisible character does not. */
			blank = blank || c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 ||
				c == 0x2029;
			continue;
		}
		n = gw_utf8_encode(c, bytes);
		if (used + n + (blank && used > 0) >= size)
			break;
		if (blank && used > 0)
			out[used++] = ' ';
		blank = false;
		memcpy(out + used, bytes, n);
		used += n;
	}
	out[used] = '\0';
	return used;
}
