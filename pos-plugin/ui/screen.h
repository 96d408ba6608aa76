/*
 * Inside of the screens: what each page's drawing function gets, and the parts that pages share.
 * Only ui/ includes this.
 */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include "base/text.h"
#include "ui/state.h"

/* One drawing: everything borrowed. */
struct screen {
	struct gw_canvas *canvas;
	struct gw_ui_state *state;
	const struct gw_view *view;
	const struct gw_ui_status *status;
	int64_t now_ms; /* monotonic */
};

/* A part of the page; rows or cols may be 0 or less: nothing to draw. */
struct area {
	int row, col, rows, cols;
};

static inline const char *gw_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* --- words (words.c) --- */

/* What just happened, in words; "" for nothing to say. */
void gw_words_note(const struct screen *s, struct gw_text *out);
/* What needs a person, the gravest first; "" when all is well.  Returns how to show it. */
enum gw_role gw_words_alert(const struct screen *s, struct gw_text *out);
/* "12.99"; an unknown amount is "at till". */
const char *gw_words_money(const struct gw_view *view, int64_t minor, char out[32]);
/* Local wall clock "09:41". */
const char *gw_words_clock(const struct gw_ui_status *status, int64_t at_ms, char out[8]);
/* "Mon 2 Mar" of a local day. */
const char *gw_words_day(int64_t day, char out[16]);

/* --- frame around every page (chrome.c) --- */

/* Draws status line, message and key bar; returns what is left for the page. */
struct area gw_draw_chrome(struct screen *s);
/* A line across the page at `row` with a title in it. */
void gw_draw_title(struct screen *s, int row, const char *title, const char *right);

/* The picture changes by itself at mono_ms. */
void gw_wake_at(struct screen *s, int64_t mono_ms);

/* --- pages --- */

void gw_draw_sale(struct screen *s, struct area area);
/* The list of lines, newest at the bottom, as much as fits. */
void gw_draw_lines(struct screen *s, struct area area);
/* "3 items   24.13" */
void gw_draw_total(struct screen *s, int row, int col, int cols);
/* The offer, or nothing. */
void gw_draw_offer(struct screen *s, struct area area);
void gw_draw_tiny(struct screen *s);
void gw_draw_help(struct screen *s, struct area area);
void gw_draw_scanner(struct screen *s, struct area area);
void gw_draw_today(struct screen *s, struct area area);
void gw_draw_pin(struct screen *s, struct area area);
void gw_draw_held(struct screen *s, struct area area);
void gw_draw_question(struct screen *s, struct area area);

#endif
