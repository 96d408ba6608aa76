/*
 *	LINES  bytes ... CR | LF | TAB | ETX | pause -> scan      (empty ones are no scan)
 *	STX    noise ... STX bytes ... ETX -> scan;  STX bytes ... pause -> damaged
 *	SSI    length, opcode, source, status, data ..., checksum (two bytes, the sum of all is 0)
 *
 * SSI opcodes read here (Zebra, "Simple Serial Interface Programmer's Guide"):
 *
 *	F3  code type, data
 *	73  packet number, and in packet 0: F3, 2 bytes, length, code type, 1 byte,
 *	    length of the data
 */
#include "scan/frame.h"

#include <string.h>

enum { STX = 0x02, ETX = 0x03, TAB = 0x09, LF = 0x0A, CR = 0x0D };
enum { HEAD = 4, FIRST_HEAD = 14, STATUS_AGAIN = 1, SOURCE_HOST = 4, PACKET_LEAST = 4 };

void gw_frame_init(struct gw_frame *f, enum gw_frame_style style)
{
	f->style = style;
	f->len = 0;
	f->code_type = 0;
	f->done = f->inside = f->skipping = false;
	f->packet_len = 0;
	f->total = 0;
	f->next_packet = 0;
	f->last_sum = 0;
}

static void forget_last(struct gw_frame *f)
{
	if (f->done)
		f->len = 0;
	f->done = false;
}

static enum gw_frame_event finish(struct gw_frame *f, enum gw_frame_event event)
{
	f->done = true;
	f->inside = false;
	f->total = 0;
	return event;
}

static enum gw_frame_event keep(struct gw_frame *f, uint8_t byte)
{
	if (f->skipping)
		return GW_FRAME_NONE;
	if (f->len == GW_SCAN_DATA_MAX) {
		f->skipping = true;
		return finish(f, GW_FRAME_TOO_LONG);
	}
	f->data[f->len++] = byte;
	return GW_FRAME_NONE;
}

static enum gw_frame_event end_of_scan(struct gw_frame *f)
{
	bool empty = f->len == 0 || f->skipping;

	f->skipping = false;
	return empty ? GW_FRAME_NONE : finish(f, GW_FRAME_SCAN);
}

static enum gw_frame_event push_lines(struct gw_frame *f, uint8_t byte)
{
	if (byte == CR || byte == LF || byte == TAB || byte == ETX)
		return end_of_scan(f);
	if (byte == STX && f->len == 0)
		return GW_FRAME_NONE;
	return keep(f, byte);
}

static enum gw_frame_event push_stx(struct gw_frame *f, uint8_t byte)
{
	if (byte == STX) {
		bool damaged = f->inside && f->len > 0;

		f->len = 0;
		f->inside = true;
		f->skipping = false;
		return damaged ? GW_FRAME_DAMAGED : GW_FRAME_NONE;
	}
	if (byte == ETX) {
		enum gw_frame_event event = f->inside ? end_of_scan(f) : GW_FRAME_NONE;

		f->inside = f->skipping = false;
		return event;
	}
	return f->inside ? keep(f, byte) : GW_FRAME_NONE;
}

static uint16_t sum_of(const uint8_t *p, size_t len)
{
	uint16_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint16_t)(sum + p[i]);
	return sum;
}

bool gw_ssi_valid(const uint8_t *packet, size_t len)
{
	return len >= PACKET_LEAST + 2 && packet[0] + 2u == len &&
	       (uint16_t)(sum_of(packet, len - 2) +
			  (uint16_t)(packet[len - 2] << 8 | packet[len - 1])) == 0;
}

size_t gw_ssi_build(uint8_t out[GW_SSI_PACKET_MAX], uint8_t opcode, const uint8_t *data, size_t n)
{
	uint16_t check;

	out[0] = (uint8_t)(HEAD + n);
	out[1] = opcode;
	out[2] = SOURCE_HOST;
	out[3] = 0;
	if (n > 0)
		memcpy(out + HEAD, data, n);
	check = (uint16_t)-sum_of(out, HEAD + n);
	out[HEAD + n] = (uint8_t)(check >> 8);
	out[HEAD + n + 1] = (uint8_t)check;
	return HEAD + n + 2;
}

static bool is_suffix(uint8_t byte)
{
	return byte == CR || byte == LF || byte == TAB;
}

/* A suffix configured in the scanner stands inside the data. */
static enum gw_frame_event end_of_ssi(struct gw_frame *f)
{
	while (f->len > 0 && is_suffix(f->data[f->len - 1]))
		f->len--;
	return finish(f, GW_FRAME_SCAN);
}

static enum gw_frame_event add_bytes(struct gw_frame *f, const uint8_t *p, size_t n)
{
	if (f->len + n > GW_SCAN_DATA_MAX)
		return finish(f, GW_FRAME_TOO_LONG);
	memcpy(f->data + f->len, p, n);
	f->len += n;
	return GW_FRAME_NONE;
}

static enum gw_frame_event first_of_many(struct gw_frame *f, const uint8_t *p, size_t n)
{
	if (n < FIRST_HEAD || p[5] != GW_SSI_DECODE)
		return GW_FRAME_DAMAGED;
	f->len = 0;
	f->code_type = p[10];
	f->total = (uint16_t)(p[12] << 8 | p[13]);
	f->next_packet = 1;
	if (add_bytes(f, p + FIRST_HEAD, n - FIRST_HEAD) != GW_FRAME_NONE)
		return GW_FRAME_TOO_LONG;
	return f->len >= f->total ? end_of_ssi(f) : GW_FRAME_NONE;
}

static enum gw_frame_event one_of_many(struct gw_frame *f, const uint8_t *p, size_t n)
{
	if (n <= HEAD)
		return GW_FRAME_DAMAGED;
	if (p[4] == 0)
		return first_of_many(f, p, n);
	if (f->total != 0 && p[4] + 1 == f->next_packet)
		return GW_FRAME_REPEAT;
	if (f->total == 0 || p[4] != f->next_packet) {
		f->total = 0;
		return GW_FRAME_DAMAGED;
	}
	f->next_packet++;
	if (add_bytes(f, p + HEAD + 1, n - HEAD - 1) != GW_FRAME_NONE)
		return GW_FRAME_TOO_LONG;
	return f->len >= f->total ? end_of_ssi(f) : GW_FRAME_NONE;
}

/* A whole packet with a good checksum; n bytes of it without that. */
static enum gw_frame_event take_packet(struct gw_frame *f, const uint8_t *p, size_t n)
{
	uint16_t sum = (uint16_t)(sum_of(p, n) - (p[3] & STATUS_AGAIN));

	if (p[1] == GW_SSI_MULTI)
		return one_of_many(f, p, n);
	if (p[1] != GW_SSI_DECODE)
		return GW_FRAME_NONE;
	if (n <= HEAD)
		return GW_FRAME_DAMAGED;
	if ((p[3] & STATUS_AGAIN) != 0 && sum == f->last_sum)
		return GW_FRAME_REPEAT;
	f->last_sum = sum;
	f->code_type = p[4];
	f->len = 0;
	add_bytes(f, p + HEAD + 1, n - HEAD - 1);
	return end_of_ssi(f);
}

static enum gw_frame_event push_ssi(struct gw_frame *f, uint8_t byte)
{
	if (f->packet_len == 0 && byte < PACKET_LEAST)
		return GW_FRAME_NONE; /* NUL, and other dirt between packets */
	f->packet[f->packet_len++] = byte;
	if (f->packet_len < f->packet[0] + 2u)
		return GW_FRAME_NONE;
	f->packet_len = 0;
	if (!gw_ssi_valid(f->packet, f->packet[0] + 2u))
		return GW_FRAME_DAMAGED;
	return take_packet(f, f->packet, f->packet[0]);
}

enum gw_frame_event gw_frame_push(struct gw_frame *f, uint8_t byte)
{
	forget_last(f);
	switch (f->style) {
	case GW_FRAME_LINES:
		return push_lines(f, byte);
	case GW_FRAME_STX:
		return push_stx(f, byte);
	case GW_FRAME_SSI:
		return push_ssi(f, byte);
	}
	return GW_FRAME_NONE;
}

enum gw_frame_event gw_frame_idle(struct gw_frame *f)
{
	bool damaged;

	forget_last(f);
	switch (f->style) {
	case GW_FRAME_LINES:
		return end_of_scan(f);
	case GW_FRAME_STX:
		damaged = f->inside && f->len > 0;
		f->len = 0;
		f->inside = f->skipping = false;
		return damaged ? GW_FRAME_DAMAGED : GW_FRAME_NONE;
	case GW_FRAME_SSI:
		damaged = f->packet_len > 0;
		f->packet_len = 0;
		return damaged ? GW_FRAME_DAMAGED : GW_FRAME_NONE;
	}
	return GW_FRAME_NONE;
}
