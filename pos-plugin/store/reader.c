#include "store/reader.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/journal.h"

#define SLICE_ROWS  512
#define SLICE_BYTES (1u << 20)

struct slice_row {
	struct gw_reader_row row; /* its texts as offsets until the slice is complete */
	uint32_t kind, basket, body;
};

struct gw_reader {
	sqlite3 *db;
	sqlite3_stmt *stmt;
	char store[GW_ID_MAX], terminal[GW_ID_MAX], till[2 * GW_ID_MAX], epoch[24];
	int64_t after;       /* last row handed out */
	size_t count, given; /* rows in the slice; of them handed out */
	struct slice_row rows[SLICE_ROWS];
	size_t used;
	char *bytes; /* grows to the largest slice */
	size_t bytes_size;
};

static int read_identity(struct gw_reader *r, struct gw_err *err)
{
	sqlite3_stmt *stmt;
	int rc = gw_db_prepare(r->db, &stmt, "SELECT key, value FROM meta", err);
	int step = SQLITE_DONE;

	while (rc == GW_OK && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *key = (const char *)sqlite3_column_text(stmt, 0);
		const char *value = (const char *)sqlite3_column_text(stmt, 1);

		if (key == NULL || value == NULL)
			continue;
		if (strcmp(key, "store") == 0)
			snprintf(r->store, sizeof(r->store), "%s", value);
		else if (strcmp(key, "terminal") == 0)
			snprintf(r->terminal, sizeof(r->terminal), "%s", value);
		else if (strcmp(key, "epoch") == 0)
			snprintf(r->epoch, sizeof(r->epoch), "%s", value);
	}
	if (rc == GW_OK && step != SQLITE_DONE)
		rc = gw_db_fail(r->db, err, "journal");
	sqlite3_finalize(stmt);
	snprintf(r->till, sizeof(r->till), "%s-%s", r->store, r->terminal);
	return rc;
}

static int open_steps(struct gw_reader *r, const char *path, struct gw_err *err)
{
	int rc = gw_db_open(&r->db, path, GW_DB_READ, NULL, err);

	if (rc == GW_OK)
		rc = gw_db_identify(r->db, path, GW_JOURNAL_ID, GW_JOURNAL_SCHEMA, "journal", err);
	if (rc == 0)
		rc = gw_err_set(err, GW_E_INPUT, "%s is empty, not a journal", path);
	if (rc < 0)
		return rc;
	/* Whoever writes checkpoints; a reader never does, not even as the last to leave. */
	sqlite3_db_config(r->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	rc = gw_db_prepare(r->db, &r->stmt,
			   "SELECT seq, at_ms, mono_ms, boot, scan_session, scan_seq, kind, basket,"
			   " body, chain FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2",
			   err);
	return rc == GW_OK ? read_identity(r, err) : rc;
}

int gw_reader_open(struct gw_reader **reader, const char *path, struct gw_err *err)
{
	struct gw_reader *r = calloc(1, sizeof(*r));
	int rc;

	*reader = NULL;
	if (r == NULL || sodium_init() < 0) {
		free(r);
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	}
	rc = open_steps(r, path, err);
	if (rc < 0)
		gw_reader_close(r);
	else
		*reader = r;
	return rc;
}

void gw_reader_close(struct gw_reader *r)
{
	if (r == NULL)
		return;
	sqlite3_finalize(r->stmt);
	if (r->db != NULL)
		gw_db_close(&r->db);
	free(r->bytes);
	free(r);
}

void gw_reader_info(const struct gw_reader *r, struct gw_reader_info *info)
{
	info->store = r->store;
	info->terminal = r->terminal;
	info->till = r->till;
	info->epoch = r->epoch;
}

void gw_reader_seek(struct gw_reader *r, int64_t after)
{
	r->after = after;
	r->count = r->given = 0;
}

static int keep_text(struct gw_reader *r, int column, uint32_t *at, size_t *len)
{
	const unsigned char *text = sqlite3_column_text(r->stmt, column);
	size_t n = text != NULL ? (size_t)sqlite3_column_bytes(r->stmt, column) : 0;

	if (r->used + n + 1 > r->bytes_size) {
		size_t size = r->bytes_size * 2 + n + 65536;
		char *bytes = realloc(r->bytes, size);

		if (bytes == NULL)
			return GW_E_MEMORY;
		r->bytes = bytes;
		r->bytes_size = size;
	}
	*at = (uint32_t)r->used;
	*len = n;
	if (n > 0)
		memcpy(r->bytes + r->used, text, n);
	r->bytes[r->used + n] = '\0';
	r->used += n + 1;
	return GW_OK;
}

static int keep_row(struct gw_reader *r)
{
	struct slice_row *s = &r->rows[r->count];
	struct gw_chain_row *row = &s->row.row;
	int rc;

	memset(s, 0, sizeof(*s));
	row->seq = sqlite3_column_int64(r->stmt, 0);
	row->at_ms = sqlite3_column_int64(r->stmt, 1);
	row->mono_ms = sqlite3_column_int64(r->stmt, 2);
	row->boot = (uint32_t)sqlite3_column_int64(r->stmt, 3);
	row->scan_session = (uint32_t)sqlite3_column_int64(r->stmt, 4);
	row->scan_seq = (uint32_t)sqlite3_column_int64(r->stmt, 5);
	s->row.has_chain = sqlite3_column_bytes(r->stmt, 9) == GW_CHAIN_LEN;
	if (s->row.has_chain)
		memcpy(s->row.chain, sqlite3_column_blob(r->stmt, 9), GW_CHAIN_LEN);
	rc = keep_text(r, 6, &s->kind, &row->kind_len);
	if (rc == GW_OK)
		rc = keep_text(r, 7, &s->basket, &row->basket_len);
	if (rc == GW_OK)
		rc = keep_text(r, 8, &s->body, &row->body_len);
	if (rc == GW_OK)
		r->count++;
	return rc;
}

/* Takes the next rows into memory and lets the snapshot go. */
static int fill(struct gw_reader *r, struct gw_err *err)
{
	int step = SQLITE_ROW, rc = GW_OK;

	r->count = r->given = r->used = 0;
	sqlite3_bind_int64(r->stmt, 1, r->after);
	sqlite3_bind_int64(r->stmt, 2, SLICE_ROWS);
	while (rc == GW_OK && r->count < SLICE_ROWS && r->used < SLICE_BYTES &&
	       (step = sqlite3_step(r->stmt)) == SQLITE_ROW)
		rc = keep_row(r);
	if (rc < 0)
		gw_err_set(err, rc, "out of memory");
	else if (step != SQLITE_ROW && step != SQLITE_DONE && r->count == 0)
		rc = gw_db_fail(r->db, err, sqlite3_db_filename(r->db, "main"));
	sqlite3_reset(r->stmt);
	return rc;
}

int gw_reader_next(struct gw_reader *r, struct gw_reader_row *row, struct gw_err *err)
{
	struct slice_row *s;

	if (r->given == r->count) {
		int rc = fill(r, err);

		if (rc < 0)
			return rc;
		if (r->count == 0)
			return 0;
	}
	s = &r->rows[r->given++];
	s->row.row.kind = r->bytes + s->kind;
	s->row.row.basket = r->bytes + s->basket;
	s->row.row.body = r->bytes + s->body;
	r->after = s->row.row.seq;
	*row = s->row;
	return 1;
}

int gw_reader_decode(const struct gw_reader_row *row, struct gw_event_row *out, char *room,
		     struct gw_err *err)
{
	const struct gw_chain_row *r = &row->row;
	enum gw_event_kind kind = gw_event_kind_of(r->kind, r->kind_len);
	struct gw_event *e = &out->event;
	int rc;

	if (kind == GW_EV_COUNT)
		return gw_err_set(err, GW_E_NOT_FOUND, "event of an unknown kind \"%.40s\"",
				  r->kind);
	rc = gw_event_json_decode(e, room, kind, r->body, r->body_len, err);
	out->seq = r->seq;
	out->boot = r->boot;
	e->at_ms = r->at_ms;
	e->mono_ms = r->mono_ms;
	e->scan_session = r->scan_session;
	e->scan_seq = r->scan_seq;
	snprintf(e->basket, sizeof(e->basket), "%s", r->basket);
	return rc;
}

static bool check_row(struct gw_verify *v, uint8_t chain[GW_CHAIN_LEN],
		      const struct gw_reader_row *row)
{
	const struct gw_chain_row *r = &row->row;

	v->bad = r->seq;
	if (r->seq != v->last + 1) {
		snprintf(v->reason, sizeof(v->reason), "rows %lld to %lld are missing",
			 (long long)v->last + 1, (long long)r->seq - 1);
		return false;
	}
	gw_chain_next(chain, r);
	if (!row->has_chain || memcmp(chain, row->chain, GW_CHAIN_LEN) != 0) {
		snprintf(v->reason, sizeof(v->reason),
			 "row %lld, or the one before it, was changed after it was written",
			 (long long)r->seq);
		return false;
	}
	v->bad = 0;
	if (v->rows++ == 0)
		v->first = r->seq;
	v->last = r->seq;
	return true;
}

int gw_reader_verify(struct gw_reader *r, struct gw_verify *v,
		     void (*progress)(void *ctx, int64_t rows), void *ctx, struct gw_err *err)
{
	uint8_t chain[GW_CHAIN_LEN];
	struct gw_reader_row row;
	int rc;

	memset(v, 0, sizeof(*v));
	gw_chain_start(chain, r->epoch, r->store, r->terminal);
	gw_reader_seek(r, 0);
	while ((rc = gw_reader_next(r, &row, err)) > 0) {
		if (!check_row(v, chain, &row))
			return GW_OK;
		if (progress != NULL && v->rows % 10000 == 0)
			progress(ctx, v->rows);
	}
	return rc;
}
