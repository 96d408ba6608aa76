#include "tools/sync/clickhouse_tables.h"

#include <string.h>

#include "base/text.h"

#define SQL_MAX 4096

const struct ch_column ch_event[] = {
	{"terminal", CH_TEXT}, {"epoch", CH_TEXT},       {"seq", CH_INT},      {"at_ms", CH_INT},
	{"mono_ms", CH_INT},   {"boot", CH_INT},         {"basket", CH_TEXT},  {"kind", CH_TEXT},
	{"body", CH_TEXT},     {"scan_session", CH_INT}, {"scan_seq", CH_INT}, {NULL, CH_INT}};

#define ADDED "utc_offset_min"

/* closed_ms 0: the sale is open.  ADDED: tables of before lack it (ch_upgrade). */
const struct ch_column ch_sale[] = {{"terminal", CH_TEXT},       {"epoch", CH_TEXT},
				    {"basket", CH_TEXT},         {"opened_seq", CH_INT},
				    {"opened_ms", CH_INT},       {"closed_ms", CH_INT},
				    {"state", CH_TEXT},          {"cashier", CH_TEXT},
				    {"segment", CH_TEXT},        {"lines", CH_INT},
				    {"items", CH_INT},           {"total_minor", CH_INT},
				    {"total_from_till", CH_INT}, {"reason", CH_TEXT},
				    {ADDED, CH_INT_OR_NULL},     {NULL, CH_INT}};

/* offer NULL: a code that is not in the table, and no sale of an item. */
const struct ch_column ch_line[] = {
	{"line", CH_INT},  {"at_ms", CH_INT},   {"code", CH_TEXT},
	{"name", CH_TEXT}, {"qty", CH_INT},     {"price_minor", CH_INT_OR_NULL},
	{"milli", CH_INT}, {"source", CH_TEXT}, {"offer", CH_INT_OR_NULL},
	{"known", CH_INT}, {"voided", CH_INT},  {NULL, CH_INT}};

const struct ch_column ch_offer[] = {{"offer", CH_INT},
				     {"ghost", CH_INT},
				     {"at_ms", CH_INT},
				     {"rule", CH_TEXT},
				     {"kind", CH_TEXT},
				     {"code", CH_TEXT},
				     {"pos_code", CH_TEXT},
				     {"name", CH_TEXT},
				     {"price_minor", CH_INT_OR_NULL},
				     {"saves_minor", CH_INT},
				     {"margin_minor", CH_INT_OR_NULL},
				     {"subtotal_minor", CH_INT},
				     {"experiment", CH_TEXT},
				     {"arm", CH_TEXT},
				     {"table_version", CH_TEXT},
				     {"eligible", CH_INT},
				     {"propensity_ppm", CH_INT},
				     {"holdout_ppm", CH_INT},
				     {"bucket_ppm", CH_INT},
				     {"eligible_ids", CH_TEXT},
				     {"result", CH_TEXT},
				     {"why", CH_TEXT},
				     {"ended_ms", CH_INT_OR_NULL},
				     {"ms", CH_INT_OR_NULL},
				     {"value_minor", CH_INT_OR_NULL},
				     {"line", CH_INT},
				     {NULL, CH_INT}};

/* --- statements ------------------------------------------------------------------------------- */

static const char *const type_words[] = {
	[CH_TEXT] = "String", [CH_INT] = "Int64", [CH_INT_OR_NULL] = "Nullable(Int64)"};

static void add_columns(struct gw_text *t, const struct ch_column *columns)
{
	for (const struct ch_column *c = columns; c->name != NULL; c++)
		gw_text_addf(t, "%s%s %s", c != columns ? ", " : "", c->name, type_words[c->type]);
}

static void add_inside(struct gw_text *t, const char *what, const struct ch_column *columns)
{
	for (const struct ch_column *c = columns; c->name != NULL; c++)
		gw_text_addf(t, ", `%s.%s` Array(%s)", what, c->name, type_words[c->type]);
}

/* durable: settings that servers have since 20.10, and that make them fsync. */
static const char *tail(bool durable)
{
	return durable ? " SETTINGS fsync_after_insert = 1, fsync_part_directory = 1" : "";
}

struct plan {
	const char *database, *cluster; /* cluster NULL: none */
	bool durable;
};

static const char *event_sql(char out[SQL_MAX], const struct plan *p)
{
	struct gw_text t = gw_text_over(out, SQL_MAX);

	gw_text_addf(&t, "CREATE TABLE IF NOT EXISTS %s.event%s (", p->database,
		     p->cluster != NULL ? "_shard" : "");
	add_columns(&t, ch_event);
	gw_text_addf(&t, ") ENGINE = ReplacingMergeTree() ORDER BY (terminal, epoch, seq)%s",
		     tail(p->durable));
	return out;
}

static const char *sale_sql(char out[SQL_MAX], const struct plan *p)
{
	struct gw_text t = gw_text_over(out, SQL_MAX);

	gw_text_addf(&t, "CREATE TABLE IF NOT EXISTS %s.sale%s (", p->database,
		     p->cluster != NULL ? "_shard" : "");
	add_columns(&t, ch_sale);
	add_inside(&t, "line", ch_line);
	add_inside(&t, "offer", ch_offer);
	gw_text_addf(&t,
		     ", version UInt64) ENGINE = ReplacingMergeTree(version)"
		     " ORDER BY (terminal, epoch, basket)%s",
		     tail(p->durable));
	return out;
}

static const char *distributed_sql(char out[SQL_MAX], const struct plan *p, const char *table)
{
	snprintf(out, SQL_MAX,
		 "CREATE TABLE IF NOT EXISTS %s.%s AS %s.%s_shard"
		 " ENGINE = Distributed('%s', %s, %s_shard, cityHash64(terminal))",
		 p->database, table, p->database, table, p->cluster, p->database, table);
	return out;
}

/* Calls each for every statement, in their order. */
static int each_statement(const struct plan *p,
			  int (*each)(void *ctx, const char *sql, struct gw_err *err), void *ctx,
			  struct gw_err *err)
{
	char sql[SQL_MAX];
	int rc;

	snprintf(sql, sizeof(sql), "CREATE DATABASE IF NOT EXISTS %s", p->database);
	rc = each(ctx, sql, err);
	if (rc == GW_OK)
		rc = each(ctx, event_sql(sql, p), err);
	if (rc == GW_OK)
		rc = each(ctx, sale_sql(sql, p), err);
	if (rc == GW_OK && p->cluster != NULL)
		rc = each(ctx, distributed_sql(sql, p, "event"), err);
	if (rc == GW_OK && p->cluster != NULL)
		rc = each(ctx, distributed_sql(sql, p, "sale"), err);
	return rc;
}

static int print_statement(void *ctx, const char *sql, struct gw_err *err)
{
	(void)err;
	fprintf(ctx, "%s;\n", sql);
	return GW_OK;
}

void ch_print(const char *database, const char *cluster, FILE *out)
{
	struct plan p = {database, cluster, true};

	each_statement(&p, print_statement, out, NULL);
}

/* --- looking and making ----------------------------------------------------------------------- */

/* One text cell a row, joined by a comma and a blank. */
static int take_word(void *ctx, const struct gw_rows_cell *cells, int columns)
{
	struct gw_text *t = ctx;

	(void)columns;
	if (cells[0].text != NULL)
		gw_text_addf(t, "%s%s", t->len > 0 ? ", " : "", cells[0].text);
	return GW_OK;
}

static int words_of(struct gw_clickhouse *c, const char *sql, char *out, size_t size,
		    struct gw_err *err)
{
	struct gw_text t = gw_text_over(out, size);

	return gw_clickhouse_look(c, sql, take_word, &t, err);
}

/* Engines of our two tables, in the order of their names. */
static int engines(struct gw_clickhouse *c, char *out, size_t size, struct gw_err *err)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT engine FROM system.tables WHERE database = '%s' AND name IN ('event', "
		 "'sale') ORDER BY name",
		 gw_clickhouse_database(c));
	return words_of(c, sql, out, size, err);
}

int ch_find(struct gw_clickhouse *c, bool *found, struct gw_err *err)
{
	char words[256];
	int rc = engines(c, words, sizeof(words), err);

	*found = rc == GW_OK && strchr(words, ',') != NULL;
	return rc;
}

static int check_cluster(struct gw_clickhouse *c, const char *cluster, struct gw_err *err)
{
	char sql[256], found[256], known[512];
	struct gw_text t = gw_text_over(sql, sizeof(sql));
	int rc;

	gw_text_add(&t, "SELECT DISTINCT cluster FROM system.clusters WHERE cluster = ");
	gw_clickhouse_quote(&t, cluster);
	if (t.cut || strpbrk(cluster, "'\\") != NULL)
		return gw_err_set(err, GW_E_USAGE, "no cluster is named that way");
	rc = words_of(c, sql, found, sizeof(found), err);
	if (rc < 0 || found[0] != '\0')
		return rc;
	rc = words_of(c, "SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster", known,
		      sizeof(known), err);
	return rc < 0 ? rc
		      : gw_err_set(err, GW_E_INPUT, "%s knows no cluster %s; it knows: %s",
				   gw_clickhouse_name(c), cluster,
				   known[0] != '\0' ? known : "none");
}

static int make_one(void *ctx, const char *sql, struct gw_err *err)
{
	return gw_clickhouse_do(ctx, sql, true, err);
}

static int make_all(struct gw_clickhouse *c, const char *cluster, struct gw_err *err)
{
	struct plan p = {gw_clickhouse_database(c), cluster, gw_clickhouse_at_least(c, 20, 10)};

	return each_statement(&p, make_one, c, err);
}

int ch_make(struct gw_clickhouse *c, const char *cluster, bool *made, struct gw_err *err)
{
	char words[256];
	bool found = false;
	int rc = cluster != NULL ? check_cluster(c, cluster, err) : GW_OK;

	*made = false;
	if (rc == GW_OK)
		rc = ch_find(c, &found, err);
	if (rc < 0)
		return rc;
	if (!found) {
		*made = true;
		rc = make_all(c, cluster, err);
	}
	if (rc == GW_OK && cluster != NULL)
		rc = engines(c, words, sizeof(words), err);
	if (rc == GW_OK && cluster != NULL && strcmp(words, "Distributed, Distributed") != 0)
		rc = gw_err_set(err, GW_E_INPUT,
				"%s has the tables already, and not on a cluster; leave --cluster "
				"out or name another database",
				gw_clickhouse_name(c));
	return rc;
}

/* --- tables of before ------------------------------------------------------------------------- */

/* Old servers know no ADD COLUMN IF NOT EXISTS. */
static int lacking(struct gw_clickhouse *c, char *out, size_t size, struct gw_err *err)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "SELECT name FROM system.tables WHERE database = '%s' AND name IN ('sale_shard',"
		 " 'sale') AND name NOT IN (SELECT table FROM system.columns WHERE database = '%s'"
		 " AND name = '" ADDED "') ORDER BY name DESC",
		 gw_clickhouse_database(c), gw_clickhouse_database(c));
	return words_of(c, sql, out, size, err);
}

int ch_upgrade(struct gw_clickhouse *c, bool *changed, struct gw_err *err)
{
	char tables[64], sql[256], *at = tables;
	int rc = lacking(c, tables, sizeof(tables), err);

	*changed = rc == GW_OK && tables[0] != '\0';
	/* sale_shard before sale: what is spread over the shards comes after them. */
	for (const char *name; rc == GW_OK && (name = strsep(&at, ", ")) != NULL;) {
		if (name[0] == '\0')
			continue;
		snprintf(sql, sizeof(sql), "ALTER TABLE %s.%s ADD COLUMN " ADDED " %s",
			 gw_clickhouse_database(c), name, type_words[CH_INT_OR_NULL]);
		rc = gw_clickhouse_do(c, sql, true, err);
	}
	return rc;
}
