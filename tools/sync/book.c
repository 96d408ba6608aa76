#include "tools/sync/book_private.h"

#include <inttypes.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/home.h"
#include "base/json.h"
#include "base/when.h"
#include "model/event_json.h"
#include "store/db.h"
#include "store/ledger.h"
#include "store/project.h"
#include "tools/sync/ack.h"
#include "tools/sync/lock.h"

static const char schema[] =
	"CREATE TABLE event(terminal TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
	" at_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, boot INTEGER NOT NULL, basket TEXT,"
	" kind TEXT NOT NULL, body TEXT NOT NULL, scan_session INTEGER, scan_seq INTEGER,"
	" PRIMARY KEY(terminal, epoch, seq)) WITHOUT ROWID;"
	"CREATE TABLE file(terminal TEXT NOT NULL, name TEXT NOT NULL, epoch TEXT NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, hash TEXT NOT NULL, prev TEXT NOT NULL,"
	" state INTEGER NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL,"
	" PRIMARY KEY(terminal, name)) WITHOUT ROWID;"
	"CREATE INDEX file_first ON file(terminal, epoch, first);"
	"CREATE INDEX file_last ON file(terminal, epoch, last);"
	/* high: the last event there is; settled: nothing before it is still awaited. */
	"CREATE TABLE epoch(terminal TEXT NOT NULL, epoch TEXT NOT NULL, seen INTEGER NOT NULL,"
	" high INTEGER NOT NULL, settled INTEGER NOT NULL, cashier TEXT NOT NULL,"
	" late INTEGER NOT NULL, PRIMARY KEY(terminal, epoch)) WITHOUT ROWID;";

static const char *const statements[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_SAVE] = "SAVEPOINT file",
	[SQL_RELEASE] = "RELEASE file",
	[SQL_BACK] = "ROLLBACK TO file",
	[SQL_FILE] = "SELECT state FROM file WHERE terminal = ?1 AND name = ?2",
	[SQL_PUT_FILE] = "INSERT OR REPLACE INTO file(terminal, name, epoch, first, last, hash,"
			 " prev, state, reason, at_ms)"
			 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	/* Neighbours that were taken: how many, and how many the chain fits. */
	[SQL_BEFORE] = "SELECT count(*), total(hash = ?4) FROM file WHERE terminal = ?1"
		       " AND epoch = ?2 AND last = ?3 AND state IN (1, 2)",
	[SQL_AFTER] = "SELECT count(*), total(prev = ?4) FROM file WHERE terminal = ?1"
		      " AND epoch = ?2 AND first = ?3 AND state = 1",
	[SQL_EVENT] = "INSERT INTO event(terminal, epoch, seq, at_ms, mono_ms, boot, basket, kind,"
		      " body, scan_session, scan_seq)"
		      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
		      " ON CONFLICT DO NOTHING",
	[SQL_SAME] = "SELECT at_ms = ?4 AND mono_ms = ?5 AND boot = ?6 AND basket IS ?7"
		     " AND kind = ?8 AND body = ?9 AND scan_session IS ?10 AND scan_seq IS ?11"
		     " FROM event WHERE terminal = ?1 AND epoch = ?2 AND seq = ?3",
	[SQL_EPOCH] = "SELECT high, settled, cashier, late FROM epoch WHERE terminal = ?1"
		      " AND epoch = ?2",
	[SQL_SALE] = "SELECT 1 FROM sale WHERE terminal = ?1 AND epoch = ?2 AND basket = ?3",
	[SQL_PUT_EPOCH] = "INSERT INTO epoch(terminal, epoch, seen, high, settled, cashier, late)"
			  " VALUES(?1, ?2, (SELECT 1 + count(*) FROM epoch WHERE terminal = ?1),"
			  " ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET high = excluded.high,"
			  " settled = excluded.settled, cashier = excluded.cashier,"
			  " late = excluded.late",
};

/* --- names ------------------------------------------------------------------------------------ */

int file_name_parse(struct file_name *out, const char *name)
{
	static const char suffix[] = ".ndjson.zst";
	int used = 0;

	memset(out, 0, sizeof(*out));
	if (strlen(name) >= sizeof(out->name))
		return GW_E_INPUT;
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (sscanf(name, "%32[A-Za-z0-9]-%12" SCNd64 "-%12" SCNd64 "-%32[0-9a-f]%n", out->epoch,
		   &out->first, &out->last, out->hash, &used) != 4 ||
	    strcmp(name + used, suffix) != 0 || strlen(out->hash) != 32 || out->first < 1 ||
	    out->last < out->first) {
		out->epoch[0] = '\0';
		return GW_E_INPUT;
	}
	return GW_OK;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int make_schema(struct book *b, struct gw_err *err)
{
	char pragma[128];
	int rc;

	snprintf(pragma, sizeof(pragma),
		 "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; PRAGMA application_id=%d;"
		 "PRAGMA user_version=%d;",
		 GW_LEDGER_COLLECTION_ID, GW_LEDGER_COLLECTION_SCHEMA);
	rc = gw_db_exec(b->db, pragma, err);
	if (rc == GW_OK)
		rc = gw_db_exec(b->db, schema, err);
	if (rc == GW_OK)
		rc = gw_project_create(b->db, true, err);
	if (rc == GW_OK)
		rc = gw_db_exec(b->db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", err);
	return rc;
}

/* 1: a book of the wanted kind, or one that can become it; 0: an empty file. */
static int identify(struct book *b, struct gw_err *err)
{
	if (gw_db_is(b->path, BOOK_INTAKE_ID) && !b->intake)
		return gw_err_set(
			err, GW_E_INPUT,
			"%s hands its events on to ClickHouse: collect into that, or into "
			"another file",
			b->path);
	return gw_db_identify(b->db, b->path,
			      gw_db_is(b->path, BOOK_INTAKE_ID) ? BOOK_INTAKE_ID
								: GW_LEDGER_COLLECTION_ID,
			      GW_LEDGER_COLLECTION_SCHEMA, "collection", err);
}

static int open_steps(struct book *b, struct gw_err *err)
{
	int rc = lock_take(&b->lock_fd, b->path, "another collector is at work", err);

	if (rc == GW_OK)
		rc = gw_db_open(&b->db, b->path, GW_DB_CREATE, NULL, err);
	if (rc == GW_OK)
		rc = identify(b, err);
	if (rc == 0)
		rc = make_schema(b, err);
	if (rc >= 0)
		rc = gw_project_upgrade(b->db, err);
	if (rc >= 0 && b->intake)
		rc = book_intake_make(b, err);
	if (rc >= 0)
		rc = gw_db_exec(b->db,
				"PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
				"PRAGMA temp_store=MEMORY",
				err);
	for (int i = 0; i < SQL_COUNT && rc == GW_OK; i++)
		rc = gw_db_prepare(b->db, &b->stmt[i], statements[i], err);
	return rc == GW_OK ? gw_project_init(&b->project, b->db, true, err) : rc;
}

int book_open(struct book **book, const char *path, bool intake, struct gw_err *err)
{
	struct book *b = calloc(1, sizeof(*b));
	int rc;

	*book = NULL;
	if (b == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	b->lock_fd = -1;
	snprintf(b->path, sizeof(b->path), "%s", path);
	b->intake = intake;
	rc = open_steps(b, err);
	if (rc < 0)
		book_close(b);
	else
		*book = b;
	return rc;
}

void book_close(struct book *b)
{
	if (b == NULL)
		return;
	gw_project_release(&b->project);
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(b->stmt[i]);
	if (b->db != NULL)
		gw_db_close(&b->db);
	if (b->lock_fd >= 0)
		close(b->lock_fd);
	free(b);
}

/* --- statements ------------------------------------------------------------------------------- */

int book_run(struct book *b, int which, struct gw_err *err)
{
	int rc = sqlite3_step(b->stmt[which]);

	sqlite3_reset(b->stmt[which]);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? GW_OK : gw_db_fail(b->db, err, b->path);
}

int book_begin(struct book *b, struct gw_err *err)
{
	return book_run(b, SQL_BEGIN, err);
}

int book_commit(struct book *b, struct gw_err *err)
{
	return book_run(b, SQL_COMMIT, err);
}

void book_rollback(struct book *b)
{
	if (sqlite3_get_autocommit(b->db) == 0)
		book_run(b, SQL_ROLLBACK, NULL);
}

void book_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
	sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

enum file_state book_file(struct book *b, const char *till, const char *name)
{
	sqlite3_stmt *stmt = b->stmt[SQL_FILE];
	enum file_state state = FILE_UNKNOWN;

	book_bind_text(stmt, 1, till);
	book_bind_text(stmt, 2, name);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		state = (enum file_state)sqlite3_column_int(stmt, 0);
	sqlite3_reset(stmt);
	return state;
}

struct file_row {
	const char *till, *hash, *prev, *reason;
	const struct file_name *name;
	enum file_state state;
};

static int put_file(struct book *b, const struct file_row *row, struct gw_err *err)
{
	sqlite3_stmt *stmt = b->stmt[SQL_PUT_FILE];

	book_bind_text(stmt, 1, row->till);
	book_bind_text(stmt, 2, row->name->name);
	book_bind_text(stmt, 3, row->name->epoch);
	sqlite3_bind_int64(stmt, 4, row->name->first);
	sqlite3_bind_int64(stmt, 5, row->name->last);
	book_bind_text(stmt, 6, row->hash);
	book_bind_text(stmt, 7, row->prev);
	sqlite3_bind_int(stmt, 8, (int)row->state);
	book_bind_text(stmt, 9, row->reason);
	sqlite3_bind_int64(stmt, 10, sync_now_ms());
	return book_run(b, SQL_PUT_FILE, err);
}

void book_get_epoch(struct book *b, const char *till, const char *epoch, struct epoch_row *row)
{
	sqlite3_stmt *stmt = b->stmt[SQL_EPOCH];

	memset(row, 0, sizeof(*row));
	book_bind_text(stmt, 1, till);
	book_bind_text(stmt, 2, epoch);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		row->high = sqlite3_column_int64(stmt, 0);
		row->settled = sqlite3_column_int64(stmt, 1);
		snprintf(row->cashier, sizeof(row->cashier), "%s",
			 (const char *)sqlite3_column_text(stmt, 2));
		row->late = sqlite3_column_int(stmt, 3) != 0;
	}
	sqlite3_reset(stmt);
}

int book_put_epoch(struct book *b, const char *till, const char *epoch, const struct epoch_row *row,
		   struct gw_err *err)
{
	sqlite3_stmt *stmt = b->stmt[SQL_PUT_EPOCH];

	book_bind_text(stmt, 1, till);
	book_bind_text(stmt, 2, epoch);
	sqlite3_bind_int64(stmt, 3, row->high);
	sqlite3_bind_int64(stmt, 4, row->settled);
	book_bind_text(stmt, 5, row->cashier);
	sqlite3_bind_int(stmt, 6, row->late);
	return book_run(b, SQL_PUT_EPOCH, err);
}

/* --- files ------------------------------------------------------------------------------------ */

/* True when there are neighbours and the chain fits none of them. */
static bool breaks_chain(struct book *b, int which, const struct gw_batch_header *h, int64_t at,
			 const char *hash)
{
	sqlite3_stmt *stmt = b->stmt[which];
	bool breaks = false;

	book_bind_text(stmt, 1, h->till);
	book_bind_text(stmt, 2, h->epoch);
	sqlite3_bind_int64(stmt, 3, at);
	book_bind_text(stmt, 4, hash);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		breaks = sqlite3_column_int(stmt, 0) > 0 && sqlite3_column_double(stmt, 1) == 0;
	sqlite3_reset(stmt);
	return breaks;
}

static int check_chain(struct book *b, const struct gw_batch_header *h, const char *hash,
		       struct gw_err *err)
{
	/* A batch that tells a gap was made when the ones around it were gone. */
	if (h->missing[0] == '\0' && breaks_chain(b, SQL_BEFORE, h, h->first - 1, h->prev))
		return gw_err_set(err, GW_E_INPUT, "it does not follow from the batch before it");
	if (breaks_chain(b, SQL_AFTER, h, h->last + 1, hash))
		return gw_err_set(err, GW_E_INPUT, "the batch after it does not follow from it");
	return GW_OK;
}

static int take_steps(struct book *b, const struct file_name *name, const struct gw_batch *batch,
		      const char *hash, int64_t *fresh, struct gw_err *err)
{
	const struct gw_batch_header *h = gw_batch_header(batch);
	bool gap = h->missing[0] != '\0';
	struct file_row row = {.till = h->till,
			       .hash = gap ? h->missing : hash,
			       .prev = h->prev,
			       .reason = "",
			       .name = name,
			       .state = gap ? FILE_GAP : FILE_ACCEPTED};
	struct epoch_row state;
	int rc;

	book_get_epoch(b, h->till, h->epoch, &state);
	rc = b->intake ? book_intake_bring_back(b, h, err) : GW_OK;
	if (rc == GW_OK)
		rc = book_put_events(b, batch, &state, fresh, err);
	/* Events that were all there need no proof of where they belong. */
	if (rc == GW_OK && (*fresh > 0 || gap))
		rc = check_chain(b, h, row.hash, err);
	if (rc == GW_OK)
		rc = put_file(b, &row, err);
	return rc == GW_OK ? book_put_epoch(b, h->till, h->epoch, &state, err) : rc;
}

int book_take(struct book *b, const struct file_name *name, const struct gw_batch *batch,
	      const char *hash, int64_t *fresh, struct gw_err *err)
{
	int rc = book_run(b, SQL_SAVE, err);

	*fresh = 0;
	if (rc < 0)
		return rc;
	rc = take_steps(b, name, batch, hash, fresh, err);
	if (rc < 0) {
		*fresh = 0;
		book_run(b, SQL_BACK, NULL);
	}
	book_run(b, SQL_RELEASE, NULL);
	return rc;
}

int book_refuse(struct book *b, const char *till, const struct file_name *name, const char *reason,
		struct gw_err *err)
{
	struct file_row row = {.till = till,
			       .hash = name->hash,
			       .prev = "",
			       .reason = reason,
			       .name = name,
			       .state = FILE_REJECTED};

	return put_file(b, &row, err);
}
