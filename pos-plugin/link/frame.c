/*
 * The frame codec.  A frame of at most 244 bytes holds no run that needs a second COBS block
 * (Cheshire and Baker, "Consistent Overhead Byte Stuffing", 1999), so both directions work in
 * place: the encoder threads the zeros backwards, the decoder walks them forwards.
 */
#include "goeswith/link.h"

#define CRC_LEN 4u

uint32_t gw_link_crc32c(uint32_t crc, const void *p, size_t len)
{
	/* Four bits at a time: 64 bytes of table, small enough for the dock. */
	static const uint32_t table[16] = {
		0x00000000u, 0x105EC76Fu, 0x20BD8EDEu, 0x30E349B1u, 0x417B1DBCu, 0x5125DAD3u,
		0x61C69362u, 0x7198540Du, 0x82F63B78u, 0x92A8FC17u, 0xA24BB5A6u, 0xB21572C9u,
		0xC38D26C4u, 0xD3D3E1ABu, 0xE330A81Au, 0xF36E6F75u,
	};
	const uint8_t *s = p;

	crc = ~crc;
	for (size_t i = 0; i < len; i++) {
		crc = crc >> 4 ^ table[(crc ^ s[i]) & 15u];
		crc = crc >> 4 ^ table[(crc ^ (uint32_t)s[i] >> 4) & 15u];
	}
	return ~crc;
}

uint32_t gw_link_get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void gw_link_put32(uint8_t *p, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> 8 * i);
}

uint16_t gw_link_get16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] | (unsigned)p[1] << 8);
}

void gw_link_put16(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
}

size_t gw_link_encode(uint8_t out[GW_LINK_WIRE_MAX], const struct gw_link_frame *frame)
{
	uint8_t *raw = out + 2;
	size_t len = GW_LINK_HEADER + frame->payload_len;
	uint8_t distance = 1;

	if (frame->payload_len > GW_LINK_PAYLOAD_MAX)
		return 0;
	raw[0] = (uint8_t)(GW_LINK_MAJOR << 5 | (frame->type & 31u));
	raw[1] = frame->flags;
	gw_link_put32(raw + 2, frame->session);
	gw_link_put32(raw + 6, frame->seq);
	for (size_t i = 0; i < frame->payload_len; i++)
		raw[GW_LINK_HEADER + i] = frame->payload[i];
	gw_link_put32(raw + len, gw_link_crc32c(0, raw, len));
	len += CRC_LEN;
	for (size_t i = len; i-- > 0; distance++)
		if (raw[i] == 0) {
			raw[i] = distance;
			distance = 0;
		}
	out[0] = 0;
	out[1] = distance;
	out[2 + len] = 0;
	return len + 3;
}

void gw_link_decoder_init(struct gw_link_decoder *d)
{
	d->len = 0;
	d->skipping = false;
	d->foreign_major = 0;
	d->bad_count = 0;
}

static void count_bad(struct gw_link_decoder *d)
{
	if (d->bad_count < UINT16_MAX)
		d->bad_count++;
}

/* Undoes COBS in room[0..len), leaving the frame from room[1] on.  False if a zero is misplaced. */
static bool unstuff(uint8_t *room, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t step = room[at];

		room[at] = 0;
		at += step;
	}
	return at == len;
}

static bool read_frame(struct gw_link_decoder *d, struct gw_link_frame *frame)
{
	const uint8_t *raw = d->room + 1;
	size_t len;

	if (d->len < GW_LINK_HEADER + CRC_LEN + 1 || !unstuff(d->room, d->len))
		return false;
	len = d->len - 1u - CRC_LEN;
	if (gw_link_crc32c(0, raw, len) != gw_link_get32(raw + len))
		return false;
	if (raw[0] >> 5 != GW_LINK_MAJOR) {
		d->foreign_major = (uint8_t)(raw[0] >> 5);
		return false;
	}
	frame->type = raw[0] & 31u;
	frame->flags = raw[1];
	frame->session = gw_link_get32(raw + 2);
	frame->seq = gw_link_get32(raw + 6);
	frame->payload = raw + GW_LINK_HEADER;
	frame->payload_len = len - GW_LINK_HEADER;
	return true;
}

bool gw_link_decode(struct gw_link_decoder *d, uint8_t byte, struct gw_link_frame *frame)
{
	bool good = false;

	if (byte != 0) {
		if (d->len < sizeof(d->room))
			d->room[d->len++] = byte;
		else
			d->skipping = true;
		return false;
	}
	if (d->len > 0) {
		good = !d->skipping && read_frame(d, frame);
		if (!good)
			count_bad(d);
	}
	d->len = 0;
	d->skipping = false;
	return good;
}

void gw_link_hello_put(uint8_t out[GW_LINK_HELLO_LEN], const struct gw_link_hello *hello)
{
	gw_link_put32(out + 0, hello->next);
	gw_link_put32(out + 4, hello->lost);
	gw_link_put32(out + 8, hello->now_ms);
	gw_link_put16(out + 12, hello->bad_frames);
	gw_link_put16(out + 14, hello->rx_errors);
	gw_link_put16(out + 16, hello->too_long);
	gw_link_put16(out + 18, hello->resyncs);
	gw_link_put32(out + 20, hello->till_dropped);
	for (unsigned i = 0; i < 8; i++)
		out[24 + i] = hello->unit[i];
	out[32] = hello->minor;
	out[33] = hello->caps;
	out[34] = hello->state;
	for (unsigned i = 0; i < 3; i++)
		out[35 + i] = hello->version[i];
	gw_link_put16(out + 38, hello->ring_kib_x16);
	gw_link_put16(out + 40, hello->ring_used_permille);
	gw_link_put32(out + 42, hello->cmd_next);
	gw_link_put16(out + 46, hello->boots);
	gw_link_put16(out + 48, hello->injected);
	for (unsigned i = 0; i < GW_LINK_BOARD_LEN; i++)
		out[50 + i] = (uint8_t)hello->board[i];
	gw_link_put16(out + 62, hello->resent);
	gw_link_put16(out + 64, hello->inject_refused);
	gw_link_put16(out + 66, hello->inject_timed_out);
	gw_link_put32(out + 68, hello->up_s);
}

/* What minor version 2 added; zero from a dock before it. */
static void hello_get_minor2(struct gw_link_hello *hello, const uint8_t *p, bool there)
{
	for (unsigned i = 0; i < GW_LINK_BOARD_LEN; i++)
		hello->board[i] = there ? (char)p[50 + i] : '\0';
	hello->board[GW_LINK_BOARD_LEN - 1] = '\0';
	hello->resent = there ? gw_link_get16(p + 62) : 0;
	hello->inject_refused = there ? gw_link_get16(p + 64) : 0;
	hello->inject_timed_out = there ? gw_link_get16(p + 66) : 0;
	hello->up_s = there ? gw_link_get32(p + 68) : 0;
}

void gw_link_setup_put(uint8_t out[GW_LINK_SETUP_LEN], const struct gw_link_setup *s)
{
	out[0] = s->framing;
	out[1] = s->terminators;
	out[2] = s->answer;
	gw_link_put16(out + 3, s->idle_gap_ms);
	gw_link_put16(out + 5, s->baud_100);
	out[7] = (uint8_t)(s->bits | s->parity << 4);
}

bool gw_link_setup_get(struct gw_link_setup *s, const uint8_t *p, size_t len)
{
	if (len < GW_LINK_SETUP_LEN)
		return false;
	s->framing = p[0];
	s->terminators = p[1];
	s->answer = p[2];
	s->idle_gap_ms = gw_link_get16(p + 3);
	s->baud_100 = gw_link_get16(p + 5);
	s->bits = p[7] & 15u;
	s->parity = p[7] >> 4;
	return s->framing <= 2 && s->terminators <= 15 && s->answer <= 1 && s->idle_gap_ms > 0 &&
	       (s->bits == 7 || s->bits == 8) && s->parity <= 2;
}

bool gw_link_hello_get(struct gw_link_hello *hello, const struct gw_link_frame *frame)
{
	const uint8_t *p = frame->payload;

	if (frame->type != GW_LINK_HELLO || frame->payload_len < GW_LINK_HELLO_LEAST)
		return false;
	hello->session = frame->session;
	hello->base = frame->seq;
	hello->next = gw_link_get32(p);
	hello->lost = gw_link_get32(p + 4);
	hello->now_ms = gw_link_get32(p + 8);
	hello->bad_frames = gw_link_get16(p + 12);
	hello->rx_errors = gw_link_get16(p + 14);
	hello->too_long = gw_link_get16(p + 16);
	hello->resyncs = gw_link_get16(p + 18);
	hello->till_dropped = gw_link_get32(p + 20);
	for (unsigned i = 0; i < 8; i++)
		hello->unit[i] = p[24 + i];
	hello->minor = p[32];
	hello->caps = p[33];
	hello->state = p[34];
	for (unsigned i = 0; i < 3; i++)
		hello->version[i] = p[35 + i];
	hello->ring_kib_x16 = gw_link_get16(p + 38);
	hello->ring_used_permille = gw_link_get16(p + 40);
	hello->cmd_next = gw_link_get32(p + 42);
	hello->boots = gw_link_get16(p + 46);
	hello->injected = gw_link_get16(p + 48);
	hello_get_minor2(hello, p, frame->payload_len >= GW_LINK_HELLO_LEN);
	return true;
}
