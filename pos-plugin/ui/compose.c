/* From the engine's view to a page: notices what is new, then has the page drawn. */
#include <string.h>

#include "ui/screen.h"

#define LEAST_ROWS 10
#define LEAST_COLS 40

static bool note_is_scan(enum gw_note note)
{
	return note == GW_NOTE_UNKNOWN || note == GW_NOTE_REFUSED || note == GW_NOTE_CARD ||
	       note == GW_NOTE_ADDED || note == GW_NOTE_TAKEN_SCAN;
}

/* Something was scanned while another page was open: the customer comes first. */
static void make_way(struct gw_ui_state *state)
{
	if (state->page != GW_PAGE_SALE && state->page != GW_PAGE_CANT &&
	    state->page != GW_PAGE_SCANNER)
		gw_ui_state_home(state);
}

static void keep(char *room, size_t size, const char *text)
{
	struct gw_text t = gw_text_over(room, size);

	gw_text_add(&t, text);
}

static void notice(struct gw_ui_state *state, const struct gw_view *view, int64_t now_ms)
{
	const char *subject = gw_or_empty(view->subject), *basket = gw_or_empty(view->basket);
	bool note = view->note != state->note ||
		    strncmp(subject, state->subject, sizeof(state->subject) - 1) != 0;
	bool lines = view->line_count != state->line_count || view->items != state->items;
	bool sale = strncmp(basket, state->basket, sizeof(state->basket) - 1) != 0;

	if (state->page == GW_PAGE_CANT && !view->offer.active)
		state->page = GW_PAGE_SALE;
	if (state->page == GW_PAGE_CANCEL && view->state == GW_VIEW_IDLE)
		state->page = GW_PAGE_SALE;
	if (!note && !lines && !sale)
		return;
	state->hint[0] = '\0';
	if (note_is_scan(view->note))
		make_way(state);
	if (view->line_count != state->line_count || sale)
		state->marked_line = 0;
	state->note_ms = now_ms;
	state->note = view->note;
	state->line_count = view->line_count;
	state->items = view->items;
	keep(state->subject, sizeof(state->subject), subject);
	keep(state->basket, sizeof(state->basket), basket);
}

static void remember_held(struct gw_ui_state *state, const struct gw_ui_status *status)
{
	state->held_count = status->held_count < GW_HELD_MAX ? status->held_count : GW_HELD_MAX;
	for (size_t i = 0; i < state->held_count; i++)
		keep(state->held[i], sizeof(state->held[i]), gw_or_empty(status->held[i].basket));
	if (state->held_chosen >= state->held_count)
		state->held_chosen = 0;
}

static void draw_page(struct screen *s, struct area area)
{
	static void (*const draw[])(struct screen *, struct area) = {
		[GW_PAGE_SALE] = gw_draw_sale,     [GW_PAGE_CANT] = gw_draw_sale,
		[GW_PAGE_HELP] = gw_draw_help,     [GW_PAGE_SCANNER] = gw_draw_scanner,
		[GW_PAGE_PIN] = gw_draw_pin,       [GW_PAGE_TODAY] = gw_draw_today,
		[GW_PAGE_HELD] = gw_draw_held,     [GW_PAGE_CANCEL] = gw_draw_question,
		[GW_PAGE_QUIT] = gw_draw_question,
	};

	draw[s->state->page](s, area);
}

static bool small(const struct gw_canvas *canvas)
{
	return canvas->rows < LEAST_ROWS || canvas->cols < LEAST_COLS;
}

void gw_ui_compose(struct gw_ui_state *state, const struct gw_view *view,
		   const struct gw_ui_status *status, int64_t mono_ms, struct gw_canvas *canvas)
{
	struct screen s = {canvas, state, view, status, mono_ms};
	struct area area;

	notice(state, view, mono_ms);
	remember_held(state, status);
	state->wake_ms = -1;
	if (small(canvas)) {
		gw_draw_tiny(&s);
	} else {
		canvas->cursor_row = canvas->rows - 1 - !state->hide_bar;
		area = gw_draw_chrome(&s);
		draw_page(&s, area);
	}
	if (canvas->cursor_row >= canvas->rows)
		canvas->cursor_row = canvas->rows - 1;
	if (canvas->cursor_col >= canvas->cols)
		canvas->cursor_col = canvas->cols - 1;
}
