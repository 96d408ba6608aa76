/*
 *            terminator | gap
 *   SYNC -----------------------> BETWEEN --first byte--> INSIDE --terminator | gap--> BETWEEN
 *     ^  (after a start: what                               |                            ^
 *     |  is running is not ours)                            | too long | noise           |
 *     |                                                     v                            |
 *   init                                                  SKIPPING --terminator | gap----'
 *
 * Arrow -> function: first byte start_scan, terminator end_scan, gap gw_scanner_tick, too long and
 * noise give_up.  STX/ETX uses the same states with STX as the first byte; SSI counts bytes instead
 * and has its states in struct gw_ssi.
 */
#include "firmware/scanner.h"

#include "link/ssi_types.h"

enum { SYNC, BETWEEN, INSIDE, SKIPPING };
enum { STX = 0x02, ETX = 0x03, ACK = 0x06, TAB = 0x09, LF = 0x0A, CR = 0x0D, NAK = 0x15 };
enum { SSI_ACK = 0xD0, SSI_NAK = 0xD1, SSI_DECODE = 0xF3, SSI_MULTI = 0x73, SSI_HOST = 0x04 };

/* So long a silence tells that no scan is running when we begin to listen: 48 bytes' time at 9600.
 */
#define SYNC_MS          50u
#define SSI_HEADER       5u /* length, opcode, source, status, bar code type */
#define SSI_FIRST_HEADER 10u
#define SSI_NEXT_HEADER  5u

/* An AIM symbology identifier for each, so that the register sees one form only. */
static const struct {
	uint8_t type;
	char letter, modifier;
} ssi_types[] = {
#define ROW(number, letter, modifier, action, name) {number, letter, modifier},
	GW_SSI_TYPES(ROW)
#undef ROW
};

void gw_scanner_init(struct gw_scanner *s, const struct gw_scanner_config *config,
		     const struct gw_scanner_sink *sink, void *ctx, uint32_t now_ms)
{
	static const struct gw_ssi none = {0};

	s->config = config;
	s->sink = sink;
	s->ctx = ctx;
	s->state = SYNC;
	s->last_end = CR;
	s->crlf = s->after_cr = false;
	s->len = 0;
	s->last_ms = now_ms;
	s->resync_count = 0;
	s->ssi = none;
}

static void answer(struct gw_scanner *s, bool good)
{
	static const uint8_t ssi_ack[] = {0x04, SSI_ACK, SSI_HOST, 0x00, 0xFF, 0x28};
	static const uint8_t ssi_nak[] = {0x05, SSI_NAK, SSI_HOST, 0x00, 0x01, 0xFF, 0x25};
	uint8_t byte = good ? ACK : NAK;

	if (!s->config->answer)
		return;
	if (s->config->framing == GW_FRAMING_STXETX)
		s->sink->answer(s->ctx, &byte, 1);
	else if (s->config->framing == GW_FRAMING_SSI)
		s->sink->answer(s->ctx, good ? ssi_ack : ssi_nak,
				good ? sizeof(ssi_ack) : sizeof(ssi_nak));
}

static void start_scan(struct gw_scanner *s)
{
	s->state = INSIDE;
	s->len = 0;
	s->sink->begin(s->ctx);
}

static bool end_scan(struct gw_scanner *s, uint32_t now_ms)
{
	bool kept;

	s->state = BETWEEN;
	kept = s->sink->end(s->ctx, now_ms);
	answer(s, kept);
	return kept;
}

/* Refuses what is being read; the rest of it is skipped unless this was its end. */
static void give_up(struct gw_scanner *s, enum gw_link_scan_status why, uint8_t next,
		    uint32_t now_ms)
{
	s->state = next;
	s->sink->refuse(s->ctx, why, now_ms);
}

static void keep(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	if (s->len >= s->config->scan_max) {
		give_up(s, GW_LINK_SCAN_TOO_LONG, SKIPPING, now_ms);
		return;
	}
	s->len++;
	s->sink->put(s->ctx, byte);
}

static bool is_terminator(const struct gw_scanner *s, uint8_t byte)
{
	unsigned bit = byte == CR    ? GW_TERM_CR
		       : byte == LF  ? GW_TERM_LF
		       : byte == TAB ? GW_TERM_TAB
		       : byte == ETX ? GW_TERM_ETX
				     : 0u;

	if (s->config->framing == GW_FRAMING_STXETX)
		return byte == ETX;
	return (s->config->terminators & bit) != 0;
}

/* Found the step again after SYNC or SKIPPING. */
static void in_step(struct gw_scanner *s, bool discarded, uint32_t now_ms)
{
	bool was_sync = s->state == SYNC;

	s->state = BETWEEN;
	if (!discarded)
		return;
	s->resync_count++;
	if (was_sync)
		s->sink->refuse(s->ctx, GW_LINK_SCAN_PARTIAL, now_ms);
	answer(s, false);
}

static void terminator(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	switch (s->state) {
	case INSIDE:
		s->last_end = byte;
		s->crlf = false;
		s->after_cr = byte == CR;
		end_scan(s, now_ms);
		break;
	case BETWEEN: /* LF behind CR, or an empty frame */
		if (byte == LF && s->after_cr)
			s->crlf = true;
		s->after_cr = false;
		break;
	default:
		in_step(s, s->len > 0, now_ms);
		break;
	}
}

static void framed_byte(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	bool stx = s->config->framing == GW_FRAMING_STXETX;

	if (is_terminator(s, byte)) {
		terminator(s, byte, now_ms);
		return;
	}
	s->after_cr = false;
	if (stx && byte == STX) {
		if (s->state == INSIDE)
			give_up(s, GW_LINK_SCAN_PARTIAL, BETWEEN, now_ms);
		start_scan(s);
		return;
	}
	if (s->state == BETWEEN && !stx)
		start_scan(s);
	if (s->state == INSIDE)
		keep(s, byte, now_ms);
	else if (s->state == SYNC)
		s->len = 1; /* something is being discarded */
}

/* --- SSI: [length][opcode][source][status][data ...][check high][check low] ------------------- */

static void ssi_put(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	bool suffix = byte == CR || byte == LF || byte == TAB;

	s->ssi.suffix = suffix ? (uint8_t)(s->ssi.suffix + 1) : 0;
	if (s->state == INSIDE)
		keep(s, byte, now_ms);
}

static void ssi_type(struct gw_scanner *s, uint8_t type, uint32_t now_ms)
{
	start_scan(s);
	for (unsigned i = 0; i < sizeof(ssi_types) / sizeof(ssi_types[0]); i++)
		if (ssi_types[i].type == type) {
			ssi_put(s, ']', now_ms);
			ssi_put(s, (uint8_t)ssi_types[i].letter, now_ms);
			ssi_put(s, (uint8_t)ssi_types[i].modifier, now_ms);
		}
	s->ssi.prefix = s->len;
}

/* A scanner that sends identifiers itself needs none from us. */
static void ssi_data(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	if (byte == ']' && s->state == INSIDE && s->len > 0 && s->len == s->ssi.prefix) {
		s->len = s->ssi.prefix = 0;
		s->sink->cut(s->ctx, 0);
	}
	ssi_put(s, byte, now_ms);
}

/* One byte of a packet's body, its checksum not yet known. */
static void ssi_body(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	struct gw_ssi *p = &s->ssi;
	uint16_t at = p->have; /* index of this byte in the packet */
	uint8_t opcode = p->head[1];

	if (opcode == SSI_DECODE) {
		if (at == SSI_HEADER - 1)
			ssi_type(s, byte, now_ms);
		else if (at >= SSI_HEADER)
			ssi_data(s, byte, now_ms);
	} else if (opcode == SSI_MULTI && at >= SSI_HEADER - 1) {
		uint8_t number = p->head[4];

		if (at == SSI_HEADER - 1) {
			p->mark = s->len;
			if (number == 0)
				p->total = 0;
		} else if (number == 0) {
			/* number, F3, source, status, length 2, type, symbols, length 2, data */
			if (at == 10)
				ssi_type(s, byte, now_ms);
			else if (at > 13)
				ssi_data(s, byte, now_ms);
			if (at == 12 || at == 13)
				p->total = (uint16_t)(p->total << 8 | byte);
		} else if (number == p->next_packet) {
			ssi_put(s, byte, now_ms);
		}
	}
}

/* What tells one packet from the next, whether it was sent again or not. */
static uint32_t ssi_mark(const struct gw_ssi *p)
{
	return (uint32_t)p->need << 16 | (uint16_t)(p->sum - (p->head[3] & 1u));
}

static void ssi_drop(struct gw_scanner *s)
{
	if (s->state == INSIDE || s->state == SKIPPING) {
		s->sink->cut(s->ctx, 0);
		s->state = BETWEEN;
	}
	s->ssi.multi = false;
}

/* The data is whole; a suffix configured in the scanner was part of it. */
static bool ssi_end(struct gw_scanner *s, uint32_t now_ms)
{
	s->ssi.multi = false;
	if (s->state != INSIDE) { /* refused as too long: said, and not worth sending again */
		s->state = BETWEEN;
		answer(s, true);
		return true;
	}
	s->sink->cut(s->ctx, (uint32_t)(s->len - s->ssi.suffix));
	return end_scan(s, now_ms);
}

static void ssi_single(struct gw_scanner *s, uint32_t now_ms)
{
	struct gw_ssi *p = &s->ssi;

	if ((p->head[3] & 1u) != 0 && p->last_mark == ssi_mark(p)) {
		/* Our ACK was lost: it is kept already. */
		ssi_drop(s);
		answer(s, true);
		return;
	}
	p->last_mark = 0;
	if (ssi_end(s, now_ms))
		p->last_mark = ssi_mark(p);
}

static void ssi_multi(struct gw_scanner *s, uint32_t now_ms)
{
	struct gw_ssi *p = &s->ssi;
	uint8_t number = p->head[4];

	if (number == 0) {
		p->multi = true;
		p->next_packet = 0;
	}
	if (p->multi && number == p->next_packet) {
		p->next_packet++;
		if ((uint32_t)(s->len - p->prefix) >= p->total) {
			ssi_end(s, now_ms);
			return;
		}
	}
	answer(s, true);
}

static void ssi_packet(struct gw_scanner *s, uint8_t check_low, uint32_t now_ms)
{
	struct gw_ssi *p = &s->ssi;
	uint16_t sum = (uint16_t)(p->sum + (uint16_t)(p->check_high << 8 | check_low));

	if (sum != 0) {
		if (p->multi && p->head[1] == SSI_MULTI && p->head[4] == p->next_packet) {
			s->len = p->mark;
			s->sink->cut(s->ctx, p->mark);
		} else {
			ssi_drop(s);
		}
		answer(s, false);
	} else if (p->head[1] == SSI_DECODE) {
		ssi_single(s, now_ms);
	} else if (p->head[1] == SSI_MULTI) {
		ssi_multi(s, now_ms);
	}
	p->need = 0;
}

static void ssi_byte(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	struct gw_ssi *p = &s->ssi;

	if (p->need == 0) {
		if (byte < 4) /* no packet is that short; CR, LF and NUL between packets */
			return;
		p->need = (uint16_t)(byte + 2u);
		p->have = 0;
		p->sum = 0;
		if (!p->multi && s->state != BETWEEN)
			s->state = BETWEEN;
	}
	if (p->have < sizeof(p->head))
		p->head[p->have] = byte;
	if (p->have < p->need - 2u) {
		p->sum = (uint16_t)(p->sum + byte);
		ssi_body(s, byte, now_ms);
	} else if (p->have == p->need - 2u) {
		p->check_high = byte;
	} else {
		ssi_packet(s, byte, now_ms);
		return;
	}
	p->have++;
}

/* --- all framings ----------------------------------------------------------------------------- */

void gw_scanner_byte(struct gw_scanner *s, uint8_t byte, uint32_t now_ms)
{
	s->last_ms = now_ms;
	if (s->config->framing == GW_FRAMING_SSI)
		ssi_byte(s, byte, now_ms);
	else
		framed_byte(s, byte, now_ms);
}

void gw_scanner_error(struct gw_scanner *s, uint32_t now_ms)
{
	s->last_ms = now_ms;
	if (s->state == BETWEEN)
		start_scan(s);
	if (s->state == INSIDE)
		give_up(s, GW_LINK_SCAN_NOISE, SKIPPING, now_ms);
	if (s->state == SYNC)
		s->len = 1;
}

static void ssi_pause(struct gw_scanner *s)
{
	if (s->ssi.need != 0 || s->state == SYNC || s->state == SKIPPING) {
		s->ssi.need = 0;
		ssi_drop(s);
		s->state = BETWEEN;
	}
}

static uint32_t gap_ms(const struct gw_scanner *s)
{
	uint32_t gap = s->config->idle_gap_ms;

	return s->state == SYNC && gap > SYNC_MS ? SYNC_MS : gap;
}

void gw_scanner_tick(struct gw_scanner *s, uint32_t now_ms)
{
	if (now_ms - s->last_ms < gap_ms(s))
		return;
	if (s->config->framing == GW_FRAMING_SSI) {
		ssi_pause(s);
		return;
	}
	s->after_cr = false;
	if (s->state == SYNC || s->state == SKIPPING) {
		in_step(s, s->len > 0, now_ms);
	} else if (s->state == INSIDE && s->config->framing == GW_FRAMING_STXETX) {
		give_up(s, GW_LINK_SCAN_PARTIAL, BETWEEN, now_ms);
		answer(s, false);
	} else if (s->state == INSIDE) {
		s->last_end = 0;
		s->crlf = false;
		end_scan(s, now_ms);
	}
}

uint32_t gw_scanner_wait_ms(const struct gw_scanner *s, uint32_t now_ms)
{
	uint32_t gone = now_ms - s->last_ms, gap = gap_ms(s);

	if (s->state == BETWEEN && s->ssi.need == 0)
		return UINT32_MAX;
	if (s->config->framing == GW_FRAMING_SSI && s->ssi.need == 0 && s->state != SYNC)
		return UINT32_MAX;
	return gone >= gap ? 0 : gap - gone;
}

bool gw_scanner_in_step(const struct gw_scanner *s)
{
	return s->state != SYNC;
}

bool gw_scanner_between(const struct gw_scanner *s)
{
	return s->state == BETWEEN && s->ssi.need == 0;
}

static uint32_t dress_ssi(uint8_t *out, uint32_t size, const uint8_t *code, uint32_t len)
{
	uint16_t sum = 0;
	uint32_t n = 0;

	if (len > 250 || size < len + SSI_HEADER + 2)
		return 0;
	out[n++] = (uint8_t)(len + SSI_HEADER);
	out[n++] = SSI_DECODE;
	out[n++] = 0;
	out[n++] = 0;
	out[n++] = len == 13 ? 0x0B : len == 12 ? 0x08 : len == 8 ? 0x0A : 0x03;
	for (uint32_t i = 0; i < len; i++)
		out[n++] = code[i];
	for (uint32_t i = 0; i < n; i++)
		sum = (uint16_t)(sum + out[i]);
	sum = (uint16_t)(0u - sum);
	out[n++] = (uint8_t)(sum >> 8);
	out[n++] = (uint8_t)sum;
	return n;
}

uint32_t gw_scanner_dress(const struct gw_scanner *s, uint8_t *out, uint32_t size,
			  const uint8_t *code, uint32_t len)
{
	bool stx = s->config->framing == GW_FRAMING_STXETX;
	uint32_t n = 0;

	if (s->config->framing == GW_FRAMING_SSI)
		return dress_ssi(out, size, code, len);
	if (size < len + 2)
		return 0;
	if (stx)
		out[n++] = STX;
	for (uint32_t i = 0; i < len; i++)
		out[n++] = code[i];
	if (stx)
		out[n++] = ETX;
	else if (s->last_end != 0)
		out[n++] = s->last_end;
	if (s->crlf)
		out[n++] = LF;
	return n;
}
