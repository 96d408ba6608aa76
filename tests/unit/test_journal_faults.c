/*
 * The journal on a disk that fails: at every operation in turn, once and for a while, before and
 * after taking effect, and by a power cut.  What was acknowledged must be there, once, in order.
 */
#include "tests/unit/store_help.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "store/reader.h"
#include "tests/unit/cut_vfs.h"

#define INPUTS 23

/* What a run of the workload believes. */
struct belief {
	bool acked[INPUTS + 1], refused[INPUTS + 1];
	int sent;
};

static int open_quietly(const struct folder *f, struct gw_journal **j, bool scratch)
{
	struct gw_journal_config config = {.path = f->journal,
					   .store = "S0042",
					   .terminal = "T03",
					   .create = true,
					   .scratch = scratch};

	return gw_journal_open(j, &config, NULL);
}

/*
 * Input number i: a line, an offer and its outcome, which stand or fall together.  Every third
 * comes from a till, without a dock number that would give a second writing away.
 */
static bool is_scan(int i)
{
	return i % 3 != 0;
}

static int send_input(struct gw_journal *j, int i, int64_t *seq)
{
	struct gw_event events[] = {line_of(i, 1, 100 + i, (uint32_t)i),
				    offer_of(i, 1, "r1", false),
				    outcome_of(i, 1, GW_RESULT_DECLINED, 0)};

	return gw_journal_append(j, events, COUNT(events), seq, NULL);
}

static void work(struct gw_journal *j, struct belief *b)
{
	for (int i = 1; i <= INPUTS; i++) {
		int64_t seq;
		int rc = send_input(j, i, &seq);

		b->sent = i;
		b->acked[i] = rc >= 0;
		b->refused[i] = rc == GW_E_FULL;
		if (i % 5 == 0)
			gw_journal_tick(j, i * 10000 + 9000);
	}
}

/* Each input either whole and once, or not at all; returns how many acknowledged ones are gone. */
static int check(const struct folder *f, const struct belief *b, bool all)
{
	struct gw_reader *r;
	struct gw_reader_row row;
	struct gw_verify v;
	int seen[INPUTS + 1] = {0}, lost = 0, last = 0;
	struct gw_err err = {0};

	if (gw_reader_open(&r, f->journal, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(gw_reader_verify(r, &v, NULL, NULL, &err), GW_OK);
	if (v.bad != 0)
		fail_msg("row %lld: %s", (long long)v.bad, v.reason);
	gw_reader_seek(r, 0);
	while (gw_reader_next(r, &row, &err) > 0) {
		int i = atoi(row.row.basket + 19);

		if (strcmp(row.row.kind, "gap") == 0)
			fail_msg("a gap is told where none is: %s", row.row.body);
		if (row.row.basket_len == 0)
			continue;
		assert_in_range(i, last, INPUTS);
		last = i;
		seen[i]++;
	}
	gw_reader_close(r);
	for (int i = 1; i <= b->sent; i++) {
		if (seen[i] != 0 && seen[i] != 3)
			fail_msg("input %d: %d events", i, seen[i]);
		if (all && !b->refused[i] && seen[i] != 3)
			fail_msg("input %d is lost", i);
		lost += b->acked[i] && seen[i] == 0;
	}
	return lost;
}

static int fault_at(const struct folder *f, enum cut_mode mode, int at, int count)
{
	struct belief b = {.sent = 0};
	struct gw_journal_state s;
	struct gw_journal *j;
	uint32_t next;
	bool hit;

	cut_reset(1);
	if (open_quietly(f, &j, false) < 0)
		fail_msg("cannot open");
	cut_arm(mode, at, count);
	work(j, &b);
	hit = cut_happened();
	cut_arm(CUT_NONE, 0, 0);
	/* The disk is well again: nothing may be left waiting. */
	gw_journal_tick(j, 1000000000);
	gw_journal_state(j, &s);
	assert_false(s.failing);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.dropped, 0);
	/* Asked again, every scan is known. */
	for (int i = 1; i <= INPUTS; i++)
		if (is_scan(i))
			assert_int_equal(send_input(j, i, &(int64_t){0}), GW_JOURNAL_ALREADY);
	assert_int_equal(gw_journal_dock_next(j, 77, &next), GW_OK);
	assert_int_equal(next, INPUTS + 1);
	gw_journal_close(j);
	assert_int_equal(check(f, &b, true), 0);
	return hit;
}

static void every_operation_may_fail(void **state)
{
	static const int counts[] = {1, 7, 60};
	struct folder f = {"", ""};
	int runs = 0;

	(void)state;
	folder_make(&f);
	for (size_t c = 0; c < COUNT(counts); c++)
		for (int mode = CUT_FAIL_BEFORE; mode <= CUT_FAIL_AFTER; mode++)
			for (int at = 1; fault_at(&f, (enum cut_mode)mode, at, counts[c]);
			     at += counts[c] < 7 ? 1 : 3)
				runs++;
	print_message("%d faults\n", runs);
	assert_true(runs > 500);
	folder_remove(&f);
}

static int power_cut_at(const struct folder *f, int at, uint64_t seed, bool scratch, int *lost)
{
	struct belief b = {.sent = 0};
	struct gw_journal *j;
	bool hit;

	cut_reset(seed);
	if (open_quietly(f, &j, scratch) < 0)
		fail_msg("cannot open");
	cut_arm(CUT_POWER, at, 1);
	work(j, &b);
	hit = cut_happened();
	gw_journal_close(j);
	cut_restart();
	if (open_quietly(f, &j, scratch) < 0) {
		/* Without fsync even the file may be damaged; with it, never. */
		assert_true(scratch);
		*lost += 1;
		return hit;
	}
	gw_journal_close(j);
	if (!scratch)
		*lost += check(f, &b, false);
	else
		*lost += ask(f->journal, "SELECT count(*) FROM event") < 20;
	return hit;
}

static void a_power_cut_loses_nothing(void **state)
{
	struct folder f = {"", ""};
	int lost = 0, cuts = 0;
	uint64_t seed = 20261122;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	folder_make(&f);
	for (int at = 1; power_cut_at(&f, at, seed + (uint64_t)at, false, &lost); at++)
		cuts++;
	print_message("%d cuts, %d acknowledged inputs lost\n", cuts, lost);
	assert_true(cuts > 300);
	assert_int_equal(lost, 0);
	folder_remove(&f);
}

/* The simulator can tell: without fsync the same cuts lose acknowledged events. */
static void without_fsync_a_cut_does_lose(void **state)
{
	struct folder f = {"", ""};
	int lost = 0;

	(void)state;
	folder_make(&f);
	for (int at = 20; at < 300 && power_cut_at(&f, at, (uint64_t)at, true, &lost); at += 5)
		;
	assert_true(lost > 10);
	folder_remove(&f);
}

/* A disk that stays away: memory fills, then events are counted, and the journal says so later. */
static void a_long_failure_is_told(void **state)
{
	struct folder f = {"", ""};
	struct gw_journal *j;
	struct gw_journal_state s;
	struct gw_err err = {0};
	int64_t seq;

	(void)state;
	folder_make(&f);
	cut_reset(1);
	assert_int_equal(open_quietly(&f, &j, false), GW_OK);
	append_one(j, event_of(GW_EV_START, 0, 0));
	cut_arm(CUT_FAIL_BEFORE, 1, 1 << 30);
	for (int i = 1; i <= 1010; i++) {
		struct gw_event e = event_of(GW_EV_SCANNER, 0, i);
		int rc = gw_journal_append(j, &e, 1, &seq, &err);

		assert_int_equal(rc, i <= 1000 ? GW_E_STORAGE : GW_E_FULL);
		assert_int_equal(seq, 0);
	}
	assert_true(err.text[0] != '\0');
	gw_journal_state(j, &s);
	assert_true(s.failing);
	assert_int_equal(s.waiting, 1000);
	assert_int_equal(s.dropped, 10);
	assert_true(s.text[0] != '\0');
	assert_true(gw_journal_deadline(j) >= 0);
	cut_arm(CUT_NONE, 0, 0);
	assert_int_equal(gw_journal_tick(j, gw_journal_deadline(j)), GW_OK);
	gw_journal_state(j, &s);
	assert_false(s.failing);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.dropped, 10);
	assert_int_equal(s.last_seq, 1 + 1000 + 1);
	gw_journal_close(j);
	assert_int_equal(ask(f.journal, "SELECT json_extract(body, '$.missing') FROM event"
					" WHERE kind = 'gap'"),
			 10);
	folder_remove(&f);
}

/* The disk is broken before the register starts: it starts, and what it did meanwhile is kept. */
static void a_disk_that_is_broken_at_the_start(void **state)
{
	struct folder f = {"", ""};
	struct belief b = {.sent = 0};

	(void)state;
	folder_make(&f);
	cut_reset(1);
	for (int there_already = 0; there_already < 2; there_already++) {
		struct gw_journal_state s;
		struct gw_journal *j, *second;
		struct gw_event e;

		cut_arm(CUT_FAIL_BEFORE, 1, 1 << 30);
		assert_int_equal(open_quietly(&f, &j, false), GW_OK);
		gw_journal_state(j, &s);
		assert_true(s.failing && s.text[0] != '\0');
		assert_true(s.next_basket > 500000);
		e = event_of(GW_EV_SCANNER, 0, 5);
		assert_int_equal(gw_journal_append(j, &e, 1, NULL, NULL), GW_E_STORAGE);
		assert_int_equal(gw_journal_dock_next(j, 77, &(uint32_t){0}), GW_E_STORAGE);
		assert_int_equal(gw_journal_each_open(j, NULL, NULL), GW_E_STORAGE);
		cut_arm(CUT_NONE, 0, 0);
		assert_int_equal(open_quietly(&f, &second, false), GW_E_AGAIN);
		if (!there_already)
			work(j, &b);
		assert_int_equal(gw_journal_tick(j, 1000000000), GW_OK);
		gw_journal_state(j, &s);
		assert_false(s.failing);
		assert_int_equal(s.boot, there_already + 1);
		gw_journal_close(j);
	}
	assert_int_equal(check(&f, &b, true), 0);
	assert_int_equal(ask(f.journal, "SELECT count(*) FROM event WHERE kind = 'scanner'"), 2);
	folder_remove(&f);
}

/* In a child with a mount namespace of its own, where the kernel permits one. */
static int fill_a_disk(const struct folder *f)
{
	struct gw_journal *j;
	struct gw_journal_state s;
	char filler[128];
	FILE *out;
	int failed = 0;

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", f->path, "tmpfs", 0, "size=1m") != 0)
		return 77;
	if (open_quietly(f, &j, false) < 0)
		return 1;
	snprintf(filler, sizeof(filler), "%s/filler", f->path);
	for (int i = 1; i <= INPUTS; i++) {
		if (i == 5) {
			out = fopen(filler, "w");
			while (out != NULL && fputc('x', out) != EOF && fflush(out) == 0)
				;
			fclose(out);
		}
		if (i == 20)
			unlink(filler);
		failed += send_input(j, i, &(int64_t){0}) < 0;
	}
	gw_journal_state(j, &s);
	gw_journal_close(j);
	if (failed == 0 || s.failing || s.waiting != 0)
		return 2;
	return ask(f->journal, "SELECT count(*) FROM event WHERE kind = 'line'") == INPUTS ? 0 : 3;
}

static void a_full_disk_is_survived(void **state)
{
	struct folder f = {"", ""};
	pid_t pid;
	int status;

	(void)state;
	folder_make(&f);
	pid = fork();
	if (pid == 0)
		_exit(fill_a_disk(&f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	folder_remove(&f);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static int use_memory(void **state)
{
	(void)state;
	cut_register();
	return 0;
}

int main(void)
{
	const struct CMUnitTest on_disk[] = {cmocka_unit_test(a_full_disk_is_survived)};
	const struct CMUnitTest in_memory[] = {
		cmocka_unit_test(every_operation_may_fail),
		cmocka_unit_test(a_power_cut_loses_nothing),
		cmocka_unit_test(without_fsync_a_cut_does_lose),
		cmocka_unit_test(a_long_failure_is_told),
		cmocka_unit_test(a_disk_that_is_broken_at_the_start),
	};
	int failed = cmocka_run_group_tests(on_disk, NULL, NULL);

	return failed + cmocka_run_group_tests(in_memory, use_memory, NULL);
}
