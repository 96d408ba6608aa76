/*
 * The screen for terminals that cannot place a cursor, and for people who rather have lines read
 * to them: what is new is written as a line, nothing is ever moved.
 *
 * Owned by ui.c; writes to the tty's queue.  One thread.
 */
#ifndef UI_TERM_LINE_H
#define UI_TERM_LINE_H

#include "ui/out.h"
#include "ui/state.h"

struct gw_lines {
	/* what was said last */
	char basket[GW_BASKET_ID_MAX], alert[300], note[300], entry[GW_ENTRY_MAX + 8];
	size_t line_count;
	int offer;
	int32_t items;
	int64_t total_minor;
	enum gw_ui_page page;
	const void *figures; /* the today or scans shown, to say them when they come in */
	int64_t scan_at_ms;
	bool begun;
};

/* Writes what is new; scratch is a canvas to compose pages on. */
void gw_lines_show(struct gw_lines *lines, struct gw_out *out, struct gw_ui_state *state,
		   const struct gw_view *view, const struct gw_ui_status *status, int64_t mono_ms,
		   struct gw_canvas *scratch);

#endif
