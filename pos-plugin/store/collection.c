#include "store/collection.h"

#include <string.h>

#include "store/db.h"
#include "store/ledger.h"

bool gw_collection_is(const char *path)
{
	return gw_db_is(path, GW_LEDGER_COLLECTION_ID);
}

static const char *text_of(sqlite3_stmt *stmt, int column, size_t *len)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	*len = (size_t)sqlite3_column_bytes(stmt, column);
	return text != NULL ? text : "";
}

static int give(const struct gw_events_to *to, sqlite3_stmt *stmt, struct gw_err *err)
{
	struct gw_chain_row row = {.seq = sqlite3_column_int64(stmt, 0),
				   .at_ms = sqlite3_column_int64(stmt, 1),
				   .mono_ms = sqlite3_column_int64(stmt, 2),
				   .boot = (uint32_t)sqlite3_column_int64(stmt, 3),
				   .scan_session = (uint32_t)sqlite3_column_int64(stmt, 4),
				   .scan_seq = (uint32_t)sqlite3_column_int64(stmt, 5)};

	row.kind = text_of(stmt, 6, &row.kind_len);
	row.basket = text_of(stmt, 7, &row.basket_len);
	row.body = text_of(stmt, 8, &row.body_len);
	return to->event(to->ctx, &row, err);
}

static int read_journal(sqlite3 *db, sqlite3_stmt *events, sqlite3_stmt *of,
			const struct gw_events_to *to, struct gw_err *err)
{
	const char *till = (const char *)sqlite3_column_text(of, 0);
	const char *epoch = (const char *)sqlite3_column_text(of, 1);
	int step = SQLITE_DONE, rc = to->journal(to->ctx, till, epoch, err);

	sqlite3_reset(events);
	sqlite3_bind_text(events, 1, till, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(events, 2, epoch, -1, SQLITE_TRANSIENT);
	while (rc >= 0 && (step = sqlite3_step(events)) == SQLITE_ROW)
		rc = give(to, events, err);
	return rc >= 0 && step != SQLITE_DONE ? gw_db_fail(db, err, "collection") : rc;
}

static int read_all(sqlite3 *db, const struct gw_events_to *to, struct gw_err *err)
{
	sqlite3_stmt *journals = NULL, *events = NULL;
	int step = SQLITE_DONE;
	int rc = gw_db_prepare(db, &journals, gw_query_sqlite(GW_QUERY_JOURNALS), err);

	if (rc == GW_OK)
		rc = gw_db_prepare(db, &events,
				   "SELECT seq, at_ms, mono_ms, boot, scan_session, scan_seq, kind,"
				   " basket, body FROM event WHERE terminal = ?1 AND epoch = ?2"
				   " ORDER BY seq",
				   err);
	while (rc >= 0 && (step = sqlite3_step(journals)) == SQLITE_ROW)
		rc = read_journal(db, events, journals, to, err);
	if (rc >= 0 && step != SQLITE_DONE)
		rc = gw_db_fail(db, err, "collection");
	sqlite3_finalize(events);
	sqlite3_finalize(journals);
	return rc < 0 ? rc : GW_OK;
}

int gw_collection_read(const char *path, const struct gw_events_to *to, struct gw_err *err)
{
	sqlite3 *db;
	int rc = gw_db_open(&db, path, GW_DB_READ, NULL, err);

	if (rc < 0)
		return rc;
	rc = gw_db_identify(db, path, GW_LEDGER_COLLECTION_ID, GW_LEDGER_COLLECTION_SCHEMA,
			    "collection", err);
	if (rc == 1)
		rc = read_all(db, to, err);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	gw_db_close(&db);
	return rc;
}
