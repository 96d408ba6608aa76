#include <stdio.h>
#include <string.h>

#include "store/db.h"
#include "tools/sync/book_private.h"

#define ABANDONED_MS "2592000000" /* 30 days; a sale that is taken up later is derived anew */

void book_intake_archive(struct book *b, const struct book_archive *archive)
{
	b->archive = *archive;
}

sqlite3 *book_intake_db(struct book *b)
{
	return b->db;
}

int book_intake_make(struct book *b, struct gw_err *err)
{
	char sql[256];

	snprintf(
		sql, sizeof(sql),
		"CREATE TABLE IF NOT EXISTS archive(place TEXT NOT NULL, version INTEGER NOT NULL);"
		"PRAGMA application_id=%d",
		BOOK_INTAKE_ID);
	return gw_db_exec(b->db, sql, err);
}

/* --- small statements ------------------------------------------------------------------------- */

struct bound {
	const char *texts[3];
	int64_t numbers[2];
	int text_count, number_count;
};

static int prepare(struct book *b, sqlite3_stmt **stmt, const char *sql, const struct bound *p,
		   struct gw_err *err)
{
	int rc = gw_db_prepare(b->db, stmt, sql, err), at = 0;

	if (rc < 0)
		return rc;
	for (int i = 0; i < p->text_count; i++)
		sqlite3_bind_text(*stmt, ++at, p->texts[i], -1, SQLITE_STATIC);
	for (int i = 0; i < p->number_count; i++)
		sqlite3_bind_int64(*stmt, ++at, p->numbers[i]);
	return GW_OK;
}

/* First column of the first row, 0 when there is none. */
static int number_of(struct book *b, const char *sql, const struct bound *p, int64_t *out,
		     struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int step, rc = prepare(b, &stmt, sql, p, err);

	*out = 0;
	if (rc < 0)
		return rc;
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	else if (step != SQLITE_DONE)
		rc = gw_db_fail(b->db, err, b->path);
	sqlite3_finalize(stmt);
	return rc;
}

/* --- what comes back -------------------------------------------------------------------------- */

bool book_intake_misses_sale(struct book *b, const char *till, const char *epoch,
			     const struct gw_event *e)
{
	sqlite3_stmt *stmt = b->stmt[SQL_SALE];
	bool here;

	if (e->basket[0] == '\0' || e->kind == GW_EV_OPEN)
		return false;
	sqlite3_bind_text(stmt, 1, till, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, epoch, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, e->basket, -1, SQLITE_STATIC);
	here = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_reset(stmt);
	return !here;
}

int book_intake_put(struct book *b, const struct book_event *e, struct gw_err *err)
{
	struct bound p = {.texts = {e->till, e->epoch, NULL}, .text_count = 2};
	sqlite3_stmt *stmt;
	int rc = prepare(b, &stmt,
			 "INSERT OR IGNORE INTO event(terminal, epoch, seq, at_ms, mono_ms, boot,"
			 " basket, kind, body, scan_session, scan_seq)"
			 " VALUES(?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, ''), ?8, ?9, nullif(?10, 0),"
			 " CASE WHEN ?10 <> 0 THEN ?11 END)",
			 &p, err);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 3, e->seq);
	sqlite3_bind_int64(stmt, 4, e->at_ms);
	sqlite3_bind_int64(stmt, 5, e->mono_ms);
	sqlite3_bind_int64(stmt, 6, e->boot);
	sqlite3_bind_text(stmt, 7, e->basket, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 8, e->kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 9, e->body, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 10, e->scan_session);
	sqlite3_bind_int64(stmt, 11, e->scan_seq);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = gw_db_fail(b->db, err, b->path);
	sqlite3_finalize(stmt);
	return rc;
}

static int fetch(struct book *b, const char *till, const char *epoch, int64_t first, int64_t last,
		 struct gw_err *err)
{
	return b->archive.fetch != NULL
		       ? b->archive.fetch(b->archive.ctx, till, epoch, first, last, err)
		       : GW_OK;
}

int book_intake_bring_back(struct book *b, const struct gw_batch_header *h, struct gw_err *err)
{
	struct bound p = {.texts = {h->till, h->epoch},
			  .text_count = 2,
			  .numbers = {h->first, h->last},
			  .number_count = 2};
	int64_t overlaps;
	int rc = number_of(b,
			   "SELECT 1 FROM file WHERE terminal = ?1 AND epoch = ?2 AND last >= ?3"
			   " AND first <= ?4 AND state = 1 LIMIT 1",
			   &p, &overlaps, err);

	return rc == GW_OK && overlaps != 0 ? fetch(b, h->till, h->epoch, h->first, h->last, err)
					    : rc;
}

int book_intake_bring_epoch(struct book *b, const char *till, const char *epoch, struct gw_err *err)
{
	return fetch(b, till, epoch, 1, INT64_MAX, err);
}

/* --- handing on ------------------------------------------------------------------------------- */

int book_intake_place(struct book *b, const char *place, bool *handed, struct gw_err *err)
{
	struct bound here = {.texts = {place}, .text_count = 1}, none = {.text_count = 0};
	int64_t fits = 0, version = 0, done;
	int rc = number_of(b, "DELETE FROM archive WHERE version = 0", &none, &done, err);

	if (rc == GW_OK)
		rc = number_of(b,
			       "INSERT INTO archive SELECT ?1, 0 WHERE NOT EXISTS"
			       " (SELECT 1 FROM archive)",
			       &here, &done, err);
	if (rc == GW_OK)
		rc = number_of(b, "SELECT count(*) FROM archive WHERE place = ?1", &here, &fits,
			       err);
	if (rc == GW_OK)
		rc = number_of(b, "SELECT version FROM archive", &none, &version, err);
	*handed = version > 0;
	if (rc == GW_OK && fits == 0)
		rc = gw_err_set(err, GW_E_INPUT,
				"%s hands its events on to another place than %s; to fill a second "
				"one, move the file away and collect all batches again",
				b->path, place);
	return rc;
}

int book_intake_waiting(struct book *b, int64_t most, int64_t *count, struct gw_err *err)
{
	struct bound p = {.numbers = {most + 1}, .number_count = 1};

	return number_of(b, "SELECT count(*) FROM (SELECT 1 FROM event LIMIT ?1)", &p, count, err);
}

int book_intake_version(struct book *b, int64_t now_ms, int64_t *version, struct gw_err *err)
{
	struct bound p = {.numbers = {now_ms}, .number_count = 1}, none = {.text_count = 0};
	int64_t done;
	int rc = number_of(b, "UPDATE archive SET version = max(version + 1, ?1)", &p, &done, err);

	return rc == GW_OK ? number_of(b, "SELECT version FROM archive", &none, version, err) : rc;
}

int book_intake_prune(struct book *b, struct gw_err *err)
{
	int rc = gw_db_exec(
		b->db,
		"BEGIN IMMEDIATE; DELETE FROM event;"
		"DELETE FROM sale AS s WHERE opened_ms < (SELECT max(opened_ms) FROM"
		" sale AS n WHERE n.terminal = s.terminal AND n.epoch = s.epoch) - " ABANDONED_MS
		";"
		"DELETE FROM sale WHERE closed_ms IS NOT NULL;"
		"DELETE FROM sale_line WHERE (terminal, epoch, basket) NOT IN"
		" (SELECT terminal, epoch, basket FROM sale);"
		"DELETE FROM offer WHERE (terminal, epoch, basket) NOT IN"
		" (SELECT terminal, epoch, basket FROM sale);"
		"COMMIT",
		err);

	if (rc < 0 && sqlite3_get_autocommit(b->db) == 0)
		gw_db_exec(b->db, "ROLLBACK", NULL);
	return rc;
}
