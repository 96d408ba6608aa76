#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"
#include "page_scans.h"
#include "page_today.h"
#include "sync_news.h"
#include "ui/config.h"

#define ACTIONS 16

struct gw_screen {
	const struct gw_options *options; /* borrowed */
	struct gw_ui *ui;
	enum gw_ui_scanner scanner;
	char scanner_text[GW_TEXT_MAX], said[GW_TEXT_MAX];
	bool said_bad;
	struct gw_dock_line dock_lines[GW_DOCK_LINES_MAX];
	struct gw_ui_dock_line dock_rows[GW_DOCK_LINES_MAX];
	bool want_today, want_scans;
	struct gw_page_today today;
	struct gw_page_scans scans;
	struct gw_sync_news sync;
	struct gw_zone zone;
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
	gw_page_scans_init(&s->scans, options->scanner != NULL ? options->scanner : options->dock,
			   options->brand);
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
	gw_screen_sync(s);
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

/* --- keys ------------------------------------------------------------------------------------- */

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
		in.kind = GW_IN_SCAN;
		in.data = (const uint8_t *)a->data;
		in.data_len = a->data_len;
		ops->input(ctx, &in);
		(void)gw_screen_scanned(s, in.data, in.data_len, now.at_ms);
		break;
	case GW_UI_WANT_TODAY:
		gw_page_today_fill(&s->today, s->options->journal, now);
		s->want_today = true;
		break;
	case GW_UI_WANT_SCANS:
		s->want_scans = true;
		ops->capture(ctx, true);
		break;
	case GW_UI_LEFT_SCANS:
		s->want_scans = false;
		gw_page_scans_leave(&s->scans);
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

void gw_screen_draw(struct gw_screen *s, const struct gw_register *reg, struct gw_now now)
{
	const struct gw_view *view = gw_register_view(reg);
	struct gw_journal_state journal;
	char table[GW_TEXT_MAX];
	struct gw_ui_status status = {
		.store = s->options->store,
		.terminal = s->options->terminal,
		.now_ms = now.at_ms,
		.utc_offset_min = gw_zone_offset_min(&s->zone, now.at_ms),
		.scanner = s->scanner,
		.scanner_text = s->scanner_text,
		.said = s->said,
		.said_bad = s->said_bad,
		.table_text = table,
		.sync_text = s->sync.trouble,
		.goes_on = true,
		.scans = s->want_scans ? &s->scans.shown : NULL,
		.today = s->want_today ? &s->today.shown : NULL,
	};
	struct gw_ui_held held[GW_VIEW_HELD_MAX];

	for (; status.held_count < view->suspended && status.held_count < GW_VIEW_HELD_MAX;
	     status.held_count++) {
		const struct gw_view_held *h = &view->held[status.held_count];

		held[status.held_count] =
			(struct gw_ui_held){h->basket, h->items, h->total_minor, h->since_ms};
	}
	status.held = held;
	gw_register_journal_state(reg, &journal);
	table_text(reg, view, now.at_ms, table, sizeof(table));
	status.unsent = gw_sync_news_unsent(&s->sync, journal.last_seq);
	status.journal_failing = journal.failing;
	status.journal_text = journal.text;
	status.journal_waiting = journal.waiting;
	gw_ui_draw(s->ui, view, &status, now.mono_ms);
}

void gw_screen_scanner(struct gw_screen *s, enum gw_dock_state state, const char *text)
{
	s->scanner = state == GW_DOCK_READY      ? GW_UI_SCANNER_OK
		     : state == GW_DOCK_STARTING ? GW_UI_SCANNER_STARTING
						 : GW_UI_SCANNER_LOST;
	snprintf(s->scanner_text, sizeof(s->scanner_text), "%s", text);
}

void gw_screen_sync(struct gw_screen *s)
{
	gw_sync_news_read(&s->sync, s->options->home);
}

void gw_screen_say(struct gw_screen *s, bool bad, const char *sentence)
{
	s->said_bad = bad;
	snprintf(s->said, sizeof(s->said), "%s", sentence);
}

void gw_screen_injected(struct gw_screen *s, const struct gw_view *view,
			const struct gw_event *event, enum gw_link_result result)
{
	const char *name = event->u.code.code; /* where the line no longer stands */
	char said[GW_TEXT_MAX];

	for (size_t i = 0; i < view->line_count && strcmp(view->basket, event->basket) == 0; i++)
		if (view->lines[i].line == event->u.code.line)
			name = view->lines[i].name;
	snprintf(said, sizeof(said), "%s: %.100s",
		 result == GW_LINK_DONE        ? "The till has it"
		 : result == GW_LINK_TIMED_OUT ? "Till busy: scan it there"
		 : result == GW_LINK_UNKNOWN   ? "Maybe typed: check the till"
					       : "Till not reached: scan it there",
		 name);
	gw_screen_say(s, result != GW_LINK_DONE, said);
}

bool gw_screen_wants_dock(const struct gw_screen *s)
{
	return s->want_scans;
}

void gw_screen_dock(struct gw_screen *s, const struct gw_dock_report *report)
{
	size_t n = gw_dock_report_lines(report, s->dock_lines);

	_Static_assert(GW_DOCK_LINES_MAX <= GW_UI_DOCK_MAX, "a row for each figure");
	for (size_t i = 0; i < n; i++)
		s->dock_rows[i] = (struct gw_ui_dock_line){
			s->dock_lines[i].label, s->dock_lines[i].value, s->dock_lines[i].warn};
	s->scans.shown.dock = s->dock_rows;
	s->scans.shown.dock_count = n;
}

bool gw_screen_scanned(struct gw_screen *s, const uint8_t *bytes, size_t len, int64_t at_ms)
{
	gw_page_scans_add(&s->scans, bytes, len, at_ms);
	return s->want_scans;
}

void gw_screen_raw(struct gw_screen *s, const uint8_t *bytes, size_t len)
{
	if (s->want_scans)
		gw_page_scans_raw(&s->scans, bytes, len);
}
