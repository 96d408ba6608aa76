/* Days and hours by the shops' own clocks: two zones, changed clocks, sales that do not tell. */
#include "tests/unit/store_help.h"

#include <time.h>

#include "base/when.h"
#include "store/ledger.h"
#include "store/project.h"

static int setup(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	folder_make(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	unsetenv("TZ");
	tzset();
	folder_remove(*state);
	free(*state);
	return 0;
}

static void set_zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

/* A rule, so that no zone file has to be there: Berlin as it is since 1996. */
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static int64_t ms_of(const char *when)
{
	int64_t ms;

	assert_int_equal(gw_when_parse(when, strlen(when), &ms), GW_OK);
	return ms;
}

static int64_t day_of(const char *day)
{
	int64_t n;

	assert_int_equal(gw_date_parse(day, strlen(day), &n), GW_OK);
	return n;
}

/* --- periods ---------------------------------------------------------------------------------- */

static void a_period_has_its_days(void **state)
{
	int64_t day = day_of("2026-10-25");
	struct gw_period p = gw_period_at(day, day, -570);

	(void)state;
	assert_int_equal(p.from_ms, ms_of("2026-10-25T00:00:00Z"));
	assert_int_equal(p.to_ms, ms_of("2026-10-26T00:00:00Z"));
	assert_int_equal(p.utc_from_ms, ms_of("2026-10-25T00:00:00-09:30"));
	assert_int_equal(p.utc_to_ms, ms_of("2026-10-26T00:00:00-09:30"));
	assert_int_equal(p.assumed_ms, -570 * 60000LL);
	set_zone(BERLIN);
	p = gw_period_here(day, day);
	assert_int_equal(p.from_ms, ms_of("2026-10-25T00:00:00Z"));
	assert_int_equal(p.to_ms, ms_of("2026-10-26T00:00:00Z"));
	/* A day of 25 hours. */
	assert_int_equal(p.utc_from_ms, ms_of("2026-10-25T00:00:00+02:00"));
	assert_int_equal(p.utc_to_ms, ms_of("2026-10-26T00:00:00+01:00"));
	assert_int_equal(p.assumed_ms, 2 * 3600000);
	unsetenv("TZ");
	tzset();
}

/* --- sales ------------------------------------------------------------------------------------ */

/*
 * Sale  closes (UTC)       offset   by the shop's clock
 *   1   2026-10-24 21:59     +2 h   24th 23:59
 *   2   2026-10-24 22:00     +2 h   25th 00:00
 *   3   2026-10-25 00:30     +2 h   25th 02:30, before the clocks are put back
 *   4   2026-10-25 01:30     +1 h   25th 02:30, after
 *   5   2026-10-25 22:59     +1 h   25th 23:59
 *   6   2026-10-25 23:00     +1 h   26th 00:00
 *   7   2026-10-24 12:30    +14 h   25th 02:30, on the other side of the date line
 *   8   2026-10-26 09:59    -10 h   25th 23:59
 *   9   2026-10-26 10:00    -10 h   26th 00:00
 *  10   2026-10-25 22:30    none    25th for a reader in UTC and in Berlin, 26th at UTC+2
 *  11   2026-10-24 22:30   +2000 h  not to be believed, so none: 25th in Berlin, 24th in UTC
 */
static const struct {
	const char *closes;
	int offset_min;
} sales[] = {
	{"2026-10-24T21:59:00Z", 120},    {"2026-10-24T22:00:00Z", 120},
	{"2026-10-25T00:30:00Z", 120},    {"2026-10-25T01:30:00Z", 60},
	{"2026-10-25T22:59:00Z", 60},     {"2026-10-25T23:00:00Z", 60},
	{"2026-10-24T12:30:00Z", 840},    {"2026-10-26T09:59:00Z", -600},
	{"2026-10-26T10:00:00Z", -600},   {"2026-10-25T22:30:00Z", GW_UTC_UNKNOWN},
	{"2026-10-24T22:30:00Z", 120000},
};

#define S(n) ((int64_t)1 << (n))

/* Sale s is worth 2^s, so that a total says which ones were counted. */
static void play(struct gw_journal *j, size_t from, size_t to)
{
	for (size_t s = from; s < to; s++) {
		int number = (int)s + 1;
		struct gw_event open = event_of(GW_EV_OPEN, number, 0);
		struct gw_event close = close_of(number, 1, S(number), GW_CLOSE_TENDER);

		close.at_ms = ms_of(sales[s].closes);
		open.at_ms = close.at_ms - 60000;
		open.u.open.utc_offset_min = sales[s].offset_min;
		append_one(j, open);
		append_one(j, close);
	}
}

static struct gw_today today_of(const char *journal, struct gw_period period)
{
	struct gw_today t;
	struct gw_err err = {0};

	if (gw_store_today(journal, &period, &t, &err) < 0)
		fail_msg("%s", err.text);
	return t;
}

static void check_days(const char *journal)
{
	static const struct {
		const char *from, *to;
		int offset_min;
		int64_t total, assumed;
	} rows[] = {
		{"2026-10-24", "2026-10-24", 0, S(1) | S(11), 1},
		{"2026-10-25", "2026-10-25", 0, S(2) | S(3) | S(4) | S(5) | S(7) | S(8) | S(10), 1},
		{"2026-10-26", "2026-10-26", 0, S(6) | S(9), 0},
		/* What is assumed moves only those that do not tell. */
		{"2026-10-24", "2026-10-24", 120, S(1), 0},
		{"2026-10-25", "2026-10-25", 120, S(2) | S(3) | S(4) | S(5) | S(7) | S(8) | S(11),
		 1},
		{"2026-10-26", "2026-10-26", 120, S(6) | S(9) | S(10), 1},
		{"2026-10-23", "2026-10-23", 0, 0, 0},
		{"2026-10-24", "2026-10-26", 0, S(12) - 2, 2},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_today t =
			today_of(journal, gw_period_at(day_of(rows[i].from), day_of(rows[i].to),
						       rows[i].offset_min));

		if (t.total_minor != rows[i].total || t.assumed != rows[i].assumed)
			fail_msg("row %zu: %llx, %lld assumed", i, (long long)t.total_minor,
				 (long long)t.assumed);
	}
}

static int take_hour(void *ctx, const struct gw_cell *c, int count)
{
	assert_int_equal(count, 7);
	((int64_t *)ctx)[c[0].number] = c[3].number;
	return 0;
}

static void hours_of(const char *journal, struct gw_period period, int64_t hours[24])
{
	struct gw_ledger *s;

	memset(hours, 0, 24 * sizeof(hours[0]));
	assert_int_equal(gw_ledger_new(&s, NULL), GW_OK);
	assert_int_equal(gw_ledger_add(s, journal, &period, NULL), GW_OK);
	assert_int_equal(gw_ledger_ask(s, GW_QUERY_HOURS, &period, take_hour, hours, NULL), GW_OK);
	gw_ledger_free(s);
}

static void check_hours(const char *journal)
{
	int64_t day = day_of("2026-10-25"), hours[24];

	hours_of(journal, gw_period_at(day, day, 90), hours);
	assert_int_equal(hours[0], S(2) | S(11)); /* 22:30 and an hour and a half */
	assert_int_equal(hours[2], S(3) | S(4) | S(7));
	assert_int_equal(hours[23], S(5) | S(8));
	assert_int_equal(hours[22], 0);
	hours_of(journal, gw_period_at(day, day, 0), hours);
	assert_int_equal(hours[0], S(2));
	assert_int_equal(hours[22], S(10));
}

static void each_sale_counts_by_its_own_clock(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);

	play(j, 0, COUNT(sales));
	check_days(f->journal);
	check_hours(f->journal);
	/* Whatever the reader's zone, if he says what to assume. */
	set_zone("XXX10");
	check_days(f->journal);
	gw_journal_close(j);
}

static void a_reader_here_assumes_his_zone(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	int64_t day = day_of("2026-10-25");

	play(j, 0, COUNT(sales));
	gw_journal_close(j);
	set_zone(BERLIN);
	/* Sale 10 closed in the last half hour of the long day. */
	assert_int_equal(today_of(f->journal, gw_period_here(day, day)).total_minor,
			 S(2) | S(3) | S(4) | S(5) | S(7) | S(8) | S(10) | S(11));
	assert_int_equal(today_of(f->journal, gw_period_here(day + 1, day + 1)).total_minor,
			 S(6) | S(9));
}

/* --- files of before -------------------------------------------------------------------------- */

static void sql(const char *path, const char *text)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", text, why);
	sqlite3_close(db);
}

/* As a program wrote it that knew nothing of the column, but whose events tell already. */
static void an_old_journal_is_read_and_grows(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_err err = {0};

	play(j, 0, 6);
	gw_journal_close(j);
	sql(f->journal, "ALTER TABLE sale DROP COLUMN utc_offset_min");
	assert_int_equal(today_of(f->journal, gw_period_at(0, 99999, 0)).assumed, 0);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM pragma_table_info('sale')"
					 " WHERE name = 'utc_offset_min'"),
			 0);
	j = journal_open(f);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM sale"), 6);
	play(j, 6, 8);
	gw_journal_close(j);
	/* Back to the old program for a day, and on with the new one. */
	sql(f->journal, "CREATE TRIGGER old AFTER INSERT ON sale BEGIN UPDATE sale SET"
			" utc_offset_min = NULL WHERE basket = new.basket; END");
	j = journal_open(f);
	play(j, 8, 10);
	gw_journal_close(j);
	sql(f->journal, "DROP TRIGGER old");
	j = journal_open(f);
	play(j, 10, COUNT(sales));
	assert_int_equal(ask(f->journal, "SELECT count(utc_offset_min) FROM sale"), 2);
	check_days(f->journal);
	check_hours(f->journal);
	assert_int_equal(gw_journal_rebuild(j, &err), GW_OK);
	assert_int_equal(ask(f->journal, "SELECT count(utc_offset_min) FROM sale"), 9);
	check_days(f->journal);
	check_hours(f->journal);
	gw_journal_close(j);
}

/* Events that are no JSON, or tell something else than a number of minutes, tell nothing. */
static void odd_events_tell_nothing(void **state)
{
	static const char *const bodies[] = {"{}",
					     "",
					     "{",
					     "[60]",
					     "{\"utc_offset\":\"60\"}",
					     "{\"utc_offset\":60.5}",
					     "{\"utc_offset\":1441}",
					     "{\"utc_offset\":-9223372036854775808}",
					     "{\"utc_offset\":99999999999999999999}",
					     "{\"utc_offset\":null}"};
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	char text[200];

	play(j, 0, 1);
	gw_journal_close(j);
	sql(f->journal, "UPDATE sale SET utc_offset_min = NULL");
	assert_int_equal(today_of(f->journal, gw_period_at(0, 99999, 0)).assumed, 0);
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct gw_today t;

		snprintf(text, sizeof(text), "UPDATE event SET body = '%s' WHERE kind = 'open'",
			 bodies[i]);
		sql(f->journal, text);
		t = today_of(f->journal, gw_period_at(0, 99999, 0));
		if (t.sales != 1 || t.assumed != 1)
			fail_msg("%s: %lld of %lld", bodies[i], (long long)t.assumed,
				 (long long)t.sales);
	}
}

/* --- cost ------------------------------------------------------------------------------------- */

/* A day of a year is found by the index, not by reading the year. */
static void a_day_is_found_by_the_index(void **state)
{
	static const enum gw_query queries[] = {GW_QUERY_SALES, GW_QUERY_OFFERS, GW_QUERY_RULES};
	char room[4096];
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(gw_project_create(db, true, NULL), GW_OK);
	for (size_t i = 0; i < COUNT(queries); i++) {
		sqlite3_stmt *stmt;
		bool found = false;

		snprintf(room, sizeof(room), "EXPLAIN QUERY PLAN %s", gw_query_sqlite(queries[i]));
		assert_int_equal(sqlite3_prepare_v2(db, room, -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW)
			found |= strstr((const char *)sqlite3_column_text(stmt, 3),
					"SEARCH s USING INDEX sale_closed (closed_ms>? AND "
					"closed_ms<?)") != NULL;
		sqlite3_finalize(stmt);
		assert_true(found);
	}
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_period_has_its_days),
		cmocka_unit_test_setup_teardown(each_sale_counts_by_its_own_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_here_assumes_his_zone, setup, teardown),
		cmocka_unit_test_setup_teardown(an_old_journal_is_read_and_grows, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_events_tell_nothing, setup, teardown),
		cmocka_unit_test(a_day_is_found_by_the_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
