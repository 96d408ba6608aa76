/*
 * The offer: one name, one price, one sentence to say, the keys, the reason.  On a tall card each
 * part stands alone; on a low one blank rows go first, then the reason, then the sentence's end.
 */
#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "ui/screen.h"

static void add_all(struct gw_text *t, const char *first, const char *second, const char *third)
{
	gw_text_add(t, first);
	gw_text_add(t, second);
	gw_text_add(t, third);
}

static void price_text(const struct screen *s, struct gw_text *t)
{
	const struct gw_view_offer *offer = &s->view->offer;
	char money[32];

	if (offer->price_minor >= 0)
		gw_text_add(t, gw_words_money(s->view, offer->price_minor, money));
	if (offer->saves_minor > 0)
		add_all(t, t->len > 0 ? "   " : "", "saves ",
			gw_words_money(s->view, offer->saves_minor, money));
}

static void why_text(const struct gw_view_offer *offer, struct gw_text *t)
{
	int more = offer->why_more;

	if (gw_or_empty(offer->why[0])[0] == '\0')
		return;
	add_all(t, "with: ", offer->why[0], "");
	for (int i = 1; i < GW_WHY_MAX; i++)
		if (gw_or_empty(offer->why[i])[0] != '\0')
			add_all(t, ", ", offer->why[i], "");
	if (more > 0) {
		gw_text_add(t, ", and ");
		gw_text_add_int(t, more, 1);
		gw_text_add(t, " more");
	}
}

static void draw_name(struct screen *s, struct area a, int bar_rows)
{
	const char *name = gw_or_empty(s->view->offer.name);
	int pad = a.cols > 20 ? 1 : 0;
	int text_rows = bar_rows >= 3 ? bar_rows - 2 : bar_rows;
	int top = a.row + (bar_rows >= 3 ? 1 : 0);

	gw_canvas_fill(s->canvas, a.row, a.col, bar_rows, a.cols, GW_ROLE_HEADLINE);
	gw_canvas_wrap(s->canvas, top, a.col + pad, a.cols - 2 * pad, text_rows, GW_ROLE_HEADLINE,
		       name);
	s->canvas->cursor_row = top;
	s->canvas->cursor_col = a.col + pad;
}

/* "F2 Yes    F3 No    F4 Can't" */
static void draw_keys(struct screen *s, int row, int col, int cols)
{
	int end = col + cols, gap = cols >= 30 ? 4 : 2;

	for (int act = GW_ACT_YES; act <= GW_ACT_CANT && col < end; act++) {
		char name[GW_KEY_NAME_MAX];
		uint32_t key = gw_keymap_show(&s->state->keys, (enum gw_act)act);

		if (key == 0)
			continue;
		col += gw_canvas_put(s->canvas, row, col, end - col, GW_ROLE_STRONG,
				     gw_key_name(name, key));
		col += 1 + gw_canvas_put(s->canvas, row, col + 1, end - col - 1, GW_ROLE_TEXT,
					 gw_binding_of((enum gw_act)act)->label);
		col += gap;
	}
}

/* Once F4 was hit: the same keys say why. */
static void draw_reasons(struct screen *s, int row, struct area a)
{
	static const char *const why[] = {"it is sold out", "the customer has it already",
					  "it does not suit", "there was no time to ask"};

	for (int i = 0; i < 4; i++) {
		char name[GW_KEY_NAME_MAX];
		uint32_t key = gw_keymap_show(&s->state->keys, (enum gw_act)(GW_ACT_YES + i));

		gw_canvas_put(s->canvas, row + i, a.col + 1, 4, GW_ROLE_STRONG,
			      key != 0 ? gw_key_name(name, key) : "");
		gw_canvas_put(s->canvas, row + i, a.col + 5, a.cols - 5, GW_ROLE_TEXT, why[i]);
	}
}

static void script_text(const struct gw_view_offer *offer, bool ascii, struct gw_text *t)
{
	const char *script = gw_or_empty(offer->script);

	if (script[0] != '\0')
		add_all(t, ascii ? "\"" : "\u201C", script, ascii ? "\"" : "\u201D");
}

static void draw_tall(struct screen *s, struct area a)
{
	struct gw_canvas *c = s->canvas;
	char price_room[80], script_room[400], why_room[500];
	struct gw_text price = gw_text_over(price_room, sizeof(price_room));
	struct gw_text script = gw_text_over(script_room, sizeof(script_room));
	struct gw_text why = gw_text_over(why_room, sizeof(why_room));
	int bar = 2 + gw_canvas_rows(c, a.cols - 2, gw_or_empty(s->view->offer.name));
	int end = a.row + a.rows, row;

	bar = bar > 4 ? 4 : bar;
	draw_name(s, a, bar);
	row = a.row + bar + 1;
	price_text(s, &price);
	script_text(&s->view->offer, c->ascii, &script);
	why_text(&s->view->offer, &why);
	gw_canvas_put(c, row, a.col + 1, a.cols - 1, GW_ROLE_STRONG, price_room);
	row += 2;
	if (s->state->page == GW_PAGE_CANT) {
		gw_canvas_put(c, row++, a.col + 1, a.cols - 1, GW_ROLE_STRONG,
			      "It cannot be, since");
		draw_reasons(s, row, a);
		return;
	}
	row += gw_canvas_wrap(c, row, a.col + 1, a.cols - 2, 3, GW_ROLE_TEXT, script_room);
	row += script.len > 0;
	draw_keys(s, row, a.col + 1, a.cols - 1);
	row += 2;
	if (row < end)
		gw_canvas_wrap(c, row, a.col + 1, a.cols - 2, end - row < 3 ? end - row : 3,
			       GW_ROLE_DIM, why_room);
}

/* Rows from the most to the least needed: name, keys, price, sentence, reason. */
static void draw_low(struct screen *s, struct area a)
{
	struct gw_canvas *c = s->canvas;
	char room[500];
	struct gw_text t = gw_text_over(room, sizeof(room));
	int end = a.row + a.rows, row = a.row + 1, col = a.col + 1, cols = a.cols - 1;

	draw_name(s, a, 1);
	if (row >= end)
		return;
	if (s->state->page == GW_PAGE_CANT && a.rows >= 5) {
		draw_reasons(s, row, a);
		return;
	}
	draw_keys(s, end - 1, col, cols);
	price_text(s, &t);
	if (row < end - 1)
		gw_canvas_put(c, row++, col, cols, GW_ROLE_STRONG, room);
	gw_text_clear(&t);
	script_text(&s->view->offer, c->ascii, &t);
	if (row < end - 1 && t.len > 0)
		row += gw_canvas_wrap(c, row, col, cols, end - 1 - row, GW_ROLE_TEXT, room);
	gw_text_clear(&t);
	why_text(&s->view->offer, &t);
	if (row < end - 1)
		gw_canvas_wrap(c, row, col, cols, end - 1 - row, GW_ROLE_DIM, room);
}

void gw_draw_offer(struct screen *s, struct area area)
{
	if (!s->view->offer.active || area.rows <= 0 || area.cols <= 0)
		return;
	if (area.rows >= 12 && area.cols >= 30)
		draw_tall(s, area);
	else
		draw_low(s, area);
}
