/*
 * What a terminal sends for keys, taken apart: UTF-8 characters, and the escape sequences of the
 * function and cursor keys of xterm, rxvt, PuTTY, screen, tmux, the Linux and FreeBSD consoles and
 * the VT family, all at once.  They do not contradict each other, so F-keys work even where TERM
 * is wrong; whatever else begins with Esc is swallowed whole.
 *
 * An Esc with nothing behind it for 25 ms is the Esc key.  Should the rest of a sequence come later
 * than that (a slow line), it is still taken for one, and not for typing.  Time is passed in;
 * nothing ever waits.
 * Owned by the caller, no allocation.
 *
 *	key = gw_keyseq_add(&seq, byte, now);     GW_KEY_NONE: nothing yet
 *	key = gw_keyseq_poll(&seq, now);          when gw_keyseq_deadline is over
 */
#ifndef UI_KEYSEQ_H
#define UI_KEYSEQ_H

#include <stddef.h>
#include <stdint.h>

#include "ui/keys.h"

#define GW_ESC_DELAY_MS 25
#define GW_ESC_LATE_MS  500 /* a sequence may stall this long on its way */

struct gw_keyseq {
	char bytes[32]; /* an unfinished sequence or character */
	size_t len;
	int64_t since_ms; /* of its last byte */
	int64_t esc_ms;   /* when GW_KEY_ESC was last given out, -1: not since another key */
};

void gw_keyseq_init(struct gw_keyseq *seq);

/*
 * Takes one byte.  Returns a character (controls too), a GW_KEY_..., or GW_KEY_NONE.  Poll first.
 * A plain Esc followed by a byte that begins no sequence gives GW_KEY_ESC and *again is set: the
 * same byte must then be added once more.
 */
uint32_t gw_keyseq_add(struct gw_keyseq *seq, uint8_t byte, int64_t now_ms, bool *again);

/* GW_KEY_ESC when its delay is over, else GW_KEY_NONE; drops what never became whole. */
uint32_t gw_keyseq_poll(struct gw_keyseq *seq, int64_t now_ms);

/* When poll must be called; -1: no need. */
int64_t gw_keyseq_deadline(const struct gw_keyseq *seq);

#endif
