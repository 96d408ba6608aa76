#include "store/today.h"

#include <stdio.h>
#include <string.h>

#include "base/home.h"
#include "base/utf8.h"
#include "store/db.h"
#include "store/ledger.h"

int64_t gw_today_mean(int64_t total, int64_t count)
{
	if (count <= 0)
		return 0;
	return (total >= 0 ? total + count / 2 : total - count / 2) / count;
}

int64_t gw_today_ppm(int64_t part, int64_t whole)
{
	return gw_today_mean(part * 1000000, whole);
}

int64_t gw_today_accepted(const struct gw_today *t)
{
	return t->result[GW_RESULT_ACCEPTED] + t->result[GW_RESULT_ACCEPTED_BY_SCAN];
}

static int take_sales(void *ctx, const struct gw_cell *c, int count)
{
	struct gw_today *t = ctx;

	(void)count;
	t->sales = c[0].number;
	t->items = c[1].number;
	t->total_minor = c[2].number;
	t->cancelled = c[3].number;
	t->assumed = c[4].number;
	return 0;
}

static int64_t *result_of(struct gw_today *t, const char *word)
{
	static const char *const words[GW_RESULT_COUNT] = {
#define WORD(name, text) [name] = (text),
		GW_RESULT_MAP(WORD)
#undef WORD
	};

	for (int r = 0; r < GW_RESULT_COUNT; r++)
		if (strcmp(word, words[r]) == 0)
			return &t->result[r];
	return &t->unanswered;
}

static int take_offers(void *ctx, const struct gw_cell *c, int count)
{
	struct gw_today *t = ctx;

	(void)count;
	if (c[0].number != 0) {
		t->ghosts += c[2].number;
		return 0;
	}
	t->shown += c[2].number;
	*result_of(t, c[1].text != NULL ? c[1].text : "") += c[2].number;
	t->accepted_value_minor += c[3].number;
	t->accepted_margin_minor += c[4].number;
	t->kept += c[5].number;
	t->kept_value_minor += c[6].number;
	return 0;
}

static int take_addon(void *ctx, const struct gw_cell *c, int count)
{
	struct gw_today *t = ctx;

	(void)count;
	t->sales_offered = c[0].number;
	t->sales_with = c[1].number;
	t->total_with_minor = c[2].number;
	t->items_with = c[3].number;
	return 0;
}

static void copy_text(char *out, size_t size, const char *text)
{
	gw_utf8_sanitize(out, size, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static int take_rule(void *ctx, const struct gw_cell *c, int count)
{
	struct gw_today *t = ctx;
	struct gw_today_rule *r;

	(void)count;
	if (c[3].number == 0) /* withheld only */
		return 0;
	if (t->rule_count++ >= GW_TODAY_RULES)
		return 0;
	r = &t->rule[t->rule_count - 1];
	copy_text(r->rule, sizeof(r->rule), c[0].text);
	copy_text(r->name, sizeof(r->name), c[2].text);
	r->shown = c[3].number;
	r->accepted = c[4].number;
	r->declined = c[5].number;
	r->not_voiced = c[6].number;
	r->accepted_value_minor = c[7].number;
	return 0;
}

int gw_ledger_today(struct gw_ledger *s, const struct gw_period *period, struct gw_today *t,
		    struct gw_err *err)
{
	struct gw_answers answers = {gw_ledger_ask, s};

	return gw_today_ask(&answers, period, t, err);
}

int gw_today_ask(const struct gw_answers *answers, const struct gw_period *period,
		 struct gw_today *t, struct gw_err *err)
{
	static const struct {
		enum gw_query query;
		int (*take)(void *ctx, const struct gw_cell *cells, int count);
	} steps[] = {{GW_QUERY_SALES, take_sales},
		     {GW_QUERY_OFFERS, take_offers},
		     {GW_QUERY_ADDON, take_addon},
		     {GW_QUERY_RULES, take_rule}};
	int rc = GW_OK;

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == GW_OK; i++)
		rc = answers->ask(answers->from, steps[i].query, period, steps[i].take, t, err);
	return rc;
}

int gw_store_today(const char *journal, const struct gw_period *period, struct gw_today *today,
		   struct gw_err *err)
{
	struct gw_ledger *s;
	int rc = gw_ledger_new(&s, err);

	memset(today, 0, sizeof(*today));
	if (rc == GW_OK)
		rc = gw_ledger_add(s, journal, period, err);
	if (rc == GW_OK)
		rc = gw_ledger_today(s, period, today, err);
	gw_ledger_free(s);
	return rc;
}

int gw_store_currency(const char *home, char currency[4])
{
	char path[GW_PATH_MAX];
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db;
	int rc = GW_E_NOT_FOUND;

	currency[0] = '\0';
	if (gw_path_join(path, home, "table.db", NULL) < 0 ||
	    gw_db_open(&db, path, GW_DB_READ, NULL, NULL) < 0)
		return GW_E_NOT_FOUND;
	if (gw_db_prepare(db, &stmt, "SELECT value FROM meta WHERE key = 'currency'", NULL) ==
		    GW_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == 3) {
		memcpy(currency, sqlite3_column_text(stmt, 0), 4);
		rc = GW_OK;
	}
	sqlite3_finalize(stmt);
	gw_db_close(&db);
	return rc;
}
