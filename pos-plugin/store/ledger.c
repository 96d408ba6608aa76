/*
 * Journals and collections are attached and their rows of the period copied; batches are derived
 * event by event.  Either way the rows end up in the collector's tables, so that one set of queries
 * serves a till, a shop and a chain.
 */
#include "store/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/home.h"
#include "base/when.h"
#include "model/event_json.h"
#include "store/batch.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/project.h"

#define DEPTH_MAX   16
#define COLUMNS_MAX 16

struct gw_ledger {
	sqlite3 *db;
	struct gw_project project;
	int64_t sources;
	char room[GW_EVENT_ROOM];
};

int gw_ledger_new(struct gw_ledger **ledger, struct gw_err *err)
{
	struct gw_ledger *s = calloc(1, sizeof(*s));
	int rc = GW_OK;

	*ledger = NULL;
	if (s == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	if (sqlite3_open_v2(":memory:", &s->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_URI |
				    SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
	if (rc == GW_OK)
		rc = gw_db_exec(s->db, "PRAGMA temp_store=MEMORY", err);
	if (rc == GW_OK)
		rc = gw_project_create(s->db, true, err);
	if (rc == GW_OK)
		rc = gw_project_init(&s->project, s->db, true, err);
	if (rc < 0)
		gw_ledger_free(s);
	else
		*ledger = s;
	return rc;
}

void gw_ledger_free(struct gw_ledger *s)
{
	if (s == NULL)
		return;
	gw_project_release(&s->project);
	sqlite3_close(s->db);
	free(s);
}

int64_t gw_ledger_sources(const struct gw_ledger *s)
{
	return s->sources;
}

/* --- journals and collections ----------------------------------------------------------------- */

#define SALE_COLUMNS                                                                               \
	"basket, opened_seq, opened_ms, closed_ms, state, cashier, segment, lines, items,"         \
	" total_minor, total_from_till, reason, "
#define OFFSET "utc_offset_min"
#define LINE_COLUMNS                                                                               \
	"basket, line, at_ms, code, name, qty, price_minor, milli, source, offer, known, voided"
#define OFFER_COLUMNS                                                                              \
	"basket, offer, ghost, at_ms, rule, kind, code, pos_code, name, price_minor, saves_minor," \
	" margin_minor, subtotal_minor, experiment, arm, table_version, eligible,"                 \
	" propensity_ppm, holdout_ppm, bucket_ppm, eligible_ids, result, why, ended_ms, ms,"       \
	" value_minor, line"
#define COPY_AS(table, columns, keys, values, from)                                                \
	"INSERT OR IGNORE INTO main." table "(terminal, epoch, " columns ") SELECT " keys          \
	", " values " FROM source." table " " from
#define COPY(table, columns, keys, from) COPY_AS(table, columns, keys, columns, from)

/*
 * What the event that opened a sale says, for rows that programs of before wrote: one look-up by
 * primary key.  A body that is no JSON says nothing.
 */
#define TOLD(of_journal)                                                                           \
	"(SELECT CASE WHEN json_valid(body) THEN CASE WHEN json_type(body, '$.utc_offset') = "     \
	"'integer' AND json_extract(body, '$.utc_offset') BETWEEN -1440 AND 1440"                  \
	" THEN json_extract(body, '$.utc_offset') END END FROM source.event e WHERE " of_journal   \
	"e.seq = sale.opened_seq)"
#define OF_KEYED "e.terminal = sale.terminal AND e.epoch = sale.epoch AND "

#define WHOSE                                                                                      \
	"(SELECT group_concat(value, '-') FROM (SELECT value FROM source.meta WHERE key IN"        \
	" ('store', 'terminal') ORDER BY key)), (SELECT value FROM source.meta WHERE key = "       \
	"'epoch')"
#define CLOSED    "WHERE closed_ms >= ?1 AND closed_ms < ?2"
#define OF_CLOSED "WHERE basket IN (SELECT basket FROM source.sale " CLOSED ")"
#define OF_CLOSED_KEYED                                                                            \
	"WHERE (terminal, epoch, basket) IN (SELECT terminal, epoch, basket FROM "                 \
	"source.sale " CLOSED ")"

/* [the table has the column] */
static const char *const copy_journal_sale[] = {
	COPY_AS("sale", SALE_COLUMNS OFFSET, WHOSE, SALE_COLUMNS TOLD(""), CLOSED),
	COPY_AS("sale", SALE_COLUMNS OFFSET, WHOSE,
		SALE_COLUMNS "coalesce(" OFFSET ", " TOLD("") ")", CLOSED),
};
static const char *const copy_collection_sale[] = {
	COPY_AS("sale", SALE_COLUMNS OFFSET, "terminal, epoch", SALE_COLUMNS TOLD(OF_KEYED),
		CLOSED),
	COPY_AS("sale", SALE_COLUMNS OFFSET, "terminal, epoch",
		SALE_COLUMNS "coalesce(" OFFSET ", " TOLD(OF_KEYED) ")", CLOSED),
};
static const char *const copy_journal[] = {
	COPY("sale_line", LINE_COLUMNS, WHOSE, OF_CLOSED),
	COPY("offer", OFFER_COLUMNS, WHOSE, OF_CLOSED),
};
static const char *const copy_collection[] = {
	COPY("sale_line", LINE_COLUMNS, "terminal, epoch", OF_CLOSED_KEYED),
	COPY("offer", OFFER_COLUMNS, "terminal, epoch", OF_CLOSED_KEYED),
};

/* Sales that closed in the period whatever their offset: a day more on both sides. */
static int copy(struct gw_ledger *s, const char *sql, const struct gw_period *period,
		struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(s->db, &stmt, sql, err);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, period->from_ms - GW_DAY_MS);
	sqlite3_bind_int64(stmt, 2, period->to_ms + GW_DAY_MS);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = gw_db_fail(s->db, err, "cannot read the sales");
	sqlite3_finalize(stmt);
	return rc;
}

/*
 * Opens the source on its own first: that gives the better error messages, and tells whether it can
 * only be read as a file at rest.
 */
static int identify(const char *path, bool *collection, char *uri, size_t size, struct gw_err *err)
{
	struct gw_err as_journal = {0};
	sqlite3 *db;
	int rc = gw_db_open(&db, path, GW_DB_READ, NULL, err);

	if (rc < 0)
		return rc;
	rc = gw_db_identify(db, path, GW_JOURNAL_ID, GW_JOURNAL_SCHEMA, "journal", &as_journal);
	*collection = rc < 0 && gw_db_identify(db, path, GW_LEDGER_COLLECTION_ID,
					       GW_LEDGER_COLLECTION_SCHEMA, "journal", err) == 1;
	if (*collection)
		rc = 1;
	else if (rc < 0 && err != NULL)
		*err = as_journal;
	gw_db_uri(uri, size, db);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	gw_db_close(&db);
	return rc;
}

static int attach(struct gw_ledger *s, const char *uri, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(s->db, &stmt, "ATTACH ?1 AS source", err);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, uri, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = gw_db_fail(s->db, err, uri);
	sqlite3_finalize(stmt);
	return rc;
}

static int copy_all(struct gw_ledger *s, bool collection, const struct gw_period *period,
		    struct gw_err *err)
{
	bool told = gw_project_has_offset(s->db, "source");
	int rc =
		copy(s, (collection ? copy_collection_sale : copy_journal_sale)[told], period, err);

	for (int i = 0; i < 2 && rc == GW_OK; i++)
		rc = copy(s, (collection ? copy_collection : copy_journal)[i], period, err);
	return rc;
}

static int add_database(struct gw_ledger *s, const char *path, const struct gw_period *period,
			struct gw_err *err)
{
	char uri[3 * GW_PATH_MAX + 64];
	bool collection;
	int rc = identify(path, &collection, uri, sizeof(uri), err);

	if (rc <= 0)
		return rc;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	rc = attach(s, uri, err);
	if (rc == GW_OK)
		rc = copy_all(s, collection, period, err);
	if (rc == GW_OK)
		s->sources++;
	sqlite3_exec(s->db, "DETACH source", NULL, NULL, NULL);
	return rc;
}

/* --- batches ---------------------------------------------------------------------------------- */

static int add_events(struct gw_ledger *s, const struct gw_batch *b, const char *path,
		      struct gw_err *err)
{
	for (size_t i = 0; i < gw_batch_count(b); i++) {
		struct gw_event_row row;
		struct gw_err inner = {0};
		size_t len;
		const char *line = gw_batch_line(b, i, &len);
		int rc = gw_event_json_read_line(&row, s->room, line, len, &inner);

		if (rc == GW_E_NOT_FOUND)
			continue;
		if (rc < 0)
			return gw_err_set(err, rc, "%s: line %zu: %s", path, i + 2, inner.text);
		if (gw_project_apply(&s->project, row.seq, &row.event) != SQLITE_OK)
			return gw_db_fail(s->db, err, path);
	}
	return GW_OK;
}

static int add_batch(struct gw_ledger *s, const char *path, struct gw_err *err)
{
	const struct gw_batch_header *h;
	struct gw_batch *b;
	int rc = gw_batch_load(&b, path, err);

	if (rc < 0)
		return rc;
	h = gw_batch_header(b);
	gw_project_terminal(&s->project, h->till, h->epoch);
	rc = gw_db_exec(s->db, "BEGIN", err);
	if (rc == GW_OK)
		rc = add_events(s, b, path, err);
	if (rc == GW_OK)
		rc = gw_db_exec(s->db, "COMMIT", err);
	else
		gw_db_exec(s->db, "ROLLBACK", NULL);
	if (rc == GW_OK)
		s->sources++;
	gw_batch_free(b);
	return rc;
}

/* --- any path --------------------------------------------------------------------------------- */

static int add_path(struct gw_ledger *s, const char *path, const struct gw_period *period,
		    int depth, struct gw_err *err);

enum what { DATABASE, BATCH, OTHER };

static enum what look(const char *path)
{
	static const char database[] = "SQLite format 3";
	char head[16] = "";
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL)
		return OTHER;
	n = fread(head, 1, sizeof(head), f);
	fclose(f);
	if (n == sizeof(head) && memcmp(head, database, sizeof(database)) == 0)
		return DATABASE;
	return gw_batch_is_one(head, n) ? BATCH : OTHER;
}

/* In name order, so that a terminal's batches come in the order they were sealed. */
static int add_folder(struct gw_ledger *s, const char *path, const struct gw_period *period,
		      int depth, struct gw_err *err)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	int rc = GW_OK;

	if (n < 0)
		return gw_err_errno(err, GW_E_STORAGE, errno, "cannot read the folder %s", path);
	for (int i = 0; i < n; i++) {
		char inner[GW_PATH_MAX];

		if (rc == GW_OK && names[i]->d_name[0] != '.')
			rc = gw_path_join(inner, path, names[i]->d_name, err);
		if (rc == GW_OK && names[i]->d_name[0] != '.' && depth < DEPTH_MAX)
			rc = add_path(s, inner, period, depth + 1, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

/* Below a folder only what says it is one of ours is taken: table.db and the like are passed over.
 */
static int add_path(struct gw_ledger *s, const char *path, const struct gw_period *period,
		    int depth, struct gw_err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return gw_err_errno(err,
				    errno == ENOENT   ? GW_E_NOT_FOUND
				    : errno == EACCES ? GW_E_DENIED
						      : GW_E_STORAGE,
				    errno, "cannot open %s", path);
	if (S_ISDIR(st.st_mode))
		return add_folder(s, path, period, depth, err);
	switch (look(path)) {
	case BATCH:
		return add_batch(s, path, err);
	case DATABASE:
		if (depth == 0 || gw_db_is(path, GW_JOURNAL_ID) ||
		    gw_db_is(path, GW_LEDGER_COLLECTION_ID))
			return add_database(s, path, period, err);
		return GW_OK;
	default:
		if (depth > 0)
			return GW_OK;
		return gw_err_set(err, GW_E_INPUT,
				  "%s is neither a journal, a batch nor a collection", path);
	}
}

int gw_ledger_add(struct gw_ledger *s, const char *path, const struct gw_period *period,
		  struct gw_err *err)
{
	return add_path(s, path, period, 0, err);
}

/* --- asking ----------------------------------------------------------------------------------- */

static int row_of(sqlite3_stmt *stmt, struct gw_cell cells[COLUMNS_MAX])
{
	int n = sqlite3_column_count(stmt);

	for (int i = 0; i < n && i < COLUMNS_MAX; i++) {
		bool text = sqlite3_column_type(stmt, i) == SQLITE_TEXT;

		cells[i].text = text ? (const char *)sqlite3_column_text(stmt, i) : NULL;
		cells[i].number = text ? 0 : sqlite3_column_int64(stmt, i);
	}
	return n;
}

int gw_ledger_ask(void *ledger, enum gw_query query, const struct gw_period *period,
		  int (*each)(void *ctx, const struct gw_cell *cells, int count), void *ctx,
		  struct gw_err *err)
{
	struct gw_ledger *s = ledger;
	struct gw_cell cells[COLUMNS_MAX];
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = gw_db_prepare(s->db, &stmt, gw_query_sqlite(query), err);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(stmt, 1, period->from_ms);
	sqlite3_bind_int64(stmt, 2, period->to_ms);
	sqlite3_bind_int64(stmt, 3, period->utc_from_ms);
	sqlite3_bind_int64(stmt, 4, period->utc_to_ms);
	sqlite3_bind_int64(stmt, 5, period->assumed_ms);
	while (rc >= 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		int n = row_of(stmt, cells);

		rc = each(ctx, cells, n);
	}
	if (rc >= 0 && step != SQLITE_DONE)
		rc = gw_db_fail(s->db, err, "query");
	sqlite3_finalize(stmt);
	return rc < 0 ? rc : GW_OK;
}
