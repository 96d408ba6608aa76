/*
 * SQL in this file is a template: '@' becomes "" in a journal and "terminal, epoch, " in the
 * collector (with their types in the schema), '#' the values that go with it and '&' the condition.
 * A row is never refused because an earlier event is missing (a gap): what can be derived is.
 */
#include "store/project.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/event_json.h"
#include "store/db.h"
#include "store/period.h"

#define PARAM_TERMINAL 41
#define PARAM_EPOCH    42

static const char schema[] =
	"CREATE TABLE sale(@basket TEXT NOT NULL, opened_seq INTEGER, opened_ms INTEGER,"
	" closed_ms INTEGER, state TEXT NOT NULL, cashier TEXT NOT NULL, segment TEXT NOT NULL,"
	" lines INTEGER, items INTEGER, total_minor INTEGER, total_from_till INTEGER, reason TEXT,"
	" utc_offset_min INTEGER, PRIMARY KEY(@basket)) WITHOUT ROWID;"
	"CREATE INDEX sale_open ON sale(opened_seq) WHERE closed_ms IS NULL;"
	"CREATE INDEX sale_closed ON sale(closed_ms);"
	"CREATE TABLE sale_line(@basket TEXT NOT NULL, line INTEGER NOT NULL, at_ms INTEGER,"
	" code TEXT NOT NULL, name TEXT, qty INTEGER, price_minor INTEGER, milli INTEGER,"
	" source TEXT, offer INTEGER, known INTEGER NOT NULL DEFAULT 1,"
	" voided INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(@basket, line)) WITHOUT ROWID;"
	"CREATE TABLE offer(@basket TEXT NOT NULL, offer INTEGER NOT NULL, ghost INTEGER NOT NULL,"
	" at_ms INTEGER, rule TEXT, kind TEXT, code TEXT, pos_code TEXT, name TEXT,"
	" price_minor INTEGER, saves_minor INTEGER, margin_minor INTEGER, subtotal_minor INTEGER,"
	" experiment TEXT, arm TEXT, table_version TEXT, eligible INTEGER, propensity_ppm INTEGER,"
	" holdout_ppm INTEGER, bucket_ppm INTEGER, eligible_ids TEXT, result TEXT, why TEXT,"
	" ended_ms INTEGER, ms INTEGER, value_minor INTEGER, line INTEGER,"
	" PRIMARY KEY(@basket, offer)) WITHOUT ROWID;";

static const char *const templates[GW_PROJECT_COUNT] = {
	[GW_PROJECT_OPEN] = "INSERT OR IGNORE INTO sale(@basket, opened_seq, opened_ms, state,"
			    " cashier, segment, utc_offset_min)"
			    " VALUES(#?1, ?2, ?3, 'open', ?4, '', ?5)",
	[GW_PROJECT_CASHIER] = "UPDATE sale SET cashier = ?2 WHERE & basket = ?1",
	[GW_PROJECT_SEGMENT] = "UPDATE sale SET segment = ?2 WHERE & basket = ?1",
	[GW_PROJECT_STATE] = "UPDATE sale SET state = ?2 WHERE & basket = ?1 AND state <> 'closed'",
	[GW_PROJECT_LINE] =
		"INSERT INTO sale_line(@basket, line, at_ms, code, name, qty, price_minor, milli,"
		" source, offer) VALUES(#?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
		" ON CONFLICT(@basket, line) DO UPDATE SET code = excluded.code,"
		" name = excluded.name, qty = excluded.qty, price_minor = excluded.price_minor,"
		" milli = excluded.milli, source = excluded.source, offer = excluded.offer",
	[GW_PROJECT_VOID] = "UPDATE sale_line SET voided = 1 WHERE & basket = ?1 AND line = ?2",
	[GW_PROJECT_UNKNOWN] = "INSERT INTO sale_line(@basket, line, at_ms, code, qty, source,"
			       " known) VALUES(#?1, ?2, ?3, ?4, 1, 'scan', 0)"
			       " ON CONFLICT(@basket, line) DO UPDATE SET known = 0",
	[GW_PROJECT_OFFER] =
		"INSERT OR REPLACE INTO offer(@basket, offer, ghost, at_ms, rule, kind, code,"
		" pos_code, name, price_minor, saves_minor, margin_minor, subtotal_minor,"
		" experiment, arm, table_version, eligible, propensity_ppm, holdout_ppm,"
		" bucket_ppm, eligible_ids)"
		" VALUES(#?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
		" ?16, ?17, ?18, ?19, ?20, ?21)",
	[GW_PROJECT_OUTCOME] = "UPDATE offer SET result = ?3, why = ?4, ended_ms = ?5, ms = ?6,"
			       " value_minor = ?7, line = ?8 WHERE & basket = ?1 AND offer = ?2",
	[GW_PROJECT_CLOSE] = "UPDATE sale SET state = 'closed', closed_ms = ?2, lines = ?3,"
			     " items = ?4, total_minor = ?5, total_from_till = ?6, reason = ?7"
			     " WHERE & basket = ?1",
};

static void expand(struct gw_text *out, const char *template, bool keyed)
{
	for (const char *p = template; *p != '\0'; p++) {
		bool def = strncmp(p, "@basket TEXT", 12) == 0;

		if (*p == '@')
			gw_text_add(out, !keyed ? ""
					 : def  ? "terminal TEXT NOT NULL, epoch TEXT NOT NULL, "
						: "terminal, epoch, ");
		else if (*p == '#')
			gw_text_add(out, keyed ? "?41, ?42, " : "");
		else if (*p == '&')
			gw_text_add(out, keyed ? "terminal = ?41 AND epoch = ?42 AND" : "");
		else
			gw_text_add_char(out, *p);
	}
}

int gw_project_create(sqlite3 *db, bool keyed, struct gw_err *err)
{
	char room[4096];
	struct gw_text sql = gw_text_over(room, sizeof(room));

	expand(&sql, schema, keyed);
	return gw_db_exec(db, room, err);
}

bool gw_project_has_offset(sqlite3 *db, const char *schema_name)
{
	return sqlite3_table_column_metadata(db, schema_name, "sale", "utc_offset_min", NULL, NULL,
					     NULL, NULL, NULL) == SQLITE_OK;
}

int gw_project_upgrade(sqlite3 *db, struct gw_err *err)
{
	return gw_project_has_offset(db, "main")
		       ? GW_OK
		       : gw_db_exec(db, "ALTER TABLE sale ADD COLUMN utc_offset_min INTEGER", err);
}

int gw_project_clear(sqlite3 *db, struct gw_err *err)
{
	return gw_db_exec(db, "DELETE FROM sale; DELETE FROM sale_line; DELETE FROM offer;", err);
}

int gw_project_init(struct gw_project *p, sqlite3 *db, bool keyed, struct gw_err *err)
{
	int rc = GW_OK;

	memset(p, 0, sizeof(*p));
	p->db = db;
	p->keyed = keyed;
	for (int i = 0; i < GW_PROJECT_COUNT && rc == GW_OK; i++) {
		char room[1024];
		struct gw_text sql = gw_text_over(room, sizeof(room));

		expand(&sql, templates[i], keyed);
		rc = gw_db_prepare(db, &p->stmt[i], room, err);
	}
	if (rc < 0)
		gw_project_release(p);
	return rc;
}

void gw_project_release(struct gw_project *p)
{
	for (int i = 0; i < GW_PROJECT_COUNT; i++) {
		sqlite3_finalize(p->stmt[i]);
		p->stmt[i] = NULL;
	}
}

void gw_project_terminal(struct gw_project *p, const char *terminal, const char *epoch)
{
	for (int i = 0; i < GW_PROJECT_COUNT; i++) {
		sqlite3_bind_text(p->stmt[i], PARAM_TERMINAL, terminal, -1, SQLITE_STATIC);
		sqlite3_bind_text(p->stmt[i], PARAM_EPOCH, epoch, -1, SQLITE_STATIC);
	}
}

/* Binding in the order of the parameters keeps each function below one line a column. */
struct binder {
	sqlite3_stmt *stmt;
	int next;
};

static struct binder start(const struct gw_project *p, int which, const struct gw_event *e)
{
	struct binder b = {p->stmt[which], 2};

	sqlite3_bind_text(b.stmt, 1, e->basket, -1, SQLITE_STATIC);
	return b;
}

static void text(struct binder *b, const char *s)
{
	sqlite3_bind_text(b->stmt, b->next++, s, -1, SQLITE_STATIC);
}

static void number(struct binder *b, int64_t n)
{
	sqlite3_bind_int64(b->stmt, b->next++, n);
}

static void offset(struct binder *b, int minutes)
{
	if (minutes < -GW_UTC_OFFSET_MOST || minutes > GW_UTC_OFFSET_MOST)
		sqlite3_bind_null(b->stmt, b->next++);
	else
		number(b, minutes);
}

static void amount(struct binder *b, int64_t minor)
{
	if (minor == -1)
		sqlite3_bind_null(b->stmt, b->next++);
	else
		number(b, minor);
}

static int run(struct binder *b)
{
	int rc = sqlite3_step(b->stmt);

	sqlite3_reset(b->stmt);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int apply_open(struct gw_project *p, int64_t seq, const struct gw_event *e)
{
	struct binder b = start(p, GW_PROJECT_OPEN, e);

	number(&b, seq);
	number(&b, e->at_ms);
	text(&b, p->cashier);
	offset(&b, e->u.open.utc_offset_min);
	return run(&b);
}

static int apply_word(struct gw_project *p, int which, const struct gw_event *e, const char *word)
{
	struct binder b = start(p, which, e);

	text(&b, word);
	return run(&b);
}

static int apply_line(struct gw_project *p, const struct gw_event *e)
{
	const struct gw_ev_line *l = &e->u.line;
	struct binder b = start(p, GW_PROJECT_LINE, e);

	number(&b, l->line);
	number(&b, e->at_ms);
	text(&b, l->code);
	text(&b, l->name);
	number(&b, l->qty);
	amount(&b, l->price_minor);
	number(&b, l->milli);
	text(&b, gw_source_word(l->source));
	number(&b, l->offer);
	return run(&b);
}

static int apply_void(struct gw_project *p, const struct gw_event *e)
{
	struct binder b = start(p, GW_PROJECT_VOID, e);

	number(&b, e->u.voided.line);
	return run(&b);
}

static int apply_unknown(struct gw_project *p, const struct gw_event *e)
{
	struct binder b = start(p, GW_PROJECT_UNKNOWN, e);

	if (e->u.code.line <= 0 || e->basket[0] == '\0')
		return SQLITE_OK;
	number(&b, e->u.code.line);
	number(&b, e->at_ms);
	text(&b, e->u.code.code);
	return run(&b);
}

static int apply_offer(struct gw_project *p, const struct gw_event *e)
{
	const struct gw_ev_offer *o = &e->u.offer;
	struct binder b = start(p, GW_PROJECT_OFFER, e);

	number(&b, o->offer);
	number(&b, e->kind == GW_EV_GHOST);
	number(&b, e->at_ms);
	text(&b, o->rule);
	text(&b, gw_rule_kind_word(o->kind));
	text(&b, o->code);
	text(&b, o->pos_code);
	text(&b, o->name);
	amount(&b, o->price_minor);
	number(&b, o->saves_minor);
	amount(&b, o->margin_minor);
	number(&b, o->subtotal_minor);
	text(&b, o->experiment);
	text(&b, o->arm);
	text(&b, o->table_version);
	number(&b, o->eligible);
	number(&b, o->propensity_ppm);
	number(&b, o->holdout_ppm);
	number(&b, o->hold_bucket_ppm);
	text(&b, o->eligible_ids);
	return run(&b);
}

static int apply_outcome(struct gw_project *p, const struct gw_event *e)
{
	const struct gw_ev_outcome *o = &e->u.outcome;
	struct binder b = start(p, GW_PROJECT_OUTCOME, e);

	number(&b, o->offer);
	text(&b, gw_result_word(o->result));
	text(&b, o->why);
	number(&b, e->at_ms);
	number(&b, o->ms);
	number(&b, o->value_minor);
	number(&b, o->line);
	return run(&b);
}

static int apply_close(struct gw_project *p, const struct gw_event *e)
{
	const struct gw_ev_close *c = &e->u.close;
	struct binder b = start(p, GW_PROJECT_CLOSE, e);

	number(&b, e->at_ms);
	number(&b, c->lines);
	number(&b, c->items);
	number(&b, c->total_minor);
	number(&b, c->total_from_till);
	text(&b, gw_close_word(c->reason));
	return run(&b);
}

static int apply_login(struct gw_project *p, const struct gw_event *e)
{
	snprintf(p->cashier, sizeof(p->cashier), "%s", e->u.id.id);
	return e->basket[0] != '\0' ? apply_word(p, GW_PROJECT_CASHIER, e, e->u.id.id) : SQLITE_OK;
}

int gw_project_apply(struct gw_project *p, int64_t seq, const struct gw_event *e)
{
	switch (e->kind) {
	case GW_EV_START:
		p->cashier[0] = '\0';
		return SQLITE_OK;
	case GW_EV_LOGIN:
		return apply_login(p, e);
	case GW_EV_OPEN:
		return apply_open(p, seq, e);
	case GW_EV_SEGMENT:
		return apply_word(p, GW_PROJECT_SEGMENT, e, e->u.id.id);
	case GW_EV_SUSPEND:
		return apply_word(p, GW_PROJECT_STATE, e, "suspended");
	case GW_EV_RESUME:
		return apply_word(p, GW_PROJECT_STATE, e, "open");
	case GW_EV_LINE:
		return apply_line(p, e);
	case GW_EV_VOID:
		return apply_void(p, e);
	case GW_EV_UNKNOWN:
		return apply_unknown(p, e);
	case GW_EV_OFFER:
	case GW_EV_GHOST:
		return apply_offer(p, e);
	case GW_EV_OUTCOME:
		return apply_outcome(p, e);
	case GW_EV_CLOSE:
		return apply_close(p, e);
	default:
		return SQLITE_OK;
	}
}
