#include "tools/sync/book_private.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/when.h"
#include "store/db.h"
#include "tools/sync/ack.h"

/* Derives the statistics tables of one epoch anew, from all its events in order. */
static int derive(struct book *b, const char *till, const char *epoch, struct epoch_row *state,
		  struct gw_err *err)
{
	static const char *const clear[] = {
		"DELETE FROM sale WHERE terminal = ?1 AND epoch = ?2",
		"DELETE FROM sale_line WHERE terminal = ?1 AND epoch = ?2",
		"DELETE FROM offer WHERE terminal = ?1 AND epoch = ?2",
		("SELECT seq, at_ms, mono_ms, basket, kind, body FROM event WHERE terminal = ?1"
		 " AND epoch = ?2 ORDER BY seq")};
	int rc = b->intake ? book_intake_bring_epoch(b, till, epoch, err) : GW_OK;

	gw_project_terminal(&b->project, till, epoch);
	b->project.cashier[0] = '\0';
	for (int i = 0; i < 4 && rc == GW_OK; i++) {
		sqlite3_stmt *stmt;
		int step;

		rc = gw_db_prepare(b->db, &stmt, clear[i], err);
		if (rc < 0)
			return rc;
		book_bind_text(stmt, 1, till);
		book_bind_text(stmt, 2, epoch);
		while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
			const char *basket = (const char *)sqlite3_column_text(stmt, 3);
			const char *kind = (const char *)sqlite3_column_text(stmt, 4);
			struct gw_event e;

			if (gw_event_json_decode(&e, b->room, gw_event_kind_of(kind, strlen(kind)),
						 (const char *)sqlite3_column_text(stmt, 5),
						 (size_t)sqlite3_column_bytes(stmt, 5), NULL) < 0)
				continue;
			e.at_ms = sqlite3_column_int64(stmt, 1);
			e.mono_ms = sqlite3_column_int64(stmt, 2);
			snprintf(e.basket, sizeof(e.basket), "%s", basket != NULL ? basket : "");
			if (gw_project_apply(&b->project, sqlite3_column_int64(stmt, 0), &e) !=
			    SQLITE_OK)
				break;
		}
		if (step != SQLITE_DONE)
			rc = gw_db_fail(b->db, err, b->path);
		sqlite3_finalize(stmt);
	}
	state->late = false;
	snprintf(state->cashier, sizeof(state->cashier), "%s", b->project.cashier);
	return rc;
}

/* How far everything is there, or known to be never there. */
static int settle_epoch(struct book *b, const char *till, const char *epoch, struct gw_err *err)
{
	struct epoch_row state;
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(b->db, &stmt,
			       "SELECT first, last FROM file WHERE terminal = ?1 AND epoch = ?2"
			       " AND last > ?3 ORDER BY first",
			       err);

	if (rc < 0)
		return rc;
	book_get_epoch(b, till, epoch, &state);
	book_bind_text(stmt, 1, till);
	book_bind_text(stmt, 2, epoch);
	sqlite3_bind_int64(stmt, 3, state.settled);
	while (sqlite3_step(stmt) == SQLITE_ROW &&
	       sqlite3_column_int64(stmt, 0) <= state.settled + 1)
		if (sqlite3_column_int64(stmt, 1) > state.settled)
			state.settled = sqlite3_column_int64(stmt, 1);
	sqlite3_finalize(stmt);
	if (state.late)
		rc = derive(b, till, epoch, &state, err);
	return rc == GW_OK ? book_put_epoch(b, till, epoch, &state, err) : rc;
}

int book_settle(struct book *b, const char *till, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(
		b->db, &stmt, "SELECT DISTINCT epoch FROM file WHERE terminal = ?1 AND epoch <> ''",
		err);

	if (rc < 0)
		return rc;
	book_bind_text(stmt, 1, till);
	while (rc == GW_OK && sqlite3_step(stmt) == SQLITE_ROW) {
		char epoch[GW_BATCH_EPOCH_MAX];

		snprintf(epoch, sizeof(epoch), "%s", (const char *)sqlite3_column_text(stmt, 0));
		rc = settle_epoch(b, till, epoch, err);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* --- acknowledgements ------------------------------------------------------------------------- */

static void add_gaps(struct book *b, struct gw_json *j, const char *till, const char *epoch)
{
	sqlite3_stmt *stmt;

	gw_json_key(j, "gaps");
	gw_json_begin(j, '[');
	if (gw_db_prepare(b->db, &stmt,
			  "SELECT first, last FROM file WHERE terminal = ?1 AND epoch = ?2"
			  " AND state IN (2, 3) ORDER BY first DESC LIMIT 64",
			  NULL) == GW_OK) {
		book_bind_text(stmt, 1, till);
		book_bind_text(stmt, 2, epoch);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			gw_json_begin(j, '[');
			gw_json_int(j, sqlite3_column_int64(stmt, 0));
			gw_json_int(j, sqlite3_column_int64(stmt, 1));
			gw_json_end(j, ']');
		}
		sqlite3_finalize(stmt);
	}
	gw_json_end(j, ']');
}

/*
 * The last ones, oldest first: a terminal reads no more, and one that makes up epochs would
 * otherwise make its acknowledgement too long to be written.
 */
static int add_epochs(struct book *b, struct gw_json *j, const char *till, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(b->db, &stmt,
			       "SELECT epoch, settled, max(settled, high) FROM (SELECT * FROM"
			       " epoch WHERE terminal = ?1 ORDER BY seen DESC LIMIT ?2)"
			       " ORDER BY seen",
			       err);

	if (rc < 0)
		return rc;
	book_bind_text(stmt, 1, till);
	sqlite3_bind_int(stmt, 2, ACK_EPOCHS);
	gw_json_key(j, "epochs");
	gw_json_begin(j, '[');
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *epoch = (const char *)sqlite3_column_text(stmt, 0);

		gw_json_begin(j, '{');
		gw_json_member_string(j, "epoch", epoch);
		gw_json_member_int(j, "committed", sqlite3_column_int64(stmt, 1));
		gw_json_member_int(j, "have", sqlite3_column_int64(stmt, 2));
		add_gaps(b, j, till, epoch);
		gw_json_end(j, '}');
	}
	gw_json_end(j, ']');
	sqlite3_finalize(stmt);
	return GW_OK;
}

static int add_rejected(struct book *b, struct gw_json *j, const char *till, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(b->db, &stmt,
			       "SELECT name, reason FROM file WHERE terminal = ?1 AND state = 3"
			       " ORDER BY at_ms DESC LIMIT ?2",
			       err);

	if (rc < 0)
		return rc;
	book_bind_text(stmt, 1, till);
	sqlite3_bind_int(stmt, 2, ACK_REJECTED);
	gw_json_key(j, "rejected");
	gw_json_begin(j, '[');
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		gw_json_begin(j, '{');
		gw_json_member_string(j, "name", (const char *)sqlite3_column_text(stmt, 0));
		gw_json_member_string(j, "reason", (const char *)sqlite3_column_text(stmt, 1));
		gw_json_end(j, '}');
	}
	gw_json_end(j, ']');
	sqlite3_finalize(stmt);
	return GW_OK;
}

int book_ack(struct book *b, const char *till, int64_t now_ms, char *out, size_t size,
	     struct gw_err *err)
{
	struct gw_text t = gw_text_over(out, size);
	struct gw_json j = gw_json_over(&t);
	char at[GW_WHEN_MAX];
	int rc;

	gw_json_begin(&j, '{');
	gw_json_member_int(&j, "goeswith_ack", 1);
	gw_json_member_string(&j, "terminal", till);
	gw_json_member_string(&j, "at", gw_when_format(at, now_ms));
	rc = add_epochs(b, &j, till, err);
	if (rc == GW_OK)
		rc = add_rejected(b, &j, till, err);
	gw_json_end(&j, '}');
	gw_text_add_char(&t, '\n');
	if (rc == GW_OK && t.cut)
		return gw_err_set(err, GW_E_FULL, "the acknowledgement of %s is too long", till);
	return rc;
}
