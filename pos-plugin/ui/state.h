/*
 * The screen without a terminal: which page is open, what was typed, and what a key does.  Keys and
 * time go in, actions come out; gw_ui_compose draws the page onto a canvas.  Tests drive this.
 *
 * Owned by the caller, no allocation, no clock, no terminal.  One thread.
 *
 *	                       F1 F8 F9 F10 x F7
 *	    SALE  ----------------------------------->  HELP SCANNER TODAY QUIT CANCEL HELD
 *	  (F4: CANT, still the sale)  <---------------
 *	                    Esc, a scan, the same key
 *
 * Every page but the scanner's gives way to the sale as soon as something is scanned.
 */
#ifndef UI_STATE_H
#define UI_STATE_H

#include "ui/keyseq.h"
#include "ui/ui.h"

enum gw_ui_page {
	GW_PAGE_SALE,
	GW_PAGE_CANT, /* the sale, with the reasons under the offer */
	GW_PAGE_HELP,
	GW_PAGE_SCANNER,
	GW_PAGE_PIN,
	GW_PAGE_TODAY,
	GW_PAGE_HELD,
	GW_PAGE_CANCEL, /* asks before a sale is dropped */
	GW_PAGE_QUIT    /* asks before the register stops */
};

#define GW_ACTIONS_ROOM 4
#define GW_ENTRY_MAX    64
#define GW_HELD_MAX     8 /* sales put aside that can be chosen from */

struct gw_ui_state {
	enum gw_ui_page page;
	struct gw_keymap keys;
	struct gw_keyseq seq;
	struct gw_burst burst;
	char pin[16];
	bool ascii, mono; /* how the canvas is written: mono adds words to symbols */
	bool hide_bar, idle_clock;
	bool dock_side;           /* the scanner page shows the dock */
	bool redraw;              /* Ctrl-L: the terminal must forget what it shows */
	bool stop;                /* Ctrl-Z */
	int64_t esc_ms;           /* when Esc was hit, for Esc + digit; -1: not */
	enum gw_ui_page esc_page; /* the page it left: a digit behind it is a key of that page */
	char entry[GW_ENTRY_MAX];
	size_t entry_len;
	char hint[GW_TEXT_MAX]; /* the screen's own word on the message line, until the next event
				 */
	int marked_line;        /* line number that keys act on, 0: the last */
	int scroll;
	/* what the last draw showed, to see what is new */
	char basket[GW_BASKET_ID_MAX];
	size_t line_count;
	char held[GW_HELD_MAX][GW_BASKET_ID_MAX];
	size_t held_count, held_chosen;
	int32_t items;
	enum gw_note note;
	char subject[GW_TEXT_MAX];
	int64_t note_ms; /* when the note came up */
	int64_t wake_ms; /* next time the picture changes by itself, -1: never */
};

void gw_ui_state_init(struct gw_ui_state *state, const struct gw_ui_options *options);

/*
 * Bytes from the keyboard.  Returns the number of actions; *used says how many bytes were taken
 * before the room for actions ran short (room >= GW_ACTIONS_ROOM).  len 0: only time has passed.
 */
size_t gw_ui_state_bytes(struct gw_ui_state *state, const struct gw_view *view,
			 const uint8_t *bytes, size_t len, size_t *used, int64_t mono_ms,
			 struct gw_ui_action *actions, size_t room);

/* Leaves the page for the sale; true if the register need no longer fill status.scans. */
bool gw_ui_state_home(struct gw_ui_state *state);

int64_t gw_ui_state_deadline(const struct gw_ui_state *state);

/* Draws the page; the canvas must have been started with its size. */
void gw_ui_compose(struct gw_ui_state *state, const struct gw_view *view,
		   const struct gw_ui_status *status, int64_t mono_ms, struct gw_canvas *canvas);

#endif
