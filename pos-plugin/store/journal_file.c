#include "store/journal_file.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/event_json.h"

static const char schema[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE event(seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL,"
	" mono_ms INTEGER NOT NULL, boot INTEGER NOT NULL, basket TEXT, kind TEXT NOT NULL,"
	" body TEXT NOT NULL, chain BLOB NOT NULL, scan_session INTEGER, scan_seq INTEGER);"
	"CREATE UNIQUE INDEX event_scan ON event(scan_session, scan_seq)"
	" WHERE scan_session IS NOT NULL;"
	"CREATE TABLE dock(session INTEGER PRIMARY KEY, next_seq INTEGER NOT NULL);";

static const char *const statements[GW_JFILE_STATEMENTS] = {
	[GW_JFILE_BEGIN] = "BEGIN IMMEDIATE",
	[GW_JFILE_COMMIT] = "COMMIT",
	[GW_JFILE_ROLLBACK] = "ROLLBACK",
	[GW_JFILE_EVENT] = "INSERT INTO event(seq, at_ms, mono_ms, boot, basket, kind, body,"
			   " chain, scan_session, scan_seq)"
			   " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[GW_JFILE_META] = "INSERT INTO meta(key, value) VALUES(?1, ?2)"
			  " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
	[GW_JFILE_DOCK] = "INSERT INTO dock(session, next_seq) VALUES(?1, ?2) ON CONFLICT(session)"
			  " DO UPDATE SET next_seq = max(next_seq, excluded.next_seq)",
	/* The bound is needed: max() over the partial index only uses it with IS NOT NULL. */
	[GW_JFILE_DOCK_NEXT] =
		"SELECT max(coalesce((SELECT next_seq FROM dock WHERE session = ?1), -1),"
		" coalesce((SELECT max(scan_seq) + 1 FROM event"
		" WHERE scan_session = ?1 AND scan_session IS NOT NULL), -1))",
	[GW_JFILE_SCAN_SEQ] = "SELECT seq FROM event WHERE scan_session = ?1 AND scan_seq = ?2"
			      " AND scan_session IS NOT NULL",
	[GW_JFILE_LAST] = "SELECT seq, chain FROM event ORDER BY seq DESC LIMIT 1",
};

/* --- opening ---------------------------------------------------------------------------------- */

static int put_meta(sqlite3 *db, const char *key, const char *value, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(db, &stmt, statements[GW_JFILE_META], err);

	if (rc < 0)
		return rc;
	sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = gw_db_fail(db, err, "journal");
	sqlite3_finalize(stmt);
	return rc;
}

static int put_identity(sqlite3 *db, const struct gw_journal_config *config, struct gw_err *err)
{
	uint8_t random[8];
	char epoch[GW_EPOCH_MAX], pragma[96];
	int rc;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(epoch, sizeof(epoch), random, sizeof(random));
	snprintf(pragma, sizeof(pragma), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		 GW_JOURNAL_ID, GW_JOURNAL_SCHEMA);
	rc = gw_db_exec(db, pragma, err);
	if (rc == GW_OK)
		rc = put_meta(db, "store", config->store, err);
	if (rc == GW_OK)
		rc = put_meta(db, "terminal", config->terminal, err);
	if (rc == GW_OK)
		rc = put_meta(db, "epoch", epoch, err);
	if (rc == GW_OK)
		rc = put_meta(db, "boot", "0", err);
	return rc == GW_OK ? put_meta(db, "next_basket", "1", err) : rc;
}

static int make_schema(sqlite3 *db, const struct gw_journal_config *config, struct gw_err *err)
{
	int rc;

	if (!config->create)
		return gw_err_set(err, GW_E_INPUT, "%s is empty, not a journal", config->path);
	if (config->store == NULL || config->terminal == NULL)
		return gw_err_set(err, GW_E_INPUT, "a new journal needs a store and a terminal");
	rc = gw_db_exec(db, "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE;", err);
	if (rc == GW_OK)
		rc = gw_db_exec(db, schema, err);
	if (rc == GW_OK)
		rc = gw_project_create(db, false, err);
	if (rc == GW_OK)
		rc = put_identity(db, config, err);
	if (rc == GW_OK)
		rc = gw_db_exec(db, "COMMIT", err);
	/* From now on the file itself says what it is, even to who does not read the WAL. */
	return rc == GW_OK ? gw_db_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", err) : rc;
}

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct gw_jfile *f = ctx;

	(void)db;
	(void)name;
	f->wal_pages = pages;
	return SQLITE_OK;
}

/* A file that was rolled back to another journal mode, or whose settings the file does not keep. */
static int configure(struct gw_jfile *f, const struct gw_journal_config *config, struct gw_err *err)
{
	int rc = gw_db_exec(f->db,
			    "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
			    "PRAGMA journal_size_limit=8388608; PRAGMA temp_store=MEMORY;"
			    "PRAGMA cache_size=-2048;",
			    err);

	if (rc == GW_OK)
		rc = gw_db_exec(f->db,
				config->scratch ? "PRAGMA synchronous=OFF"
						: "PRAGMA synchronous=FULL",
				err);
	sqlite3_wal_hook(f->db, on_wal, f);
	return rc;
}

struct meta_row {
	const char *key;
	char *out;
	size_t size;
};

static int read_meta(sqlite3 *db, const struct meta_row *rows, size_t count, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(db, &stmt, "SELECT value FROM meta WHERE key = ?1", err);

	for (size_t i = 0; i < count && rc == GW_OK; i++) {
		sqlite3_bind_text(stmt, 1, rows[i].key, -1, SQLITE_STATIC);
		rows[i].out[0] = '\0';
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW)
			snprintf(rows[i].out, rows[i].size, "%s",
				 (const char *)sqlite3_column_text(stmt, 0));
		rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? GW_OK : gw_db_fail(db, err, "journal");
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int read_last(struct gw_jfile *f, struct gw_err *err)
{
	sqlite3_stmt *stmt = f->stmt[GW_JFILE_LAST];
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW && sqlite3_column_bytes(stmt, 1) == GW_CHAIN_LEN) {
		f->tail.seq = sqlite3_column_int64(stmt, 0);
		memcpy(f->tail.chain, sqlite3_column_blob(stmt, 1), GW_CHAIN_LEN);
		rc = SQLITE_DONE;
	} else if (rc == SQLITE_ROW) {
		sqlite3_reset(stmt);
		return gw_err_set(err, GW_E_INPUT, "the last event has no chain: damaged");
	} else {
		f->tail.seq = 0;
		gw_chain_start(f->tail.chain, f->epoch, f->store, f->terminal);
	}
	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? GW_OK : gw_db_fail(f->db, err, "journal");
}

static int read_state(struct gw_jfile *f, const struct gw_journal_config *config,
		      struct gw_err *err)
{
	char boot[16], next[16];
	const struct meta_row rows[] = {
		{"store", f->store, sizeof(f->store)},
		{"terminal", f->terminal, sizeof(f->terminal)},
		{"epoch", f->epoch, sizeof(f->epoch)},
		{"boot", boot, sizeof(boot)},
		{"next_basket", next, sizeof(next)},
	};
	int rc = read_meta(f->db, rows, sizeof(rows) / sizeof(rows[0]), err);

	if (rc < 0)
		return rc;
	if ((config->store != NULL && strcmp(config->store, f->store) != 0) ||
	    (config->terminal != NULL && strcmp(config->terminal, f->terminal) != 0))
		return gw_err_set(err, GW_E_INPUT,
				  "%s belongs to %s-%s, not to %s-%s: correct store and terminal, "
				  "or move the journal away",
				  config->path, f->store, f->terminal,
				  config->store != NULL ? config->store : f->store,
				  config->terminal != NULL ? config->terminal : f->terminal);
	f->boot = (uint32_t)strtoul(boot, NULL, 10) + 1;
	f->tail.next_basket = (uint32_t)strtoul(next, NULL, 10);
	if (f->tail.next_basket == 0)
		f->tail.next_basket = 1;
	return read_last(f, err);
}

static int prepare(struct gw_jfile *f, struct gw_err *err)
{
	int rc = GW_OK;

	for (int i = 0; i < GW_JFILE_STATEMENTS && rc == GW_OK; i++)
		rc = gw_db_prepare(f->db, &f->stmt[i], statements[i], err);
	return rc == GW_OK ? gw_project_init(&f->project, f->db, false, err) : rc;
}

static int open_steps(struct gw_jfile *f, const struct gw_journal_config *config,
		      struct gw_err *err)
{
	int rc = gw_db_open(&f->db, config->path, config->create ? GW_DB_CREATE : GW_DB_WRITE,
			    config->vfs, err);

	if (rc == GW_OK)
		rc = gw_db_identify(f->db, config->path, GW_JOURNAL_ID, GW_JOURNAL_SCHEMA,
				    "journal", err);
	if (rc == 0)
		rc = make_schema(f->db, config, err);
	if (rc >= 0)
		rc = configure(f, config, err);
	if (rc == GW_OK)
		rc = gw_project_upgrade(f->db, err);
	if (rc == GW_OK)
		rc = prepare(f, err);
	if (rc == GW_OK)
		rc = read_state(f, config, err);
	return rc;
}

int gw_jfile_open(struct gw_jfile *f, const struct gw_journal_config *config, struct gw_err *err)
{
	int rc;

	memset(f, 0, sizeof(*f));
	if (sodium_init() < 0)
		return gw_err_set(err, GW_E_BUG, "libsodium cannot start");
	f->body = malloc(GW_EVENT_BODY_MAX);
	if (f->body == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	rc = open_steps(f, config, err);
	if (rc < 0)
		gw_jfile_close(f);
	return rc;
}

void gw_jfile_close(struct gw_jfile *f)
{
	for (int i = 0; i < GW_JFILE_STATEMENTS; i++) {
		sqlite3_finalize(f->stmt[i]);
		f->stmt[i] = NULL;
	}
	gw_project_release(&f->project);
	if (f->db != NULL)
		gw_db_close(&f->db);
	free(f->body);
	f->body = NULL;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int run(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_meta(struct gw_jfile *f, const char *key, uint32_t value)
{
	sqlite3_stmt *stmt = f->stmt[GW_JFILE_META];
	char text[16];

	snprintf(text, sizeof(text), "%" PRIu32, value);
	sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, text, -1, SQLITE_TRANSIENT);
	return run(stmt);
}

int gw_jfile_begin(struct gw_jfile *f)
{
	int rc = run(f->stmt[GW_JFILE_BEGIN]);

	if (rc == SQLITE_OK && !f->tail.boot_written) {
		rc = write_meta(f, "boot", f->boot);
		f->tail.boot_written = true;
	}
	return rc;
}

int gw_jfile_commit(struct gw_jfile *f)
{
	memcpy(f->tail.cashier, f->project.cashier, sizeof(f->tail.cashier));
	return run(f->stmt[GW_JFILE_COMMIT]);
}

void gw_jfile_rollback(struct gw_jfile *f, const struct gw_jfile_tail *before)
{
	/* Some failures have rolled back by themselves already. */
	if (f->db != NULL && sqlite3_get_autocommit(f->db) == 0)
		run(f->stmt[GW_JFILE_ROLLBACK]);
	f->tail = *before;
	memcpy(f->project.cashier, before->cashier, sizeof(f->project.cashier));
}

static struct gw_chain_row chain_row(const struct gw_jfile *f, const struct gw_event *e,
				     size_t body_len, struct gw_scan_id scan)
{
	const char *kind = gw_event_word(e->kind);
	struct gw_chain_row row = {
		.seq = f->tail.seq + 1,
		.at_ms = e->at_ms,
		.mono_ms = e->mono_ms,
		.boot = f->boot,
		.scan_session = scan.session,
		.scan_seq = scan.session != 0 ? scan.seq : 0,
		.kind = kind,
		.kind_len = strlen(kind),
		.basket = e->basket,
		.basket_len = strlen(e->basket),
		.body = f->body,
		.body_len = body_len,
	};

	return row;
}

static int insert_row(struct gw_jfile *f, const struct gw_chain_row *row, const uint8_t *chain)
{
	sqlite3_stmt *stmt = f->stmt[GW_JFILE_EVENT];

	sqlite3_bind_int64(stmt, 1, row->seq);
	sqlite3_bind_int64(stmt, 2, row->at_ms);
	sqlite3_bind_int64(stmt, 3, row->mono_ms);
	sqlite3_bind_int64(stmt, 4, row->boot);
	if (row->basket_len > 0)
		sqlite3_bind_text(stmt, 5, row->basket, (int)row->basket_len, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, 5);
	sqlite3_bind_text(stmt, 6, row->kind, (int)row->kind_len, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 7, row->body, (int)row->body_len, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 8, chain, GW_CHAIN_LEN, SQLITE_STATIC);
	if (row->scan_session != 0) {
		sqlite3_bind_int64(stmt, 9, row->scan_session);
		sqlite3_bind_int64(stmt, 10, row->scan_seq);
	} else {
		sqlite3_bind_null(stmt, 9);
		sqlite3_bind_null(stmt, 10);
	}
	return run(stmt);
}

/* "S0042-T03-20261122-000123" is sale number 123. */
static uint32_t basket_number(const char *basket)
{
	const char *dash = strrchr(basket, '-');

	return dash != NULL ? (uint32_t)strtoul(dash + 1, NULL, 10) : 0;
}

int gw_jfile_add(struct gw_jfile *f, const struct gw_event *event, struct gw_scan_id scan)
{
	struct gw_text body = gw_text_over(f->body, GW_EVENT_BODY_MAX);
	struct gw_chain_row row;
	uint8_t chain[GW_CHAIN_LEN];
	uint32_t number;
	int rc;

	if (gw_event_json_encode(&body, event) < 0)
		return SQLITE_TOOBIG;
	row = chain_row(f, event, body.len, scan);
	memcpy(chain, f->tail.chain, GW_CHAIN_LEN);
	gw_chain_next(chain, &row);
	rc = insert_row(f, &row, chain);
	if (rc != SQLITE_OK)
		return rc;
	f->tail.seq = row.seq;
	memcpy(f->tail.chain, chain, GW_CHAIN_LEN);
	number = event->kind == GW_EV_OPEN ? basket_number(event->basket) : 0;
	if (number >= f->tail.next_basket && number < UINT32_MAX) {
		f->tail.next_basket = number + 1;
		rc = write_meta(f, "next_basket", f->tail.next_basket);
	}
	return rc == SQLITE_OK ? gw_project_apply(&f->project, row.seq, event) : rc;
}

int gw_jfile_copy(struct gw_jfile *f, const struct gw_chain_row *row, const uint8_t *chain)
{
	int rc = insert_row(f, row, chain);
	uint32_t number = row->basket_len > 0 ? basket_number(row->basket) : 0;

	if (rc == SQLITE_OK && number >= f->tail.next_basket && number < UINT32_MAX) {
		f->tail.next_basket = number + 1;
		rc = write_meta(f, "next_basket", f->tail.next_basket);
	}
	/* The next start must count on from the boots of the rows. */
	if (rc == SQLITE_OK && row->boot > f->boot) {
		f->boot = row->boot;
		rc = write_meta(f, "boot", f->boot);
	}
	return rc;
}

int gw_jfile_set_epoch(struct gw_jfile *f, const char *epoch)
{
	sqlite3_stmt *stmt = f->stmt[GW_JFILE_META];

	snprintf(f->epoch, sizeof(f->epoch), "%s", epoch);
	sqlite3_bind_text(stmt, 1, "epoch", -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, f->epoch, -1, SQLITE_STATIC);
	return run(stmt);
}

int64_t gw_jfile_scan_seq(struct gw_jfile *f, struct gw_scan_id scan)
{
	sqlite3_stmt *stmt = f->stmt[GW_JFILE_SCAN_SEQ];
	int64_t seq = 0;

	sqlite3_bind_int64(stmt, 1, scan.session);
	sqlite3_bind_int64(stmt, 2, scan.seq);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		seq = sqlite3_column_int64(stmt, 0);
	sqlite3_reset(stmt);
	return seq;
}

int gw_jfile_checkpoint(struct gw_jfile *f)
{
	int in_wal = 0, moved = 0;
	int rc = sqlite3_wal_checkpoint_v2(f->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_wal, &moved);

	if (rc == SQLITE_OK)
		f->wal_pages = in_wal - moved;
	return rc;
}
