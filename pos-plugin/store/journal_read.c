#include "store/journal_private.h"

#include <stdio.h>
#include <string.h>

#include "model/event_json.h"

static int decode_row(sqlite3_stmt *stmt, struct gw_event *e, char *room)
{
	const char *kind = (const char *)sqlite3_column_text(stmt, 3);
	const char *basket = (const char *)sqlite3_column_text(stmt, 2);
	enum gw_event_kind k = kind != NULL ? gw_event_kind_of(kind, strlen(kind)) : GW_EV_COUNT;
	int rc;

	if (k == GW_EV_COUNT)
		return GW_E_NOT_FOUND;
	rc = gw_event_json_decode(e, room, k, (const char *)sqlite3_column_text(stmt, 4),
				  (size_t)sqlite3_column_bytes(stmt, 4), NULL);
	e->at_ms = sqlite3_column_int64(stmt, 0);
	e->mono_ms = sqlite3_column_int64(stmt, 1);
	snprintf(e->basket, sizeof(e->basket), "%s", basket != NULL ? basket : "");
	return rc;
}

static int each_row(struct gw_journal *j, const char *sql,
		    int (*each)(void *ctx, int64_t seq, const struct gw_event *), void *ctx,
		    struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc;

	if (j->file.db == NULL)
		return gw_journal_tell(j, err);
	rc = gw_db_prepare(j->file.db, &stmt, sql, err);
	while (rc >= 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct gw_event e;
		int64_t seq = sqlite3_column_int64(stmt, 5);
		int known = decode_row(stmt, &e, j->room);

		if (known == GW_E_INPUT && err != NULL)
			rc = gw_err_set(err, GW_E_INPUT, "%s: event %lld cannot be read", j->path,
					(long long)seq);
		else if (known == GW_OK)
			rc = each(ctx, seq, &e);
	}
	if (rc >= 0 && step != SQLITE_DONE)
		rc = gw_db_fail(j->file.db, err, j->path);
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : GW_OK;
}

struct each_open {
	int (*each)(void *ctx, const struct gw_event *event);
	void *ctx;
};

static int call_each(void *ctx, int64_t seq, const struct gw_event *e)
{
	const struct each_open *o = ctx;

	(void)seq;
	return o->each(o->ctx, e);
}

int gw_journal_each_open(struct gw_journal *j, int (*each)(void *ctx, const struct gw_event *event),
			 void *ctx)
{
	struct each_open o = {each, ctx};

	return each_row(j,
			"SELECT at_ms, mono_ms, basket, kind, body, seq FROM event"
			" WHERE seq >= (SELECT min(opened_seq) FROM sale WHERE closed_ms IS NULL)"
			" AND basket IN (SELECT basket FROM sale WHERE closed_ms IS NULL)"
			" ORDER BY seq",
			call_each, &o, NULL);
}

bool gw_journal_till_tenders(struct gw_journal *j)
{
	static const char sql[] =
		"SELECT 1 FROM (SELECT reason FROM sale WHERE closed_ms IS NOT NULL"
		" ORDER BY closed_ms DESC LIMIT 20) WHERE reason = 'tender'";
	sqlite3_stmt *stmt;
	bool found;

	if (j->file.db == NULL || gw_db_prepare(j->file.db, &stmt, sql, NULL) < 0)
		return false;
	found = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return found;
}

static int project_one(void *ctx, int64_t seq, const struct gw_event *e)
{
	struct gw_jfile *f = ctx;

	return gw_project_apply(&f->project, seq, e) == SQLITE_OK ? GW_OK : GW_E_STORAGE;
}

int gw_journal_rebuild(struct gw_journal *j, struct gw_err *err)
{
	struct gw_jfile_tail before = j->file.tail;
	int rc;

	if (j->failing && gw_journal_recover(j, &(int64_t){0}) < 0)
		return gw_journal_tell(j, err);
	if (gw_jfile_begin(&j->file) != SQLITE_OK)
		return gw_db_fail(j->file.db, err, j->path);
	rc = gw_project_clear(j->file.db, err);
	j->file.project.cashier[0] = '\0';
	if (rc == GW_OK)
		rc = each_row(j,
			      "SELECT at_ms, mono_ms, basket, kind, body, seq FROM event"
			      " ORDER BY seq",
			      project_one, &j->file, err);
	if (rc == GW_OK && gw_jfile_commit(&j->file) == SQLITE_OK)
		return GW_OK;
	if (rc == GW_OK)
		rc = gw_db_fail(j->file.db, err, j->path);
	gw_jfile_rollback(&j->file, &before);
	return rc;
}
