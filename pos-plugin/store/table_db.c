/*
 * Reading table.db.  The file is opened as immutable: it is only ever replaced by rename, so no
 * lock is taken, and a home on read-only media works.  Nothing in it is believed: every row goes
 * through the checks of model/table_build.h, and views and triggers of a forged file never run.
 */
#include "store/table_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/home.h"
#include "base/text.h"
#include "model/table_build.h"
#include "store/table_sql.h"

int gw_table_sql_error(sqlite3 *db, const char *path, struct gw_err *err)
{
	int rc = db != NULL ? sqlite3_errcode(db) & 0xFF : SQLITE_NOMEM;
	const char *why = db != NULL ? sqlite3_errmsg(db) : "out of memory";

	switch (rc) {
	case SQLITE_NOMEM:
		return gw_err_set(err, GW_E_MEMORY, "%s: out of memory", path);
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return gw_err_set(err, GW_E_DENIED, "%s: %s", path, why);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
	case SQLITE_TOOBIG:
		return gw_err_set(err, GW_E_INPUT, "%s is damaged (%s); install the table again",
				  path, why);
	default:
		return gw_err_set(err, GW_E_STORAGE, "%s: %s", path, why);
	}
}

/* --- opening --- */

static uint32_t big_endian(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* What is wrong with a file is said in words before SQLite gets to see it (database header:
 * sqlite.org/fileformat2.html, 1.3). */
static int judge_header(const unsigned char head[100], off_t size, const char *path,
			struct gw_err *err)
{
	uint32_t application = big_endian(head + 68), schema = big_endian(head + 60);
	/* a page size of 1 stands for 65536 */
	off_t page = head[16] == 0 && head[17] == 1 ? 65536 : head[16] << 8 | head[17];

	if (application != GW_TABLE_DB_APPLICATION)
		return gw_err_set(err, GW_E_INPUT,
				  "%s is a database of another program (application id %08x)", path,
				  application);
	if (schema != GW_TABLE_DB_SCHEMA)
		return gw_err_set(err, GW_E_INPUT, "%s has schema %u, this program reads %d; %s",
				  path, schema, GW_TABLE_DB_SCHEMA,
				  schema > GW_TABLE_DB_SCHEMA ? "update goeswith"
							      : "install the table again");
	if (size != page * (off_t)big_endian(head + 28))
		return gw_err_set(err, GW_E_INPUT,
				  "%s is damaged (cut short); install the table again", path);
	return GW_OK;
}

static int check_header(const char *path, struct gw_err *err)
{
	unsigned char head[100];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = {0};
	ssize_t n;

	if (fd < 0)
		return gw_err_errno(err,
				    errno == ENOENT   ? GW_E_NOT_FOUND
				    : errno == EACCES ? GW_E_DENIED
						      : GW_E_STORAGE,
				    errno, "cannot open %s", path);
	n = fstat(fd, &st) == 0 ? read(fd, head, sizeof(head)) : -1;
	if (n < 0)
		gw_err_errno(err, GW_E_STORAGE, errno, "cannot read %s", path);
	close(fd);
	if (n < 0)
		return GW_E_STORAGE;
	if (n < (ssize_t)sizeof(head) || memcmp(head, "SQLite format 3", 16) != 0)
		return gw_err_set(err, GW_E_INPUT,
				  "%s is not a rule table; make one with goeswith-table install",
				  path);
	return judge_header(head, st.st_size, path, err);
}

/* "file:PATH?immutable=1" with the path percent-encoded. */
static int make_uri(struct gw_text *uri, const char *path, struct gw_err *err)
{
	gw_text_add(uri, "file:");
	for (const unsigned char *p = (const unsigned char *)path; *p != '\0'; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || strchr("/._-", *p) ||
		    (*p >= '0' && *p <= '9'))
			gw_text_add_char(uri, (char)*p);
		else
			gw_text_addf(uri, "%%%02X", *p);
	gw_text_add(uri, "?immutable=1");
	if (uri->cut)
		return gw_err_set(err, GW_E_INPUT, "path too long: %.100s...", path);
	return GW_OK;
}

static int scalar(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK) {
		if (sqlite3_step(statement) == SQLITE_ROW)
			*out = sqlite3_column_int64(statement, 0);
		rc = sqlite3_finalize(statement);
	}
	return rc;
}

static int open_table(sqlite3 **db, const char *path, struct gw_err *err)
{
	char room[GW_PATH_MAX * 3 + 32];
	struct gw_text uri = gw_text_over(room, sizeof(room));
	int64_t active = 0;
	int rc = check_header(path, err);

	*db = NULL;
	if (rc < 0 || (rc = make_uri(&uri, path, err)) < 0)
		return rc;
	if (sqlite3_open_v2(room, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return gw_table_sql_error(*db, path, err);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(*db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_limit(*db, SQLITE_LIMIT_LENGTH, 1 << 20);
	if (scalar(*db, "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')",
		   &active) != SQLITE_OK)
		return gw_table_sql_error(*db, path, err);
	if (active != 0)
		return gw_err_set(err, GW_E_INPUT,
				  "%s was tampered with: it holds views or triggers", path);
	return GW_OK;
}

/* --- reading rows --- */

/* Reads by walking over the columns; NULL stands for the usual value. */
struct row {
	sqlite3_stmt *statement;
	int column;
	bool bad; /* a value of the wrong type or out of range */
};

static int64_t get_int(struct row *r, int64_t usual, int64_t least, int64_t most)
{
	int column = r->column++;
	int64_t n;

	switch (sqlite3_column_type(r->statement, column)) {
	case SQLITE_NULL:
		return usual;
	case SQLITE_INTEGER:
		n = sqlite3_column_int64(r->statement, column);
		if (n >= least && n <= most)
			return n;
		break;
	default:
		break;
	}
	r->bad = true;
	return usual;
}

static int32_t get_int32(struct row *r, int32_t usual)
{
	return (int32_t)get_int(r, usual, INT32_MIN, INT32_MAX);
}

static int64_t get_minor(struct row *r, int64_t usual)
{
	return get_int(r, usual, INT64_MIN, INT64_MAX);
}

static double get_real(struct row *r)
{
	return sqlite3_column_double(r->statement, r->column++);
}

static const char *get_text(struct row *r)
{
	const char *s = (const char *)sqlite3_column_text(r->statement, r->column++);

	return s != NULL ? s : "";
}

struct reader {
	sqlite3 *db;
	const char *path;
	struct gw_table_build *build;
	struct gw_err *err;
	sqlite3_stmt *terms;     /* walks beside the rules, in the same order */
	int64_t rule, term_rule; /* number of the rule being read; rule of the row of terms */
};

static int64_t read_category(struct reader *in, struct row *r)
{
	return gw_table_build_category(in->build, get_text(r), in->err);
}

static int64_t read_item(struct reader *in, struct row *r)
{
	struct gw_item item;

	item.code = get_text(r);
	item.name = get_text(r);
	item.price_minor = get_minor(r, -1);
	item.cost_minor = get_minor(r, -1);
	item.category = (uint32_t)get_int(r, GW_NONE, 0, UINT32_MAX);
	item.stock = get_int32(r, -1);
	item.kind = (enum gw_item_kind)get_int(r, GW_ITEM_PRODUCT, 0, GW_ITEM_SERVICE);
	item.tags = get_text(r);
	return gw_table_build_item(in->build, &item, in->err);
}

static void read_conditions(struct row *r, struct gw_rule *rule)
{
	for (int i = 0; i < GW_IF_MAX; i++) {
		int64_t n = get_int(r, INT64_MIN, -1 - (int64_t)INT32_MAX, INT32_MAX);

		if (n == INT64_MIN)
			continue;
		rule->conditions[rule->condition_count++] = (struct gw_condition){
			.index = (uint32_t)(n >= 0 ? n : -1 - n), .is_category = n < 0};
	}
}

/* Moves on to the next row of terms, whose rule is then term_rule; -1 behind the last one. */
static void next_term(struct reader *in)
{
	in->term_rule = -1;
	if (sqlite3_step(in->terms) == SQLITE_ROW)
		in->term_rule = sqlite3_column_int64(in->terms, 0);
}

/* The texts are the statement's: the next row may be fetched once the rule has been copied. */
static bool read_terms(struct reader *in, struct gw_rule *rule)
{
	struct row r = {in->terms, 1, false};

	rule->kind = (enum gw_rule_kind)get_int(&r, GW_RULE_ADDON, 0, GW_RULE_BUNDLE);
	rule->moment = (enum gw_moment)get_int(&r, GW_MOMENT_SCAN, 0, GW_MOMENT_TOTAL);
	rule->priority = get_int32(&r, 0);
	rule->pos_code = get_text(&r);
	rule->segment = get_text(&r);
	rule->arm = get_text(&r);
	rule->from_day = get_int32(&r, INT32_MIN);
	rule->to_day = get_int32(&r, INT32_MAX);
	rule->days = (uint8_t)get_int(&r, 0x7F, 0, 0x7F);
	rule->from_minute = (int16_t)get_int(&r, 0, 0, 1440);
	rule->to_minute = (int16_t)get_int(&r, 1440, 0, 1440);
	rule->min_subtotal_minor = get_minor(&r, 0);
	return !r.bad;
}

static int64_t read_rule(struct reader *in, struct row *r)
{
	struct gw_rule rule = gw_rule_blank();
	bool terms = in->term_rule == in->rule;
	int64_t rc;

	rule.id = get_text(r);
	rule.suggest = (uint32_t)get_int(r, GW_NONE, 0, UINT32_MAX);
	read_conditions(r, &rule);
	rule.weight = get_real(r);
	rule.price_minor = get_minor(r, -1);
	rule.saves_minor = get_minor(r, 0);
	rule.script = get_text(r);
	rule.support = get_real(r);
	rule.confidence = get_real(r);
	rule.lift = get_real(r);
	if (terms && !read_terms(in, &rule))
		r->bad = true;
	rc = gw_table_build_rule(in->build, &rule, in->err);
	if (terms)
		next_term(in);
	in->rule++;
	return rc;
}

static int64_t read_experiment(struct reader *in, struct row *r)
{
	struct gw_experiment e = {0};
	struct gw_arm arms[GW_TABLE_ARMS_MAX];
	char room[GW_ARMS_TEXT_MAX];
	int rc;

	e.id = get_text(r);
	e.hypothesis = get_text(r);
	e.metric = get_text(r);
	e.salt = get_text(r);
	e.from_day = get_int32(r, INT32_MIN);
	e.to_day = get_int32(r, INT32_MAX);
	e.holdout_ppm = get_int32(r, 0);
	rc = gw_arms_parse(get_text(r), room, arms, &e.arm_count, in->err);
	if (rc < 0)
		return rc;
	e.arms = arms;
	return gw_table_build_experiment(in->build, &e, in->err);
}

static int64_t read_setting(struct reader *in, struct row *r)
{
	const char *key = get_text(r);

	return gw_table_build_setting(in->build, key, get_text(r), in->err);
}

/* Runs one query and hands each row to `read`; numbered rows must be numbered 0, 1, 2 ... */
static int read_all(struct reader *in, const char *kind, const char *sql, bool numbered,
		    int64_t (*read_row)(struct reader *, struct row *))
{
	sqlite3_stmt *statement;
	int64_t rc = sqlite3_prepare_v2(in->db, sql, -1, &statement, NULL);
	int64_t count = 0;

	if (rc != SQLITE_OK)
		return gw_table_sql_error(in->db, in->path, in->err);
	while (rc >= 0 && sqlite3_step(statement) == SQLITE_ROW) {
		struct row r = {statement, 0, false};
		struct gw_err why = {0};
		struct gw_err *outer = in->err;

		if (numbered && get_int(&r, -1, 0, INT64_MAX) != count)
			r.bad = true;
		in->err = &why;
		rc = read_row(in, &r);
		in->err = outer;
		if (r.bad && rc >= 0) {
			rc = GW_E_INPUT;
			gw_err_set(&why, GW_E_INPUT, "a value of the wrong kind");
		}
		if (rc < 0)
			gw_err_set(outer, (int)rc, "%s: %s %lld: %s; install the table again",
				   in->path, kind, (long long)count, why.text);
		count++;
	}
	if (sqlite3_finalize(statement) != SQLITE_OK && rc >= 0)
		return gw_table_sql_error(in->db, in->path, in->err);
	return rc < 0 ? (int)rc : GW_OK;
}

static int meta_text(struct reader *in, const char *key, char *out, size_t size)
{
	sqlite3_stmt *statement;
	int rc = sqlite3_prepare_v2(in->db, "SELECT value FROM meta WHERE key = ?", -1, &statement,
				    NULL);
	struct gw_text text = gw_text_over(out, size);

	if (rc == SQLITE_OK) {
		sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
		if (sqlite3_step(statement) == SQLITE_ROW) {
			const char *s = (const char *)sqlite3_column_text(statement, 0);

			gw_text_add(&text, s != NULL ? s : "");
		}
		rc = sqlite3_finalize(statement);
	}
	return rc == SQLITE_OK ? GW_OK : gw_table_sql_error(in->db, in->path, in->err);
}

static int meta_int(struct reader *in, const char *key, int64_t *out)
{
	char text[32];
	int rc = meta_text(in, key, text, sizeof(text));

	*out = strtoll(text, NULL, 10);
	return rc;
}

static int read_head(struct reader *in)
{
	char version[GW_ID_MAX], chain[GW_ID_MAX], currency[4];
	struct gw_table_head head = {version, chain, 0, 0, currency};
	int rc;

	if ((rc = meta_text(in, "version", version, sizeof(version))) < 0 ||
	    (rc = meta_text(in, "chain", chain, sizeof(chain))) < 0 ||
	    (rc = meta_text(in, "currency", currency, sizeof(currency))) < 0 ||
	    (rc = meta_int(in, "issued_ms", &head.issued_ms)) < 0 ||
	    (rc = meta_int(in, "expires_ms", &head.expires_ms)) < 0)
		return rc;
	return gw_table_build_head(in->build, &head, in->err);
}

/* Rules and the terms of some of them: two walks in step, as a merge join does. */
static int read_rules(struct reader *in)
{
	int rc = sqlite3_prepare_v2(in->db,
				    "SELECT id, kind, moment, priority, pos_code, segment, arm,"
				    " from_day, to_day, days, from_minute, to_minute, min_subtotal"
				    " FROM term ORDER BY id",
				    -1, &in->terms, NULL);

	if (rc != SQLITE_OK)
		return gw_table_sql_error(in->db, in->path, in->err);
	next_term(in);
	rc = read_all(in, "rule",
		      "SELECT id, rule, suggest, if1, if2, if3, if4, weight, price, saves, script,"
		      " support, confidence, lift FROM rule ORDER BY id",
		      true, read_rule);
	if (sqlite3_finalize(in->terms) != SQLITE_OK && rc == GW_OK)
		rc = gw_table_sql_error(in->db, in->path, in->err);
	if (rc == GW_OK && in->term_rule >= 0)
		rc = gw_err_set(
			in->err, GW_E_INPUT,
			"%s: terms of rule %lld, which is not there; install the table again",
			in->path, (long long)in->term_rule);
	return rc;
}

static int read_table(struct reader *in)
{
	int rc;

	if ((rc = read_head(in)) < 0 ||
	    (rc = read_all(in, "category", "SELECT id, name FROM category ORDER BY id", true,
			   read_category)) < 0 ||
	    (rc = read_all(in, "item",
			   "SELECT id, code, name, price, cost, category, stock, service, tags"
			   " FROM item ORDER BY id",
			   true, read_item)) < 0 ||
	    (rc = read_rules(in)) < 0 ||
	    (rc = read_all(in, "experiment",
			   "SELECT id, experiment, hypothesis, metric, salt, from_day, to_day,"
			   " holdout_ppm, arms FROM experiment ORDER BY id",
			   true, read_experiment)) < 0)
		return rc;
	return read_all(in, "setting", "SELECT key, value FROM setting ORDER BY key", false,
			read_setting);
}

int gw_table_load(struct gw_table **table, const char *path, struct gw_err *err)
{
	struct reader in = {.path = path, .err = err};
	int rc;

	*table = NULL;
	rc = open_table(&in.db, path, err);
	if (rc == GW_OK)
		rc = gw_table_build_new(&in.build, err);
	if (rc == GW_OK)
		rc = read_table(&in);
	sqlite3_close(in.db);
	if (rc < 0)
		gw_table_build_free(in.build);
	else if ((*table = gw_table_build_done(in.build)) == NULL)
		rc = gw_err_set(err, GW_E_MEMORY, "%s: out of memory", path);
	return rc;
}

int gw_table_origin(struct gw_table_origin *origin, const char *path, struct gw_err *err)
{
	struct reader in = {.path = path, .err = err};
	int rc;

	*origin = (struct gw_table_origin){0};
	rc = open_table(&in.db, path, err);
	if (rc == GW_OK &&
	    (rc = meta_text(&in, "version", origin->version, sizeof(origin->version))) == GW_OK &&
	    (rc = meta_text(&in, "chain", origin->chain, sizeof(origin->chain))) == GW_OK &&
	    (rc = meta_text(&in, "payload", origin->payload, sizeof(origin->payload))) == GW_OK &&
	    (rc = meta_text(&in, "key", origin->key, sizeof(origin->key))) == GW_OK)
		rc = meta_int(&in, "installed_ms", &origin->installed_ms);
	sqlite3_close(in.db);
	return rc;
}
