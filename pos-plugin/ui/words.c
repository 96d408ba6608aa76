#include <string.h>

#include "base/money.h"
#include "base/when.h"
#include "ui/screen.h"

#define MINUTE_MS 60000LL

const char *gw_words_money(const struct gw_view *view, int64_t minor, char out[32])
{
	_Static_assert(GW_MONEY_MAX <= 32, "room for an amount");
	if (minor < 0)
		return "at till";
	return gw_money_format(out, minor, view->decimals);
}

const char *gw_words_clock(const struct gw_ui_status *status, int64_t at_ms, char out[8])
{
	struct gw_civil c = gw_civil_from_ms(at_ms + status->utc_offset_min * MINUTE_MS);
	struct gw_text t = gw_text_over(out, 8);

	gw_text_add_int(&t, c.hour, 2);
	gw_text_add_char(&t, ':');
	gw_text_add_int(&t, c.minute, 2);
	return out;
}

const char *gw_words_day(int64_t day, char out[16])
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct gw_civil c = gw_civil_from_ms(day * GW_DAY_MS);
	struct gw_text t = gw_text_over(out, 16);

	gw_text_addf(&t, "%s %d %s", days[c.weekday], c.day, months[c.month - 1]);
	return out;
}

/* Sentences around a note's subject; %s stands for the subject, at most once. */
static const char *const notes[] = {
	[GW_NOTE_NONE] = "",
	[GW_NOTE_ADDED] = "",
	[GW_NOTE_UNKNOWN] = "%s is not in the table; sold by the till as usual",
	[GW_NOTE_REFUSED] = "Not read: %s",
	[GW_NOTE_CARD] = "That was a payment card: not read, nothing kept",
	[GW_NOTE_OFFERED] = "%s: offered",
	[GW_NOTE_TAKEN] = "Taken: %s",
	[GW_NOTE_TAKEN_SCAN] = "Taken: %s",
	[GW_NOTE_DECLINED] = "Noted: no, thanks",
	[GW_NOTE_NOT_VOICED] = "Noted: not asked",
	[GW_NOTE_EXPIRED] = "",
	[GW_NOTE_WITHDRAWN] = "The offer was taken back",
	[GW_NOTE_VOIDED] = "Taken out: %s",
	[GW_NOTE_SUBTOTAL] = "Subtotal",
	[GW_NOTE_CLOSED] = "The sale is closed",
	[GW_NOTE_CANCELLED] = "The sale was dropped",
	[GW_NOTE_SUSPENDED] = "Put aside",
	[GW_NOTE_RESUMED] = "The sale goes on",
	[GW_NOTE_IDLE_CLOSED] = "The sale was closed: nothing happened for a while",
	[GW_NOTE_MUTED] = "No more offers in this sale",
	[GW_NOTE_WARNING] = "%s",
	[GW_NOTE_ERROR] = "%s",
};

void gw_words_note(const struct screen *s, struct gw_text *out)
{
	const char *sentence = "", *hole;
	char name[GW_KEY_NAME_MAX];

	if (s->state->hint[0] != '\0') {
		gw_text_add(out, s->state->hint);
		return;
	}
	if (gw_or_empty(s->status->said)[0] != '\0') {
		gw_text_add(out, s->status->said);
		return;
	}
	if ((size_t)s->view->note < sizeof(notes) / sizeof(notes[0]))
		sentence = notes[s->view->note];
	if (s->view->note == GW_NOTE_NONE && s->view->state == GW_VIEW_IDLE)
		sentence = "Ready: scan the first article";
	hole = strstr(sentence, "%s");
	if (hole == NULL) {
		gw_text_add(out, sentence);
	} else {
		gw_text_add_bytes(out, sentence, (size_t)(hole - sentence));
		gw_text_add(out, gw_or_empty(s->view->subject));
		gw_text_add(out, hole + 2);
	}
	if (s->view->note == GW_NOTE_SUBTOTAL && s->view->state == GW_VIEW_TOTALLED)
		gw_text_addf(out, "; %s again ends the sale",
			     gw_key_name(name, gw_keymap_show(&s->state->keys, GW_ACT_TOTAL)));
	if (s->view->note == GW_NOTE_SUSPENDED)
		gw_text_addf(out, "; %s takes it up again",
			     gw_key_name(name, gw_keymap_show(&s->state->keys, GW_ACT_HOLD)));
}

static void journal_text(const struct screen *s, struct gw_text *out)
{
	const char *why = gw_or_empty(s->status->journal_text);

	if (s->canvas->cols < 70)
		gw_text_add(out, "Call the manager");
	else
		gw_text_addf(
			out,
			"Notes wait in memory: %lld. The till is not affected. Call the manager",
			(long long)s->status->journal_waiting);
	if (why[0] != '\0')
		gw_text_addf(out, ": %s", why);
}

enum gw_role gw_words_alert(const struct screen *s, struct gw_text *out)
{
	const struct gw_ui_status *status = s->status;

	if (status->journal_failing) {
		journal_text(s, out);
	} else if (status->scanner == GW_UI_SCANNER_LOST) {
		gw_text_add(out, gw_or_empty(status->scanner_text)[0] != '\0'
					 ? status->scanner_text
					 : "Scanner unplugged; trying again");
	} else if (s->view->suggestions_off) {
		gw_text_add(out, "Suggestions off");
		if (gw_or_empty(status->table_text)[0] != '\0')
			gw_text_addf(out, ": %s", status->table_text);
	} else if (gw_or_empty(status->sync_text)[0] != '\0') {
		gw_text_add(out, status->sync_text);
	} else if (s->view->practice) {
		gw_text_add(out, "PRACTICE: nothing is written");
		return GW_ROLE_PRACTICE;
	}
	return GW_ROLE_WARN;
}
