/*
 * Telling a person's typing from a scanner that poses as a keyboard.  A scanner types a whole code
 * with a few milliseconds between its keys and an Enter behind it; a person never does.  Characters
 * that follow each other within `gap_ms` are collected into a scan; a character that stays alone
 * for that long was typed.
 *
 *	                 char                    char < gap
 *	   ( empty ) ------------> ( lone ) --------------------> ( burst )
 *	       ^                     |   Enter < gap: SCAN            |  Enter: SCAN
 *	       |      gap over:      |                                |  4 gaps over: SCAN, TYPED
 *	       +----- TYPED ---------+<-------------------------------+            or NOISE
 *
 * Once two characters came together the window is four gaps wide, so that a jittery scanner does
 * not fall apart into key presses.  Two characters alone are no code: digits then count as typed,
 * others as noise.  The same letter over and over is a key held down: noise as well.
 *
 * Owned by the caller; time is passed in and must not run backwards; no allocation.
 *
 *	r = gw_burst_poll(&burst, now);          before each key, and when gw_burst_deadline is over
 *	... act on r ...
 *	r = gw_burst_add(&burst, character, now);
 */
#ifndef UI_BURST_H
#define UI_BURST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GW_BURST_MAX    1024 /* bytes of one scan; longer ones are cut and marked */
#define GW_BURST_GAP_MS 30

enum gw_burst_result {
	GW_BURST_NOTHING, /* still collecting, or nothing there */
	GW_BURST_TYPED,   /* data[0..len): characters a person typed, one after the other */
	GW_BURST_SCAN,    /* data[0..len): a scan without its terminator */
	GW_BURST_NOISE    /* too fast for a person, too short for a code: to be ignored */
};

struct gw_burst {
	char data[GW_BURST_MAX];
	size_t len;    /* bytes */
	int chars;     /* characters */
	bool same;     /* all characters are the same one */
	bool done;     /* the result was handed out: data goes with the next call */
	bool cut;      /* the scan was longer than GW_BURST_MAX */
	bool after_cr; /* a line feed right behind belongs to the carriage return before */
	int32_t gap_ms;
	uint32_t first; /* first character */
	int64_t last_ms;
};

void gw_burst_init(struct gw_burst *burst, int32_t gap_ms);

/* What is over by now.  data is valid until the next gw_burst_add. */
enum gw_burst_result gw_burst_poll(struct gw_burst *burst, int64_t now_ms);

/* Takes a character; poll first.  NOTHING, or SCAN when it was the end of one. */
enum gw_burst_result gw_burst_add(struct gw_burst *burst, uint32_t character, int64_t now_ms);

/* True while a key of any other kind must be part of what a scanner sends. */
bool gw_burst_busy(const struct gw_burst *burst, int64_t now_ms);

/* When poll must be called at the latest; -1: no need. */
int64_t gw_burst_deadline(const struct gw_burst *burst);

#endif
