#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/money.h"
#include "base/text.h"
#include "base/when.h"
#include "scan/profile.h"
#include "scan/scan.h"
#include "store/today.h"
#include "ui/config.h"
#include "ui/ui.h"

#define ACTIONS   16
#define RAW_MAX   256
#define VALUE_MAX GW_SCAN_CODE_SIZE

/* One scan kept for the scanner screen; a card's bytes are never kept. */
struct kept_scan {
	uint8_t raw[RAW_MAX];
	char symbology[VALUE_MAX], warning[GW_TEXT_MAX];
	char values[GW_UI_FIELDS_MAX][VALUE_MAX];
};

struct gw_screen {
	const struct gw_options *options; /* borrowed */
	struct gw_ui *ui;
	enum gw_ui_scanner scanner;
	char scanner_text[GW_TEXT_MAX], said[GW_TEXT_MAX];
	bool want_today, want_scans;
	struct gw_ui_today today;
	struct gw_today day; /* behind the names in today */
	char problem[GW_TEXT_MAX];
	struct kept_scan kept[GW_UI_SCANS_MAX]; /* newest first, as in scans */
	struct gw_ui_scan scans[GW_UI_SCANS_MAX];
	size_t scan_count;
	int64_t taken, refused;
	/* the scanner's line while its page is open, for the guess which settings fit */
	uint8_t line[GW_PROFILE_BYTES_MAX];
	size_t line_len;
	char best[96], advice[GW_TEXT_MAX], framing[64];
	struct gw_ui_scans scan_page;
};

int gw_screen_new(struct gw_screen **out, const struct gw_options *options, struct gw_err *err)
{
	struct gw_screen *s = calloc(1, sizeof(*s));
	struct gw_ui_options ui = {0};
	struct gw_keymap keys;
	int rc;

	*out = NULL;
	if (s == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	s->options = options;
	s->scanner = options->scanner != NULL || options->dock != NULL ? GW_UI_SCANNER_STARTING
								       : GW_UI_SCANNER_NONE;
	rc = gw_ui_configure(&ui, &keys, options->conf, err);
	ui.tty = options->tty;
	if (options->ascii)
		ui.ascii = GW_UI_YES;
	if (options->mono)
		ui.colour = GW_UI_NO;
	if (rc == GW_OK)
		rc = gw_ui_new(&s->ui, &ui, err);
	if (rc != GW_OK) {
		free(s);
		return rc;
	}
	*out = s;
	return GW_OK;
}

void gw_screen_free(struct gw_screen *s)
{
	if (s == NULL)
		return;
	gw_ui_free(s->ui);
	free(s);
}

int gw_screen_fd(const struct gw_screen *s)
{
	return gw_ui_fd(s->ui);
}

int64_t gw_screen_deadline(const struct gw_screen *s)
{
	return gw_ui_deadline(s->ui);
}

/* --- the day's figures ------------------------------------------------------------------------ */

static struct gw_ui_figures figures_of(const struct gw_today *t)
{
	struct gw_ui_figures f = {
		.sales = t->sales,
		.items = t->items,
		.value_minor = t->total_minor,
		.offered = t->shown,
		.accepted = gw_today_accepted(t),
		.declined = t->result[GW_RESULT_DECLINED],
		.not_voiced = t->result[GW_RESULT_NOT_VOICED],
		.ignored = t->result[GW_RESULT_IGNORED],
		.expired = t->result[GW_RESULT_EXPIRED],
		.addon_minor = t->accepted_value_minor,
		.margin_minor = t->accepted_margin_minor,
		.sales_with_addon = t->sales_with,
		.value_with_addon_minor = t->total_with_minor,
	};

	return f;
}

/* The rules offered at least a few times, by share taken: the first ones and the last ones. */
#define SHOWN_LEAST 5

static int by_share(const void *a, const void *b)
{
	const struct gw_today_rule *x = a, *y = b;
	int64_t left = x->accepted * y->shown, right = y->accepted * x->shown;

	if (left != right)
		return left > right ? -1 : 1;
	return x->shown != y->shown ? (x->shown > y->shown ? -1 : 1) : strcmp(x->rule, y->rule);
}

static void name_rule(struct gw_ui_rule *out, const struct gw_today_rule *rule)
{
	out->name = rule->name[0] != '\0' ? rule->name : rule->rule;
	out->accepted = rule->accepted;
	out->offered = rule->shown;
}

static void fill_rules(struct gw_screen *s)
{
	struct gw_today *t = &s->day;
	size_t n = 0, listed = (size_t)t->rule_count < GW_TODAY_RULES ? (size_t)t->rule_count
								      : GW_TODAY_RULES;

	for (size_t i = 0; i < listed; i++)
		if (t->rule[i].shown >= SHOWN_LEAST)
			t->rule[n++] = t->rule[i];
	qsort(t->rule, n, sizeof(t->rule[0]), by_share);
	for (size_t i = 0; i < n && i < GW_UI_RULES_MAX && t->rule[i].accepted > 0; i++)
		name_rule(&s->today.best[i], &t->rule[i]);
	for (size_t i = 0; i < n && i < GW_UI_RULES_MAX && t->rule[n - 1 - i].accepted == 0; i++)
		name_rule(&s->today.rest[i], &t->rule[n - 1 - i]);
}

static void fill_today(struct gw_screen *s, struct gw_now now)
{
	int64_t ahead_ms = gw_clock_utc_offset_min(now.at_ms) * 60000LL;
	int64_t day = (now.at_ms + ahead_ms) / GW_DAY_MS;
	int64_t from_ms = day * GW_DAY_MS - ahead_ms;
	struct gw_err err = {0};

	memset(&s->today, 0, sizeof(s->today));
	s->today.day = day;
	s->want_today = true;
	if (gw_store_today(s->options->journal, from_ms - 7 * GW_DAY_MS, from_ms - 6 * GW_DAY_MS,
			   &s->day, &err) == GW_OK &&
	    s->day.sales > 0) {
		s->today.has_before = true;
		s->today.before_name = "a week ago";
		s->today.before = figures_of(&s->day);
	}
	if (gw_store_today(s->options->journal, from_ms, from_ms + GW_DAY_MS, &s->day, &err) !=
	    GW_OK) {
		snprintf(s->problem, sizeof(s->problem), "%.*s", (int)sizeof(s->problem) - 1,
			 err.text);
		s->today.problem = s->problem;
		return;
	}
	s->today.today = figures_of(&s->day);
	fill_rules(s);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* What was on the scanner's line may have been anything, a card too. */
static void forget_line(struct gw_screen *s)
{
	explicit_bzero(s->line, sizeof(s->line));
	s->line_len = 0;
	s->best[0] = s->advice[0] = s->framing[0] = '\0';
}

static int carry_out(struct gw_screen *s, struct gw_now now, const struct gw_ui_action *a,
		     const struct gw_screen_ops *ops, void *ctx)
{
	struct gw_input in = {.price_minor = -1};

	switch (a->kind) {
	case GW_UI_INPUT:
		in.kind = a->input;
		in.qty = a->qty;
		in.line = a->line;
		in.text = a->text;
		ops->input(ctx, &in);
		break;
	case GW_UI_SCAN:
		gw_screen_scanned(s, (const uint8_t *)a->data, a->data_len, now.at_ms);
		in.kind = GW_IN_SCAN;
		in.data = (const uint8_t *)a->data;
		in.data_len = a->data_len;
		ops->input(ctx, &in);
		break;
	case GW_UI_WANT_TODAY:
		fill_today(s, now);
		break;
	case GW_UI_WANT_SCANS:
		s->want_scans = true;
		ops->capture(ctx, true);
		break;
	case GW_UI_LEFT_SCANS:
		s->want_scans = false;
		forget_line(s);
		ops->capture(ctx, false);
		break;
	case GW_UI_QUIT:
		return GW_E_AGAIN;
	default:
		break;
	}
	return GW_OK;
}

int gw_screen_read(struct gw_screen *s, const struct gw_register *reg, struct gw_now now,
		   const struct gw_screen_ops *ops, void *ctx)
{
	struct gw_ui_action actions[ACTIONS];
	int n, rc = GW_OK;

	s->said[0] = '\0';
	do {
		n = gw_ui_read(s->ui, gw_register_view(reg), now.mono_ms, actions, ACTIONS);
		for (int i = 0; i < n && rc == GW_OK; i++)
			rc = carry_out(s, now, &actions[i], ops, ctx);
	} while (n == ACTIONS && rc == GW_OK);
	return n < 0 ? n : rc;
}

/* --- what is shown ---------------------------------------------------------------------------- */

static void table_text(const struct gw_register *reg, const struct gw_view *view, int64_t now_ms,
		       char *out, size_t size)
{
	const char *trouble = gw_register_trouble(reg);

	out[0] = '\0';
	if (trouble[0] != '\0')
		snprintf(out, size, "%s", trouble);
	else if (view->table_expires_ms != 0 && view->table_expires_ms <= now_ms) {
		char when[GW_WHEN_MAX];

		snprintf(out, size, "table expired on %.10s",
			 gw_when_format(when, view->table_expires_ms));
	}
}

static void fill_scans(struct gw_screen *s);

void gw_screen_draw(struct gw_screen *s, const struct gw_register *reg, struct gw_now now)
{
	const struct gw_view *view = gw_register_view(reg);
	struct gw_journal_state journal;
	char table[GW_TEXT_MAX];
	struct gw_ui_status status = {
		.store = s->options->store,
		.terminal = s->options->terminal,
		.now_ms = now.at_ms,
		.utc_offset_min = gw_clock_utc_offset_min(now.at_ms),
		.scanner = s->scanner,
		.scanner_text = s->said[0] != '\0' ? s->said : s->scanner_text,
		.table_text = table,
		.unsent = -1,
		.goes_on = true,
		.scans = s->want_scans ? &s->scan_page : NULL,
		.today = s->want_today ? &s->today : NULL,
	};
	struct gw_ui_held held[GW_VIEW_HELD_MAX];

	for (; status.held_count < view->suspended && status.held_count < GW_VIEW_HELD_MAX;
	     status.held_count++) {
		const struct gw_view_held *h = &view->held[status.held_count];

		held[status.held_count] =
			(struct gw_ui_held){h->basket, h->items, h->total_minor, h->since_ms};
	}
	status.held = held;
	if (s->want_scans)
		fill_scans(s);
	gw_register_journal_state(reg, &journal);
	table_text(reg, view, now.at_ms, table, sizeof(table));
	status.journal_failing = journal.failing;
	status.journal_text = journal.text;
	status.journal_waiting = journal.waiting;
	gw_ui_draw(s->ui, view, &status, now.mono_ms);
}

void gw_screen_scanner(struct gw_screen *s, bool dock_up, bool scanner_up, const char *text)
{
	s->scanner = dock_up && scanner_up ? GW_UI_SCANNER_OK : GW_UI_SCANNER_LOST;
	snprintf(s->scanner_text, sizeof(s->scanner_text), "%s", text);
}

void gw_screen_say(struct gw_screen *s, const char *sentence)
{
	snprintf(s->said, sizeof(s->said), "%s", sentence);
}

/* --- the scanner screen ----------------------------------------------------------------------- */

static void add_field(struct gw_ui_scan *ui, struct kept_scan *kept, const char *label,
		      const char *value)
{
	size_t i = ui->field_count;

	if (value[0] == '\0' || i == GW_UI_FIELDS_MAX)
		return;
	snprintf(kept->values[i], sizeof(kept->values[i]), "%s", value);
	ui->fields[i].label = label;
	ui->fields[i].value = kept->values[i];
	ui->field_count++;
}

static void add_measure(struct gw_ui_scan *ui, struct kept_scan *kept, const struct gw_scan *scan)
{
	char value[VALUE_MAX];

	if (scan->measure.type == GW_MEASURE_NONE)
		return;
	snprintf(value, sizeof(value), "%lld e-%d %s", (long long)scan->measure.value,
		 scan->measure.decimals, scan->measure.unit);
	add_field(ui, kept, gw_scan_measure_name(scan->measure.type), value);
}

static void describe(struct gw_ui_scan *ui, struct kept_scan *kept, const struct gw_scan *scan)
{
	ui->ok = scan->kind != GW_SCAN_REFUSED;
	snprintf(kept->symbology, sizeof(kept->symbology), "%s%s%s%s", scan->carrier,
		 scan->symbology[0] != '\0' ? " (" : "", scan->symbology,
		 scan->symbology[0] != '\0' ? ")" : "");
	ui->symbology = kept->symbology;
	add_field(ui, kept, "kind", gw_scan_kind_name(scan->kind));
	add_field(ui, kept, "gtin", scan->gtin);
	add_field(ui, kept, "code", scan->code);
	add_field(ui, kept, "lot", scan->lot);
	add_field(ui, kept, "serial", scan->serial);
	add_field(ui, kept, "expiry", scan->expiry);
	add_field(ui, kept, "best before", scan->best_before);
	add_field(ui, kept, "add-on", scan->addon);
	add_measure(ui, kept, scan);
	if (!ui->ok)
		snprintf(kept->warning, sizeof(kept->warning), "%s", scan->error);
	else if (scan->warning_count > 0)
		gw_scan_warning_text(&scan->warnings[0], kept->warning, sizeof(kept->warning));
	ui->warning = kept->warning;
}

/* Makes room for the newest in front and points every row at its own memory again. */
static void shift_scans(struct gw_screen *s)
{
	size_t keep = s->scan_count < GW_UI_SCANS_MAX ? s->scan_count : GW_UI_SCANS_MAX - 1;

	memmove(s->kept + 1, s->kept, keep * sizeof(s->kept[0]));
	memmove(s->scans + 1, s->scans, keep * sizeof(s->scans[0]));
	s->scan_count = keep + 1;
	memset(&s->kept[0], 0, sizeof(s->kept[0]));
	memset(&s->scans[0], 0, sizeof(s->scans[0]));
	for (size_t i = 1; i < s->scan_count; i++) {
		s->scans[i].raw = s->kept[i].raw;
		s->scans[i].symbology = s->kept[i].symbology;
		s->scans[i].warning = s->kept[i].warning;
		for (size_t f = 0; f < s->scans[i].field_count; f++)
			s->scans[i].fields[f].value = s->kept[i].values[f];
	}
}

void gw_screen_scanned(struct gw_screen *s, const uint8_t *bytes, size_t len, int64_t at_ms)
{
	struct gw_scan scan;

	(void)gw_scan_decode(NULL, bytes, len, &scan);
	s->taken++;
	s->refused += scan.kind == GW_SCAN_REFUSED;
	shift_scans(s);
	s->scans[0].at_ms = at_ms;
	if (scan.secret) {
		forget_line(s);
	} else {
		s->scans[0].raw_len = len < RAW_MAX ? len : RAW_MAX;
		memcpy(s->kept[0].raw, bytes, s->scans[0].raw_len);
	}
	s->scans[0].raw = s->kept[0].raw;
	describe(&s->scans[0], &s->kept[0], &scan);
}

/* "<CR><LF>": the controls that the last code ended with. */
static void find_framing(struct gw_screen *s)
{
	struct gw_text t = gw_text_over(s->framing, sizeof(s->framing));
	size_t from = s->line_len;

	while (from > 0 && s->line_len - from < 4 && s->line[from - 1] < 0x20)
		from--;
	for (; from < s->line_len; from++) {
		uint8_t c = s->line[from];

		gw_text_addf(&t,
			     c == '\r'   ? "<CR>"
			     : c == '\n' ? "<LF>"
			     : c == '\t' ? "<TAB>"
			     : c == 0x03 ? "<ETX>"
					 : "<%02X>",
			     c);
	}
	if (t.len == 0)
		gw_text_add(&t, "nothing: the pause ends a code");
}

/* Other settings are worth a word only where they fit clearly better than those in force. */
#define CLEARLY_BETTER 20

static void guess_settings(struct gw_screen *s)
{
	struct gw_profile_fit fits[GW_PROFILE_FITS_MAX];
	const char *ours = s->options->brand != NULL ? s->options->brand : "generic";
	int n = gw_profile_guess(s->line, s->line_len, fits), score = 0;

	s->best[0] = '\0';
	gw_profile_advice(s->line, s->line_len, s->advice, sizeof(s->advice));
	for (int i = 0; i < n; i++)
		if (strcmp(fits[i].profile->name, ours) == 0)
			score = fits[i].score;
	if (n == 0 || fits[0].score < score + CLEARLY_BETTER)
		return;
	snprintf(s->best, sizeof(s->best), "%s (brand = %s)", fits[0].profile->title,
		 fits[0].profile->name);
	if (s->advice[0] == '\0')
		snprintf(s->advice, sizeof(s->advice), "%s", fits[0].reason);
}

static void fill_scans(struct gw_screen *s)
{
	const struct gw_options *o = s->options;

	s->scan_page = (struct gw_ui_scans){
		.port = o->scanner != NULL ? o->scanner
			: o->dock != NULL  ? o->dock
					   : "the keyboard",
		.profile = o->scanner == NULL ? ""
			   : o->brand != NULL ? o->brand
					      : "generic",
		.best_profile = s->best,
		.advice = s->advice,
		.framing = s->framing,
		.scans = s->taken,
		.refused = s->refused,
		.last = s->scans,
		.count = s->scan_count,
	};
}

void gw_screen_raw(struct gw_screen *s, const uint8_t *bytes, size_t len)
{
	size_t most = sizeof(s->line);

	if (!s->want_scans || len == 0)
		return;
	if (len > most) {
		bytes += len - most;
		len = most;
	}
	if (s->line_len + len > most) { /* the newest tell most */
		size_t drop = s->line_len + len - most;

		memmove(s->line, s->line + drop, s->line_len - drop);
		s->line_len -= drop;
	}
	memcpy(s->line + s->line_len, bytes, len);
	s->line_len += len;
	find_framing(s);
	guess_settings(s);
}

/* --- the customer's side ---------------------------------------------------------------------- */

void gw_screen_show_customer(struct gw_dock_client *dock, const struct gw_view *view,
			     int64_t mono_ms)
{
	char first[64], second[64], money[GW_MONEY_MAX];

	if (view->offer.active) {
		snprintf(first, sizeof(first), "%.40s", view->offer.name);
		snprintf(second, sizeof(second), "%s",
			 view->offer.price_minor >= 0
				 ? gw_money_format(money, view->offer.price_minor, view->decimals)
				 : "");
	} else {
		snprintf(first, sizeof(first), "%d", view->items);
		snprintf(second, sizeof(second), "%s",
			 gw_money_format(money, view->total_minor, view->decimals));
	}
	gw_dock_client_display(dock, first, second, mono_ms);
}
