/* Reading a journal while it is written, the chain, batches, and the day in numbers. */
#include "tests/unit/store_help.h"

#include <zstd.h>

#include "base/when.h"

#include "store/batch.h"
#include "store/reader.h"
#include "store/salvage.h"
#include "store/ledger.h"

static int setup(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	folder_make(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	folder_remove(*state);
	free(*state);
	return 0;
}

/*
 * Sale  total  offers
 *   1   10.00  r1 accepted 3.49
 *   2   20.00  r1 declined
 *   3    5.00  r2 accepted by scan 3.49, its line voided
 *   4    7.00  ghost of r1, "ignored"
 *   5    9.00  none
 *   6   50.00  cancelled, with r1 accepted
 *   7          open, with r1 shown
 */
static void play_day(struct gw_journal *j)
{
	static const int64_t totals[] = {0, 1000, 2000, 500, 700, 900, 5000};

	for (int s = 1; s <= 7; s++) {
		append_one(j, event_of(GW_EV_OPEN, s, s * 10000));
		append_one(j, line_of(s, 1, 500, (uint32_t)s * 10 + 1));
		if (s != 5)
			append_one(j, offer_of(s, 1, s == 3 ? "r2" : "r1", s == 4));
		if (s == 1 || s == 3 || s == 6) {
			struct gw_event o = outcome_of(
				s, 1, s == 3 ? GW_RESULT_ACCEPTED_BY_SCAN : GW_RESULT_ACCEPTED,
				349);
			struct gw_event l = line_of(s, 2, 349, 0), v = event_of(GW_EV_VOID, s, 0);

			l.u.line.offer = 1;
			o.u.outcome.line = 2;
			append_one(j, l);
			append_one(j, o);
			v.u.voided.line = 2;
			if (s == 3)
				append_one(j, v);
		} else if (s == 2) {
			append_one(j, outcome_of(s, 1, GW_RESULT_DECLINED, 0));
		} else if (s == 4) {
			append_one(j, outcome_of(s, 1, GW_RESULT_IGNORED, 0));
		}
		if (s < 7)
			append_one(j, close_of(s, s == 1 ? 2 : 1, totals[s],
					       s == 6 ? GW_CLOSE_CANCEL : GW_CLOSE_TENDER));
	}
}

static const struct gw_period the_day = {START_MS, START_MS + GW_DAY_MS, 0, 0, 0};

static void check_day(const struct gw_today *t)
{
	assert_int_equal(t->sales, 5);
	assert_int_equal(t->items, 6);
	assert_int_equal(t->total_minor, 5100);
	assert_int_equal(t->cancelled, 1);
	assert_int_equal(t->shown, 3);
	assert_int_equal(t->sales_offered, 3);
	assert_int_equal(gw_today_accepted(t), 2);
	assert_int_equal(t->result[GW_RESULT_ACCEPTED_BY_SCAN], 1);
	assert_int_equal(t->result[GW_RESULT_DECLINED], 1);
	assert_int_equal(t->result[GW_RESULT_IGNORED], 0);
	assert_int_equal(t->unanswered, 0);
	assert_int_equal(t->ghosts, 1);
	assert_int_equal(t->accepted_value_minor, 698);
	assert_int_equal(t->accepted_margin_minor, 240);
	assert_int_equal(t->kept, 1);
	assert_int_equal(t->kept_value_minor, 349);
	assert_int_equal(t->sales_with, 2);
	assert_int_equal(t->total_with_minor, 1500);
	assert_int_equal(t->rule_count, 2);
	assert_string_equal(t->rule[0].rule, "r1");
	assert_string_equal(t->rule[0].name, "Batteries");
	assert_int_equal(t->rule[0].shown, 2);
	assert_int_equal(t->rule[0].accepted, 1);
	assert_int_equal(t->rule[0].declined, 1);
	assert_int_equal(t->rule[1].accepted_value_minor, 349);
}

static void the_day_adds_up(void **state)
{
	const struct gw_period before = {0, START_MS, 0, 0, 0};
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_today t;
	struct gw_err err = {0};

	play_day(j);
	/* ... while the register still has it open. */
	if (gw_store_today(f->journal, &the_day, &t, &err) < 0)
		fail_msg("%s", err.text);
	check_day(&t);
	assert_int_equal(gw_store_today(f->journal, &before, &t, &err), GW_OK);
	assert_int_equal(t.sales + t.shown + t.rule_count, 0);
	gw_journal_close(j);
	assert_int_equal(gw_store_today("/no/such/journal.db", &before, &t, &err), GW_E_NOT_FOUND);
}

static void ratios_round(void **state)
{
	(void)state;
	assert_int_equal(gw_today_ppm(1, 3), 333333);
	assert_int_equal(gw_today_ppm(2, 3), 666667);
	assert_int_equal(gw_today_ppm(0, 0), 0);
	assert_int_equal(gw_today_mean(-5, 2), -3);
	assert_int_equal(gw_today_mean(5, 2), 3);
}

static void a_reader_follows_the_writer(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_reader *r;
	struct gw_reader_row row;
	struct gw_reader_info info;
	struct gw_err err = {0};
	int64_t expect = 1;

	append_one(j, event_of(GW_EV_START, 0, 0));
	assert_int_equal(gw_reader_open(&r, f->journal, &err), GW_OK);
	gw_reader_info(r, &info);
	assert_string_equal(info.till, "S0042-T03");
	assert_string_equal(info.epoch, gw_journal_epoch(j));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 700; i++)
			append_one(j, line_of(round + 1, i + 1, 100 + i,
					      (uint32_t)(round * 1000 + i + 1)));
		while (gw_reader_next(r, &row, &err) > 0)
			assert_int_equal(row.row.seq, expect++);
		assert_int_equal(expect, 2 + 700 * (round + 1));
		/* The reader holds no snapshot: a checkpoint gets all of it. */
		assert_int_equal(gw_journal_tick(j, INT64_MAX / 2), GW_OK);
		assert_int_equal(gw_journal_deadline(j), -1);
	}
	gw_reader_seek(r, 1000);
	assert_int_equal(gw_reader_next(r, &row, &err), 1);
	assert_int_equal(row.row.seq, 1001);
	gw_reader_close(r);
	gw_journal_close(j);
}

static struct gw_verify verify(const char *path)
{
	struct gw_verify v;
	struct gw_reader *r;
	struct gw_err err = {0};

	assert_int_equal(gw_reader_open(&r, path, &err), GW_OK);
	assert_int_equal(gw_reader_verify(r, &v, NULL, NULL, &err), GW_OK);
	gw_reader_close(r);
	return v;
}

static void every_tampering_shows(void **state)
{
	static const struct {
		const char *sql;
		int64_t bad;
	} rows[] = {
		{"UPDATE event SET body = replace(body, '500', '400') WHERE seq = 3", 3},
		{"UPDATE event SET at_ms = at_ms + 1 WHERE seq = 4", 4},
		{"UPDATE event SET scan_seq = 4000 WHERE seq = 3", 3},
		{"UPDATE event SET basket = basket || 'x' WHERE seq = 5", 5},
		{"DELETE FROM event WHERE seq = 6", 7},
		{"DELETE FROM event WHERE seq = 1", 2},
		{"UPDATE event SET chain = zeroblob(32) WHERE seq = 8", 8},
		{"UPDATE event SET chain = x'00' WHERE seq = 8", 8},
		{"UPDATE meta SET value = 'T04' WHERE key = 'terminal'", 1},
	};
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	char copy[128], command[400];
	struct gw_verify v;

	play_day(j);
	gw_journal_close(j);
	v = verify(f->journal);
	assert_int_equal(v.bad, 0);
	assert_int_equal(v.rows, ask(f->journal, "SELECT count(*) FROM event"));
	snprintf(copy, sizeof(copy), "%s/copy.db", f->path);
	for (size_t i = 0; i < COUNT(rows); i++) {
		sqlite3 *db;

		snprintf(command, sizeof(command), "cp %s %s", f->journal, copy);
		assert_int_equal(system(command), 0);
		assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, rows[i].sql, NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_changes(db), 1);
		sqlite3_close(db);
		v = verify(copy);
		if (v.bad != rows[i].bad)
			fail_msg("%s: bad row %lld, not %lld", rows[i].sql, (long long)v.bad,
				 (long long)rows[i].bad);
		assert_true(v.reason[0] != '\0');
	}
}

/* Writes a journal's events as batches of `size`, the way sync seals them. */
static void write_batches(const struct folder *f, int64_t size)
{
	struct gw_reader *r;
	struct gw_reader_info info;
	struct gw_reader_row row;
	static char plain[1 << 20], packed[1 << 20];
	char path[160];
	int64_t total = ask(f->journal, "SELECT max(seq) FROM event"), at = 0;

	assert_int_equal(gw_reader_open(&r, f->journal, NULL), GW_OK);
	gw_reader_info(r, &info);
	while (at < total) {
		struct gw_batch_header h = {.first = at + 1,
					    .last = at + size < total ? at + size : total,
					    .sealed_ms = START_MS};
		size_t len, n;
		FILE *out;

		snprintf(h.till, sizeof(h.till), "%s", info.till);
		snprintf(h.epoch, sizeof(h.epoch), "%s", info.epoch);
		assert_int_equal(gw_batch_header_write(plain, sizeof(plain), &h, &len), GW_OK);
		for (; at < h.last; at++) {
			char room[GW_EVENT_ROOM];
			struct gw_text t = gw_text_over(plain + len, sizeof(plain) - len);
			struct gw_event_row e;

			assert_int_equal(gw_reader_next(r, &row, NULL), 1);
			assert_int_equal(gw_reader_decode(&row, &e, room, NULL), GW_OK);
			assert_int_equal(
				gw_event_json_line(&t, &e, NULL, row.row.body, row.row.body_len),
				GW_OK);
			gw_text_add_char(&t, '\n');
			len += t.len;
		}
		n = ZSTD_compress(packed, sizeof(packed), plain, len, 3);
		snprintf(path, sizeof(path), "%s/%06lld.zst", f->path, (long long)h.first);
		out = fopen(path, "wb");
		assert_non_null(out);
		fwrite(packed, 1, n, out);
		fclose(out);
	}
	gw_reader_close(r);
}

static void batches_give_the_same_day(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_ledger *s;
	struct gw_today t;
	struct gw_err err = {0};

	play_day(j);
	gw_journal_close(j);
	write_batches(f, 7);
	/* Journal and batches of one till in one folder: every sale once. */
	for (int with_journal = 1; with_journal >= 0; with_journal--) {
		assert_int_equal(gw_ledger_new(&s, &err), GW_OK);
		if (gw_ledger_add(s, f->path, &the_day, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(gw_ledger_today(s, &the_day, &t, &err), GW_OK);
		check_day(&t);
		assert_true(gw_ledger_sources(s) > 5);
		gw_ledger_free(s);
		unlink(f->journal);
	}
}

static void faulty_batches_are_named(void **state)
{
#define HEAD "{\"goeswith\":1,\"terminal\":\"S-T\",\"epoch\":\"00112233aabbccdd\",\"first\":1,"
#define REST "\"prev\":\"\",\"sealed_at\":\"2026-11-22T09:41:12.345Z\"}\n"
	static const struct {
		const char *text;
		int rc;
		const char *says;
	} rows[] = {
		{HEAD "\"last\":1," REST "{\"seq\":1}\n", GW_OK, ""},
		{HEAD "\"last\":1," REST "{\"at\": 5, \"seq\": 1}\n", GW_OK, ""},
		{HEAD "\"last\":2," REST "{\"seq\":1}\n", GW_E_INPUT, "promises 2"},
		{HEAD "\"last\":2," REST "{\"seq\":1}\n{\"seq\":3}\n", GW_E_INPUT, "line 3"},
		{HEAD "\"last\":1," REST "{\"seq\":1}", GW_E_INPUT, "line end"},
		{HEAD "\"last\":0," REST, GW_E_INPUT, "in order"},
		{HEAD "\"last\":99999999999," REST, GW_E_INPUT, "promises 99999999999"},
		{"{\"goeswith\":2}\n", GW_E_UNSUPPORTED, "update goeswith"},
		{"{\"goeswith\":1,\"terminal\":\"../etc\"}\n", GW_E_INPUT, "\"terminal\""},
		{"{\"goeswith\":1,\"terminal\":\"S\",\"epoch\":\"a/b\"}\n", GW_E_INPUT,
		 "\"epoch\""},
		{"{\"goeswith\"\n", GW_E_INPUT, "not a JSON object"},
		{"hello\n", GW_E_INPUT, "neither"},
		{"", GW_E_INPUT, "neither"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gw_batch *b;
		struct gw_err err = {0};
		int rc = gw_batch_parse(&b, rows[i].text, strlen(rows[i].text), &err);

		if (rc != rows[i].rc || strstr(err.text, rows[i].says) == NULL)
			fail_msg("row %zu: %d %s", i, rc, err.text);
		gw_batch_free(b);
	}
}

static void a_bomb_is_not_unpacked(void **state)
{
	size_t size = (size_t)GW_BATCH_PLAIN_MAX * 8, packed_size = 1 << 20;
	char *plain = malloc(size), *packed = malloc(packed_size);
	struct gw_batch *b;
	struct gw_err err = {0};
	size_t n;

	(void)state;
	memset(plain, ' ', size);
	n = ZSTD_compress(packed, packed_size, plain, size, 3);
	assert_false(ZSTD_isError(n));
	assert_int_equal(gw_batch_parse(&b, packed, n, &err), GW_E_INPUT);
	assert_non_null(strstr(err.text, "unpacks to more"));
	assert_int_equal(gw_batch_parse(&b, packed, n / 2, &err), GW_E_INPUT);
	free(plain);
	free(packed);
}

static struct gw_salvage salvage(const char *from, const char *to)
{
	struct gw_salvage r;
	struct gw_err err = {0};
	char command[200];

	snprintf(command, sizeof(command), "rm -f %s %s-wal %s-shm", to, to, to);
	assert_int_equal(system(command), 0);
	if (gw_salvage_journal(from, to, &r, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}

static void a_whole_journal_is_salvaged_whole(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	char saved[128];
	struct gw_salvage r;
	int64_t rows;

	play_day(j);
	for (int i = 0; i < 300; i++) {
		struct gw_event o = offer_of(9, i + 1, "r1", false);
		static char ids[1900];

		/* Long ones continue in overflow pages. */
		memset(ids, 'r', sizeof(ids) - 1);
		o.u.offer.eligible_ids = i % 10 == 0 ? ids : NULL;
		o.u.offer.script = i % 20 == 0 ? ids : "short";
		o.u.offer.why[0] = o.u.offer.why[1] = o.u.offer.why[2] = ids;
		append_one(j, o);
	}
	/* Half of it still in the write-ahead log. */
	gw_journal_tick(j, INT64_MAX / 2);
	for (int i = 0; i < 50; i++)
		append_one(j, event_of(GW_EV_SCANNER, 0, i));
	rows = ask(f->journal, "SELECT count(*) FROM event");
	snprintf(saved, sizeof(saved), "%s/saved.db", f->path);
	r = salvage(f->journal, saved);
	assert_int_equal(r.rows, rows);
	assert_int_equal(r.proved, rows);
	assert_int_equal(r.missing, 0);
	assert_int_equal(verify(saved).rows, rows);
	assert_int_equal(ask(saved, "SELECT count(*) FROM sale"),
			 ask(f->journal, "SELECT count(*) FROM sale"));
	gw_journal_close(j);
	/* It can be worked with: the next register goes on from it. */
	assert_int_equal(rename(saved, f->journal), 0);
	j = journal_open(f);
	append_one(j, event_of(GW_EV_START, 0, 0));
	gw_journal_close(j);
	assert_int_equal(verify(f->journal).bad, 0);
}

/* Pages overwritten at random, the first one included: most rows come back, no false one is proved.
 */
static void a_damaged_journal_gives_what_is_left(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	char damaged[128], saved[128], command[300];
	uint8_t junk[4096];
	int64_t rows, pages;

	for (int i = 1; i <= 2000; i++)
		append_one(j, line_of(i / 8 + 1, i % 8 + 1, i, (uint32_t)i));
	gw_journal_close(j);
	rows = ask(f->journal, "SELECT count(*) FROM event");
	pages = ask(f->journal, "PRAGMA page_count");
	snprintf(damaged, sizeof(damaged), "%s/damaged.db", f->path);
	snprintf(saved, sizeof(saved), "%s/saved.db", f->path);
	for (unsigned seed = 1; seed <= 12; seed++) {
		struct gw_salvage r;
		FILE *out;

		snprintf(command, sizeof(command), "cp %s %s", f->journal, damaged);
		assert_int_equal(system(command), 0);
		out = fopen(damaged, "r+");
		for (unsigned k = 0; k < 5; k++) {
			int64_t page = k == 0 ? 0 : (int64_t)(seed * 7919u + k * 104729u) % pages;

			memset(junk, (int)(seed + k), sizeof(junk));
			fseek(out, (long)page * 4096, SEEK_SET);
			fwrite(junk, 1, sizeof(junk), out);
		}
		fclose(out);
		r = salvage(damaged, saved);
		assert_true(r.rows >= rows * 8 / 10 && r.rows < rows + 1);
		assert_true(r.proved <= r.rows && r.proved > r.rows * 7 / 10);
		assert_int_equal(r.rows + r.missing, r.last);
		assert_int_equal(ask(saved, "SELECT count(*) FROM event"), r.rows);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_day_adds_up, setup, teardown),
		cmocka_unit_test(ratios_round),
		cmocka_unit_test_setup_teardown(a_reader_follows_the_writer, setup, teardown),
		cmocka_unit_test_setup_teardown(every_tampering_shows, setup, teardown),
		cmocka_unit_test_setup_teardown(batches_give_the_same_day, setup, teardown),
		cmocka_unit_test(faulty_batches_are_named),
		cmocka_unit_test(a_bomb_is_not_unpacked),
		cmocka_unit_test_setup_teardown(a_whole_journal_is_salvaged_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(a_damaged_journal_gives_what_is_left, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
