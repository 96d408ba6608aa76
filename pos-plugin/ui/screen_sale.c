/*
 * The sale.  Wide: the lines on the left as the till shows them, the offer on the right.
 * Compact: lines above, offer below.  Nothing but the offer comes and goes.
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen.h"

#define WIDE_COLS 64
#define WIDE_ROWS 12 /* of the page, without status, messages and keys */

/* --- lines --------------------------------------------------------------------------------------
 */

/* "3 x Dog food 2 kg", "Apples 1.204" */
static void line_name(const struct gw_view_line *line, struct gw_text *t)
{
	if (line->qty != 1) {
		gw_text_add_int(t, line->qty, 1);
		gw_text_add(t, " x ");
	}
	gw_text_add(t, gw_or_empty(line->name));
	if (line->milli != 0) {
		gw_text_add_char(t, ' ');
		gw_text_add_int(t, line->milli / 1000, 1);
		gw_text_add_char(t, '.');
		gw_text_add_int(t, line->milli % 1000, 3);
	}
}

/* Room for amounts: what the widest one needs, within bounds, so that names keep theirs. */
static int amount_cols(const struct screen *s, int cols)
{
	char room[32];
	int n = (int)strlen(gw_words_money(s->view, s->view->total_minor, room));

	for (size_t i = 0; i < s->view->line_count; i++) {
		int w = (int)strlen(gw_words_money(s->view, s->view->lines[i].amount_minor, room));

		n = w > n ? w : n;
	}
	n = n < 7 ? 7 : n;
	return n > cols / 2 ? cols / 2 : n;
}

/* Room for line numbers and the mark behind them; none on a narrow list. */
static int number_cols_of(const struct screen *s, int cols)
{
	size_t n = s->view->line_count;

	if (cols < 30)
		return 0;
	return n > 0 && s->view->lines[n - 1].line > 99 ? 4 : 3;
}

static void draw_line(struct screen *s, struct area at, const struct gw_view_line *line, int amount)
{
	bool marked = s->state->marked_line != 0 && line->line == s->state->marked_line;
	enum gw_role role = marked ? GW_ROLE_CHOSEN : line->voided ? GW_ROLE_DIM : GW_ROLE_TEXT;
	char name_room[GW_TEXT_MAX + 48], number_room[16], money[32];
	struct gw_text name = gw_text_over(name_room, sizeof(name_room));
	struct gw_text number = gw_text_over(number_room, sizeof(number_room));
	int number_cols = number_cols_of(s, at.cols);

	if (marked)
		gw_canvas_fill(s->canvas, at.row, at.col, 1, at.cols, role);
	if (number_cols > 0) {
		gw_text_add_int(&number, line->line, 1);
		gw_canvas_put_right(s->canvas, at.row, at.col, number_cols - 1, role, number_room);
		if (line->source == GW_SOURCE_OFFER && !line->voided)
			gw_canvas_put(s->canvas, at.row, at.col + number_cols - 1, 1,
				      marked ? role : GW_ROLE_GOOD, "+");
	}
	line_name(line, &name);
	gw_canvas_put(s->canvas, at.row, at.col + number_cols, at.cols - number_cols - amount - 1,
		      role, name_room);
	gw_canvas_put_right(s->canvas, at.row, at.col + at.cols - amount, amount, role,
			    line->voided ? "void"
					 : gw_words_money(s->view, line->amount_minor, money));
	if (marked || line == &s->view->lines[s->view->line_count - 1]) {
		s->canvas->cursor_row = at.row;
		s->canvas->cursor_col = at.col + number_cols;
	}
}

/* First line to show, so that the newest, or the marked one, is among `rows`. */
static size_t first_line(const struct screen *s, int rows)
{
	size_t n = s->view->line_count, room = (size_t)rows, first = n > room ? n - room : 0;

	for (size_t i = 0; s->state->marked_line != 0 && i < first; i++)
		if (s->view->lines[i].line == s->state->marked_line)
			return i > 0 ? i - 1 : 0; /* one above it, under the "more" row */
	return first;
}

void gw_draw_lines(struct screen *s, struct area area)
{
	size_t first, n = s->view->line_count;
	int amount = amount_cols(s, area.cols);
	char more[32];

	if (area.rows <= 0 || area.cols <= 0)
		return;
	first = first_line(s, area.rows);
	for (int i = 0; i < area.rows && first + (size_t)i < n; i++) {
		struct area at = {area.row + i, area.col, 1, area.cols};

		if (i == 0 && first > 0 && area.rows > 2) {
			snprintf(more, sizeof(more), "\u2191 %zu more", first + 1);
			gw_canvas_put(s->canvas, at.row, at.col + number_cols_of(s, area.cols),
				      area.cols, GW_ROLE_DIM, more);
			continue;
		}
		draw_line(s, at, &s->view->lines[first + (size_t)i], amount);
	}
}

void gw_draw_total(struct screen *s, int row, int col, int cols)
{
	char text_room[64], money[32];
	struct gw_text t = gw_text_over(text_room, sizeof(text_room));
	const char *total = gw_words_money(s->view, s->view->total_minor, money);
	int n = (int)strlen(total), unpriced = 0;

	for (size_t i = 0; i < s->view->line_count; i++)
		unpriced += !s->view->lines[i].voided && s->view->lines[i].amount_minor < 0;
	gw_text_add_int(&t, s->view->items, 1);
	gw_text_add(&t, s->view->items == 1 ? " item" : " items");
	if (unpriced > 0) {
		gw_text_add(&t, ", ");
		gw_text_add_int(&t, unpriced, 1);
		gw_text_add(&t, " at till");
	}
	gw_canvas_put_right(s->canvas, row, col, cols, GW_ROLE_STRONG, total);
	gw_canvas_put(s->canvas, row, col, cols - n - 1, GW_ROLE_STRONG, text_room);
}

/* --- wide ---------------------------------------------------------------------------------------
 */

static void sale_title(const struct screen *s, struct gw_text *t)
{
	const char *state = s->view->state == GW_VIEW_TOTALLED ? ": total" : "";

	if (s->view->state == GW_VIEW_IDLE && s->view->line_count == 0) {
		gw_text_add(t, "Ready");
		return;
	}
	gw_text_add(t, "Sale ");
	gw_text_add_int(t, s->view->sale_number, 6);
	gw_text_add(t, s->view->state == GW_VIEW_IDLE ? ": closed" : state);
}

static const char *offer_title(const struct gw_view_offer *offer)
{
	static const char *const titles[] = {
		[GW_RULE_ADDON] = "Goes with it",
		[GW_RULE_UPGRADE] = "Better instead",
		[GW_RULE_BUNDLE] = "Cheaper together",
	};

	return (size_t)offer->kind < sizeof(titles) / sizeof(titles[0]) ? titles[offer->kind]
									: titles[0];
}

static void put_on_rule(struct screen *s, int row, int col, int room, const char *text)
{
	int used = gw_canvas_put(s->canvas, row, col + 1, room - 2, GW_ROLE_STRONG, text);

	gw_canvas_put(s->canvas, row, col, 1, GW_ROLE_TEXT, " ");
	gw_canvas_put(s->canvas, row, col + 1 + used, 1, GW_ROLE_TEXT, " ");
}

/*
 *	┌ Sale 000123 ──────── EUR ┬ Goes with it ───
 *	│ lines                    │ offer
 *	├──────────────────────────┤
 *	│ total                    │
 *	└──────────────────────────┘
 */
static void draw_frame(struct screen *s, struct area a, int left)
{
	struct gw_canvas *c = s->canvas;
	int bottom = a.row + a.rows - 1;
	char room[40];
	struct gw_text title = gw_text_over(room, sizeof(room));

	gw_canvas_across(c, a.row, a.col, a.cols, "\u2500");
	gw_canvas_across(c, bottom - 2, a.col, left, "\u2500");
	gw_canvas_across(c, bottom, a.col, left, "\u2500");
	gw_canvas_down(c, a.row, a.col, a.rows, "\u2502");
	gw_canvas_down(c, a.row, a.col + left, a.rows, "\u2502");
	gw_canvas_put(c, a.row, a.col, 1, GW_ROLE_FRAME, "\u250C");
	gw_canvas_put(c, a.row, a.col + left, 1, GW_ROLE_FRAME, "\u252C");
	gw_canvas_put(c, bottom - 2, a.col, 1, GW_ROLE_FRAME, "\u251C");
	gw_canvas_put(c, bottom - 2, a.col + left, 1, GW_ROLE_FRAME, "\u2524");
	gw_canvas_put(c, bottom, a.col, 1, GW_ROLE_FRAME, "\u2514");
	gw_canvas_put(c, bottom, a.col + left, 1, GW_ROLE_FRAME, "\u2518");
	sale_title(s, &title);
	put_on_rule(s, a.row, a.col + 1, left - 8, room);
	put_on_rule(s, a.row, a.col + left - 6, 6, gw_or_empty(s->view->currency));
	if (s->view->offer.active)
		put_on_rule(s, a.row, a.col + left + 1, a.cols - left - 2,
			    offer_title(&s->view->offer));
	else if (s->view->muted)
		put_on_rule(s, a.row, a.col + left + 1, a.cols - left - 2, "No more offers");
}

static void draw_wide(struct screen *s, struct area a)
{
	int left = a.cols * 47 / 100;

	left = left < 37 ? 37 : left > 72 ? 72 : left;
	if (a.rows > 40)
		a.rows = 40; /* a sale read over half a metre of blank screen helps nobody */
	draw_frame(s, a, left);
	gw_draw_lines(s, (struct area){a.row + 1, a.col + 2, a.rows - 4, left - 3});
	if (s->view->line_count > 0 || s->view->state != GW_VIEW_IDLE)
		gw_draw_total(s, a.row + a.rows - 2, a.col + 2, left - 3);
	gw_draw_offer(s, (struct area){a.row + 1, a.col + left + 2, a.rows - 1,
				       a.cols - left - 3 > 60 ? 60 : a.cols - left - 3});
}

/* --- compact ------------------------------------------------------------------------------------
 */

static void draw_compact(struct screen *s, struct area a)
{
	bool offer = s->view->offer.active;
	int offer_rows = offer ? a.rows - 4 < 5 ? a.rows - 4 : a.rows * 5 / 9 : 0;
	int line_rows = a.rows - 2 - (offer ? offer_rows + 1 : 0);
	int row = a.row;
	bool blank = s->view->line_count == 0 && s->view->state == GW_VIEW_IDLE;

	gw_canvas_across(s->canvas, row++, a.col, a.cols, "\u2500");
	gw_draw_lines(s, (struct area){row, a.col + 1, line_rows, a.cols - 2});
	row += line_rows;
	if (!blank)
		gw_draw_total(s, row, a.col + 1, a.cols - 2);
	row++;
	if (!offer)
		return;
	gw_canvas_across(s->canvas, row++, a.col, a.cols, "\u2500");
	gw_draw_offer(s, (struct area){row, a.col, offer_rows, a.cols});
}

void gw_draw_sale(struct screen *s, struct area area)
{
	if (area.cols >= WIDE_COLS && area.rows >= WIDE_ROWS)
		draw_wide(s, area);
	else
		draw_compact(s, area);
}

/* --- too small ----------------------------------------------------------------------------------
 */

static int tiny_line(struct screen *s, int row, enum gw_role role, const char *text)
{
	if (text[0] == '\0' || row >= s->canvas->rows)
		return row;
	gw_canvas_put(s->canvas, row, 0, s->canvas->cols, role, text);
	return row + 1;
}

/* Below 40x12 only what cannot be done without, the most needed first. */
void gw_draw_tiny(struct screen *s)
{
	const struct gw_view_offer *offer = &s->view->offer;
	char room[300], money[32];
	struct gw_text t = gw_text_over(room, sizeof(room));
	int row = 0;

	gw_words_alert(s, &t);
	if (s->view->practice)
		row = tiny_line(s, row, GW_ROLE_PRACTICE, "PRACTICE");
	if (offer->active) {
		row = tiny_line(s, row, GW_ROLE_HEADLINE, gw_or_empty(offer->name));
		row = tiny_line(s, row, GW_ROLE_TEXT,
				gw_words_money(s->view, offer->price_minor, money));
		row = tiny_line(s, row, GW_ROLE_STRONG, "F2 Yes F3 No");
	}
	if (s->view->state != GW_VIEW_IDLE && row < s->canvas->rows)
		gw_draw_total(s, row++, 0, s->canvas->cols);
	if (t.len == 0 || s->now_ms < s->state->note_ms + 5000) {
		gw_text_clear(&t);
		gw_words_note(s, &t);
		row = tiny_line(s, row, GW_ROLE_STRONG, room);
		gw_text_clear(&t);
		gw_words_alert(s, &t);
	}
	row = tiny_line(s, row, GW_ROLE_WARN, room);
	if (row < s->canvas->rows)
		gw_canvas_put(s->canvas, s->canvas->rows - 1, 0, s->canvas->cols, GW_ROLE_DIM,
			      "40x12 is the least");
}
