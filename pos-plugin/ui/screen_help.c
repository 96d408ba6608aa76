/* Help: what the keys do, from their table, and a minute's introduction for who is new here. */
#include <stdio.h>
#include <string.h>

#include "ui/screen.h"

static const char *const introduction[] = {
	"Work as always: scan, and the till sells. Nothing here can stop it.",
	"Sometimes one offer appears. Ask, and hit F2 for yes or F3 for no. Or just scan the "
	"article: that is a yes too.",
	"No time, not fitting, sold out? F4 says so and harms nobody. An offer left alone goes "
	"away by itself and counts as nothing.",
	"A code that will not scan can be typed: digits, then Enter. A number and * sets the "
	"pieces.",
	"No function keys? Esc and then a digit, or the letter beside it.",
};

/* Left column: all keys of an act, the function key first: "F2 y". */
static void keys_text(const struct screen *s, enum gw_act act, struct gw_text *t)
{
	for (int i = 0; i < GW_KEYS_EACH; i++) {
		char name[GW_KEY_NAME_MAX];
		uint32_t key = s->state->keys.keys[act][i];

		if (key != 0)
			gw_text_addf(t, t->len > 0 ? " %s" : "%s", gw_key_name(name, key));
	}
}

static void draw_key_row(struct screen *s, int row, int cols, enum gw_act act)
{
	char room[64];
	struct gw_text t = gw_text_over(room, sizeof(room));
	const struct gw_binding *binding = gw_binding_of(act);

	keys_text(s, act, &t);
	gw_canvas_put(s->canvas, row, 1, 8, GW_ROLE_STRONG, room);
	gw_canvas_put(s->canvas, row, 10, 9, GW_ROLE_TEXT, binding->label);
	gw_canvas_put(s->canvas, row, 20, cols - 20, GW_ROLE_TEXT, binding->help);
}

/* The page as rows, drawn from `skip` on; returns how many rows it has. */
static int draw_rows(struct screen *s, struct area a, int skip)
{
	int n = 0, wide = a.cols > 100 ? 100 : a.cols;

	for (size_t i = 0; i < sizeof(introduction) / sizeof(introduction[0]); i++) {
		int rows = gw_canvas_rows(s->canvas, wide - 2, introduction[i]);

		int left = a.rows - (n - skip);

		if (n - skip >= 0 && left > 0)
			gw_canvas_wrap(s->canvas, a.row + n - skip, 1, wide - 2,
				       rows < left ? rows : left, GW_ROLE_TEXT, introduction[i]);
		n += rows;
	}
	n++;
	for (int act = 0; act < GW_ACT_COUNT; act++, n++)
		if (n - skip >= 0 && n - skip < a.rows)
			draw_key_row(s, a.row + n - skip, wide, (enum gw_act)act);
	return n;
}

void gw_draw_help(struct screen *s, struct area area)
{
	int total;
	char room[40];

	if (area.rows < 2)
		return;
	area.row++;
	area.rows--;
	total = draw_rows(s, (struct area){area.row, 0, 0, area.cols}, 0);
	if (s->state->scroll > total - area.rows)
		s->state->scroll = total > area.rows ? total - area.rows : 0;
	draw_rows(s, area, s->state->scroll);
	snprintf(room, sizeof(room), "%s%s", s->state->scroll > 0 ? "\u2191" : "",
		 s->state->scroll < total - area.rows ? "\u2193" : "");
	gw_draw_title(s, area.row - 1, "Help", room);
	s->canvas->cursor_row = area.row;
	s->canvas->cursor_col = 1 < s->canvas->cols ? 1 : 0;
}
