#include "tools/sync/state.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/home.h"
#include "store/db.h"
#include "tools/sync/lock.h"

#define STATE_ID     0x67777331 /* "gws1" */
#define STATE_SCHEMA 1

static const char schema[] =
	"PRAGMA journal_mode=WAL;"
	"BEGIN IMMEDIATE;"
	"PRAGMA application_id=1735881521; PRAGMA user_version=1;"
	"CREATE TABLE batch(epoch TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" name TEXT NOT NULL, hash TEXT NOT NULL, size INTEGER NOT NULL, state INTEGER NOT NULL,"
	" sealed_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL, tries INTEGER NOT NULL,"
	" next_ms INTEGER NOT NULL, reason TEXT NOT NULL, refusals INTEGER NOT NULL, PRIMARY "
	"KEY(epoch, first))"
	" WITHOUT ROWID;"
	"CREATE TABLE note(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"COMMIT;";

_Static_assert(STATE_ID == 1735881521, "the number in the schema's text");

struct state {
	sqlite3 *db;
	int lock_fd;
};

const char *batch_state_word(enum batch_state state)
{
	static const char *const words[] = {"sealed", "sent", "committed", "quarantined",
					    "dropped"};

	return (unsigned)state < sizeof(words) / sizeof(words[0]) ? words[state] : "?";
}

static int open_steps(struct state *s, const char *path, bool write, struct gw_err *err)
{
	int rc = write ? lock_take(&s->lock_fd, path, "another goeswith-sync is at work", err)
		       : GW_OK;

	if (rc == GW_OK)
		rc = gw_db_open(&s->db, path, write ? GW_DB_CREATE : GW_DB_READ, NULL, err);
	if (rc == GW_OK)
		rc = gw_db_identify(s->db, path, STATE_ID, STATE_SCHEMA, "state of goeswith-sync",
				    err);
	if (rc == 0 && write)
		rc = gw_db_exec(s->db, schema, err);
	else if (rc == 0)
		rc = gw_err_set(err, GW_E_NOT_FOUND, "%s is empty", path);
	if (rc >= 0 && write)
		rc = gw_db_exec(s->db, "PRAGMA synchronous=FULL", err);
	return rc < 0 ? rc : GW_OK;
}

static int open_state(struct state **state, const char *path, bool write, struct gw_err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	int rc;

	*state = NULL;
	if (s == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	s->lock_fd = -1;
	rc = open_steps(s, path, write, err);
	if (rc < 0)
		state_close(s);
	else
		*state = s;
	return rc;
}

int state_open(struct state **state, const char *path, struct gw_err *err)
{
	return open_state(state, path, true, err);
}

int state_open_read(struct state **state, const char *path, struct gw_err *err)
{
	return open_state(state, path, false, err);
}

void state_close(struct state *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL)
		gw_db_close(&s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s);
}

#define COLUMNS                                                                                    \
	"epoch, first, last, name, hash, size, state, sealed_ms, sent_ms, tries, next_ms, "        \
	"reason, refusals"

static void text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
	const char *t = (const char *)sqlite3_column_text(stmt, column);

	snprintf(out, size, "%s", t != NULL ? t : "");
}

static void read_row(sqlite3_stmt *stmt, struct batch_row *row)
{
	text(stmt, 0, row->epoch, sizeof(row->epoch));
	row->first = sqlite3_column_int64(stmt, 1);
	row->last = sqlite3_column_int64(stmt, 2);
	text(stmt, 3, row->name, sizeof(row->name));
	text(stmt, 4, row->hash, sizeof(row->hash));
	row->size = sqlite3_column_int64(stmt, 5);
	row->state = (enum batch_state)sqlite3_column_int(stmt, 6);
	row->sealed_ms = sqlite3_column_int64(stmt, 7);
	row->sent_ms = sqlite3_column_int64(stmt, 8);
	row->tries = sqlite3_column_int64(stmt, 9);
	row->next_ms = sqlite3_column_int64(stmt, 10);
	text(stmt, 11, row->reason, sizeof(row->reason));
	row->refusals = sqlite3_column_int64(stmt, 12);
}

int state_last(struct state *s, const char *epoch, struct batch_row *row, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(
		s->db, &stmt,
		"SELECT " COLUMNS " FROM batch WHERE epoch = ?1 ORDER BY first DESC LIMIT 1", err);
	int step;

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, epoch, -1, SQLITE_STATIC);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW)
		read_row(stmt, row);
	else
		rc = step == SQLITE_DONE ? GW_E_NOT_FOUND : gw_db_fail(s->db, err, "sync.db");
	sqlite3_finalize(stmt);
	return rc;
}

bool state_keeps(struct state *s, const char *name)
{
	sqlite3_stmt *stmt;
	bool keeps = true;

	if (gw_db_prepare(s->db, &stmt, "SELECT 1 FROM batch WHERE name = ?1 AND state IN (0, 1)",
			  NULL) < 0)
		return true;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	keeps = sqlite3_step(stmt) != SQLITE_DONE;
	sqlite3_finalize(stmt);
	return keeps;
}

int state_put(struct state *s, const struct batch_row *row, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(s->db, &stmt,
			       "INSERT OR REPLACE INTO batch(" COLUMNS
			       ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
			       err);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, row->epoch, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, row->first);
	sqlite3_bind_int64(stmt, 3, row->last);
	sqlite3_bind_text(stmt, 4, row->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 5, row->hash, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 6, row->size);
	sqlite3_bind_int(stmt, 7, (int)row->state);
	sqlite3_bind_int64(stmt, 8, row->sealed_ms);
	sqlite3_bind_int64(stmt, 9, row->sent_ms);
	sqlite3_bind_int64(stmt, 10, row->tries);
	sqlite3_bind_int64(stmt, 11, row->next_ms);
	sqlite3_bind_text(stmt, 12, row->reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 13, row->refusals);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = gw_db_fail(s->db, err, "sync.db");
	sqlite3_finalize(stmt);
	return rc;
}

/* The rows are read first: each may write while it works. */
int state_each(struct state *s, int (*each)(void *ctx, const struct batch_row *row), void *ctx,
	       struct gw_err *err)
{
	struct batch_row *rows = NULL;
	size_t count = 0, room = 0;
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE,
	    rc = gw_db_prepare(s->db, &stmt,
			       "SELECT " COLUMNS " FROM batch ORDER BY sealed_ms, epoch, first",
			       err);

	while (rc == GW_OK && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (count == room) {
			size_t more = room == 0 ? 64 : room * 2;
			struct batch_row *bigger = realloc(rows, more * sizeof(*rows));

			if (bigger == NULL) {
				rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
				break;
			}
			rows = bigger;
			room = more;
		}
		read_row(stmt, &rows[count++]);
	}
	if (rc == GW_OK && step != SQLITE_DONE)
		rc = gw_db_fail(s->db, err, "sync.db");
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < count && rc >= 0; i++)
		rc = each(ctx, &rows[i]);
	free(rows);
	return rc < 0 ? rc : GW_OK;
}

int state_note(struct state *s, const char *key, const char *value, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(s->db, &stmt, "INSERT OR REPLACE INTO note VALUES(?1, ?2)", err);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = gw_db_fail(s->db, err, "sync.db");
	sqlite3_finalize(stmt);
	return rc;
}

void state_noted(struct state *s, const char *key, char *out, size_t size)
{
	sqlite3_stmt *stmt;

	out[0] = '\0';
	if (gw_db_prepare(s->db, &stmt, "SELECT value FROM note WHERE key = ?1", NULL) < 0)
		return;
	sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		text(stmt, 0, out, size);
	sqlite3_finalize(stmt);
}

int state_prune(struct state *s, struct gw_err *err)
{
	return gw_db_exec(
		s->db,
		"DELETE FROM batch WHERE state = 2 AND first < (SELECT b.first FROM batch b"
		" WHERE b.epoch = batch.epoch ORDER BY b.first DESC LIMIT 1 OFFSET 499)",
		err);
}

/* Runs a statement over ?1 an epoch and ?2 an event.  *found gets the first column of its row. */
static int on_epoch(struct state *s, const char *sql, const char *epoch, int64_t event,
		    int64_t *found, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int step, rc = gw_db_prepare(s->db, &stmt, sql, err);

	*found = 0;
	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, epoch, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(stmt) > 1)
		sqlite3_bind_int64(stmt, 2, event);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW)
		*found = sqlite3_column_int64(stmt, 0);
	else if (step != SQLITE_DONE)
		rc = gw_db_fail(s->db, err, "sync.db");
	sqlite3_finalize(stmt);
	return rc;
}

int64_t state_committed(struct state *s, const char *epoch)
{
	int64_t last;

	on_epoch(s, "SELECT max(last) FROM batch WHERE epoch = ?1 AND state = 2", epoch, 0, &last,
		 NULL);
	return last;
}

bool state_ends_at(struct state *s, const char *epoch, int64_t last)
{
	int64_t there;

	on_epoch(s, "SELECT count(*) FROM batch WHERE epoch = ?1 AND last = ?2", epoch, last,
		 &there, NULL);
	return there > 0;
}

int state_forget_after(struct state *s, const char *epoch, int64_t last, struct gw_err *err)
{
	int64_t none;

	return on_epoch(s, "DELETE FROM batch WHERE epoch = ?1 AND first > ?2", epoch, last, &none,
			err);
}
