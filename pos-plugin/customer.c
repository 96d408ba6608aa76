#include "customer.h"

#include <stdio.h>
#include <string.h>

#include "base/money.h"
#include "base/text.h"
#include "base/utf8.h"
#include "link/glyphs.h"

/* --- settings --------------------------------------------------------------------------------- */

/* "Welcome|to the shop": two lines, or one. */
static void take_greeting(struct gw_customer *c, const char *value)
{
	const char *bar = strchr(value, '|');
	size_t len = bar != NULL ? (size_t)(bar - value) : strlen(value);

	gw_utf8_sanitize(c->greeting[0], sizeof(c->greeting[0]), value, len);
	if (bar != NULL)
		gw_utf8_sanitize(c->greeting[1], sizeof(c->greeting[1]), bar + 1, strlen(bar + 1));
}

static void take_word(char out[GW_CUSTOMER_LINE_MAX], const char *value)
{
	gw_utf8_sanitize(out, GW_CUSTOMER_LINE_MAX, value, strlen(value));
}

int gw_customer_configure(struct gw_customer *c, const struct gw_conf *conf, struct gw_err *err)
{
	static const char *const shows[] = {"all", "sale", "off"};
	const char *show = gw_conf_get(conf, "display", "show", "all");
	const char *columns = gw_conf_get(conf, "display", "columns", "20");
	size_t i = 0;

	memset(c, 0, sizeof(*c));
	c->thanks_until_ms = c->test_until_ms = -1;
	while (i < 3 && strcmp(show, shows[i]) != 0)
		i++;
	if (i == 3)
		return gw_err_set(err, GW_E_INPUT, "[display] show is all, sale or off, not \"%s\"",
				  show);
	if (strcmp(columns, "20") != 0)
		return gw_err_set(err, GW_E_INPUT,
				  "[display] columns is 20, not \"%s\": other displays would break "
				  "the lines elsewhere",
				  columns);
	c->show = (enum gw_customer_show)i;
	take_greeting(c, gw_conf_get(conf, "display", "greeting", "Welcome"));
	take_word(c->thanks, gw_conf_get(conf, "display", "thanks", "Thank you"));
	take_word(c->total, gw_conf_get(conf, "display", "total", "Total"));
	return GW_OK;
}

/* --- twenty columns --------------------------------------------------------------------------- */

/* Bytes of the first `most` columns of text; *used is how many columns these are. */
static size_t fit(const char *text, int most, int *used)
{
	size_t len = strlen(text), at = 0;

	*used = 0;
	while (at < len) {
		uint32_t c;
		size_t n = gw_utf8_decode(text + at, len - at, &c);
		int wide = gw_glyph_is_mark(c) ? 0 : 1;

		if (*used + wide > most || at + n >= GW_CUSTOMER_LINE_MAX - GW_CUSTOMER_COLUMNS)
			break;
		*used += wide;
		at += n;
	}
	return at;
}

static int columns(const char *text)
{
	int used;

	fit(text, GW_CUSTOMER_LINE_MAX, &used);
	return used;
}

/* left at the left, cut where it must be, and right whole at the right edge. */
static void pair(char out[GW_CUSTOMER_LINE_MAX], const char *left, const char *right)
{
	struct gw_text t = gw_text_over(out, GW_CUSTOMER_LINE_MAX);
	int wide = columns(right), used;
	int room = GW_CUSTOMER_COLUMNS - wide - (wide > 0 ? 1 : 0);

	gw_text_add_bytes(&t, left, fit(left, room > 0 ? room : 0, &used));
	while (t.len > 0 && t.at[t.len - 1] == ' ') { /* cut at a blank */
		t.at[--t.len] = '\0';
		used--;
	}
	if (wide == 0)
		return;
	for (; used < GW_CUSTOMER_COLUMNS - wide; used++)
		gw_text_add_char(&t, ' ');
	gw_text_add(&t, right);
}

/* Most of a name in letters that no code page has would be a row of question marks. */
static bool readable(const char *name)
{
	size_t len = strlen(name), at = 0;
	int strange = 0, all = 0;

	while (at < len) {
		uint32_t c;

		at += gw_utf8_decode(name + at, len - at, &c);
		if (gw_glyph_is_mark(c) || c == ' ')
			continue;
		all++;
		strange += c >= 0x250 && (c < 0x1E00 || c > 0x22FF);
	}
	return all > 0 && strange * 2 < all;
}

/* --- what is shown ---------------------------------------------------------------------------- */

struct lines {
	char at[2][GW_CUSTOMER_LINE_MAX];
};

static void total_line(const struct gw_customer *c, const struct gw_view *view, const char *left,
		       char out[GW_CUSTOMER_LINE_MAX])
{
	char sum[GW_MONEY_MAX], whole[GW_CUSTOMER_LINE_MAX];
	const char *right = sum;

	gw_money_format(sum, view->total_minor, view->decimals);
	if (view->total_partial) {
		pair(out, left, "");
		return;
	}
	if (left[0] == '\0') {
		pair(out, c->total, sum);
		return;
	}
	snprintf(whole, sizeof(whole), "%.60s %s", c->total, sum);
	if (columns(left) + 1 + columns(whole) <= GW_CUSTOMER_COLUMNS)
		right = whole;
	else if (columns(left) + 1 + columns(sum) > GW_CUSTOMER_COLUMNS)
		right = ""; /* rather no sum than one without its first digits */
	pair(out, left, right);
}

static void show_offer(const struct gw_customer *c, const struct gw_view *view, struct lines *l)
{
	char price[GW_MONEY_MAX + 1] = "", money[GW_MONEY_MAX];

	if (view->offer.price_minor >= 0)
		snprintf(price, sizeof(price), "+%s",
			 gw_money_format(money, view->offer.price_minor, view->decimals));
	pair(l->at[0], view->offer.name, "");
	total_line(c, view, price, l->at[1]);
}

static void show_article(const struct gw_customer *c, const struct gw_view *view, struct lines *l)
{
	const struct gw_view_line *last = NULL;
	char name[GW_CUSTOMER_LINE_MAX + 16] = "", money[GW_MONEY_MAX] = "";

	for (size_t i = view->line_count; i-- > 0 && last == NULL;)
		if (!view->lines[i].voided)
			last = &view->lines[i];
	if (last != NULL && !last->unknown && readable(last->name) && last->qty > 1)
		snprintf(name, sizeof(name), "%dx %s", (int)last->qty, last->name);
	else if (last != NULL && !last->unknown && readable(last->name))
		snprintf(name, sizeof(name), "%s", last->name);
	if (last != NULL && last->amount_minor >= 0)
		gw_money_format(money, last->amount_minor, view->decimals);
	pair(l->at[0], name, money);
	total_line(c, view, "", l->at[1]);
}

static void show_greeting(const struct gw_customer *c, struct lines *l)
{
	for (int i = 0; i < 2; i++)
		pair(l->at[i], c->greeting[i], "");
}

static void show_thanks(const struct gw_customer *c, const struct gw_view *view, struct lines *l)
{
	char sum[GW_MONEY_MAX];

	pair(l->at[0], c->thanks, "");
	if (c->thanks_minor >= 0)
		pair(l->at[1], c->total, gw_money_format(sum, c->thanks_minor, view->decimals));
}

static void compose(const struct gw_customer *c, const struct gw_view *view, struct lines *l)
{
	const struct gw_view_offer *offer = &view->offer;

	if (view->practice || (view->state == GW_VIEW_IDLE && c->thanks_until_ms < 0))
		show_greeting(c, l);
	else if (view->state == GW_VIEW_IDLE)
		show_thanks(c, view, l);
	else if (offer->active && c->show == GW_CUSTOMER_ALL && readable(offer->name))
		show_offer(c, view, l);
	else if (view->state == GW_VIEW_TOTALLED)
		total_line(c, view, "", l->at[1]);
	else
		show_article(c, view, l);
}

void gw_customer_event(struct gw_customer *c, const struct gw_view *view,
		       const struct gw_event *event, int64_t mono_ms)
{
	const struct gw_ev_close *close = &event->u.close;

	if (view->state != GW_VIEW_IDLE)
		c->partial = view->total_partial;
	if (event->kind != GW_EV_CLOSE ||
	    (close->reason != GW_CLOSE_TOTAL && close->reason != GW_CLOSE_TENDER))
		return;
	c->thanks_until_ms = mono_ms + GW_CUSTOMER_THANKS_MS;
	c->thanks_minor = c->partial && !close->total_from_till ? -1 : close->total_minor;
}

void gw_customer_lend(struct gw_customer *c, int64_t until_mono_ms)
{
	c->test_until_ms = until_mono_ms;
	c->shown = false;
}

bool gw_customer_look(struct gw_customer *c, const struct gw_view *view, int64_t mono_ms)
{
	struct lines l = {{"", ""}};

	if (c->show == GW_CUSTOMER_OFF)
		return false;
	if (c->thanks_until_ms >= 0 &&
	    (mono_ms >= c->thanks_until_ms || view->state != GW_VIEW_IDLE))
		c->thanks_until_ms = -1;
	if (c->test_until_ms >= 0 && (mono_ms >= c->test_until_ms || view->state != GW_VIEW_IDLE))
		c->test_until_ms = -1;
	if (c->test_until_ms >= 0)
		return false;
	compose(c, view, &l);
	if (c->shown && memcmp(c->line, l.at, sizeof(l.at)) == 0)
		return false;
	memcpy(c->line, l.at, sizeof(l.at));
	c->shown = true;
	return true;
}

bool gw_customer_leave(struct gw_customer *c)
{
	struct lines l = {{"", ""}};

	show_greeting(c, &l);
	memcpy(c->line, l.at, sizeof(l.at));
	return c->show != GW_CUSTOMER_OFF;
}

int64_t gw_customer_deadline(const struct gw_customer *c)
{
	if (c->show == GW_CUSTOMER_OFF)
		return -1;
	if (c->test_until_ms >= 0)
		return c->test_until_ms;
	return c->thanks_until_ms;
}
