/*
 * Two passes.  Pages: every page of the file, and every page image in the write-ahead log, that is
 * a table leaf (type 13) is searched for cells whose record has the event table's shape; the row
 * number is the event's.  Rows: sorted by number; of several rows with one number the one whose
 * chain fits wins, else the last one met (the log is read after the file).
 *
 * Record: header length, a serial type a column, then the columns.  Column 0 (seq) is NULL, for it
 * is the row number; 5 (kind), 6 (body) are text, 7 (chain) is a blob of 32 bytes.
 */
#include "store/salvage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/home.h"
#include "model/event_json.h"
#include "store/chain.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/journal_file.h"

#define FILE_CAP   ((size_t)4 << 30)
#define COLUMNS    10
#define WAL_HEADER 32
#define WAL_FRAME  24

struct found {
	struct gw_chain_row row; /* texts point into own memory */
	uint8_t chain[GW_CHAIN_LEN];
	char *text;
	size_t order; /* when it was met */
	bool chosen;  /* of those with this number */
};

struct search {
	const uint8_t *file;
	size_t file_len, page_size;
	struct found *rows;
	size_t count, room;
	char room_for_texts[GW_EVENT_ROOM]; /* of the event that is looked at */
	struct gw_err *err;
};

/* --- numbers of the file format --------------------------------------------------------------- */

static uint32_t big(const uint8_t *p, int bytes)
{
	uint32_t n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | p[i];
	return n;
}

/* A variable-length integer; NULL when it runs over the end. */
static const uint8_t *varint(const uint8_t *p, const uint8_t *end, uint64_t *out)
{
	*out = 0;
	for (int i = 0; i < 9; i++) {
		if (p >= end)
			return NULL;
		if (i == 8) {
			*out = *out << 8 | *p++;
			break;
		}
		*out = *out << 7 | (*p & 0x7F);
		if ((*p++ & 0x80) == 0)
			break;
	}
	return p;
}

static size_t serial_size(uint64_t type)
{
	static const uint8_t fixed[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};

	return type < 12 ? fixed[type] : (size_t)((type - 12) / 2);
}

static int64_t serial_int(uint64_t type, const uint8_t *p)
{
	size_t n = serial_size(type);
	int64_t v = n > 0 && p[0] & 0x80 ? -1 : 0;

	if (type == 8 || type == 9)
		return type == 9;
	for (size_t i = 0; i < n; i++)
		v = (int64_t)((uint64_t)v << 8 | p[i]);
	return v;
}

/* --- one cell --------------------------------------------------------------------------------- */

/*
 * The whole payload of a cell in malloc'ed memory.  What does not fit the page continues in a list
 * of overflow pages (section 1.6, with U the usable size: local = M + (P - M) % (U - 4), if <= X).
 */
static uint8_t *payload(const struct search *s, const uint8_t *p, const uint8_t *end, size_t len)
{
	size_t u = s->page_size, most = u - 35, least = (u - 12) * 32 / 255 - 23;
	size_t local = len, at;
	uint8_t *out;
	uint32_t page;

	if (len > most) {
		local = least + (len - least) % (u - 4);
		if (local > most)
			local = least;
	}
	if ((size_t)(end - p) < local + (local < len ? 4 : 0))
		return NULL;
	out = malloc(len + 1);
	if (out == NULL)
		return NULL;
	memcpy(out, p, local);
	page = local < len ? big(p + local, 4) : 0;
	for (at = local; at < len;) {
		size_t n = len - at < u - 4 ? len - at : u - 4;
		const uint8_t *next = s->file + (size_t)(page - 1) * u;

		if (page < 2 || (size_t)page * u > s->file_len) {
			free(out);
			return NULL;
		}
		memcpy(out + at, next + 4, n);
		at += n;
		page = big(next, 4);
	}
	return out;
}

static bool columns_of(const uint8_t *record, size_t len, uint64_t type[COLUMNS],
		       const uint8_t *at[COLUMNS])
{
	const uint8_t *end = record + len, *body, *p;
	uint64_t head;

	p = varint(record, end, &head);
	if (p == NULL || head > len)
		return false;
	body = record + head;
	for (int i = 0; i < COLUMNS; i++) {
		p = varint(p, record + head, &type[i]);
		if (p == NULL || serial_size(type[i]) > (size_t)(end - body))
			return false;
		at[i] = body;
		body += serial_size(type[i]);
	}
	return p == record + head && body == end;
}

static bool is_text(uint64_t type)
{
	return type >= 13 && type % 2 == 1;
}

static bool has_shape(const uint64_t type[COLUMNS], const uint8_t *const at[COLUMNS])
{
	return type[0] == 0 && (type[4] == 0 || is_text(type[4])) && is_text(type[5]) &&
	       is_text(type[6]) && type[7] == 12 + 2 * GW_CHAIN_LEN && serial_size(type[6]) >= 2 &&
	       at[6][0] == '{' && type[1] < 10 && type[2] < 10 && type[3] < 10 && type[8] < 10 &&
	       type[9] < 10;
}

/* A flipped bit may leave the row's shape and break its text: then nobody could read it. */
static bool says_something(struct search *s, const uint64_t type[COLUMNS],
			   const uint8_t *const at[COLUMNS])
{
	struct gw_event event;
	enum gw_event_kind kind = gw_event_kind_of((const char *)at[5], serial_size(type[5]));

	return kind != GW_EV_COUNT && serial_size(type[4]) < GW_BASKET_ID_MAX &&
	       gw_event_json_decode(&event, s->room_for_texts, kind, (const char *)at[6],
				    serial_size(type[6]), NULL) == GW_OK;
}

static struct found *new_row(struct search *s)
{
	if (s->count == s->room) {
		size_t room = s->room == 0 ? 1024 : s->room * 2;
		struct found *rows = realloc(s->rows, room * sizeof(*rows));

		if (rows == NULL)
			return NULL;
		s->rows = rows;
		s->room = room;
	}
	return &s->rows[s->count];
}

static const char *keep(char **at, const uint8_t *text, size_t len)
{
	char *start = *at;

	memcpy(start, text, len);
	start[len] = '\0';
	*at += len + 1;
	return start;
}

static int keep_row(struct search *s, int64_t seq, const uint64_t type[COLUMNS],
		    const uint8_t *const at[COLUMNS])
{
	struct found *f = new_row(s);
	struct gw_chain_row *r;
	char *text;

	if (f == NULL)
		return gw_err_set(s->err, GW_E_MEMORY, "out of memory");
	memset(f, 0, sizeof(*f));
	r = &f->row;
	r->seq = seq;
	r->at_ms = serial_int(type[1], at[1]);
	r->mono_ms = serial_int(type[2], at[2]);
	r->boot = (uint32_t)serial_int(type[3], at[3]);
	r->scan_session = (uint32_t)serial_int(type[8], at[8]);
	r->scan_seq = (uint32_t)serial_int(type[9], at[9]);
	r->basket_len = serial_size(type[4]);
	r->kind_len = serial_size(type[5]);
	r->body_len = serial_size(type[6]);
	f->text = text = malloc(r->basket_len + r->kind_len + r->body_len + 3);
	if (text == NULL)
		return gw_err_set(s->err, GW_E_MEMORY, "out of memory");
	r->basket = keep(&text, at[4], r->basket_len);
	r->kind = keep(&text, at[5], r->kind_len);
	r->body = keep(&text, at[6], r->body_len);
	memcpy(f->chain, at[7], GW_CHAIN_LEN);
	f->order = s->count++;
	return GW_OK;
}

static int search_cell(struct search *s, const uint8_t *p, const uint8_t *end)
{
	uint64_t len = 0, seq = 0, type[COLUMNS];
	const uint8_t *at[COLUMNS];
	uint8_t *record;
	int rc = GW_OK;

	p = varint(p, end, &len);
	if (p != NULL)
		p = varint(p, end, &seq);
	if (p == NULL || len < 50 || len > 1u << 17 || seq == 0 || seq > INT64_MAX)
		return GW_OK;
	record = payload(s, p, end, (size_t)len);
	if (record == NULL)
		return GW_OK;
	if (columns_of(record, (size_t)len, type, at) && has_shape(type, at) &&
	    says_something(s, type, at))
		rc = keep_row(s, (int64_t)seq, type, at);
	free(record);
	return rc;
}

/* --- pages ------------------------------------------------------------------------------------ */

static int search_page(struct search *s, const uint8_t *page, size_t header)
{
	const uint8_t *h = page + header, *end = page + s->page_size;
	uint32_t cells = big(h + 3, 2);
	int rc = GW_OK;

	if (h[0] != 13 || cells > (s->page_size - header - 8) / 2)
		return GW_OK;
	for (uint32_t i = 0; i < cells && rc == GW_OK; i++) {
		uint32_t at = big(h + 8 + 2 * (size_t)i, 2);

		if (at >= header + 8 && at < s->page_size)
			rc = search_cell(s, page + at, end);
	}
	return rc;
}

static size_t find_page_size(const uint8_t *file, size_t len)
{
	size_t size = len >= 18 ? big(file + 16, 2) : 0;

	if (size == 1)
		size = 65536;
	/* A header that is gone: ours are always of this size. */
	return size >= 512 && (size & (size - 1)) == 0 ? size : 4096;
}

static int search_file(struct search *s)
{
	int rc = GW_OK;

	for (size_t at = 0; at + s->page_size <= s->file_len && rc == GW_OK; at += s->page_size)
		rc = search_page(s, s->file + at, at == 0 ? 100 : 0);
	return rc;
}

static int search_wal(struct search *s, const uint8_t *wal, size_t len)
{
	size_t step = WAL_FRAME + s->page_size;
	int rc = GW_OK;

	for (size_t at = WAL_HEADER; at + step <= len && rc == GW_OK; at += step)
		rc = search_page(s, wal + at + WAL_FRAME, big(wal + at, 4) == 1 ? 100 : 0);
	return rc;
}

/* --- rows ------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->row.seq != y->row.seq)
		return x->row.seq < y->row.seq ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool follows(const struct found *f, const uint8_t before[GW_CHAIN_LEN])
{
	uint8_t chain[GW_CHAIN_LEN];

	memcpy(chain, before, GW_CHAIN_LEN);
	gw_chain_next(chain, &f->row);
	return memcmp(chain, f->chain, GW_CHAIN_LEN) == 0;
}

/*
 * Rows come in pages, side by side.  One that stands alone and is not proved has most likely a bit
 * flipped in its number: taken, it would leave a hole of half a million before the next event.
 */
static bool is_lonely(const struct search *s, size_t from, size_t end)
{
	int64_t seq = s->rows[from].row.seq;

	return (from == 0 || s->rows[from - 1].row.seq != seq - 1) &&
	       (end == s->count || s->rows[end].row.seq != seq + 1);
}

/* Chooses one row a number; counts what is proved and what is missing. */
static void choose(struct search *s, const uint8_t start[GW_CHAIN_LEN], struct gw_salvage *r)
{
	uint8_t before[GW_CHAIN_LEN];
	int64_t expected = 1;

	memcpy(before, start, GW_CHAIN_LEN);
	for (size_t i = 0; i < s->count;) {
		size_t end = i, best;
		bool proved = false;

		while (end < s->count && s->rows[end].row.seq == s->rows[i].row.seq)
			end++;
		best = end - 1;
		for (size_t k = i; k < end && !proved; k++)
			if (s->rows[k].row.seq == expected && follows(&s->rows[k], before)) {
				best = k;
				proved = true;
			}
		if (!proved && is_lonely(s, i, end)) {
			i = end;
			continue;
		}
		r->proved += proved;
		r->missing += s->rows[best].row.seq - expected;
		expected = s->rows[best].row.seq + 1;
		memcpy(before, s->rows[best].chain, GW_CHAIN_LEN);
		s->rows[best].chosen = true;
		if (r->rows++ == 0)
			r->first = s->rows[best].row.seq;
		r->last = s->rows[best].row.seq;
		i = end;
	}
}

/* --- identity and the new journal ------------------------------------------------------------- */

struct identity {
	char store[GW_ID_MAX], terminal[GW_ID_MAX], epoch[GW_EPOCH_MAX];
};

/* SQLite may still be able to tell; if not, the baskets do, and the epoch is a new one. */
static void find_identity(const char *path, const struct search *s, struct identity *id)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;

	memset(id, 0, sizeof(*id));
	if (gw_db_open(&db, path, GW_DB_READ, NULL, NULL) == GW_OK &&
	    gw_db_prepare(db, &stmt, "SELECT key, value FROM meta", NULL) == GW_OK)
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *key = (const char *)sqlite3_column_text(stmt, 0);
			const char *value = (const char *)sqlite3_column_text(stmt, 1);

			if (key == NULL || value == NULL)
				continue;
			if (strcmp(key, "store") == 0)
				snprintf(id->store, sizeof(id->store), "%s", value);
			else if (strcmp(key, "terminal") == 0)
				snprintf(id->terminal, sizeof(id->terminal), "%s", value);
			else if (strcmp(key, "epoch") == 0)
				snprintf(id->epoch, sizeof(id->epoch), "%s", value);
		}
	sqlite3_finalize(stmt);
	if (db != NULL) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		gw_db_close(&db);
	}
	for (size_t i = 0; i < s->count && id->store[0] == '\0'; i++)
		if (sscanf(s->rows[i].row.basket, "%39[^-]-%39[^-]", id->store, id->terminal) != 2)
			id->store[0] = '\0';
	if (id->store[0] == '\0') {
		snprintf(id->store, sizeof(id->store), "unknown");
		snprintf(id->terminal, sizeof(id->terminal), "unknown");
	}
}

static int write_rows(const char *path, const struct search *s, const struct identity *id,
		      struct gw_err *err)
{
	struct gw_journal_config config = {
		.path = path, .store = id->store, .terminal = id->terminal, .create = true};
	struct gw_jfile f;
	int rc = gw_jfile_open(&f, &config, err);

	if (rc < 0)
		return rc;
	if (id->epoch[0] != '\0')
		rc = gw_jfile_set_epoch(&f, id->epoch) == SQLITE_OK ? GW_OK : GW_E_STORAGE;
	if (rc == GW_OK && gw_jfile_begin(&f) != SQLITE_OK)
		rc = GW_E_STORAGE;
	for (size_t i = 0; i < s->count && rc == GW_OK; i++)
		if (s->rows[i].chosen &&
		    gw_jfile_copy(&f, &s->rows[i].row, s->rows[i].chain) != SQLITE_OK)
			rc = GW_E_STORAGE;
	if (rc == GW_OK && gw_jfile_commit(&f) != SQLITE_OK)
		rc = GW_E_STORAGE;
	if (rc < 0)
		gw_db_fail(f.db, err, path);
	gw_jfile_close(&f);
	return rc;
}

static int rebuild(const char *path, struct gw_err *err)
{
	struct gw_journal_config config = {.path = path};
	struct gw_journal *j;
	int rc = gw_journal_open(&j, &config, err);

	if (rc == GW_OK)
		rc = gw_journal_rebuild(j, err);
	gw_journal_close(j);
	return rc;
}

/* A new journal that could not be finished would look like one that is. */
static void remove_half(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char name[GW_PATH_MAX + 8];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		unlink(name);
	}
}

static int search_all(struct search *s, const char *path, struct gw_err *err)
{
	char wal_path[GW_PATH_MAX + 8], *data, *wal = NULL;
	size_t wal_len = 0;
	int rc = gw_file_read(path, FILE_CAP, &data, &s->file_len, err);

	if (rc < 0)
		return rc;
	s->file = (const uint8_t *)data;
	s->page_size = find_page_size(s->file, s->file_len);
	s->err = err;
	rc = search_file(s);
	snprintf(wal_path, sizeof(wal_path), "%s-wal", path);
	if (rc == GW_OK && gw_file_read(wal_path, FILE_CAP, &wal, &wal_len, NULL) == GW_OK)
		rc = search_wal(s, (const uint8_t *)wal, wal_len);
	free(data);
	free(wal);
	return rc;
}

int gw_salvage_journal(const char *damaged, const char *fresh, struct gw_salvage *r,
		       struct gw_err *err)
{
	struct search s = {.count = 0};
	uint8_t start[GW_CHAIN_LEN];
	struct identity id;
	int rc;

	memset(r, 0, sizeof(*r));
	if (access(fresh, F_OK) == 0)
		return gw_err_set(err, GW_E_INPUT, "%s is there already", fresh);
	rc = search_all(&s, damaged, err);
	if (rc == GW_OK) {
		if (s.count > 0)
			qsort(s.rows, s.count, sizeof(*s.rows), by_number);
		find_identity(damaged, &s, &id);
		gw_chain_start(start, id.epoch, id.store, id.terminal);
		choose(&s, start, r);
		if (s.count == 0)
			rc = gw_err_set(err, GW_E_INPUT, "%s holds no event that can be read",
					damaged);
	}
	if (rc == GW_OK) {
		rc = write_rows(fresh, &s, &id, err);
		if (rc == GW_OK)
			rc = rebuild(fresh, err);
		if (rc < 0)
			remove_half(fresh);
	}
	for (size_t i = 0; i < s.count; i++)
		free(s.rows[i].text);
	free(s.rows);
	return rc;
}
