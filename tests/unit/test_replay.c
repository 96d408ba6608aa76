/* goeswith-sim replay: the parts that prove something must notice when it is not so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/sim/baskets.h"
#include "tools/sim/lines.h"
#include "tmp.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct place {
	char dir[TMP_NAME_MAX], baskets[96], journal[96];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(mkdtemp(tmp_name(p->dir, "replay")));
	snprintf(p->baskets, sizeof(p->baskets), "%s/baskets", p->dir);
	snprintf(p->journal, sizeof(p->journal), "%s/journal.db", p->dir);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
	free(p);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

/* --- latencies -------------------------------------------------------------------------------- */

static void quantiles_are_close_and_never_below(void **state)
{
	static struct gw_latency l;
	static const struct {
		uint32_t share_ppm;
		uint64_t exact;
	} rows[] = {{1, 1}, {10000, 1000}, {500000, 50000}, {990000, 99000}, {1000000, 100000}};

	(void)state;
	memset(&l, 0, sizeof(l));
	assert_int_equal(gw_latency_quantile(&l, 500000), 0);
	for (uint64_t ns = 1; ns <= 100000; ns++)
		gw_latency_add(&l, ns);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t got = gw_latency_quantile(&l, rows[i].share_ppm);

		assert_in_range(got, rows[i].exact, rows[i].exact + rows[i].exact / 31);
	}
	gw_latency_add(&l, UINT64_MAX / 2);
	assert_true(gw_latency_quantile(&l, 1000000) == UINT64_MAX / 2);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void lines_come_whole(void **state)
{
	struct place *p = *state;
	struct gw_lines *lines;
	static char big[200001];
	char *line;
	size_t len;
	FILE *f;

	memset(big, 'x', sizeof(big) - 1);
	f = fopen(p->baskets, "w");
	fprintf(f, "a\r\n\n%s\nlast", big);
	fclose(f);
	assert_int_equal(gw_lines_open(&lines, p->baskets, NULL), GW_OK);
	assert_int_equal(gw_lines_next(lines, &line, &len, NULL), 1);
	assert_string_equal(line, "a");
	assert_int_equal(gw_lines_next(lines, &line, &len, NULL), 1);
	assert_int_equal(len, 0);
	assert_int_equal(gw_lines_next(lines, &line, &len, NULL), 1);
	assert_int_equal(len, sizeof(big) - 1);
	assert_string_equal(line, big);
	assert_int_equal(gw_lines_next(lines, &line, &len, NULL), 1);
	assert_string_equal(line, "last");
	assert_int_equal(gw_lines_next(lines, &line, &len, NULL), 0);
	assert_int_equal(gw_lines_close(lines, NULL), GW_OK);
}

/* --- the check -------------------------------------------------------------------------------- */

static void sell(struct place *p, struct gw_baskets *run, struct gw_till *till, const char *text)
{
	struct gw_till_config config = {
		.store = "S1", .terminal = "T1", .journal = p->journal, .start_ms = 1767600000000};
	struct gw_err err = {0};

	write_file(p->baskets, text);
	*run = (struct gw_baskets){.check = true, .item_ms = 1000};
	assert_int_equal(gw_till_open(till, &config, &err), GW_OK);
	assert_int_equal(gw_baskets_run(run, till, p->baskets, &err), GW_OK);
	gw_till_close(till);
}

static uint64_t wrong(const struct place *p, const struct gw_baskets *run, int64_t first_seq,
		      const char *first)
{
	struct gw_baskets_check check;
	struct gw_err err = {0};

	assert_int_equal(gw_baskets_check(run, p->journal, first_seq, &check, &err), GW_OK);
	assert_int_equal(check.chain_bad, 0);
	if (first != NULL)
		assert_non_null(strstr(check.first, first));
	return check.wrong;
}

/* The journal of "a b / c d e / f" against memories of something else. */
static void check_tells_what_differs(void **state)
{
	static const struct {
		const char *sold, *remembered, *first;
		uint64_t wrong;
	} rows[] = {
		{"a b\nc d e\nf\n", "a b\nc d e\nf\n", NULL, 0},
		{"a b\nc d e\nf\n", "a b\nc e d\nf\n", "out of order", 1},
		{"a b\nc d e\nf\n", "a b\nc d\nf\n", "number of items", 1},
		{"a b\nc d e\nf\n", "a b\nc d x\nf\n", "items differ", 1},
		{"a b\nc d e\nf\n", "ab\nc d e\nf\n", "number of items", 1},
		{"a b\nc d e\nf\n", "a b\nc d e\nf\ng\n", "missing at the end", 1},
		{"a b\nc d e\nf\n", "a b\nc d e\n", "not in the file", 1},
		{"4006381333931\n", "04006381333931\n", NULL, 0},
	};
	struct gw_till *till = calloc(1, sizeof(*till));

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct place *p = *state;
		struct place other = *p;
		struct gw_baskets sold, remembered;
		int64_t first_seq;

		snprintf(p->journal, sizeof(p->journal), "%s/a%zu.db", p->dir, i);
		snprintf(other.journal, sizeof(other.journal), "%s/b%zu.db", p->dir, i);
		sell(p, &sold, till, rows[i].sold);
		first_seq = till->first_seq;
		assert_int_equal(wrong(p, &sold, first_seq, NULL), 0);
		sell(&other, &remembered, till, rows[i].remembered);
		assert_int_equal(wrong(p, &remembered, first_seq, rows[i].first), rows[i].wrong);
		gw_baskets_release(&sold);
		gw_baskets_release(&remembered);
	}
	free(till);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_close_and_never_below),
		cmocka_unit_test_setup_teardown(lines_come_whole, make_place, remove_place),
		cmocka_unit_test_setup_teardown(check_tells_what_differs, make_place, remove_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
