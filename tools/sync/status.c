/* status: what is waiting, since when, and why; verify: the journal's hash chain. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
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
	char aside_name[STATE_NAME_MAX];
	char ack_at[GW_WHEN_MAX];
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
		memcpy(t->aside_name, row->name, sizeof(t->aside_name));
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

static const char *ago(char out[32], int64_t at_ms)
{
	int64_t s = (sync_now_ms() - at_ms) / 1000;

	if (s < 0)
		snprintf(out, 32, "in %" PRId64 " s", -s);
	else if (s < 120)
		snprintf(out, 32, "%" PRId64 " s", s);
	else if (s < 7200)
		snprintf(out, 32, "%" PRId64 " min", s / 60);
	else if (s < 172800)
		snprintf(out, 32, "%" PRId64 " h", s / 3600);
	else
		snprintf(out, 32, "%" PRId64 " days", s / 86400);
	return out;
}

static void print_text(const struct sync *s, const struct status *t)
{
	char since[32];

	printf("Terminal       %s\n", t->till[0] != '\0' ? t->till : "unknown");
	printf("Goes to        %s\n",
	       s->to != NULL ? s->to : "nowhere: no --to and no configuration");
	printf("Not sealed     %" PRId64 " events", t->unsealed);
	if (t->unsealed > 0)
		printf(", the oldest %s old", ago(since, t->oldest_unsealed_ms));
	printf("\nTo be sent     %" PRId64 " events in %" PRId64 " batches, %" PRId64 " KB\n",
	       t->events[BATCH_SEALED], t->batches[BATCH_SEALED],
	       (t->bytes[BATCH_SEALED] + 1023) / 1024);
	printf("Sent           %" PRId64 " events in %" PRId64
	       " batches, not acknowledged by head office yet\n",
	       t->events[BATCH_SENT], t->batches[BATCH_SENT]);
	if (t->oldest_ms > 0)
		printf("Oldest         sealed %s ago\n", ago(since, t->oldest_ms));
	printf("Acknowledged   %s\n", t->ack_at[0] != '\0' ? t->ack_at : "nothing yet");
	if (t->why[0] != '\0')
		printf("Why            %s\n               tried %" PRId64
		       " times, next attempt %s\n",
		       t->why, t->tries,
		       t->next_ms > sync_now_ms() ? ago(since, t->next_ms) : "is due");
	if (t->batches[BATCH_QUARANTINED] > 0)
		printf("Put aside      %" PRId64
		       " batches in %s/quarantine\n               %s: %s\n",
		       t->batches[BATCH_QUARANTINED], s->outbox, t->aside_name, t->aside);
	if (t->events[BATCH_DROPPED] > 0)
		printf("Dropped        %" PRId64 " events: the outbox was full\n",
		       t->events[BATCH_DROPPED]);
}

static void print_json(const struct sync *s, const struct status *t)
{
	char room[2048], at[GW_WHEN_MAX];
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

static void show_rows(void *ctx, int64_t rows)
{
	const struct sync *s = ctx;

	if (s->progress)
		fprintf(stderr, "\r%" PRId64 " rows ", rows);
}

static void print_verdict(const struct sync *s, const char *path, const struct gw_verify *v)
{
	char room[512];
	struct gw_text text = gw_text_over(room, sizeof(room));
	struct gw_json j = gw_json_over(&text);

	if (!s->cli.json) {
		if (v->bad == 0)
			printf("%s: %" PRId64 " events, every one as it was written\n", path,
			       v->rows);
		return;
	}
	gw_json_begin(&j, '{');
	gw_json_member_bool(&j, "ok", v->bad == 0);
	gw_json_member_int(&j, "rows", v->rows);
	gw_json_member_int(&j, "last", v->last);
	if (v->bad != 0) {
		gw_json_member_int(&j, "bad", v->bad);
		gw_json_member_string(&j, "reason", v->reason);
	}
	gw_json_end(&j, '}');
	puts(room);
}

int sync_verify(struct sync *s, struct gw_err *err)
{
	const char *path = s->cli.first < s->cli.argc ? s->cli.argv[s->cli.first] : s->journal;
	struct gw_verify v;
	struct gw_reader *r;
	int rc = gw_reader_open(&r, path, err);

	if (rc < 0)
		return rc;
	rc = gw_reader_verify(r, &v, show_rows, s, err);
	gw_reader_close(r);
	if (s->progress && v.rows >= 10000)
		fputs("\r\033[K", stderr);
	if (rc < 0)
		return rc;
	print_verdict(s, path, &v);
	return v.bad == 0 ? GW_OK : gw_err_set(err, GW_E_INPUT, "%s: %s", path, v.reason);
}
