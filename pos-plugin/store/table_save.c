/*
 * Writing table.db.  One table per kind of row; rows are numbered as in memory (row 0 first) and
 * refer to each other by these numbers, so that loading is one scan per kind in rowid order without
 * a join or a sort.  What a row does not state is NULL, which costs one byte and no reading.
 *
 * Made without a journal and synced once at the end: until the caller renames it into its place a
 * half-written file is nobody's loss.
 */
#include "store/table_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "model/table_build.h"
#include "store/table_sql.h"

static const char schema[] =
	"PRAGMA page_size=16384; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
	"PRAGMA application_id=0x67777431; PRAGMA user_version=1;"
	"BEGIN;"
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE category(id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
	"CREATE TABLE item(id INTEGER PRIMARY KEY, code TEXT NOT NULL, name TEXT NOT NULL, price "
	"INT,"
	" cost INT, category INT, stock INT, service INT, tags TEXT);"
	"CREATE TABLE rule(id INTEGER PRIMARY KEY, rule TEXT NOT NULL, suggest INT NOT NULL,"
	/* conditions: n >= 0 item n, n < 0 category -1 - n */
	" if1 INT, if2 INT, if3 INT, if4 INT, weight REAL, price INT, saves INT, script TEXT,"
	" support REAL, confidence REAL, lift REAL);"
	/* what few rules state; the others have no row here */
	"CREATE TABLE term(id INTEGER PRIMARY KEY, kind INT, moment INT, priority INT, pos_code "
	"TEXT,"
	" segment TEXT, arm TEXT, from_day INT, to_day INT, days INT, from_minute INT,"
	" to_minute INT, min_subtotal INT);"
	"CREATE TABLE experiment(id INTEGER PRIMARY KEY, experiment TEXT NOT NULL, hypothesis TEXT,"
	" metric TEXT, salt TEXT, from_day INT, to_day INT, holdout_ppm INT, arms TEXT);"
	"CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;";

/* Binds by walking over the columns; a value at its default becomes NULL. */
struct row {
	sqlite3_stmt *statement;
	int column;
};

static void put_int(struct row *r, int64_t n, int64_t usual)
{
	r->column++;
	if (n == usual)
		sqlite3_bind_null(r->statement, r->column);
	else
		sqlite3_bind_int64(r->statement, r->column, n);
}

static void put_real(struct row *r, double d)
{
	r->column++;
	if (d == 0)
		sqlite3_bind_null(r->statement, r->column);
	else
		sqlite3_bind_double(r->statement, r->column, d);
}

static void put_text(struct row *r, const char *s)
{
	r->column++;
	if (s[0] == '\0')
		sqlite3_bind_null(r->statement, r->column);
	else
		sqlite3_bind_text(r->statement, r->column, s, -1, SQLITE_STATIC);
}

static void put_name(struct row *r, const char *s)
{
	sqlite3_bind_text(r->statement, ++r->column, s, -1, SQLITE_STATIC);
}

static void put_copy(struct row *r, const char *s)
{
	sqlite3_bind_text(r->statement, ++r->column, s, -1, SQLITE_TRANSIENT);
}

static void put_item(struct row *r, const struct gw_table *t, uint32_t i)
{
	const struct gw_item *item = &t->items[i];

	put_name(r, item->code);
	put_name(r, item->name);
	put_int(r, item->price_minor, -1);
	put_int(r, item->cost_minor, -1);
	put_int(r, item->category, GW_NONE);
	put_int(r, item->stock, -1);
	put_int(r, item->kind, GW_ITEM_PRODUCT);
	put_text(r, item->tags);
}

static void put_rule(struct row *r, const struct gw_table *t, uint32_t i)
{
	const struct gw_rule *rule = &t->rules[i];

	put_name(r, rule->id);
	put_int(r, rule->suggest, -1);
	for (int k = 0; k < GW_IF_MAX; k++) {
		const struct gw_condition *c = &rule->conditions[k];
		int64_t n = c->is_category ? -1 - (int64_t)c->index : c->index;

		put_int(r, k < rule->condition_count ? n : INT64_MIN, INT64_MIN);
	}
	put_real(r, rule->weight);
	put_int(r, rule->price_minor, -1);
	put_int(r, rule->saves_minor, 0);
	put_text(r, rule->script);
	put_real(r, rule->support);
	put_real(r, rule->confidence);
	put_real(r, rule->lift);
}

static bool own_pos_code(const struct gw_table *t, const struct gw_rule *rule)
{
	return strcmp(rule->pos_code, t->items[rule->suggest].code) == 0;
}

static bool has_terms(const struct gw_table *t, uint32_t i)
{
	const struct gw_rule *r = &t->rules[i];

	return r->kind != GW_RULE_ADDON || r->moment != GW_MOMENT_SCAN || r->priority != 0 ||
	       !own_pos_code(t, r) || r->segment[0] != '\0' || r->arm[0] != '\0' ||
	       r->from_day != INT32_MIN || r->to_day != INT32_MAX || r->days != 0x7F ||
	       r->from_minute != 0 || r->to_minute != 1440 || r->min_subtotal_minor != 0;
}

static void put_terms(struct row *r, const struct gw_table *t, uint32_t i)
{
	const struct gw_rule *rule = &t->rules[i];

	put_int(r, rule->kind, GW_RULE_ADDON);
	put_int(r, rule->moment, GW_MOMENT_SCAN);
	put_int(r, rule->priority, 0);
	put_text(r, own_pos_code(t, rule) ? "" : rule->pos_code);
	put_text(r, rule->segment);
	put_text(r, rule->arm);
	put_int(r, rule->from_day, INT32_MIN);
	put_int(r, rule->to_day, INT32_MAX);
	put_int(r, rule->days, 0x7F);
	put_int(r, rule->from_minute, 0);
	put_int(r, rule->to_minute, 1440);
	put_int(r, rule->min_subtotal_minor, 0);
}

static void put_category(struct row *r, const struct gw_table *t, uint32_t i)
{
	put_name(r, t->categories[i]);
}

static void put_experiment(struct row *r, const struct gw_table *t, uint32_t i)
{
	const struct gw_experiment *e = &t->experiments[i];
	char room[GW_ARMS_TEXT_MAX];

	put_name(r, e->id);
	put_text(r, e->hypothesis);
	put_text(r, e->metric);
	put_text(r, e->salt);
	put_int(r, e->from_day, INT32_MIN);
	put_int(r, e->to_day, INT32_MAX);
	put_int(r, e->holdout_ppm, 0);
	put_copy(r, gw_arms_format(e, room));
}

static void put_setting(struct row *r, const struct gw_table *t, uint32_t i)
{
	put_name(r, t->settings[i].key);
	put_name(r, t->settings[i].value);
}

/* Inserts count rows of one kind, numbered from 0 where the kind has numbers. */
static int put_all(sqlite3 *db, const char *sql, const struct gw_table *t, uint32_t count,
		   void (*put)(struct row *, const struct gw_table *, uint32_t))
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	for (uint32_t i = 0; rc == SQLITE_OK && i < count; i++) {
		struct row row = {statement, 0};

		if (put == put_terms && !has_terms(t, i))
			continue;
		if (put != put_setting)
			sqlite3_bind_int64(statement, ++row.column, i);
		put(&row, t, i);
		sqlite3_step(statement);
		rc = sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return rc;
}

static int put_meta(sqlite3 *db, const struct gw_table *t, const struct gw_table_origin *origin)
{
	const struct {
		const char *key, *text;
		int64_t number;
	} rows[] = {
		{"version", t->version, 0},
		{"chain", t->chain, 0},
		{"currency", t->currency, 0},
		{"issued_ms", NULL, t->issued_ms},
		{"expires_ms", NULL, t->expires_ms},
		{"payload", origin->payload, 0},
		{"key", origin->key, 0},
		{"installed_ms", NULL, origin->installed_ms},
	};
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(db, "INSERT INTO meta VALUES(?,?)", -1, &statement, NULL);

	for (size_t i = 0; rc == SQLITE_OK && i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row row = {statement, 0};

		put_name(&row, rows[i].key);
		if (rows[i].text != NULL)
			put_name(&row, rows[i].text);
		else
			put_int(&row, rows[i].number, INT64_MIN);
		sqlite3_step(statement);
		rc = sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return rc;
}

static int put_table(sqlite3 *db, const struct gw_table *t, const struct gw_table_origin *origin)
{
	int rc = sqlite3_exec(db, schema, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = put_meta(db, t, origin);
	if (rc == SQLITE_OK)
		rc = put_all(db, "INSERT INTO category VALUES(?,?)", t, t->category_count,
			     put_category);
	if (rc == SQLITE_OK)
		rc = put_all(db, "INSERT INTO item VALUES(?,?,?,?,?,?,?,?,?)", t, t->item_count,
			     put_item);
	if (rc == SQLITE_OK)
		rc = put_all(db, "INSERT INTO rule VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)", t,
			     t->rule_count, put_rule);
	if (rc == SQLITE_OK)
		rc = put_all(db, "INSERT INTO term VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", t,
			     t->rule_count, put_terms);
	if (rc == SQLITE_OK)
		rc = put_all(db, "INSERT INTO experiment VALUES(?,?,?,?,?,?,?,?,?)", t,
			     t->experiment_count, put_experiment);
	if (rc == SQLITE_OK)
		rc = put_all(db, "INSERT INTO setting VALUES(?,?)", t, t->setting_count,
			     put_setting);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return rc;
}

static int sync_file(const char *path, struct gw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = GW_OK;

	if (fd < 0 || fsync(fd) != 0)
		rc = gw_err_errno(err, GW_E_STORAGE, errno, "cannot sync %s", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* The file is made here with its mode, and not by SQLite, which would follow its own. */
static int make_empty(const char *path, struct gw_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);

	if (fd < 0)
		return gw_err_errno(err,
				    errno == EACCES || errno == EPERM ? GW_E_DENIED : GW_E_STORAGE,
				    errno, "cannot create %s", path);
	close(fd);
	return GW_OK;
}

int gw_table_save(const struct gw_table *table, const struct gw_table_origin *origin,
		  const char *path, struct gw_err *err)
{
	static const struct gw_table_origin unknown;
	sqlite3 *db = NULL;
	int rc = make_empty(path, err);

	if (rc < 0)
		return rc;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
		    SQLITE_OK ||
	    put_table(db, table, origin != NULL ? origin : &unknown) != SQLITE_OK)
		rc = gw_table_sql_error(db, path, err);
	sqlite3_close(db);
	if (rc == GW_OK)
		rc = sync_file(path, err);
	if (rc < 0)
		unlink(path);
	return rc;
}
