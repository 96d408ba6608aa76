/*
 * Cuts a scanner's byte stream into scans.  Knows terminators with an idle gap, STX/ETX with
 * ACK/NAK, and Zebra's SSI packets; never splits on GS, makes one frame of CRLF, refuses what is
 * over-long or was disturbed, and finds its step again at a terminator or a pause.
 *
 * Pure: bytes and time in, calls of the sink out.  The scan's bytes are the sink's to keep.  (The
 * framer for captures, scan/frame.h, keeps them itself, and knows no time;
 * tests/unit/test_framers.c holds both to the same scans.)
 *
 *	gw_scanner_init(&s, &config, &sink, ctx, now_ms);
 *	gw_scanner_byte(&s, byte, now_ms);
 *	gw_scanner_tick(&s, now_ms);      when gw_scanner_wait_ms has passed
 *
 * A pause is what tick() is told of, never the time between two bytes: bytes that waited for a
 * caller who was kept from running are read late, one right behind the other.  So the caller takes
 * the time, then reads all that has come, and only then calls tick() with that time.
 */
#ifndef FIRMWARE_SCANNER_H
#define FIRMWARE_SCANNER_H

#include <stdbool.h>
#include <stdint.h>

#include "goeswith/link.h"

enum gw_framing {
	GW_FRAMING_PLAIN,  /* terminator or idle gap */
	GW_FRAMING_STXETX, /* STX data ETX; answered by ACK or NAK if `answer` */
	GW_FRAMING_SSI,    /* Zebra Simple Serial Interface packets, always answered */
};

enum gw_terminator {
	GW_TERM_CR = 1,
	GW_TERM_LF = 2,
	GW_TERM_TAB = 4,
	GW_TERM_ETX = 8,
	GW_TERM_ALL = 15,
};

struct gw_scanner_config {
	uint8_t framing;      /* enum gw_framing */
	uint8_t terminators;  /* enum gw_terminator, PLAIN only */
	bool answer;          /* speak to the scanner (STXETX and SSI); not when the till does */
	uint16_t idle_gap_ms; /* a pause this long ends a scan: 50 on USB, 200 on RS-232 */
	uint16_t scan_max;    /* 1..GW_LINK_SCAN_MAX */
};

struct gw_scanner_sink {
	void (*begin)(void *ctx);
	void (*put)(void *ctx, uint8_t byte);
	/* Takes back all but the first len bytes (a packet that comes again). */
	void (*cut)(void *ctx, uint32_t len);
	/* The scan is whole.  False: it could not be kept (an answering scanner hears NAK). */
	bool (*end)(void *ctx, uint32_t now_ms);
	/* What was begun is no scan (GW_LINK_SCAN_TOO_LONG, NOISE, PARTIAL). */
	void (*refuse)(void *ctx, enum gw_link_scan_status why, uint32_t now_ms);
	/* Bytes for the scanner. */
	void (*answer)(void *ctx, const uint8_t *bytes, uint32_t len);
};

struct gw_ssi {
	uint16_t need; /* bytes of this packet with its checksum, 0 = between packets */
	uint16_t have;
	uint16_t sum;     /* of all bytes before the checksum */
	uint8_t head[10]; /* its first bytes */
	uint8_t check_high;
	bool multi;          /* inside a scan of several packets */
	uint8_t next_packet; /* of these */
	uint8_t suffix;      /* CR, LF and TAB at the data's end */
	uint16_t total;      /* bytes of data the whole scan has */
	uint16_t prefix;     /* bytes we put in front of it */
	uint16_t mark;       /* length when the packet began */
	uint32_t last_mark;  /* to know a retransmission of what is kept already */
};

struct gw_scanner {
	const struct gw_scanner_config *config; /* borrowed */
	const struct gw_scanner_sink *sink;     /* borrowed */
	void *ctx;
	uint8_t state;    /* private */
	uint8_t last_end; /* the byte that ended the last scan, 0 = the pause did */
	bool crlf;        /* and LF came behind it */
	bool after_cr;
	uint16_t len;
	uint32_t last_ms; /* when the last byte came */
	uint16_t resync_count;
	struct gw_ssi ssi;
};

void gw_scanner_init(struct gw_scanner *s, const struct gw_scanner_config *config,
		     const struct gw_scanner_sink *sink, void *ctx, uint32_t now_ms);
void gw_scanner_byte(struct gw_scanner *s, uint8_t byte, uint32_t now_ms);
/* The receiver reported parity, framing or overrun: whatever is being read is worth nothing. */
void gw_scanner_error(struct gw_scanner *s, uint32_t now_ms);
void gw_scanner_tick(struct gw_scanner *s, uint32_t now_ms);
/* Milliseconds until tick matters; UINT32_MAX when no scan is under way. */
uint32_t gw_scanner_wait_ms(const struct gw_scanner *s, uint32_t now_ms);
/* False until the first pause or terminator after init: a scan that runs meanwhile is refused. */
bool gw_scanner_in_step(const struct gw_scanner *s);
/* True between scans, the gap having passed or a terminator seen. */
bool gw_scanner_between(const struct gw_scanner *s);
/*
 * Writes code as this scanner would have sent it (terminator, STX/ETX, SSI packet); returns the
 * length, 0 when it does not fit in size.
 */
uint32_t gw_scanner_dress(const struct gw_scanner *s, uint8_t *out, uint32_t size,
			  const uint8_t *code, uint32_t len);

#endif
