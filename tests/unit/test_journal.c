/* The journal on a disk that works: order, uniqueness, restart, refusals, projections. */
#include "tests/unit/store_help.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/db.h"
#include "store/period.h"

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

static void events_are_kept_in_order(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_event events[] = {event_of(GW_EV_OPEN, 1, 0), line_of(1, 1, 1299, 5),
				    event_of(GW_EV_BEEP, 1, 0), offer_of(1, 1, "r17", false)};
	struct gw_journal_state s;

	events[0].scan_session = 77;
	events[0].scan_seq = 5;
	/* The journal's own start event comes first; beeps are not kept. */
	assert_int_equal(append(j, events, COUNT(events)), 2);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM event"), 4);
	assert_int_equal(ask(f->journal, "SELECT kind = 'start' FROM event WHERE seq = 1"), 1);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM event WHERE scan_session = 77"), 1);
	assert_int_equal(
		ask(f->journal, "SELECT json_extract(body, '$.price') FROM event WHERE seq = 3"),
		1299);
	assert_int_equal(ask(f->journal, "PRAGMA application_id"), GW_JOURNAL_ID);
	assert_int_equal(ask(f->journal, "PRAGMA user_version"), GW_JOURNAL_SCHEMA);
	gw_journal_state(j, &s);
	assert_int_equal(s.last_seq, 4);
	assert_int_equal(s.boot, 1);
	assert_int_equal(s.next_basket, 2);
	assert_false(s.failing);
	gw_journal_close(j);
}

static void a_scan_is_kept_once(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_event one = line_of(1, 1, 100, 9), other = line_of(1, 2, 100, 10);
	int64_t seq = append_one(j, one), again = -1;
	uint32_t next;

	assert_int_equal(gw_journal_append(j, &one, 1, &again, NULL), GW_JOURNAL_ALREADY);
	assert_int_equal(again, seq);
	assert_int_equal(append_one(j, other), seq + 1);
	gw_journal_close(j);
	/* ... also by the next register. */
	j = journal_open(f);
	assert_int_equal(gw_journal_append(j, &other, 1, &again, NULL), GW_JOURNAL_ALREADY);
	assert_int_equal(again, seq + 1);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM event WHERE kind = 'line'"), 2);
	assert_int_equal(gw_journal_dock_next(j, 77, &next), GW_OK);
	assert_int_equal(next, 11);
	assert_int_equal(gw_journal_dock_next(j, 78, &next), GW_E_NOT_FOUND);
	assert_int_equal(gw_journal_dock_seen(j, 77, 20), GW_OK);
	assert_int_equal(gw_journal_dock_seen(j, 77, 15), GW_OK);
	assert_int_equal(gw_journal_dock_next(j, 77, &next), GW_OK);
	assert_int_equal(next, 20);
	gw_journal_close(j);
}

/* A scan that left no event (a second reading of one pack) must not come again either. */
static void a_scan_without_events_is_remembered(void **state)
{
	struct gw_journal *j = journal_open(*state);
	struct gw_event beep = event_of(GW_EV_BEEP, 0, 0);
	int64_t seq = -1;
	uint32_t next;

	beep.scan_session = 5;
	beep.scan_seq = 41;
	assert_int_equal(gw_journal_append(j, &beep, 1, &seq, NULL), GW_OK);
	assert_int_equal(seq, 0);
	assert_int_equal(gw_journal_dock_next(j, 5, &next), GW_OK);
	assert_int_equal(next, 42);
	gw_journal_close(j);
}

static void numbers_go_on_after_a_restart(void **state)
{
	struct gw_journal *j = journal_open(*state);
	struct gw_journal_state s;
	char epoch[32];

	append_one(j, event_of(GW_EV_START, 0, 0));
	append_one(j, event_of(GW_EV_OPEN, 41, 0));
	append_one(j, close_of(41, 1, 100, GW_CLOSE_TOTAL));
	snprintf(epoch, sizeof(epoch), "%s", gw_journal_epoch(j));
	assert_int_equal(strlen(epoch), 16);
	gw_journal_close(j);
	j = journal_open(*state);
	gw_journal_state(j, &s);
	assert_int_equal(s.next_basket, 42);
	assert_int_equal(s.boot, 2);
	assert_int_equal(s.last_seq, 3);
	assert_string_equal(gw_journal_epoch(j), epoch);
	assert_int_equal(append_one(j, event_of(GW_EV_START, 0, 1)), 4);
	assert_int_equal(
		ask(((struct folder *)*state)->journal, "SELECT boot FROM event WHERE seq = 4"), 2);
	gw_journal_close(j);
}

static int count_open(void *ctx, const struct gw_event *e)
{
	char *seen = ctx;

	snprintf(seen + strlen(seen), 400 - strlen(seen), "%s:%s ", gw_event_word(e->kind),
		 e->basket + strlen(e->basket) - 1);
	return 0;
}

static void open_sales_are_read_back(void **state)
{
	struct gw_journal *j = journal_open(*state);
	char seen[400] = "";

	append_one(j, event_of(GW_EV_OPEN, 1, 0));
	append_one(j, line_of(1, 1, 100, 1));
	append_one(j, close_of(1, 1, 100, GW_CLOSE_TOTAL));
	append_one(j, event_of(GW_EV_OPEN, 2, 0));
	append_one(j, line_of(2, 1, 100, 2));
	append_one(j, event_of(GW_EV_SUSPEND, 2, 0));
	append_one(j, event_of(GW_EV_OPEN, 3, 0));
	append_one(j, line_of(3, 1, 100, 3));
	append_one(j, close_of(3, 1, 100, GW_CLOSE_TOTAL));
	append_one(j, event_of(GW_EV_OPEN, 4, 0));
	gw_journal_close(j);
	j = journal_open(*state);
	assert_int_equal(gw_journal_each_open(j, count_open, seen), GW_OK);
	assert_string_equal(seen, "open:2 line:2 suspend:2 open:4 ");
	gw_journal_close(j);
}

static void a_second_writer_is_told(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *first = journal_open(f), *second;
	struct gw_journal_config config = {.path = f->journal};
	struct gw_err err = {0};

	assert_int_equal(gw_journal_open(&second, &config, &err), GW_E_AGAIN);
	assert_null(second);
	assert_non_null(strstr(err.text, "another register"));
	gw_journal_close(first);
	assert_int_equal(gw_journal_open(&second, &config, &err), GW_OK);
	gw_journal_close(second);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void refused(const struct gw_journal_config *config, int code, const char *says)
{
	struct gw_journal *j;
	struct gw_err err = {0};
	int rc = gw_journal_open(&j, config, &err);

	if (rc != code || strstr(err.text, says) == NULL)
		fail_msg("got %d \"%s\", wanted %d \"%s\"", rc, err.text, code, says);
	assert_null(j);
}

static void wrong_files_are_refused(void **state)
{
	const struct folder *f = *state;
	struct gw_journal_config config = {
		.path = f->journal, .store = "S0042", .terminal = "T03", .create = true};
	struct gw_journal_config other = config;

	other.create = false;
	refused(&other, GW_E_NOT_FOUND, "journal.db");
	write_file(f->journal, "this is a shopping list, and long enough to have a header\n"
			       "butter, bread, batteries, and then a good deal more of it all\n");
	refused(&config, GW_E_INPUT, "not a database");
	unlink(f->journal);
	sql(f->journal, "CREATE TABLE recipe(name TEXT)");
	refused(&config, GW_E_INPUT, "not a journal");
	unlink(f->journal);
	gw_journal_close(journal_open(f));
	other = config;
	other.terminal = "T04";
	refused(&other, GW_E_INPUT, "belongs to S0042-T03, not to S0042-T04");
	sql(f->journal, "PRAGMA user_version = 2");
	refused(&config, GW_E_INPUT, "update goeswith");
	other.path = "/no/such/folder/journal.db";
	refused(&other, GW_E_NOT_FOUND, "/no/such/folder");
	other.path = f->path;
	refused(&other, GW_E_INPUT, "is a folder");
}

static void network_file_systems_are_known(void **state)
{
	(void)state;
	assert_string_equal(gw_db_network_fs(0x6969), "NFS");
	assert_string_equal(gw_db_network_fs(0xFF534D42), "CIFS");
	assert_null(gw_db_network_fs(0xEF53));     /* ext4 */
	assert_null(gw_db_network_fs(0x01021994)); /* tmpfs */
}

/* Runs as nobody, whom permissions bind even when the tests run as root. */
static void missing_permission_is_told(void **state)
{
	const struct folder *f = *state;
	pid_t pid;
	int status;

	gw_journal_close(journal_open(f));
	assert_int_equal(chmod(f->path, 0755), 0);
	assert_int_equal(chmod(f->journal, 0400), 0);
	pid = fork();
	if (pid == 0) {
		struct gw_journal_config config = {.path = f->journal};
		struct gw_journal *j;
		struct gw_err err = {0};

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		_exit(gw_journal_open(&j, &config, &err) == GW_E_DENIED &&
				      strstr(err.text, "ermission denied") != NULL
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void files_can_be_read_by_the_group(void **state)
{
	const struct folder *f = *state;
	mode_t mask = umask(007);
	struct gw_journal *j = journal_open(f);
	char wal[128];
	struct stat st;

	append_one(j, event_of(GW_EV_START, 0, 0));
	assert_int_equal(stat(f->journal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	snprintf(wal, sizeof(wal), "%s-wal", f->journal);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	umask(mask);
	gw_journal_close(j);
}

static void checkpoints_wait_for_quiet(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_event e = event_of(GW_EV_START, 0, 0);
	char wal[128];
	struct stat st;

	append_one(j, e);
	assert_int_equal(gw_journal_deadline(j), e.mono_ms + 2000);
	assert_int_equal(gw_journal_tick(j, e.mono_ms + 1999), GW_OK);
	assert_int_equal(gw_journal_deadline(j), e.mono_ms + 2000);
	assert_int_equal(gw_journal_tick(j, e.mono_ms + 2000), GW_OK);
	assert_int_equal(gw_journal_deadline(j), -1); /* the register may sleep */
	/* Nobody ticks: the log must not grow without bound all the same. */
	for (int i = 1; i < 20000; i++)
		append_one(j, event_of(GW_EV_SCANNER, 0, i));
	snprintf(wal, sizeof(wal), "%s-wal", f->journal);
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size < 24 << 20);
	gw_journal_close(j);
}

/* One of everything, so that each projection has work. */
static void play_sales(struct gw_journal *j, int from, int to)
{
	for (int s = from; s < to; s++) {
		struct gw_event login = event_of(GW_EV_LOGIN, s % 3 == 0 ? s : 0, s * 10000);
		struct gw_event open = event_of(GW_EV_OPEN, s, s * 10000);
		struct gw_event voided = event_of(GW_EV_VOID, s, s * 10000 + 300);
		struct gw_event unknown = event_of(GW_EV_UNKNOWN, s, s * 10000 + 350);
		struct gw_event segment = event_of(GW_EV_SEGMENT, s, s * 10000 + 360);

		snprintf(login.u.id.id, sizeof(login.u.id.id), "%d", 10 + s % 4);
		if (s % 2 == 0)
			append_one(j, login);
		open.u.open.utc_offset_min = s % 5 == 0    ? GW_UTC_UNKNOWN
					     : s % 13 == 0 ? GW_UTC_OFFSET_MOST + s
							   : s * 15 - 720;
		append_one(j, open);
		append_one(j, line_of(s, 1, 1000 + s, (uint32_t)(s * 10 + 1)));
		append_one(j, line_of(s, 2, s % 5 == 0 ? -1 : 500, (uint32_t)(s * 10 + 2)));
		if (s % 3 == 0) {
			voided.u.voided.line = 1;
			append_one(j, voided);
			append_one(j, login);
		}
		if (s % 4 == 0) {
			snprintf(unknown.u.code.code, sizeof(unknown.u.code.code), "XYZ");
			unknown.u.code.line = 3;
			append_one(j, unknown);
			snprintf(segment.u.id.id, sizeof(segment.u.id.id), "loyalty");
			append_one(j, segment);
		}
		append_one(j, offer_of(s, 1, s % 2 ? "r1" : "r2", s % 7 == 0));
		if (s % 6 == 0) {
			append_one(j, event_of(GW_EV_SUSPEND, s, s * 10000 + 800));
			append_one(j, event_of(GW_EV_RESUME, s, s * 10000 + 850));
		}
		append_one(j, outcome_of(s, 1, (enum gw_result)(s % GW_RESULT_COUNT),
					 s % GW_RESULT_COUNT < 2 ? 349 : 0));
		if (s % 11 != 0)
			append_one(j, close_of(s, 2, 1500 + s, (enum gw_close_reason)(s % 4)));
		if (s % 9 == 0)
			append_one(j, event_of(GW_EV_START, 0, s * 10000 + 9500));
	}
}

/* All rows of all projections as one text. */
static char *dump(const char *path)
{
	static const char *const tables[] = {"SELECT * FROM sale ORDER BY basket",
					     "SELECT * FROM sale_line ORDER BY basket, line",
					     "SELECT * FROM offer ORDER BY basket, offer"};
	char *out = NULL;
	size_t size;
	FILE *text = open_memstream(&out, &size);
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	for (size_t t = 0; t < COUNT(tables); t++) {
		sqlite3_stmt *stmt;

		assert_int_equal(sqlite3_prepare_v2(db, tables[t], -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			for (int c = 0; c < sqlite3_column_count(stmt); c++) {
				const unsigned char *value = sqlite3_column_text(stmt, c);

				fprintf(text, "%s|", value != NULL ? (const char *)value : "NULL");
			}
			fputc('\n', text);
		}
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
	fclose(text);
	return out;
}

static void rebuild_equals_live(void **state)
{
	const struct folder *f = *state;
	struct gw_journal *j = journal_open(f);
	struct gw_err err = {0};
	char *live, *rebuilt;

	play_sales(j, 1, 60);
	gw_journal_close(j);
	j = journal_open(f);
	play_sales(j, 60, 100);
	live = dump(f->journal);
	assert_true(strlen(live) > 10000);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM sale"), 99);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM sale WHERE closed_ms IS NULL"), 9);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM sale WHERE segment = 'loyalty'"),
			 24);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM offer WHERE ghost"), 14);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM sale_line WHERE voided"), 33);
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM sale_line WHERE known = 0"), 24);
	assert_int_equal(
		ask(f->journal, "SELECT count(*) FROM sale_line WHERE price_minor IS NULL"),
		19 + 24);
	/* Every fifth does not tell, every thirteenth tells what cannot be (65 does neither). */
	assert_int_equal(ask(f->journal, "SELECT count(*) FROM sale WHERE utc_offset_min IS NULL"),
			 19 + 7 - 1);
	assert_int_equal(ask(f->journal, "SELECT utc_offset_min FROM sale WHERE basket LIKE '%41'"),
			 -105);
	assert_int_equal(gw_journal_rebuild(j, &err), GW_OK);
	rebuilt = dump(f->journal);
	assert_string_equal(live, rebuilt);
	free(live);
	free(rebuilt);
	gw_journal_close(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_are_kept_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_scan_is_kept_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_scan_without_events_is_remembered, setup,
						teardown),
		cmocka_unit_test_setup_teardown(numbers_go_on_after_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(open_sales_are_read_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_second_writer_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_files_are_refused, setup, teardown),
		cmocka_unit_test(network_file_systems_are_known),
		cmocka_unit_test_setup_teardown(missing_permission_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(files_can_be_read_by_the_group, setup, teardown),
		cmocka_unit_test_setup_teardown(checkpoints_wait_for_quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(rebuild_equals_live, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
