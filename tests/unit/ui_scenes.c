#include "ui_scenes.h"

#include <string.h>

#include "base/when.h"

#define HOUR_MS 3600000LL
/* Monday 2 March 2026, 09:41 UTC */
#define NOW_MS 1772444460000LL

static void add(struct scene *s, const char *name, int32_t qty, int32_t milli, int64_t amount)
{
	struct gw_view_line *line = &s->lines[s->view.line_count];

	line->line = (int)++s->view.line_count;
	line->code = "05012345678900";
	line->name = name;
	line->qty = qty;
	line->milli = milli;
	line->amount_minor = amount;
	line->price_minor = amount < 0 ? -1 : amount / qty;
	s->view.items += qty;
	if (amount >= 0)
		s->view.total_minor += amount;
	else
		s->view.total_partial = true;
}

static void note(struct scene *s, enum gw_note what, const char *subject)
{
	s->view.note = what;
	s->view.subject = subject;
}

static void idle(struct scene *s)
{
	s->view.state = GW_VIEW_IDLE;
	s->view.line_count = 0;
	s->view.items = 0;
	s->view.total_minor = 0;
	s->view.basket = "";
}

static void selling(struct scene *s)
{
	note(s, GW_NOTE_ADDED, "Apples");
}

static void offer(struct scene *s)
{
	s->view.offer = (struct gw_view_offer){
		.active = true,
		.offer = 1,
		.rule = "r17",
		.code = "04006381333931",
		.name = "Batteries AA, 4 pack",
		.script = "Do you need batteries for the torch?",
		.price_minor = 349,
		.saves_minor = 50,
		.why = {"Torch LED 200 lm"},
		.why_more = 2,
		.shown_mono_ms = SCENE_MONO_MS,
		.expires_ms = 8000,
	};
	note(s, GW_NOTE_OFFERED, "Batteries AA, 4 pack");
}

static void upgrade(struct scene *s)
{
	offer(s);
	s->view.offer.kind = GW_RULE_UPGRADE;
	s->view.offer.name = "Premium extended warranty for household appliances, three years";
	s->view.offer.script = "";
	s->view.offer.saves_minor = 0;
	s->view.offer.why[1] = "Apples";
	s->view.offer.why_more = 0;
}

static void cant(struct scene *s)
{
	offer(s);
	s->keys = "\033OS";
}

static void accepted(struct scene *s)
{
	add(s, "Batteries AA, 4 pack", 1, 0, 349);
	s->lines[3].source = GW_SOURCE_OFFER;
	note(s, GW_NOTE_TAKEN, "Batteries AA, 4 pack");
}

static void declined(struct scene *s)
{
	note(s, GW_NOTE_DECLINED, "");
}

static void unknown(struct scene *s)
{
	add(s, "5012345678900", 1, 0, -1);
	s->lines[3].unknown = true;
	note(s, GW_NOTE_UNKNOWN, "5012345678900");
}

static void card(struct scene *s)
{
	note(s, GW_NOTE_CARD, "");
}

static void voided(struct scene *s)
{
	s->lines[1].voided = true;
	s->view.items--;
	s->view.total_minor -= s->lines[1].amount_minor;
	note(s, GW_NOTE_VOIDED, "Dog food 2 kg");
}

static void totalled(struct scene *s)
{
	s->view.state = GW_VIEW_TOTALLED;
	note(s, GW_NOTE_SUBTOTAL, "");
}

static void closed(struct scene *s)
{
	s->view.state = GW_VIEW_IDLE;
	note(s, GW_NOTE_CLOSED, "");
}

static void suspended(struct scene *s)
{
	idle(s);
	s->view.suspended = 1;
	note(s, GW_NOTE_SUSPENDED, "");
}

static void held(struct scene *s)
{
	static const struct gw_ui_held rows[] = {
		{"S0042-T03-20260302-000120", 4, 1899, NOW_MS - 20 * 60000LL},
		{"S0042-T03-20260302-000122", 1, 250, NOW_MS - 3 * 60000LL},
	};

	idle(s);
	s->view.suspended = 2;
	memcpy(s->held, rows, sizeof(rows));
	s->status.held_count = 2;
	s->keys = "\033[18~\033[B";
}

static void journal(struct scene *s)
{
	s->status.journal_failing = true;
	s->status.journal_waiting = 12;
	s->status.journal_text = "disk full";
}

static void scanner_lost(struct scene *s)
{
	s->status.scanner = GW_UI_SCANNER_LOST;
	s->status.scanner_text = "Scanner unplugged; trying again";
	note(s, GW_NOTE_UNKNOWN, "5012345678900");
}

static void table_old(struct scene *s)
{
	s->view.suggestions_off = true;
	s->view.table_expires_ms = NOW_MS - 24 * HOUR_MS;
	s->status.table_text = "table expired on 1 March";
}

static void practice(struct scene *s)
{
	s->view.practice = true;
	offer(s);
}

static void muted(struct scene *s)
{
	s->view.muted = true;
	note(s, GW_NOTE_MUTED, "");
}

static void help(struct scene *s)
{
	s->keys = "\033OP";
}

static void quit(struct scene *s)
{
	s->status.goes_on = true;
	s->keys = "\033[21~";
}

static void pin(struct scene *s)
{
	s->keys = "\033[20~";
}

static void today(struct scene *s)
{
	static const struct gw_ui_today figures = {
		.day = NOW_MS / GW_DAY_MS,
		.today = {412, 1689, 771264, 231, 31, 140, 22, 20, 18, 10470, 6120, 30, 74310},
		.has_before = true,
		.before = {398, 1552, 714808, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0},
		.before_name = "a week ago",
		.best = {{"Batteries with torch", 11, 41}, {"Tape with wrapping paper", 6, 30}},
		.rest = {{"Hook with rope", 0, 38}},
	};

	s->today = figures;
	s->page = GW_PAGE_TODAY;
}

/* A box in service for a day, with a till that reads and a display that was pulled out. */
static void add_dock(struct scene *s)
{
	struct gw_link_hello hello = {
		.session = 0x1A2B3C4D,
		.base = 1204,
		.next = 1204,
		.bad_frames = 1,
		.rx_errors = 2,
		.resyncs = 1,
		.unit = {0x30, 0xFF, 0xD4, 0x05, 0x41, 0x42, 0x31, 0x33},
		.minor = 2,
		.caps = GW_LINK_CAP_TILL | GW_LINK_CAP_INJECT | GW_LINK_CAP_DISPLAY |
			GW_LINK_CAP_BEEP | GW_LINK_CAP_FLASH,
		.state = GW_LINK_ST_SCANNER | GW_LINK_ST_TILL,
		.version = {0, 1, 0},
		.ring_kib_x16 = 67,
		.ring_used_permille = 0,
		.boots = 1,
		.board = "stm32f1",
		.resent = 3,
		.up_s = 93784,
	};
	struct gw_dock_report report;
	size_t n;

	gw_dock_report_hello(&report, &hello);
	report.frames = 5301;
	report.damaged = 2;
	report.again = report.commands_again = 0;
	report.codes_done = 31;
	report.codes_refused = 0;
	report.codes_timed_out = 1;
	report.codes_unknown = 0;
	report.round_trip_us = 1840;
	n = gw_dock_report_lines(&report, s->dock);
	for (size_t i = 0; i < n; i++)
		s->dock_row[i] = (struct gw_ui_dock_line){s->dock[i].label, s->dock[i].value,
							  s->dock[i].warn};
	s->scans.dock = s->dock_row;
	s->scans.dock_count = n;
}

static void scanner(struct scene *s)
{
	static const uint8_t raw[] = "\x02]d20109501101530003\x1D"
				     "10AB12\r\n";
	static const uint8_t noise[] = "\xB5\x30\xB1\xB2\r";
	static const uint8_t ean[] = "]E05012345678900\r";

	s->scan[0] = (struct gw_ui_scan){
		NOW_MS,
		raw,
		sizeof(raw) - 1,
		true,
		"GS1 DataMatrix (]d2)",
		{{"GTIN", "09501101530003"}, {"Lot", "AB12"}, {"Expiry", "2026-02-28"}},
		3,
		"expired on 28 February"};
	s->scan[1] = (struct gw_ui_scan){NOW_MS, noise, sizeof(noise) - 1, false, "",
					 {{0}},  0,     "bytes above 7F"};
	s->scan[2] =
		(struct gw_ui_scan){NOW_MS, ean, sizeof(ean) - 1, true, "EAN-13", {{0}}, 0, ""};
	s->scans = (struct gw_ui_scans){
		.port = "/dev/serial/by-id/usb-Symbol_Scanner-if00",
		.profile = "generic",
		.best_profile = "7E1 (brand = seven-even)",
		.advice = "This looks like 7 bits with even parity",
		.framing = "<CR>",
		.scans = 1204,
		.refused = 3,
		.last = s->scan,
		.count = 3,
	};
	add_dock(s);
	s->page = GW_PAGE_SCANNER;
}

/* The other side of the page, by the same key. */
static void dock(struct scene *s)
{
	scanner(s);
	s->keys = "\x1b[19~";
}

static void dock_end(struct scene *s)
{
	scanner(s);
	s->keys = "\x1b[19~\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B";
}

static void typed(struct scene *s)
{
	s->status.said = "The till has it: Batteries AA, 4 pack";
}

static void not_typed(struct scene *s)
{
	s->status.said = "Till busy: scan it there: Batteries AA, 4 pack";
	s->status.said_bad = true;
}

static void empty_scanner(struct scene *s)
{
	scanner(s);
	s->scans.count = 0;
	s->scans.best_profile = s->scans.advice = "";
}

static void scripts(struct scene *s)
{
	s->view.line_count = 0;
	add(s,
	    "\u62B9\u8336\u30A2\u30A4\u30B9\u30AF\u30EA\u30FC\u30E0 \u5927\u888B "
	    "12\u500B\u5165\u308A \u304A\u5F97",
	    1, 0, 398);
	add(s, "\u05E9\u05D5\u05E7\u05D5\u05DC\u05D3 100 \u05D2", 1, 0, 250);
	add(s, "K\u00E4sekuchen mit \u00C4pfeln, gro\u00DF", 2, 0, 598);
	add(s, "Cafe\u0301 cre\u0300me", 1, 0, 290);
	offer(s);
	s->view.offer.name = "\u6291\u5236 \uAE40\uCE58 \u62B9\u8336";
	s->view.offer.script = "\u00BFQuiere pan tambi\u00E9n?";
}

static void hostile(struct scene *s)
{
	s->view.line_count = 0;
	add(s, "\033[2Jclear \033]0;title\a", 1, 0, 100);
	add(s, "\u202Eevil\u2066 \u200Bzero\u00ADwidth", 1, 0, 100);
	add(s, "bad \xFF\xC3 utf\x80", 1, 0, 100);
	add(s, "a\rb\nc\td", 1, 0, 100);
	add(s, "z\u0300\u0301\u0302\u0303\u0304\u0305\u0306algo", 1, 0, 100);
	note(s, GW_NOTE_UNKNOWN, "\033[31m\u202E123\r\n");
}

static void many(struct scene *s)
{
	s->view.line_count = 0;
	s->view.items = 0;
	s->view.total_minor = 0;
	for (int i = 0; i < SCENE_LINES; i++)
		add(s,
		    i % 3 == 0   ? "Screws 4x40"
		    : i % 3 == 1 ? "Paint white 5 l"
				 : "Sandpaper 120",
		    1 + i % 4, 0, 199 + 100 * i);
}

static void marked(struct scene *s)
{
	many(s);
	s->keys = "\033[A\033[A\033[A\033[A";
}

static void huge(struct scene *s)
{
	s->view.line_count = 0;
	s->view.total_minor = 0;
	add(s, "An article whose name is far too long for any line that a till has ever shown",
	    9999, 0, 999999999999LL);
	add(s, "Refund", 1, 0, 1);
	add(s, "Gold by weight", 1, 1234567, 88888888);
}

static void yen(struct scene *s)
{
	s->view.decimals = 0;
	s->view.currency = "JPY";
}

static void typing(struct scene *s)
{
	s->keys = "400";
}

const struct scene scenes[] = {
	{.name = "idle", .set = idle},
	{.name = "selling", .set = selling},
	{.name = "offer", .set = offer},
	{.name = "upgrade", .set = upgrade},
	{.name = "cant", .set = cant},
	{.name = "accepted", .set = accepted},
	{.name = "declined", .set = declined},
	{.name = "unknown", .set = unknown},
	{.name = "card", .set = card},
	{.name = "voided", .set = voided},
	{.name = "totalled", .set = totalled},
	{.name = "closed", .set = closed},
	{.name = "suspended", .set = suspended},
	{.name = "held", .set = held},
	{.name = "journal", .set = journal},
	{.name = "scanner_lost", .set = scanner_lost},
	{.name = "table_old", .set = table_old},
	{.name = "practice", .set = practice},
	{.name = "muted", .set = muted},
	{.name = "help", .set = help},
	{.name = "quit", .set = quit},
	{.name = "pin", .set = pin},
	{.name = "today", .set = today},
	{.name = "scanner", .set = scanner},
	{.name = "scanner_empty", .set = empty_scanner},
	{.name = "dock", .set = dock},
	{.name = "dock_end", .set = dock_end},
	{.name = "typed", .set = typed},
	{.name = "not_typed", .set = not_typed},
	{.name = "scripts", .set = scripts},
	{.name = "hostile", .set = hostile},
	{.name = "many", .set = many},
	{.name = "marked", .set = marked},
	{.name = "huge", .set = huge},
	{.name = "yen", .set = yen},
	{.name = "typing", .set = typing},
};
const size_t scene_count = sizeof(scenes) / sizeof(scenes[0]);

static void common(struct scene *s)
{
	s->view = (struct gw_view){
		.state = GW_VIEW_SELLING,
		.basket = "S0042-T03-20260302-000123",
		.cashier = "17",
		.segment = "",
		.sale_number = 123,
		.lines = s->lines,
		.subject = "",
		.currency = "EUR",
		.decimals = 2,
		.table_version = "2026-03-02.1",
		.table_issued_ms = NOW_MS - 3 * HOUR_MS,
		.table_expires_ms = NOW_MS + 200 * HOUR_MS,
	};
	s->status = (struct gw_ui_status){
		.store = "S0042",
		.terminal = "T03",
		.now_ms = NOW_MS,
		.scanner = GW_UI_SCANNER_OK,
		.held = s->held,
		.scans = &s->scans,
		.today = &s->today,
	};
	add(s, "Torch LED 200 lm", 1, 0, 1299);
	add(s, "Dog food 2 kg", 1, 0, 849);
	add(s, "Apples", 1, 1204, 265);
}

bool scene_make(struct scene *s, const char *name)
{
	for (size_t i = 0; i < scene_count; i++)
		if (strcmp(scenes[i].name, name) == 0) {
			*s = scenes[i];
			common(s);
			s->set(s);
			return true;
		}
	return false;
}
