/*
 * collect --into clickhouse:...: the book checks, folds and queues (tools/sync/book_intake.h); here
 * its rows go to the server, and come back when the book needs them again.
 *
 * Rows are sent as gzip NDJSON in inserts of a few megabytes.  An insert that fails, or whose
 * answer is lost, is sent again by the next run; the tables' keys make that harmless.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/db.h"
#include "tools/net/gzip.h"
#include "tools/sync/book_intake.h"
#include "tools/sync/clickhouse_tables.h"
#include "tools/sync/sink.h"

#define INSERT_PLAIN (16u << 20) /* bytes of one insert, unpacked */
#define PATIENCE     200000      /* events */
#define ROW_FIRST    (1u << 16)
#define ROW_MOST     (64u << 20)

struct clickhouse_sink {
	struct sink base;
	struct gw_clickhouse *server;
	struct gw_gzip *packed;
	char *row;
	size_t row_size;
	const char *table; /* the insert being filled */
	bool progress;
};

/* --- inserts ---------------------------------------------------------------------------------- */

static int flush(struct clickhouse_sink *k, struct gw_err *err)
{
	const void *data;
	size_t len;
	int rc;

	if (gw_gzip_plain(k->packed) == 0)
		return GW_OK;
	if (gw_gzip_end(k->packed, &data, &len) < 0)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	rc = gw_clickhouse_insert(k->server, k->table, data, len, err);
	gw_gzip_clear(k->packed);
	return rc;
}

static int send_row(struct clickhouse_sink *k, const struct gw_text *row, struct gw_err *err)
{
	if (gw_gzip_add(k->packed, row->at, row->len) < 0)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	return gw_gzip_plain(k->packed) >= INSERT_PLAIN ? flush(k, err) : GW_OK;
}

static bool grow_row(struct clickhouse_sink *k)
{
	char *row = k->row_size < ROW_MOST ? realloc(k->row, k->row_size * 2) : NULL;

	if (row == NULL)
		return false;
	k->row = row;
	k->row_size *= 2;
	return true;
}

/* Columns of a row as members of an object; they are the statement's, from `from` on. */
static void add_columns(struct gw_json *j, sqlite3_stmt *stmt, int from,
			const struct ch_column *columns)
{
	for (int i = 0; columns[i].name != NULL; i++) {
		bool null = sqlite3_column_type(stmt, from + i) == SQLITE_NULL;

		gw_json_key(j, columns[i].name);
		if (columns[i].type == CH_TEXT && !null)
			gw_json_string_len(j, (const char *)sqlite3_column_text(stmt, from + i),
					   (size_t)sqlite3_column_bytes(stmt, from + i));
		else if (columns[i].type == CH_TEXT)
			gw_json_string(j, "");
		else if (null && columns[i].type == CH_INT_OR_NULL)
			gw_json_null(j);
		else
			gw_json_int(j, sqlite3_column_int64(stmt, from + i));
	}
}

static int book_failed(struct clickhouse_sink *k, struct gw_err *err)
{
	return gw_db_fail(book_intake_db(k->base.book), err, "the intake");
}

/* --- events ----------------------------------------------------------------------------------- */

static void list_columns(struct gw_text *sql, const struct ch_column *columns)
{
	for (const struct ch_column *c = columns; c->name != NULL; c++)
		gw_text_addf(sql, "%s%s", c != columns ? ", " : "", c->name);
}

static int prepare_list(struct clickhouse_sink *k, sqlite3_stmt **stmt, const char *from,
			const struct ch_column *columns, struct gw_err *err)
{
	char room[1024];
	struct gw_text sql = gw_text_over(room, sizeof(room));

	gw_text_add(&sql, "SELECT ");
	list_columns(&sql, columns);
	gw_text_addf(&sql, " FROM %s ORDER BY 1, 2, 3", from);
	return gw_db_prepare(book_intake_db(k->base.book), stmt, room, err);
}

static int send_event(struct clickhouse_sink *k, sqlite3_stmt *stmt, struct gw_err *err)
{
	for (;;) {
		struct gw_text t = gw_text_over(k->row, k->row_size);
		struct gw_json j = gw_json_over(&t);

		gw_json_begin(&j, '{');
		add_columns(&j, stmt, 0, ch_event);
		gw_json_end(&j, '}');
		gw_text_add_char(&t, '\n');
		if (!t.cut)
			return send_row(k, &t, err);
		if (!grow_row(k))
			return gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
}

static int send_events(struct clickhouse_sink *k, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, rc = prepare_list(k, &stmt, "event", ch_event, err);

	if (rc < 0)
		return rc;
	k->table = "event";
	while (rc == GW_OK && (step = sqlite3_step(stmt)) == SQLITE_ROW)
		rc = send_event(k, stmt, err);
	if (rc == GW_OK && step != SQLITE_DONE)
		rc = book_failed(k, err);
	sqlite3_finalize(stmt);
	return rc == GW_OK ? flush(k, err) : rc;
}

/* --- sales ------------------------------------------------------------------------------------ */

/* One row of JSON arrays, an array a column, of what belongs to a sale. */
static int prepare_inside(struct clickhouse_sink *k, sqlite3_stmt **stmt, const char *table,
			  const char *order, const struct ch_column *columns, struct gw_err *err)
{
	char room[2048];
	struct gw_text sql = gw_text_over(room, sizeof(room));

	gw_text_add(&sql, "SELECT ");
	for (const struct ch_column *c = columns; c->name != NULL; c++) {
		const char *null = c->type == CH_TEXT ? ", '')" : c->type == CH_INT ? ", 0)" : "";

		gw_text_addf(&sql, "%sjson_group_array(%s%s%s)", c != columns ? ", " : "",
			     null[0] != '\0' ? "coalesce(" : "", c->name, null);
	}
	gw_text_addf(&sql,
		     " FROM (SELECT * FROM %s WHERE terminal = ?1 AND epoch = ?2 AND basket = ?3"
		     " ORDER BY %s)",
		     table, order);
	return gw_db_prepare(book_intake_db(k->base.book), stmt, room, err);
}

struct sale_reader {
	sqlite3_stmt *sale, *lines, *offers;
};

static int step_inside(struct clickhouse_sink *k, sqlite3_stmt *inside, sqlite3_stmt *sale,
		       struct gw_err *err)
{
	sqlite3_reset(inside);
	for (int i = 0; i < 3; i++)
		sqlite3_bind_text(inside, i + 1, (const char *)sqlite3_column_text(sale, i), -1,
				  SQLITE_TRANSIENT);
	return sqlite3_step(inside) == SQLITE_ROW ? GW_OK : book_failed(k, err);
}

static void add_inside(struct gw_json *j, const char *what, sqlite3_stmt *stmt,
		       const struct ch_column *columns)
{
	for (int i = 0; columns[i].name != NULL; i++) {
		char key[64];

		snprintf(key, sizeof(key), "%s.%s", what, columns[i].name);
		gw_json_key(j, key);
		gw_json_raw(j, (const char *)sqlite3_column_text(stmt, i),
			    (size_t)sqlite3_column_bytes(stmt, i));
	}
}

static int send_sale(struct clickhouse_sink *k, const struct sale_reader *r, int64_t version,
		     struct gw_err *err)
{
	int rc = step_inside(k, r->lines, r->sale, err);

	if (rc == GW_OK)
		rc = step_inside(k, r->offers, r->sale, err);
	while (rc == GW_OK) {
		struct gw_text t = gw_text_over(k->row, k->row_size);
		struct gw_json j = gw_json_over(&t);

		gw_json_begin(&j, '{');
		add_columns(&j, r->sale, 0, ch_sale);
		add_inside(&j, "line", r->lines, ch_line);
		add_inside(&j, "offer", r->offers, ch_offer);
		gw_json_member_int(&j, "version", version);
		gw_json_end(&j, '}');
		gw_text_add_char(&t, '\n');
		if (!t.cut)
			return send_row(k, &t, err);
		if (!grow_row(k))
			rc = gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	return rc;
}

/* Those that events in the queue belong to: no others can have changed. */
static int send_sales(struct clickhouse_sink *k, int64_t version, struct gw_err *err)
{
	static const char from[] = "sale WHERE (terminal, epoch, basket) IN"
				   " (SELECT terminal, epoch, basket FROM event)";
	struct sale_reader r = {NULL, NULL, NULL};
	int step = SQLITE_DONE, rc = prepare_list(k, &r.sale, from, ch_sale, err);

	if (rc == GW_OK)
		rc = prepare_inside(k, &r.lines, "sale_line", "line", ch_line, err);
	if (rc == GW_OK)
		rc = prepare_inside(k, &r.offers, "offer", "offer", ch_offer, err);
	k->table = "sale";
	while (rc == GW_OK && (step = sqlite3_step(r.sale)) == SQLITE_ROW)
		rc = send_sale(k, &r, version, err);
	if (rc == GW_OK && step != SQLITE_DONE)
		rc = book_failed(k, err);
	sqlite3_finalize(r.sale);
	sqlite3_finalize(r.lines);
	sqlite3_finalize(r.offers);
	return rc == GW_OK ? flush(k, err) : rc;
}

static int settle(struct sink *base, struct gw_err *err)
{
	struct clickhouse_sink *k = (struct clickhouse_sink *)base;
	int64_t version, count;
	int rc = book_intake_waiting(base->book, 0, &count, err);

	if (rc < 0 || count == 0)
		return rc;
	if (k->progress)
		fprintf(stderr, "\r\033[Kto %s ...", gw_clickhouse_name(k->server));
	gw_gzip_clear(k->packed);
	rc = book_intake_version(base->book, sync_now_ms(), &version, err);
	if (rc == GW_OK)
		rc = send_events(k, err);
	if (rc == GW_OK)
		rc = send_sales(k, version, err);
	return rc == GW_OK ? book_intake_prune(base->book, err) : rc;
}

static int64_t waiting(struct sink *base)
{
	int64_t count;

	return book_intake_waiting(base->book, PATIENCE, &count, NULL) == GW_OK ? count : INT64_MAX;
}

/* --- bringing back ---------------------------------------------------------------------------- */

struct fetching {
	struct clickhouse_sink *sink;
	const char *till, *epoch;
	struct gw_err *err;
};

static int take_event(void *ctx, const struct gw_rows_cell *cells, int columns)
{
	struct fetching *f = ctx;
	struct book_event e = {.till = f->till,
			       .epoch = f->epoch,
			       .basket = cells[4].text,
			       .kind = cells[5].text,
			       .body = cells[6].text};
	int64_t *const numbers[] = {&e.seq, &e.at_ms, &e.mono_ms,      &e.boot,    NULL,
				    NULL,   NULL,     &e.scan_session, &e.scan_seq};

	for (int i = 0; i < columns; i++)
		if (numbers[i] != NULL ? !gw_rows_number(&cells[i], numbers[i])
				       : cells[i].text == NULL)
			return gw_err_set(f->err, GW_E_INPUT, "%s: an event makes no sense",
					  gw_clickhouse_name(f->sink->server));
	return book_intake_put(f->sink->base.book, &e, f->err);
}

static int fetch(void *ctx, const char *till, const char *epoch, int64_t first, int64_t last,
		 struct gw_err *err)
{
	struct clickhouse_sink *k = ctx;
	struct fetching f = {k, till, epoch, err};
	char room[1024];
	struct gw_text sql = gw_text_over(room, sizeof(room));

	gw_text_add(&sql, "SELECT seq, at_ms, mono_ms, boot, basket, kind, body, scan_session,"
			  " scan_seq FROM event FINAL WHERE terminal = ");
	gw_clickhouse_quote(&sql, till);
	gw_text_add(&sql, " AND epoch = ");
	gw_clickhouse_quote(&sql, epoch);
	gw_text_addf(&sql, " AND seq >= %" PRId64 " AND seq <= %" PRId64 " ORDER BY seq", first,
		     last);
	return gw_clickhouse_ask(k->server, room, 9, take_event, &f, err);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void close_sink(struct sink *base)
{
	struct clickhouse_sink *k = (struct clickhouse_sink *)base;

	gw_clickhouse_close(k->server);
	gw_gzip_free(k->packed);
	book_close(base->book);
	free(k->row);
	free(k);
}

static int ignore_row(void *ctx, const struct gw_rows_cell *cells, int columns)
{
	(void)ctx;
	(void)cells;
	(void)columns;
	return GW_OK;
}

/* A cluster's tables are made node by node: on a node without them every insert would fail. */
static int check_shards(struct clickhouse_sink *k, const char *cluster, struct gw_err *err)
{
	struct gw_err why = {0};
	int rc = gw_clickhouse_ask(k->server,
				   "SELECT (SELECT count() FROM event), count() FROM sale WHERE"
				   " terminal = '' AND utc_offset_min = 0",
				   2, ignore_row, NULL, &why);

	if ((rc == GW_E_NOT_FOUND || rc == GW_E_DEVICE) && cluster != NULL)
		return gw_err_set(
			err, rc,
			"not every node of %s answers, or has the tables yet: run `goeswith-sync "
			"schema --cluster %s` with the addresses of all of them (%.200s)",
			cluster, cluster, why.text);
	if (rc == GW_E_UNSUPPORTED)
		return gw_err_set(err, rc,
				  "a node has the tables of another goeswith: run `goeswith-sync "
				  "schema` with "
				  "the addresses of all of them (%.200s)",
				  why.text);
	return rc < 0 ? gw_err_set(err, rc, "%s", why.text) : GW_OK;
}

/* Tables are made where nothing was handed on yet; where they have vanished, something is wrong. */
static int find_tables(struct clickhouse_sink *k, const char *cluster, bool handed,
		       struct gw_err *err)
{
	bool found, made, changed = false;
	int rc = ch_find(k->server, &found, err);

	if (rc == GW_OK && !found && handed)
		return gw_err_set(err, GW_E_STORAGE,
				  "%s has lost the tables it had: restore them, or move the intake "
				  "away and collect all batches again",
				  gw_clickhouse_name(k->server));
	if (rc == GW_OK && (!found || cluster != NULL))
		rc = ch_make(k->server, cluster, &made, err);
	if (rc == GW_OK && found)
		rc = ch_upgrade(k->server, &changed, err);
	if (rc == GW_OK && changed)
		fprintf(stderr,
			"goeswith-sync: %s: the tables were of an older goeswith, columns "
			"added\n",
			gw_clickhouse_name(k->server));
	if (rc == GW_OK && !found)
		fprintf(stderr, "goeswith-sync: made the tables in %s (ClickHouse %s%s%s)\n",
			gw_clickhouse_name(k->server), gw_clickhouse_version(k->server),
			cluster != NULL ? ", cluster " : "", cluster != NULL ? cluster : "");
	return rc == GW_OK ? check_shards(k, cluster, err) : rc;
}

static int open_steps(struct clickhouse_sink *k, const char *into, const char *book_path,
		      const struct sync *s, struct gw_err *err)
{
	struct book_archive archive = {fetch, k};
	bool handed = false;
	int rc = gw_clickhouse_open(&k->server, into, "goeswith-sync", s->conf, err);

	if (rc == GW_OK)
		rc = gw_gzip_new(&k->packed, err);
	if (rc == GW_OK)
		rc = book_open(&k->base.book, book_path, true, err);
	if (rc == GW_OK)
		rc = book_intake_place(k->base.book, gw_clickhouse_name(k->server), &handed, err);
	if (rc == GW_OK)
		rc = find_tables(k, s->cluster, handed, err);
	if (rc == GW_OK)
		book_intake_archive(k->base.book, &archive);
	return rc;
}

static int open_sink(struct sink **sink, const char *into, const char *book_path,
		     const struct sync *s, struct gw_err *err)
{
	struct clickhouse_sink *k = calloc(1, sizeof(*k));
	int rc;

	if (k != NULL)
		k->row = malloc(k->row_size = ROW_FIRST);
	if (k == NULL || k->row == NULL) {
		free(k);
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	k->base.ops = &sink_clickhouse;
	k->progress = s->progress;
	rc = open_steps(k, into, book_path, s, err);
	if (rc < 0)
		close_sink(&k->base);
	else
		*sink = &k->base;
	return rc;
}

const struct sink_ops sink_clickhouse = {"clickhouse:", "intake.db", PATIENCE,  open_sink,
					 settle,        waiting,     close_sink};

/* --- the verb `schema` ------------------------------------------------------------------------ */

static int make_at(struct sync *s, const char *url, struct gw_err *err)
{
	struct gw_clickhouse *c;
	bool made = false, changed = false;
	int rc = gw_clickhouse_open(&c, url, "goeswith-sync", s->conf, err);

	if (rc < 0)
		return rc;
	rc = ch_make(c, s->cluster, &made, err);
	if (rc == GW_OK)
		rc = ch_upgrade(c, &changed, err);
	if (rc == GW_OK)
		printf("%s: %s\n", gw_clickhouse_name(c),
		       made      ? "tables made"
		       : changed ? "tables are there, columns added"
				 : "tables are there");
	gw_clickhouse_close(c);
	return rc;
}

int sync_schema(struct sync *s, struct gw_err *err)
{
	int rc = GW_OK;

	if (s->cli.first == s->cli.argc)
		ch_print("goeswith", s->cluster, stdout);
	for (int i = s->cli.first; i < s->cli.argc && rc == GW_OK; i++)
		rc = make_at(s, s->cli.argv[i], err);
	return rc;
}
