/*
 * Cuts a captured byte stream into scans, for goeswith-decode --raw, the scanner screen and the
 * guess which settings fit.  Three framings: terminators with an idle gap, STX/ETX, and the packets
 * of Zebra's Simple Serial Interface.
 *
 * Why not the dock's framer (firmware/scanner.h): that one keeps no packet, but lets a scan grow
 * in the ring's memory and takes it back when a checksum is wrong, decides by the clock, answers
 * the scanner, and has 8 KiB of RAM to live in.  This one has no clock, holds whole packets, and
 * tells a person what was wrong with them.  tests/unit/test_framers.c holds both to the same
 * scans; the table of symbologies is one, link/ssi_types.h.
 *
 * Pure; the caller owns the struct, which holds the scan until the next byte is pushed.  No
 * allocation.
 *
 *	struct gw_frame f;
 *	gw_frame_init(&f, GW_FRAME_LINES);
 *	for (...) if (gw_frame_push(&f, byte) == GW_FRAME_SCAN) use(f.data, f.len);
 *	at a pause, and at the end: if (gw_frame_idle(&f) == GW_FRAME_SCAN) ...
 *
 * A scan of several SSI packets, lines over GW_SCAN_DATA_MAX and faulty packets are told apart from
 * scans, and reading goes on behind them.
 */
#ifndef SCAN_FRAME_H
#define SCAN_FRAME_H

#include "scan/scan.h"

enum gw_frame_style {
	GW_FRAME_LINES, /* CR, LF, CRLF, TAB, ETX or a pause end a scan; GS never does */
	GW_FRAME_STX,   /* STX data ETX, what is outside is noise */
	GW_FRAME_SSI,
};

enum gw_frame_event {
	GW_FRAME_NONE,
	GW_FRAME_SCAN,     /* data[0..len) */
	GW_FRAME_REPEAT,   /* SSI: sent again, had been read: acknowledge, do not sell */
	GW_FRAME_TOO_LONG, /* once per scan; the rest of it is skipped */
	GW_FRAME_DAMAGED,  /* SSI: wrong checksum or order; STX: no ETX */
};

enum {
	GW_SSI_ACK = 0xD0,
	GW_SSI_NAK = 0xD1,
	GW_SSI_BEEP = 0xE6,
	GW_SSI_DECODE = 0xF3,
	GW_SSI_MULTI = 0x73,
	GW_SSI_PACKET_MAX = 257
};

struct gw_frame {
	enum gw_frame_style style;
	uint8_t data[GW_SCAN_DATA_MAX + 1];
	size_t len;
	uint8_t code_type; /* SSI: Zebra's number of the symbology; 0: unknown */
	bool done;         /* data belongs to the last event */
	bool inside;       /* STX seen */
	bool skipping;     /* the rest of what was too long or damaged */
	uint8_t packet[GW_SSI_PACKET_MAX];
	uint16_t packet_len;
	uint16_t total;      /* of a scan in several packets; 0: none under way */
	uint8_t next_packet; /* its number */
	uint16_t last_sum;   /* of the packet acknowledged last, the retransmit bit left out */
};

void gw_frame_init(struct gw_frame *f, enum gw_frame_style style);
enum gw_frame_event gw_frame_push(struct gw_frame *f, uint8_t byte);
/* No byte came for the idle gap (50 ms on USB, 200 ms on RS-232), or the input has ended. */
enum gw_frame_event gw_frame_idle(struct gw_frame *f);

/*
 * Writes an SSI packet of n bytes of data (0-250) from the host (source 4): length, opcode, source,
 * status 0, data, checksum.  Returns its length.
 */
size_t gw_ssi_build(uint8_t out[GW_SSI_PACKET_MAX], uint8_t opcode, const uint8_t *data, size_t n);

/* True if packet[0..len) has the length it names and a good checksum. */
bool gw_ssi_valid(const uint8_t *packet, size_t len);

/* Name of Zebra's symbology number, static; "" if it is unknown. */
const char *gw_ssi_name(uint8_t code_type);

/* As gw_scan_decode_elements, for the data of an SSI packet, which carries no identifier. */
int gw_scan_decode_ssi(const struct gw_scan_config *config, uint8_t code_type, const uint8_t *data,
		       size_t len, struct gw_scan *out, struct gw_scan_elements *elements);

#endif
