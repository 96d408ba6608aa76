/* The pages that ask: the PIN, which sale to take up, and whether to drop a sale or to stop. */
#include <stdio.h>
#include <string.h>

#include "ui/screen.h"

void gw_draw_pin(struct screen *s, struct area area)
{
	int n = (int)s->state->entry_len, col;

	if (area.rows < 2)
		return;
	gw_draw_title(s, area.row, "Today", "");
	col = gw_canvas_put(s->canvas, area.row + 1, 0, area.cols, GW_ROLE_STRONG,
			    "PIN, then Enter: ");
	for (int i = 0; i < n; i++)
		col += gw_canvas_put(s->canvas, area.row + 1, col, area.cols - col, GW_ROLE_STRONG,
				     "\u25CF");
	s->canvas->cursor_row = area.row + 1;
	s->canvas->cursor_col = col < area.cols ? col : area.cols - 1;
}

static void draw_held_row(struct screen *s, int row, int cols, size_t i)
{
	const struct gw_ui_held *held = &s->status->held[i];
	bool chosen = i == s->state->held_chosen;
	enum gw_role role = chosen ? GW_ROLE_CHOSEN : GW_ROLE_TEXT;
	char room[80], money[32], at[8];

	if (chosen) {
		gw_canvas_fill(s->canvas, row, 0, 1, cols, role);
		s->canvas->cursor_row = row;
		s->canvas->cursor_col = 0;
	}
	snprintf(room, sizeof(room), "%s  %d item%s", gw_words_clock(s->status, held->since_ms, at),
		 (int)held->items, held->items == 1 ? "" : "s");
	gw_canvas_put(s->canvas, row, 1, cols - 14, role, room);
	gw_canvas_put_right(s->canvas, row, cols - 13, 12, role,
			    gw_words_money(s->view, held->total_minor, money));
}

void gw_draw_held(struct screen *s, struct area area)
{
	int cols = area.cols > 60 ? 60 : area.cols;

	if (area.rows < 2)
		return;
	gw_draw_title(s, area.row, "Sales put aside", "");
	for (size_t i = 0; i < s->state->held_count && (int)i + 1 < area.rows; i++)
		draw_held_row(s, area.row + 1 + (int)i, cols, i);
	if ((int)s->state->held_count + 2 < area.rows)
		gw_canvas_put(s->canvas, area.row + 2 + (int)s->state->held_count, 1, area.cols - 1,
			      GW_ROLE_DIM, "Up and Down choose, Enter takes the sale up");
}

void gw_draw_question(struct screen *s, struct area area)
{
	bool quit = s->state->page == GW_PAGE_QUIT, open = s->view->state != GW_VIEW_IDLE;
	char room[200], name[GW_KEY_NAME_MAX];
	int row = area.row + 2;

	if (area.rows < 4)
		row = area.row + 1;
	gw_draw_title(s, area.row, quit ? "Stop the register?" : "Drop this sale?", "");
	gw_key_name(name, gw_keymap_show(&s->state->keys, quit ? GW_ACT_QUIT : GW_ACT_CANCEL));
	snprintf(room, sizeof(room), "%s again: %s.  Any other key, or a scan: go on.", name,
		 quit ? "stop" : "drop it");
	s->canvas->cursor_row = row;
	row += gw_canvas_wrap(s->canvas, row, 0, area.cols, 2, GW_ROLE_STRONG, room) + 1;
	if (quit && open)
		gw_canvas_wrap(s->canvas, row, 0, area.cols, 2, GW_ROLE_TEXT,
			       s->status->goes_on
				       ? "The open sale is kept and goes on at the next start."
				       : "The open sale will not be kept.");
	else if (quit)
		gw_canvas_wrap(s->canvas, row, 0, area.cols, 2, GW_ROLE_TEXT,
			       "The scanner and the till go on by themselves.");
	else if (row < area.row + area.rows)
		gw_draw_total(s, row, 0, area.cols > 40 ? 40 : area.cols);
}
