/* status: what is waiting, since when, and why, in words for whoever stands at the till. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/json.h"
#include "base/utf8.h"
#include "base/when.h"
#include "store/reader.h"
#include "tools/sync/state.h"
#include "tools/sync/sync.h"

#define STATES 5

struct status {
	int64_t batches[STATES], events[STATES], bytes[STATES];
	int64_t oldest_ms; /* sealing of the oldest batch that is not committed, 0: none */
	int64_t next_ms, tries;
	char why[STATE_REASON_MAX];   /* of the last failure */
	char aside[STATE_REASON_MAX]; /* of the last batch put aside */
	int64_t aside_first, aside_last;
	char ack_at[GW_WHEN_MAX];
	char ack_key[64], ack_trouble[400]; /* who signed it; why the newest is not believed */
	char till[GW_BATCH_TILL_MAX];
	int64_t unsealed, oldest_unsealed_ms;
	bool has_journal;
};

static int count(void *ctx, const struct batch_row *row)
{
	struct status *t = ctx;

	t->batches[row->state]++;
	t->events[row->state] += row->last - row->first + 1;
	t->bytes[row->state] += row->size;
	if (row->state == BATCH_SEALED || row->state == BATCH_SENT) {
		if (t->oldest_ms == 0 || row->sealed_ms < t->oldest_ms)
			t->oldest_ms = row->sealed_ms;
		if (row->state == BATCH_SEALED && row->tries > 0) {
			t->tries = row->tries;
			t->next_ms = row->next_ms;
			memcpy(t->why, row->reason, sizeof(t->why));
		}
	} else if (row->state == BATCH_QUARANTINED) {
		memcpy(t->aside, row->reason, sizeof(t->aside));
		t->aside_first = row->first;
		t->aside_last = row->last;
	}
	return 0;
}

/* Events behind the last sealed one.  A journal that cannot be read is said, and no failure here.
 */
static void look_at_journal(const struct sync *s, struct state *state, struct status *t)
{
	struct gw_err err = {0};
	struct gw_reader *r;
	struct gw_reader_info info;
	struct gw_reader_row row;
	struct batch_row last;

	if (gw_reader_open(&r, s->journal, &err) < 0) {
		fprintf(stderr, "goeswith-sync: %s\n", err.text);
		return;
	}
	t->has_journal = true;
	gw_reader_info(r, &info);
	snprintf(t->till, sizeof(t->till), "%s", info.till);
	if (state != NULL && state_last(state, info.epoch, &last, NULL) == GW_OK)
		gw_reader_seek(r, last.last);
	while (gw_reader_next(r, &row, NULL) > 0)
		if (t->unsealed++ == 0)
			t->oldest_unsealed_ms = row.row.at_ms;
	gw_reader_close(r);
}

/* --- for people ------------------------------------------------------------------------------- */

#define LABEL_WIDTH 15
#define NARROW      60 /* columns; below, a label has a line of its own */
#define NARROWEST   24

static int screen_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	int width = 80;

	if (ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	else if (columns != NULL && atoi(columns) > 0)
		width = atoi(columns);
	return width < NARROWEST ? NARROWEST : width;
}

/* Bytes of text that fit in so many columns, broken at a blank where there is one. */
static size_t line_len(const char *text, size_t width)
{
	size_t len = strlen(text), cut = gw_utf8_cut(text, len < width ? len : width), at = cut;

	if (text[cut] == '\0' || text[cut] == ' ')
		return cut;
	while (at > 0 && text[at] != ' ')
		at--;
	return at > 0 ? at : cut;
}

/* A label and its text, wrapped to the screen. */
static void tell(const char *label, const char *format, ...)
{
	int width = screen_width(), indent = width < NARROW ? 2 : LABEL_WIDTH;
	char text[1200];
	const char *at = text;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (width < NARROW && label[0] != '\0')
		printf("%s\n", label);
	for (bool first = true; first || *at != '\0'; first = false) {
		size_t n = line_len(at, (size_t)(width - indent));

		printf("%-*s%.*s\n", indent, first && width >= NARROW ? label : "", (int)n, at);
		at += n;
		at += strspn(at, " ");
	}
}

/* "3 min"; also for what lies ahead. */
static const char *span(char out[32], int64_t ms)
{
	int64_t s = (ms < 0 ? -ms : ms) / 1000;

	if (s < 120)
		snprintf(out, 32, "%" PRId64 " s", s);
	else if (s < 7200)
		snprintf(out, 32, "%" PRId64 " min", s / 60);
	else if (s < 172800)
		snprintf(out, 32, "%" PRId64 " h", s / 3600);
	else
		snprintf(out, 32, "%" PRId64 " days", s / 86400);
	return out;
}

/* "14:02", with the day when it was another one; local time. */
static const char *clock_text(char out[32], int64_t at_ms)
{
	time_t at = (time_t)(at_ms / 1000), now = (time_t)(sync_now_ms() / 1000);
	struct tm t, today;

	localtime_r(&at, &t);
	localtime_r(&now, &today);
	strftime(out, 32,
		 t.tm_yday == today.tm_yday && t.tm_year == today.tm_year ? "%H:%M"
									  : "%Y-%m-%d %H:%M",
		 &t);
	return out;
}

static const char *count_of(char out[48], int64_t n, const char *what)
{
	snprintf(out, 48, "%" PRId64 " %s%s", n, what,
		 n == 1                          ? ""
		 : what[strlen(what) - 1] == 'h' ? "es"
						 : "s");
	return out;
}

static int64_t waiting(const struct status *t)
{
	return t->unsealed + t->events[BATCH_SEALED] + t->events[BATCH_SENT];
}

/* Since when the oldest event that head office has not confirmed has been there, 0: none. */
static int64_t since(const struct status *t)
{
	return t->oldest_ms > 0 ? t->oldest_ms : t->oldest_unsealed_ms;
}

static void print_verdict(const struct sync *s, const struct status *t)
{
	bool trouble = t->why[0] != '\0' || t->ack_trouble[0] != '\0';
	bool aside = t->events[BATCH_QUARANTINED] > 0 || t->events[BATCH_DROPPED] > 0;
	char clock[32], age[32], events[48];

	if (waiting(t) == 0) {
		tell("Now", aside ? "Nothing waits, but not everything has arrived: see below."
				  : "Everything has arrived: head office has confirmed all of it.");
		return;
	}
	count_of(events, waiting(t), "event");
	clock_text(clock, since(t));
	span(age, sync_now_ms() - since(t));
	if (s->to == NULL)
		tell("Now", "%s kept here since %s (%s).", events, clock, age);
	else if (!trouble)
		tell("Now", "%s on the way since %s (%s); nothing is wrong.", events, clock, age);
	else
		tell("Now",
		     "%s waiting since %s (%s). Nothing is lost, and selling goes on; it is sent "
		     "as "
		     "soon as it can be.",
		     events, clock, age);
}

static void print_waiting(const struct status *t)
{
	char age[32], events[48], batches[48];

	if (t->unsealed > 0)
		tell("Not packed", "%s, the oldest %s old", count_of(events, t->unsealed, "event"),
		     span(age, sync_now_ms() - t->oldest_unsealed_ms));
	if (t->batches[BATCH_SEALED] > 0)
		tell("To be sent", "%s in %s, %" PRId64 " KB",
		     count_of(events, t->events[BATCH_SEALED], "event"),
		     count_of(batches, t->batches[BATCH_SEALED], "batch"),
		     (t->bytes[BATCH_SEALED] + 1023) / 1024);
	if (t->batches[BATCH_SENT] > 0)
		tell("Sent", "%s in %s; head office has not confirmed them yet",
		     count_of(events, t->events[BATCH_SENT], "event"),
		     count_of(batches, t->batches[BATCH_SENT], "batch"));
}

static void print_confirmed(const struct status *t)
{
	char clock[32], age[32];
	int64_t at = 0;

	if (gw_when_parse(t->ack_at, strlen(t->ack_at), &at) < 0)
		tell("Confirmed", "nothing yet");
	else
		tell("Confirmed", "%s (%s ago)%s%s", clock_text(clock, at),
		     span(age, sync_now_ms() - at),
		     t->ack_key[0] != '\0' ? ", signed with key " : "", t->ack_key);
}

static void print_trouble(const struct sync *s, const struct status *t)
{
	char age[32], events[48], batches[48];

	if (t->why[0] != '\0') {
		tell("Why", "%s", t->why);
		tell("", "tried %" PRId64 " %s, next attempt %s%s", t->tries,
		     t->tries == 1 ? "time" : "times",
		     t->next_ms > sync_now_ms() ? "in " : "is due",
		     t->next_ms > sync_now_ms() ? span(age, t->next_ms - sync_now_ms()) : "");
	}
	if (t->ack_trouble[0] != '\0')
		tell("Not confirmed", "%s", t->ack_trouble);
	if (t->batches[BATCH_QUARANTINED] > 0) {
		tell("Put aside", "%s with %s, in %s/quarantine; tell head office",
		     count_of(batches, t->batches[BATCH_QUARANTINED], "batch"),
		     count_of(events, t->events[BATCH_QUARANTINED], "event"), s->outbox);
		tell("", "events %" PRId64 " to %" PRId64 ": %s", t->aside_first, t->aside_last,
		     t->aside);
	}
	if (t->events[BATCH_DROPPED] > 0)
		tell("Left out",
		     "%s: too much was waiting. They are in the journal, and head office is told "
		     "of the gap",
		     count_of(events, t->events[BATCH_DROPPED], "event"));
}

static void print_text(const struct sync *s, const struct status *t)
{
	tell("Till", "%s", t->till[0] != '\0' ? t->till : "unknown: there is no journal yet");
	tell("Goes to", "%s", s->to != NULL ? s->to : "nowhere: no --to and no configuration");
	print_verdict(s, t);
	print_waiting(t);
	print_confirmed(t);
	print_trouble(s, t);
}

/* --- for programs ----------------------------------------------------------------------------- */

static void print_json(const struct sync *s, const struct status *t)
{
	char room[4096], at[GW_WHEN_MAX];
	struct gw_text text = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&text);

	gw_json_begin(&j, '{');
	gw_json_member_string(&j, "terminal", t->till);
	gw_json_member_string(&j, "to", s->to != NULL ? s->to : "");
	gw_json_member_int(&j, "unsealed_events", t->unsealed);
	for (int i = 0; i < STATES; i++) {
		gw_json_key(&j, batch_state_word((enum batch_state)i));
		gw_json_begin(&j, '{');
		gw_json_member_int(&j, "batches", t->batches[i]);
		gw_json_member_int(&j, "events", t->events[i]);
		gw_json_member_int(&j, "bytes", t->bytes[i]);
		gw_json_end(&j, '}');
	}
	if (t->oldest_ms > 0)
		gw_json_member_string(&j, "oldest_sealed_at", gw_when_format(at, t->oldest_ms));
	gw_json_member_string(&j, "acknowledged_at", t->ack_at);
	gw_json_member_string(&j, "acknowledged_by", t->ack_key);
	gw_json_member_string(&j, "acknowledgement_trouble", t->ack_trouble);
	gw_json_member_string(&j, "why", t->why);
	gw_json_member_string(&j, "put_aside_why", t->aside);
	gw_json_end(&j, '}');
	puts(room);
}

int sync_status(struct sync *s, struct gw_err *err)
{
	struct status t = {.oldest_ms = 0};
	struct state *state = NULL;
	int rc = state_open_read(&state, s->state, err);

	if (rc == GW_OK) {
		rc = state_each(state, count, &t, err);
		state_noted(state, "ack_at", t.ack_at, sizeof(t.ack_at));
		state_noted(state, "ack_key", t.ack_key, sizeof(t.ack_key));
		state_noted(state, "ack_trouble", t.ack_trouble, sizeof(t.ack_trouble));
	} else if (rc == GW_E_NOT_FOUND) {
		rc = GW_OK; /* nothing was ever pushed */
	}
	if (rc == GW_OK) {
		look_at_journal(s, state, &t);
		(s->cli.json ? print_json : print_text)(s, &t);
	}
	state_close(state);
	return rc;
}
