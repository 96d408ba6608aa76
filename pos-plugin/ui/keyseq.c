#include "ui/keyseq.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define ESC 0x1B

void gw_keyseq_init(struct gw_keyseq *seq)
{
	memset(seq, 0, sizeof(*seq));
	seq->esc_ms = -1;
}

/* CSI n ~: VT220 and what came after it (xterm, rxvt, Linux, PuTTY, screen). */
static uint32_t key_of_number(long n)
{
	static const struct {
		int8_t n;
		uint32_t key;
	} keys[] = {
		{1, GW_KEY_HOME},     {2, GW_KEY_INSERT},   {3, GW_KEY_DELETE},
		{4, GW_KEY_END},      {5, GW_KEY_PAGE_UP},  {6, GW_KEY_PAGE_DOWN},
		{7, GW_KEY_HOME},     {8, GW_KEY_END},      {11, GW_KEY_F0 + 1},
		{12, GW_KEY_F0 + 2},  {13, GW_KEY_F0 + 3},  {14, GW_KEY_F0 + 4},
		{15, GW_KEY_F0 + 5},  {17, GW_KEY_F0 + 6},  {18, GW_KEY_F0 + 7},
		{19, GW_KEY_F0 + 8},  {20, GW_KEY_F0 + 9},  {21, GW_KEY_F0 + 10},
		{23, GW_KEY_F0 + 11}, {24, GW_KEY_F0 + 12}, {25, GW_KEY_F0 + 13},
		{26, GW_KEY_F0 + 14}, {28, GW_KEY_F0 + 15}, {29, GW_KEY_F0 + 16},
		{31, GW_KEY_F0 + 17}, {32, GW_KEY_F0 + 18}, {33, GW_KEY_F0 + 19},
		{34, GW_KEY_F0 + 20},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].n == n)
			return keys[i].key;
	return GW_KEY_NONE;
}

/* The letter that ends CSI or SS3.  P-S are the VT100's PF1-PF4, M-X the BSD console's F1-F12. */
static uint32_t key_of_letter(char c, bool bare)
{
	switch (c) {
	case 'A':
		return GW_KEY_UP;
	case 'B':
		return GW_KEY_DOWN;
	case 'C':
		return GW_KEY_RIGHT;
	case 'D':
		return GW_KEY_LEFT;
	case 'H':
		return GW_KEY_HOME;
	case 'F':
		return GW_KEY_END;
	case 'P':
	case 'Q':
	case 'R':
	case 'S':
		return (uint32_t)(GW_KEY_F0 + 1 + (c - 'P'));
	default:
		if (bare && c >= 'T' && c <= 'X')
			return (uint32_t)(GW_KEY_F0 + 8 + (c - 'T'));
		return GW_KEY_NONE;
	}
}

static bool is_final(char c)
{
	return (c >= '@' && c <= '~') || c == '$' || c == '^';
}

/* bytes[0..len) begins with Esc; true when nothing more belongs to it. */
static bool complete(const struct gw_keyseq *seq)
{
	const char *s = seq->bytes;

	if (seq->len < 3)
		return false;
	if (s[1] == 'O')
		return is_final(s[2]) || seq->len > 4;
	if (s[2] == '[') /* the Linux console: Esc [ [ A */
		return seq->len > 3;
	return is_final(s[seq->len - 1]) || seq->len == sizeof(seq->bytes) - 1;
}

static uint32_t key_of(const struct gw_keyseq *seq)
{
	const char *s = seq->bytes;
	char last = s[seq->len - 1];

	if (s[1] == 'O')
		return key_of_letter(last, false);
	if (s[2] == '[')
		return last >= 'A' && last <= 'E' ? (uint32_t)(GW_KEY_F0 + 1 + (last - 'A'))
						  : GW_KEY_NONE;
	if (last == '~')
		return key_of_number(strtol(s + 2, NULL, 10));
	return key_of_letter(last, seq->len == 3);
}

static uint32_t add_escape(struct gw_keyseq *seq, uint8_t byte, int64_t now_ms, bool *again)
{
	uint32_t key;

	if (seq->len == 1 && byte != '[' && byte != 'O') {
		seq->len = 0;
		*again = true;
		return GW_KEY_ESC;
	}
	if (byte < 0x20 || byte >= 0x7F) { /* no sequence holds one: it was cut short */
		seq->len = 0;
		*again = true;
		return GW_KEY_NONE;
	}
	seq->bytes[seq->len++] = (char)byte;
	seq->bytes[seq->len] = '\0';
	seq->since_ms = now_ms;
	if (!complete(seq))
		return GW_KEY_NONE;
	key = key_of(seq);
	seq->len = 0;
	return key;
}

static uint32_t add_character(struct gw_keyseq *seq, uint8_t byte, int64_t now_ms, bool *again)
{
	uint32_t c;
	size_t need = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;

	if (seq->len > 0 && (byte & 0xC0) != 0x80) {
		seq->len = 0;
		*again = true;
		return 0xFFFD;
	}
	seq->bytes[seq->len++] = (char)byte;
	seq->since_ms = now_ms;
	if (seq->len > 1) {
		uint8_t lead = (uint8_t)seq->bytes[0];

		need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
	}
	if (seq->len < need)
		return GW_KEY_NONE;
	gw_utf8_decode(seq->bytes, seq->len, &c);
	seq->len = 0;
	return c;
}

/* The rest of a sequence whose Esc was already taken for the key. */
static bool late_rest(struct gw_keyseq *seq, uint8_t byte, int64_t now_ms)
{
	bool late = seq->esc_ms >= 0 && now_ms - seq->esc_ms < GW_ESC_LATE_MS &&
		    (byte == '[' || byte == 'O');

	seq->esc_ms = -1;
	return late;
}

uint32_t gw_keyseq_add(struct gw_keyseq *seq, uint8_t byte, int64_t now_ms, bool *again)
{
	*again = false;
	if (seq->len == 0 && (byte == ESC || late_rest(seq, byte, now_ms))) {
		seq->bytes[seq->len++] = ESC;
		seq->since_ms = now_ms;
		if (byte == ESC)
			return GW_KEY_NONE;
	}
	if (seq->len > 0 && seq->bytes[0] == ESC)
		return add_escape(seq, byte, now_ms, again);
	return add_character(seq, byte, now_ms, again);
}

static int64_t patience_ms(const struct gw_keyseq *seq)
{
	return seq->len == 1 && seq->bytes[0] == ESC ? GW_ESC_DELAY_MS : GW_ESC_LATE_MS;
}

uint32_t gw_keyseq_poll(struct gw_keyseq *seq, int64_t now_ms)
{
	bool lone_esc = seq->len == 1 && seq->bytes[0] == ESC;

	if (seq->len == 0 || now_ms - seq->since_ms < patience_ms(seq))
		return GW_KEY_NONE;
	seq->len = 0;
	if (!lone_esc)
		return GW_KEY_NONE; /* a sequence that a bad line cut short */
	seq->esc_ms = now_ms;
	return GW_KEY_ESC;
}

int64_t gw_keyseq_deadline(const struct gw_keyseq *seq)
{
	return seq->len == 0 ? -1 : seq->since_ms + patience_ms(seq);
}
