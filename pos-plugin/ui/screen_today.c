/* The figures of the day, beside those of an earlier day where the shop has them. */
#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "ui/screen.h"

#define BAR_CELLS 36

struct column {
	const struct screen *s;
	const struct gw_ui_figures *figures;
};

static int64_t ratio(int64_t part, int64_t whole, int64_t scale)
{
	return whole > 0 && part >= 0 ? (part * scale + whole / 2) / whole : -1;
}

static void money(const struct screen *s, int64_t minor, struct gw_text *t)
{
	char room[GW_MONEY_MAX];

	gw_text_add(t, minor < 0 ? "-" : gw_money_format(room, minor, s->view->decimals));
}

static void sales_text(const struct column *c, struct gw_text *t)
{
	gw_text_addf(t, "%lld", (long long)c->figures->sales);
}

static void average_text(const struct column *c, struct gw_text *t)
{
	money(c->s, ratio(c->figures->value_minor, c->figures->sales, 1), t);
}

static void units_text(const struct column *c, struct gw_text *t)
{
	int64_t tenths = ratio(c->figures->items, c->figures->sales, 10);

	if (tenths < 0)
		gw_text_add(t, "-");
	else
		gw_text_addf(t, "%lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
}

static void with_addon_text(const struct column *c, struct gw_text *t)
{
	money(c->s, ratio(c->figures->value_with_addon_minor, c->figures->sales_with_addon, 1), t);
}

static void addon_text(const struct column *c, struct gw_text *t)
{
	money(c->s, c->figures->addon_minor, t);
}

static void margin_text(const struct column *c, struct gw_text *t)
{
	money(c->s, c->figures->margin_minor, t);
}

static const struct {
	const char *label;
	void (*text)(const struct column *c, struct gw_text *t);
} lines[] = {
	{"Sales", sales_text},
	{"Average sale", average_text},
	{"  with an add-on", with_addon_text},
	{"Pieces per sale", units_text},
	{"Add-ons taken", addon_text},
	{"  their margin", margin_text},
};

static void draw_value(struct screen *s, int row, int col, size_t line,
		       const struct gw_ui_figures *figures, enum gw_role role)
{
	char room[40];
	struct gw_text t = gw_text_over(room, sizeof(room));
	struct column c = {s, figures};

	lines[line].text(&c, &t);
	gw_canvas_put_right(s->canvas, row, col, 11, role, room);
}

static int draw_figures(struct screen *s, struct area a)
{
	const struct gw_ui_today *today = s->status->today;
	bool before = today->has_before && a.cols >= 42;
	int row = a.row, end = a.row + a.rows;

	if (before && row < end)
		gw_canvas_put_right(s->canvas, row, 30, 12, GW_ROLE_DIM,
				    gw_or_empty(today->before_name));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && row < end; i++) {
		if (i > 0 || before)
			row++;
		if (row >= end)
			break;
		gw_canvas_put(s->canvas, row, 0, 18, GW_ROLE_TEXT, lines[i].label);
		draw_value(s, row, 18, i, &today->today, GW_ROLE_STRONG);
		if (before)
			draw_value(s, row, 31, i, &today->before, GW_ROLE_DIM);
	}
	return row + 2;
}

/* "Offered   231  ####....  56 % of the sales" */
static void draw_share(struct screen *s, int row, const char *label, int64_t part, int64_t whole,
		       const char *of)
{
	char room[80];
	int64_t percent = ratio(part, whole, 100), filled = ratio(part, whole, BAR_CELLS);
	int cols = s->canvas->cols, col = 18;

	gw_canvas_put(s->canvas, row, 0, 11, GW_ROLE_TEXT, label);
	snprintf(room, sizeof(room), "%lld", (long long)part);
	gw_canvas_put_right(s->canvas, row, 11, 6, GW_ROLE_STRONG, part < 0 ? "-" : room);
	if (percent < 0)
		return;
	if (cols >= 78) {
		filled = filled > BAR_CELLS ? BAR_CELLS : filled;
		for (int i = 0; i < BAR_CELLS; i++)
			gw_canvas_put(s->canvas, row, col + i, 1,
				      i < filled ? GW_ROLE_GOOD : GW_ROLE_DIM,
				      i < filled ? "\u2588" : "\u2591");
		col += BAR_CELLS + 2;
	}
	snprintf(room, sizeof(room), "%lld %% %s", (long long)percent, of);
	gw_canvas_put(s->canvas, row, col, cols - col, GW_ROLE_TEXT, room);
}

static int draw_offers(struct screen *s, int row, int end)
{
	const struct gw_ui_figures *f = &s->status->today->today;
	const struct {
		const char *label;
		int64_t part, whole;
		const char *of;
	} rows[] = {
		{"Offered", f->offered, f->sales, "of sales"},
		{"Taken", f->accepted, f->offered, "of offers"},
		{"Declined", f->declined, f->offered, "of offers"},
		{"Not asked", f->not_voiced, f->offered, "of offers"},
		{"Let pass", f->ignored < 0 || f->expired < 0 ? -1 : f->ignored + f->expired,
		 f->offered, "of offers"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && row < end; i++)
		draw_share(s, row++, rows[i].label, rows[i].part, rows[i].whole, rows[i].of);
	return row + 1;
}

static void draw_rules(struct screen *s, int row, int end, const char *label,
		       const struct gw_ui_rule *rules)
{
	char room[48];

	for (int i = 0; i < GW_UI_RULES_MAX && rules[i].name != NULL && row < end; i++, row++) {
		int cols = s->canvas->cols > 80 ? 80 : s->canvas->cols;

		gw_canvas_put(s->canvas, row, 0, 8, GW_ROLE_DIM, i == 0 ? label : "");
		snprintf(room, sizeof(room), "%lld of %lld", (long long)rules[i].accepted,
			 (long long)rules[i].offered);
		gw_canvas_put(s->canvas, row, 8, cols - 22, GW_ROLE_TEXT, rules[i].name);
		gw_canvas_put_right(s->canvas, row, cols - 13, 13, GW_ROLE_TEXT, room);
	}
}

static int rule_count(const struct gw_ui_rule *rules)
{
	int n = 0;

	while (n < GW_UI_RULES_MAX && rules[n].name != NULL)
		n++;
	return n;
}

void gw_draw_today(struct screen *s, struct area area)
{
	const struct gw_ui_today *today = s->status->today;
	int end = area.row + area.rows, row;
	char day[16];

	if (area.rows < 2)
		return;
	gw_draw_title(s, area.row, "Today", today != NULL ? gw_words_day(today->day, day) : "");
	s->canvas->cursor_row = area.row;
	area.row++;
	area.rows--;
	if (today == NULL || gw_or_empty(today->problem)[0] != '\0') {
		gw_canvas_wrap(s->canvas, area.row, 0, area.cols, area.rows, GW_ROLE_TEXT,
			       today == NULL ? "Counting ..." : today->problem);
		return;
	}
	row = draw_figures(s, area);
	row = draw_offers(s, row, end);
	draw_rules(s, row, end, "Best", today->best);
	draw_rules(s, row + rule_count(today->best), end, "Resting", today->rest);
}
