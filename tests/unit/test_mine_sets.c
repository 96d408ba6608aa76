/* Mining: sets and rules against brute force, measures against values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/mine/itemsets.h"
#include "tools/mine/measure.h"
#include "tools/mine/rules.h"
#include "random.h"
#include "tools/mine/sales.h"

#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))
#define ITEMS_MAX   14
#define BASKETS_MAX 60

static uint64_t random_state;

static uint32_t below(uint32_t n)
{
	return random_below(&random_state, n);
}

/* Random baskets as bit masks beside the sales made from them; a basket may be empty or repeat. */
struct trial {
	uint32_t items, baskets, mask[BASKETS_MAX];
	struct gw_sales sales;
};

static void trial_make(struct trial *t, size_t spool_memory)
{
	uint32_t density = 1 + below(4);

	t->items = 1 + below(ITEMS_MAX);
	t->baskets = 0;
	assert_int_equal(gw_sales_init(&t->sales, spool_memory), GW_OK);
	for (uint32_t i = 0; i < t->items; i++) {
		char code[8];

		snprintf(code, sizeof(code), "%c", 'a' + (int)i);
		assert_int_equal(gw_sales_item(&t->sales, code, 1), i);
	}
	for (uint32_t n = below(BASKETS_MAX); n > 0; n--) {
		uint32_t ids[2 * ITEMS_MAX], count = 0, mask = 0;

		for (uint32_t i = 0; i < t->items; i++)
			if (below(4) < density) {
				mask |= 1u << i;
				ids[count++] = i;
				if (below(3) == 0)
					ids[count++] = i;
			}
		struct gw_basket b = {GW_NO_TIME, GW_NO_TILL, "", 0, ids, count};

		assert_int_equal(gw_sales_add(&t->sales, &b, NULL), GW_OK);
		if (mask != 0)
			t->mask[t->baskets++] = mask;
	}
}

static uint32_t holds(const struct trial *t, uint32_t set)
{
	uint32_t n = 0;

	for (uint32_t b = 0; b < t->baskets; b++)
		n += (t->mask[b] & set) == set;
	return n;
}

static uint32_t bits(uint32_t set)
{
	return (uint32_t)__builtin_popcount(set);
}

struct seen {
	const struct trial *trial;
	const struct gw_itemsets *sets;
	uint32_t rules;
	uint64_t digest;             /* of the rules in their order */
	uint8_t met[1 << ITEMS_MAX]; /* consequents met of a set, as a count */
};

static int check_rule(void *ctx, const struct gw_mined_rule *rule)
{
	struct seen *s = ctx;
	const uint32_t *item_of = s->sets->order->item_of;
	uint32_t antecedent = 0, consequent = 1u << item_of[rule->consequent];

	for (int i = 0; i < rule->len; i++)
		antecedent |= 1u << item_of[rule->antecedent[i]];
	assert_int_equal(bits(antecedent), rule->len);
	assert_int_equal(antecedent & consequent, 0);
	assert_int_equal(rule->n_x, holds(s->trial, antecedent));
	assert_int_equal(rule->n_xy, holds(s->trial, antecedent | consequent));
	s->met[antecedent | consequent]++;
	s->rules++;
	s->digest = (s->digest ^ antecedent ^ (uint64_t)consequent << 20) * 0x100000001B3u;
	return GW_OK;
}

/* Every rule there must be: sets of 2..size_max over the thresholds, each consequent in turn. */
static uint32_t brute_rules(const struct trial *t, const struct gw_mine_limits *limits,
			    struct gw_fraction confidence)
{
	uint32_t rules = 0;

	for (uint32_t set = 1; set < 1u << t->items; set++) {
		uint32_t n = holds(t, set);

		if (bits(set) < 2 || bits(set) > (uint32_t)limits->size_max ||
		    n < limits->min_count)
			continue;
		for (uint32_t i = 0; i < t->items; i++)
			if ((set >> i & 1) != 0)
				rules += (uint64_t)n * confidence.den >=
					 confidence.num * holds(t, set & ~(1u << i));
	}
	return rules;
}

static void rules_are_complete(void **state)
{
	static struct seen first, again;

	(void)state;
	random_state = random_seed();
	for (int round = 0; round < 300; round++) {
		struct trial t;
		struct gw_order order;
		struct gw_mine_limits limits = {.min_count = 1 + below(4),
						.size_max = 2 + (int)below(3),
						.threads = 1,
						.memory = 1 << 20};
		struct gw_rule_filter filter = {.min_confidence = {below(11), 10}};

		trial_make(&t, below(2) * 4096);
		assert_int_equal(gw_order_make(&order, &t.sales, NULL, limits.min_count, 0, NULL),
				 GW_OK);
		for (int run = 0; run < 2; run++) {
			struct seen *s = run == 0 ? &first : &again;
			struct gw_itemsets sets = {0};

			/* The second run: three threads, and room for a few baskets at a time. */
			limits.threads = run == 0 ? 1 : 3;
			limits.memory = run == 0 ? 1 << 20 : 8 * 20;
			assert_int_equal(
				gw_itemsets_mine(&sets, t.sales.spool, &order, &limits, NULL),
				GW_OK);
			memset(s, 0, sizeof(*s));
			s->trial = &t;
			s->sets = &sets;
			gw_rules_each(&sets, t.baskets, &filter, check_rule, s);
			gw_itemsets_release(&sets);
		}
		for (uint32_t set = 0; set < 1u << t.items; set++)
			assert_true(first.met[set] <= bits(set));
		assert_int_equal(first.rules, brute_rules(&t, &limits, filter.min_confidence));
		assert_true(first.rules == again.rules && first.digest == again.digest);
		gw_order_release(&order);
		gw_sales_release(&t.sales);
	}
}

/* A rule is productive if no part of its antecedent, down to the empty one, is as confident. */
static bool beats_its_parts(const struct trial *t, uint32_t antecedent, uint32_t consequent)
{
	double own = (double)holds(t, antecedent | consequent) / holds(t, antecedent);

	for (uint32_t part = (antecedent - 1) & antecedent;; part = (part - 1) & antecedent) {
		double other = (double)holds(t, part | consequent) / holds(t, part);

		if (own <= other + 1e-12)
			return false;
		if (part == 0)
			return true;
	}
}

static int check_productive(void *ctx, const struct gw_mined_rule *rule)
{
	struct seen *s = ctx;
	const uint32_t *item_of = s->sets->order->item_of;
	uint32_t antecedent = 0;

	for (int i = 0; i < rule->len; i++)
		antecedent |= 1u << item_of[rule->antecedent[i]];
	s->rules++;
	assert_true(beats_its_parts(s->trial, antecedent, 1u << item_of[rule->consequent]));
	return GW_OK;
}

static void productive_rules(void **state)
{
	static struct seen s;

	(void)state;
	random_state = random_seed() + 99;
	for (int round = 0; round < 60; round++) {
		struct trial t;
		struct gw_order order;
		struct gw_itemsets sets = {0};
		struct gw_mine_limits limits = {1, 4, 1, 1 << 20};
		struct gw_rule_filter filter = {.min_confidence = {0, 1}, .productive = true};
		uint32_t want = 0;

		trial_make(&t, 4096);
		assert_int_equal(gw_order_make(&order, &t.sales, NULL, 1, 0, NULL), GW_OK);
		assert_int_equal(gw_itemsets_mine(&sets, t.sales.spool, &order, &limits, NULL),
				 GW_OK);
		memset(&s, 0, sizeof(s));
		s.trial = &t;
		s.sets = &sets;
		gw_rules_each(&sets, t.baskets, &filter, check_productive, &s);
		for (uint32_t set = 1; set < 1u << t.items; set++)
			for (uint32_t i = 0; i < t.items; i++)
				if (bits(set) >= 2 && bits(set) <= 4 && (set >> i & 1) != 0 &&
				    holds(&t, set) > 0)
					want += beats_its_parts(&t, set & ~(1u << i), 1u << i);
		assert_int_equal(s.rules, want);
		gw_itemsets_release(&sets);
		gw_order_release(&order);
		gw_sales_release(&t.sales);
	}
}

static void fractions(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t num, den;
	} rows[] = {
		{"0.1", GW_OK, 1, 10},
		{".05", GW_OK, 5, 100},
		{"1", GW_OK, 1, 1},
		{"0", GW_OK, 0, 1},
		{"12.5%", GW_OK, 125, 1000},
		{"100%", GW_OK, 100, 100},
		{"1.1", GW_E_USAGE, 0, 0},
		{"", GW_E_USAGE, 0, 0},
		{"x", GW_E_USAGE, 0, 0},
		{"0.1x", GW_E_USAGE, 0, 0},
		{"-0.1", GW_E_USAGE, 0, 0},
		{"%", GW_E_USAGE, 0, 0},
		{"0.0010167768", GW_OK, 10167768, 10000000000},
	};
	struct gw_fraction f, tenth = {1, 10};
	struct gw_err err;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(gw_fraction_parse("--x", rows[i].text, &f, &err), rows[i].rc);
		if (rows[i].rc == GW_OK)
			assert_true(f.num == rows[i].num && f.den == rows[i].den);
		else
			assert_non_null(strstr(err.text, "--x"));
	}
	/* exactly a tenth passes, one less does not; 3/30 is where doubles go wrong elsewhere */
	assert_true(gw_at_least(3, 30, tenth) && !gw_at_least(2, 30, tenth));
	assert_true(gw_at_least(4294967295u, 4294967295u, (struct gw_fraction){1, 1}));
	assert_int_equal(gw_count_for(tenth, 30), 3);
	assert_int_equal(gw_count_for(tenth, 31), 4);
	assert_int_equal(gw_count_for((struct gw_fraction){0, 1}, 31), 1);
}

static void measures(void **state)
{
	/* n = 100, x in 20, y in 40, both in 15: expected 8, so each value follows by hand */
	const struct gw_counts c = {15, 20, 40, 100};
	static const struct {
		const char *name;
		double want;
	} rows[] = {
		{"support", 0.15},
		{"confidence", 0.75},
		{"lift", 1.875},
		{"leverage", 0.07},
		{"conviction", 2.4},
		{"kulczynski", (0.75 + 0.375) / 2},
		{"cosine", 15 / 28.284271247461902},
		{"all-confidence", 0.375},
		{"chi2", 100.0 * 700 * 700 / (20.0 * 40 * 80 * 60)},
	};
	const struct gw_counts sure = {5, 5, 10, 20}, full = {5, 5, 20, 20}, tea = {3, 4, 4, 8};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_true(fabs(gw_measure_find(rows[i].name)(&c) - rows[i].want) < 1e-12);
	assert_null(gw_measure_find("nonsense"));
	assert_true(isinf(gw_conviction(&sure)));
	assert_true(gw_chi2(&full) == 0);
	/* Fisher's lady tasting tea, 3 of 4 right: 17/70; all of y always there: p is 1 */
	assert_true(fabs(gw_fisher_p(&tea) - 17.0 / 70) < 1e-12);
	assert_true(fabs(gw_fisher_p(&full) - 1) < 1e-9);
	assert_true(fabs(gw_fisher_evidence(&tea) + log10(17.0 / 70)) < 1e-9);
}

/* The tail summed term by term with exact binomials, for all small tables. */
static double choose(int n, int k)
{
	double c = 1;

	for (int i = 0; i < k; i++)
		c = c * (n - i) / (i + 1);
	return k < 0 || k > n ? 0 : c;
}

static void fisher_by_sum(void **state)
{
	(void)state;
	for (int n = 1; n <= 14; n++)
		for (int x = 1; x <= n; x++)
			for (int y = 1; y <= n; y++)
				for (int k = 1; k <= x && k <= y; k++) {
					struct gw_counts c = {(uint64_t)k, (uint64_t)x, (uint64_t)y,
							      (uint64_t)n};
					double p = 0;

					if (x + y - k > n)
						continue;
					for (int i = k; i <= x && i <= y; i++)
						p += choose(y, i) * choose(n - y, x - i) /
						     choose(n, x);
					assert_true(fabs(gw_fisher_p(&c) - p) < 1e-9);
				}
}

static void false_discoveries(void **state)
{
	/* Benjamini and Hochberg's own example (1995, section 4): 15 tests, 0.05, the first 4 */
	double p[] = {0.3240, 0.0001, 0.0278, 0.0004, 0.0298, 0.0019, 0.0344, 0.0095,
		      0.0459, 0.0201, 0.4262, 0.5719, 0.6528, 0.7590, 1.000};
	double none[] = {0.2, 0.9};

	(void)state;
	assert_true(gw_fdr_limit(p, COUNT(p), 15, 0.05) == 0.0095);
	assert_true(gw_fdr_limit(none, COUNT(none), 2, 0.05) < 0);
	assert_true(gw_fdr_limit(none, 0, 10, 0.05) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_complete), cmocka_unit_test(productive_rules),
		cmocka_unit_test(fractions),          cmocka_unit_test(measures),
		cmocka_unit_test(fisher_by_sum),      cmocka_unit_test(false_discoveries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
