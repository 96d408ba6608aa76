/*
 * Failure and repair around a journal_file.
 *
 * The hard case is a COMMIT that fails: the transaction may still be whole in the WAL, and after a
 * reopen SQLite finds it there.  Writing it again would double every event in it.  So the journal
 * remembers two ends of the chain, `known` (acknowledged) and `tried`, and after a reopen the last
 * row tells which one holds: `tried` means those events are durable, `known` that they are not.
 * Anything else means that rows were lost or added behind our back, and a gap event says so.
 */
#include "store/journal_private.h"

#include <stdio.h>
#include <string.h>

#define RETRY_MS 1000

/* A failed transaction: keep what was tried, and why. */
int gw_journal_failed(struct gw_journal *j, const struct gw_jfile_tail *before)
{
	if (j->file.db != NULL)
		gw_db_fail(j->file.db, &j->why, j->path);
	j->tried = j->file.tail;
	gw_jfile_rollback(&j->file, before);
	j->failing = true;
	j->retry_at_ms = j->now_ms + RETRY_MS;
	return GW_E_STORAGE;
}

int gw_journal_tell(const struct gw_journal *j, struct gw_err *err)
{
	if (err != NULL)
		*err = j->why;
	return gw_err_set(err, GW_E_STORAGE, "%s", j->why.text);
}

static bool same_end(const struct gw_jfile_tail *a, const struct gw_jfile_tail *b)
{
	return a->seq == b->seq && memcmp(a->chain, b->chain, GW_CHAIN_LEN) == 0;
}

/* Decides what became of the transaction that failed (see the top of the file). */
static void reconcile(struct gw_journal *j, const struct gw_jfile_tail *known)
{
	struct gw_jfile_tail *now = &j->file.tail;
	const struct gw_jfile_tail *told = known;

	if (j->tried_count > 0 && same_end(now, &j->tried)) {
		told = &j->tried;
		gw_queue_drop(j->queue, j->tried_count);
	} else if (!same_end(now, known)) {
		j->lost += known->seq > now->seq ? known->seq - now->seq : 1;
	}
	j->tried_count = 0;
	now->boot_written = told->boot_written;
	if (now->next_basket < told->next_basket)
		now->next_basket = told->next_basket;
	memcpy(now->cashier, told->cashier, sizeof(now->cashier));
	memcpy(j->file.project.cashier, told->cashier, sizeof(told->cashier));
}

static int reopen(struct gw_journal *j)
{
	struct gw_jfile_tail known = j->file.tail;
	int rc = gw_journal_lock(j, &j->why);

	gw_jfile_close(&j->file);
	if (rc == GW_OK)
		rc = gw_jfile_open(&j->file, &j->config, &j->why);
	if (rc == GW_OK && !j->unseen && strcmp(j->file.epoch, j->epoch) != 0) {
		rc = gw_err_set(&j->why, GW_E_STORAGE, "%s is another journal now", j->path);
		gw_jfile_close(&j->file);
	}
	if (rc < 0) {
		j->file.tail = known;
		return GW_E_STORAGE;
	}
	if (j->unseen) {
		gw_journal_identify(j);
		j->unseen = false;
		if (j->file.tail.next_basket < known.next_basket)
			j->file.tail.next_basket = known.next_basket;
		return GW_OK;
	}
	j->file.boot = j->boot;
	reconcile(j, &known);
	return GW_OK;
}

/* Says in the journal what is missing from it. */
int gw_journal_add_gaps(struct gw_journal *j, const struct gw_event *like)
{
	struct gw_event gap = {.kind = GW_EV_GAP, .at_ms = like->at_ms, .mono_ms = like->mono_ms};
	const struct gw_scan_id none = {0, 0};
	int rc = SQLITE_OK;

	if (j->lost > 0) {
		gap.u.gap.missing = j->lost;
		snprintf(gap.u.gap.what, sizeof(gap.u.gap.what),
			 "events were in the journal and are gone");
		rc = gw_jfile_add(&j->file, &gap, none);
	}
	if (rc == SQLITE_OK && j->dropped_untold > 0) {
		gap.u.gap.missing = (int64_t)j->dropped_untold;
		snprintf(gap.u.gap.what, sizeof(gap.u.gap.what),
			 "events lost while the journal could not be written");
		rc = gw_jfile_add(&j->file, &gap, none);
	}
	return rc;
}

/* A journal opens with a start event even if its first register forgot. */
int gw_journal_add_start(struct gw_journal *j, const struct gw_event *first)
{
	struct gw_event start = {
		.kind = GW_EV_START, .at_ms = first->at_ms, .mono_ms = first->mono_ms};

	if (j->file.tail.seq != 0 || first->kind == GW_EV_START)
		return SQLITE_OK;
	snprintf(start.u.id.id, sizeof(start.u.id.id), "unknown");
	return gw_jfile_add(&j->file, &start, (struct gw_scan_id){0, 0});
}

/* Walks the queue into the open transaction. */
struct queue_walk {
	bool skip;          /* the current input is in the journal already */
	int64_t last_input; /* number of the last input's first event */
};

static int write_queued(struct gw_journal *j, size_t i, struct queue_walk *walk)
{
	struct gw_event e;
	struct gw_scan_id scan;
	bool first;
	int rc = SQLITE_OK;

	/* Our own encoding can always be read back; if not, the event is lost and told. */
	if (gw_queue_get(j->queue, i, &e, j->room, &first) < 0) {
		j->dropped++;
		j->dropped_untold++;
		return SQLITE_OK;
	}
	if (i == 0)
		rc = gw_journal_add_start(j, &e);
	if (first)
		walk->skip = false;
	if (rc == SQLITE_OK && !walk->skip) {
		scan = (struct gw_scan_id){e.scan_session, e.scan_seq};
		rc = gw_jfile_add(&j->file, &e, scan);
		walk->skip = rc == SQLITE_CONSTRAINT_UNIQUE;
		if (walk->skip)
			walk->last_input = gw_jfile_scan_seq(&j->file, scan);
		else if (first)
			walk->last_input = j->file.tail.seq;
	}
	if (walk->skip)
		rc = SQLITE_OK;
	if (rc == SQLITE_OK && i + 1 == gw_queue_count(j->queue))
		rc = gw_journal_add_gaps(j, &e);
	return rc;
}

static int write_queue(struct gw_journal *j, int64_t *last_input_seq)
{
	struct queue_walk walk = {.skip = false};
	size_t n = gw_queue_count(j->queue);
	int rc = SQLITE_OK;

	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = write_queued(j, i, &walk);
	*last_input_seq = walk.last_input;
	return rc;
}

/* Tries to bring the storage back: reopen, reconcile, write what waits. */
int gw_journal_recover(struct gw_journal *j, int64_t *last_input_seq)
{
	struct gw_jfile_tail before;
	size_t n;
	int rc = reopen(j);

	j->retry_at_ms = j->now_ms + RETRY_MS;
	if (rc < 0)
		return GW_E_STORAGE;
	n = gw_queue_count(j->queue);
	before = j->file.tail;
	if (n > 0) {
		rc = gw_jfile_begin(&j->file);
		if (rc == SQLITE_OK)
			rc = write_queue(j, last_input_seq);
		if (rc == SQLITE_OK)
			rc = gw_jfile_commit(&j->file);
		if (rc != SQLITE_OK) {
			j->tried_count = n;
			return gw_journal_failed(j, &before);
		}
		gw_queue_drop(j->queue, n);
		j->dropped_untold = 0;
		j->lost = 0;
	}
	j->failing = false;
	memset(&j->why, 0, sizeof(j->why));
	return GW_OK;
}
