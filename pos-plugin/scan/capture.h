/*
 * What a scanner sends, written down for support: times and bytes as text that goeswith-decode
 * --guess and goeswith-sim scanner read.  One place for all who capture, because of what must not
 * be in it: a burst that could hold a payment card has every byte but its controls masked.
 *
 *	# goeswith capture 1
 *	0 4006381333931\x0D
 *	1730 \x02AB\\12\x03
 *
 * Owns the burst that is being read, at most GW_CAPTURE_BURST bytes, and wipes it.  Reads no clock.
 * A burst ends with CR, LF, TAB or ETX, with GW_CAPTURE_PAUSE_MS of silence, or when it is full.
 * Shorter pauses make lines of their own within it, because some scanners end a code with nothing
 * else; but what is a card is judged over them, so that a number that came haltingly is one too.
 *
 *	gw_capture_begin(&c, line, ctx);
 *	gw_capture_bytes(&c, bytes, n, t_ms); ...
 *	gw_capture_end(&c);                        at a pause, and at the end
 */
#ifndef SCAN_CAPTURE_H
#define SCAN_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_CAPTURE_HEAD  "# goeswith capture 1\n"
#define GW_CAPTURE_BURST 4352u
/* A line at its longest: every byte escaped, the time, the line feed, NUL. */
#define GW_CAPTURE_LINE     (4u * GW_CAPTURE_BURST + 32u)
#define GW_CAPTURE_PAUSE_MS 2000u
#define GW_CAPTURE_GAP_MS   50u
#define GW_CAPTURE_PARTS    16u

struct gw_capture {
	/* A line with its line feed; len without the NUL behind it. */
	void (*line)(void *ctx, const char *text, size_t len);
	void *ctx;
	bool timed;        /* first_ms is set */
	uint32_t first_ms; /* of the first byte of all */
	uint32_t last_ms;  /* of the last one */
	struct {
		uint32_t t_ms;
		uint16_t from;
		bool card;
	} part[GW_CAPTURE_PARTS]; /* of this burst, by its pauses */
	size_t parts;
	size_t len;
	uint8_t bytes[GW_CAPTURE_BURST];
	char text[GW_CAPTURE_LINE];
};

/* Also writes the first lines. */
void gw_capture_begin(struct gw_capture *c, void (*line)(void *ctx, const char *text, size_t len),
		      void *ctx);
/* t_ms: any clock that goes forward. */
void gw_capture_bytes(struct gw_capture *c, const uint8_t *bytes, size_t len, uint32_t t_ms);
void gw_capture_end(struct gw_capture *c);

#endif
