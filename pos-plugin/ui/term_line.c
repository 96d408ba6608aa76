#include "ui/term_line.h"

#include <stdio.h>
#include <string.h>

#include "ui/screen.h"

#define PAGE_ROWS 60
#define PAGE_COLS 78

/* A row of the canvas without the blanks at its end. */
static void say_row(struct gw_out *out, const struct gw_canvas *canvas, int row)
{
	char text[GW_CELL_TEXT_MAX];
	int end = canvas->cols;

	while (end > 0 && gw_cell_blank(gw_canvas_at(canvas, row, end - 1)))
		end--;
	for (int col = 0; col < end; col++)
		gw_out_add(out, text, gw_cell_text(canvas, gw_canvas_at(canvas, row, col), text));
	gw_out_text(out, "\r\n");
}

/* Text from outside goes over a canvas as well, which keeps controls out. */
static void say(struct gw_out *out, struct gw_canvas *scratch, const char *text)
{
	int rows;

	gw_canvas_start(scratch, 8, PAGE_COLS, scratch->ascii);
	rows = gw_canvas_wrap(scratch, 0, 0, PAGE_COLS, 8, GW_ROLE_TEXT, text);
	for (int row = 0; row < rows; row++)
		say_row(out, scratch, row);
}

static void say_page(struct screen *s, struct gw_out *out,
		     void (*draw)(struct screen *, struct area))
{
	int last = 0;

	gw_canvas_start(s->canvas, PAGE_ROWS, PAGE_COLS, s->canvas->ascii);
	draw(s, (struct area){0, 0, PAGE_ROWS, PAGE_COLS});
	for (int row = 0; row < PAGE_ROWS; row++)
		for (int col = 0; col < PAGE_COLS; col++)
			if (!gw_cell_blank(gw_canvas_at(s->canvas, row, col)))
				last = row;
	for (int row = 0; row <= last; row++)
		say_row(out, s->canvas, row);
}

static void say_lines(struct screen *s, struct gw_lines *lines, struct gw_out *out)
{
	const struct gw_view *view = s->view;

	for (size_t i = lines->line_count; i < view->line_count; i++) {
		char room[400], money[32];
		struct gw_text t = gw_text_over(room, sizeof(room));
		const struct gw_view_line *line = &view->lines[i];

		gw_text_addf(&t, "%d. ", line->line);
		if (line->qty != 1)
			gw_text_addf(&t, "%d x ", (int)line->qty);
		gw_text_addf(&t, "%s  %s", gw_or_empty(line->name),
			     gw_words_money(view, line->amount_minor, money));
		say(out, s->canvas, room);
	}
	if (view->line_count > 0 &&
	    (view->items != lines->items || view->total_minor != lines->total_minor)) {
		char room[120], money[32];
		struct gw_text t = gw_text_over(room, sizeof(room));

		gw_text_addf(&t, "   %d items, total %s", (int)view->items,
			     gw_words_money(view, view->total_minor, money));
		say(out, s->canvas, room);
	}
}

static void say_offer(struct screen *s, struct gw_out *out)
{
	const struct gw_view_offer *offer = &s->view->offer;
	char room[900], money[32], key[3][GW_KEY_NAME_MAX];
	struct gw_text t = gw_text_over(room, sizeof(room));

	for (int i = 0; i < 3; i++)
		gw_key_name(key[i], gw_keymap_show(&s->state->keys, (enum gw_act)(GW_ACT_YES + i)));
	gw_text_addf(&t, "OFFER: %s  %s", gw_or_empty(offer->name),
		     gw_words_money(s->view, offer->price_minor, money));
	if (offer->saves_minor > 0)
		gw_text_addf(&t, ", saves %s", gw_words_money(s->view, offer->saves_minor, money));
	say(out, s->canvas, room);
	gw_text_clear(&t);
	if (gw_or_empty(offer->script)[0] != '\0')
		gw_text_addf(&t, "\"%s\"  ", offer->script);
	gw_text_addf(&t, "%s yes, %s no, %s cannot be", key[0], key[1], key[2]);
	say(out, s->canvas, room);
}

static void say_changed(char *last, size_t size, const char *text, struct gw_out *out,
			struct gw_canvas *scratch)
{
	if (strncmp(last, text, size - 1) == 0)
		return;
	snprintf(last, size, "%s", text);
	if (text[0] != '\0')
		say(out, scratch, text);
}

static void say_page_once(struct screen *s, struct gw_lines *lines, struct gw_out *out)
{
	const void *figures = NULL;
	int64_t scan_at_ms = 0;
	enum gw_ui_page page = s->state->page;

	if (page == GW_PAGE_TODAY)
		figures = s->status->today;
	if (page == GW_PAGE_SCANNER && s->status->scans != NULL) {
		figures = s->state->dock_side ? (const void *)s->status->scans->dock
					      : (const void *)s->status->scans;
		if (s->status->scans->count > 0)
			scan_at_ms = s->status->scans->last[0].at_ms;
	}
	if (page == lines->page && figures == lines->figures && scan_at_ms == lines->scan_at_ms)
		return;
	lines->page = page;
	lines->figures = figures;
	lines->scan_at_ms = scan_at_ms;
	if (page == GW_PAGE_HELP)
		say_page(s, out, gw_draw_help);
	else if (page == GW_PAGE_SCANNER)
		say_page(s, out, gw_draw_scanner);
	else if (page == GW_PAGE_TODAY && figures != NULL)
		say_page(s, out, gw_draw_today);
	else if (page == GW_PAGE_HELD)
		say_page(s, out, gw_draw_held);
	else if (page == GW_PAGE_QUIT || page == GW_PAGE_CANCEL)
		say_page(s, out, gw_draw_question);
	else if (page == GW_PAGE_PIN)
		say(out, s->canvas, "PIN, then Enter:");
	else if (page == GW_PAGE_CANT)
		say(out, s->canvas,
		    "Why not? The keys of yes, no, can't, total: sold out, has it, no fit, not "
		    "asked");
}

static void greet(struct screen *s, struct gw_out *out)
{
	char room[120];
	struct gw_text t = gw_text_over(room, sizeof(room));

	gw_text_addf(&t, "goeswith %s %s. %s", gw_or_empty(s->status->store),
		     gw_or_empty(s->status->terminal), "Esc and 1 is help.");
	say(out, s->canvas, room);
}

void gw_lines_show(struct gw_lines *lines, struct gw_out *out, struct gw_ui_state *state,
		   const struct gw_view *view, const struct gw_ui_status *status, int64_t mono_ms,
		   struct gw_canvas *scratch)
{
	struct screen s = {scratch, state, view, status, mono_ms};
	char room[300];
	struct gw_text t = gw_text_over(room, sizeof(room));
	const char *basket = gw_or_empty(view->basket);

	scratch->ascii = state->ascii;
	/* The same bookkeeping as a drawn screen: what is new, which page gives way. */
	gw_canvas_start(scratch, 24, 80, state->ascii);
	gw_ui_compose(state, view, status, mono_ms, scratch);
	if (!lines->begun)
		greet(&s, out);
	lines->begun = true;
	if (strcmp(lines->basket, basket) != 0 || view->line_count < lines->line_count) {
		lines->line_count = 0;
		lines->offer = 0;
		snprintf(lines->basket, sizeof(lines->basket), "%s", basket);
	}
	say_page_once(&s, lines, out);
	say_lines(&s, lines, out);
	if (view->offer.active && view->offer.offer != lines->offer)
		say_offer(&s, out);
	lines->offer = view->offer.active ? view->offer.offer : 0;
	lines->line_count = view->line_count;
	lines->items = view->items;
	lines->total_minor = view->total_minor;
	gw_words_note(&s, &t);
	say_changed(lines->note, sizeof(lines->note), room, out, scratch);
	gw_text_clear(&t);
	gw_words_alert(&s, &t);
	say_changed(lines->alert, sizeof(lines->alert), room, out, scratch);
}
