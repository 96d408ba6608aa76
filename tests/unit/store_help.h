/*
 * What tests of the store share: a folder of their own, events of a small sale, questions in SQL.
 * Everything asserts; nothing returns an error.
 */
#ifndef TESTS_STORE_HELP_H
#define TESTS_STORE_HELP_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "model/event_json.h"
#include "store/journal.h"
#include "tmp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct folder {
	char path[TMP_NAME_MAX], journal[96];
};

static inline void folder_make(struct folder *f)
{
	assert_non_null(mkdtemp(tmp_name(f->path, "store")));
	snprintf(f->journal, sizeof(f->journal), "%s/journal.db", f->path);
}

static inline void folder_remove(const struct folder *f)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", f->path);
	assert_int_equal(system(command), 0);
}

static inline struct gw_journal *journal_open(const struct folder *f)
{
	struct gw_journal_config config = {
		.path = f->journal, .store = "S0042", .terminal = "T03", .create = true};
	struct gw_journal *j;
	struct gw_err err = {0};

	if (gw_journal_open(&j, &config, &err) < 0)
		fail_msg("%s", err.text);
	return j;
}

/* Answers an SQL question with one whole number, over a connection of its own. */
static inline int64_t ask(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	int64_t n;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(stmt) != SQLITE_ROW)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

#define START_MS 1795336872345 /* 2026-11-22 09:41:12 */

static inline struct gw_event event_of(enum gw_event_kind kind, int sale, int64_t after_ms)
{
	struct gw_event e;

	memset(&e, 0, sizeof(e));
	e.kind = kind;
	e.at_ms = START_MS + after_ms;
	e.mono_ms = 1000 + after_ms;
	if (sale > 0)
		snprintf(e.basket, sizeof(e.basket), "S0042-T03-20261122-%06d", sale);
	return e;
}

static inline struct gw_event line_of(int sale, int line, int64_t price, uint32_t scan)
{
	struct gw_event e = event_of(GW_EV_LINE, sale, sale * 10000 + line * 100);

	e.u.line.line = line;
	snprintf(e.u.line.code, sizeof(e.u.line.code), "%014d", 1000 + line);
	e.u.line.name = "An item";
	e.u.line.qty = 1;
	e.u.line.price_minor = price;
	e.scan_session = scan != 0 ? 77 : 0;
	e.scan_seq = scan;
	return e;
}

static inline struct gw_event offer_of(int sale, int offer, const char *rule, bool ghost)
{
	struct gw_event e = event_of(ghost ? GW_EV_GHOST : GW_EV_OFFER, sale, sale * 10000 + 500);

	e.u.offer.offer = offer;
	snprintf(e.u.offer.rule, sizeof(e.u.offer.rule), "%s", rule);
	snprintf(e.u.offer.code, sizeof(e.u.offer.code), "00000000002000");
	snprintf(e.u.offer.pos_code, sizeof(e.u.offer.pos_code), "00000000002000");
	e.u.offer.name = "Batteries";
	e.u.offer.script = "Batteries?";
	e.u.offer.why[0] = "Torch";
	e.u.offer.price_minor = 349;
	e.u.offer.margin_minor = 120;
	e.u.offer.eligible = 3;
	e.u.offer.propensity_ppm = 500000;
	e.u.offer.holdout_ppm = 100000;
	snprintf(e.u.offer.table_version, sizeof(e.u.offer.table_version), "7");
	e.u.offer.eligible_ids = "r1 r2 r3";
	return e;
}

static inline struct gw_event outcome_of(int sale, int offer, enum gw_result result, int64_t value)
{
	struct gw_event e = event_of(GW_EV_OUTCOME, sale, sale * 10000 + 900);

	e.u.outcome.offer = offer;
	e.u.outcome.result = result;
	e.u.outcome.ms = 400;
	e.u.outcome.value_minor = value;
	return e;
}

static inline struct gw_event close_of(int sale, int items, int64_t total,
				       enum gw_close_reason reason)
{
	struct gw_event e = event_of(GW_EV_CLOSE, sale, sale * 10000 + 9000);

	e.u.close.lines = items;
	e.u.close.items = items;
	e.u.close.total_minor = total;
	e.u.close.reason = reason;
	return e;
}

static inline int64_t append(struct gw_journal *j, const struct gw_event *events, size_t count)
{
	struct gw_err err = {0};
	int64_t seq = -1;
	int rc = gw_journal_append(j, events, count, &seq, &err);

	if (rc < 0)
		fail_msg("append: %s", err.text);
	return seq;
}

static inline int64_t append_one(struct gw_journal *j, struct gw_event e)
{
	return append(j, &e, 1);
}

#endif
