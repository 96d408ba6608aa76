/* The offer layer: matching, evidence, the shortlist, against their definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/table_build.h"
#include "offer/choose.h"
#include "tests/unit/random.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- random tables and a brute-force view of them */

#define ITEMS      700 /* at most; small tables have 40 */
#define CATEGORIES 5
#define RULES      3000

struct make {
	uint32_t items, rules;
	uint32_t popular; /* the first so many rules: item 0 or 1 alone */
	bool gated;       /* with moments, segments, hours ... */
	bool negative;    /* with some weights below 0 */
};

static void draw_gate(uint64_t *rng, struct gw_rule *rule)
{
	rule->moment = random_below(rng, 2) ? GW_MOMENT_SCAN : GW_MOMENT_TOTAL;
	rule->segment = random_below(rng, 3) == 0 ? "gold" : "";
	rule->arm = random_below(rng, 3) == 0 ? "a" : random_below(rng, 3) == 0 ? "b" : "";
	rule->days = (uint8_t)(1 + random_below(rng, 127));
	rule->min_subtotal_minor = random_below(rng, 1500);
	rule->priority = (int32_t)random_below(rng, 3);
	if (random_below(rng, 4) == 0) {
		rule->from_minute = 600;
		rule->to_minute = 900;
	}
}

static struct gw_table *random_table(uint64_t *rng, struct make make)
{
	struct gw_table_build *b;
	struct gw_err err;
	char text[32];

	assert_int_equal(gw_table_build_new(&b, &err), GW_OK);
	assert_int_equal(gw_table_build_head(b, &(struct gw_table_head){.version = "1"}, &err), 0);
	for (int c = 0; c < CATEGORIES; c++) {
		snprintf(text, sizeof(text), "cat%d", c);
		assert_int_equal(gw_table_build_category(b, text, &err), c);
	}
	for (uint32_t i = 0; i < make.items; i++) {
		struct gw_item item = {.code = text, .name = text, .tags = "", .stock = -1};

		snprintf(text, sizeof(text), "i%u", i);
		item.category = random_below(rng, 3) == 0 ? GW_NONE : random_below(rng, CATEGORIES);
		item.price_minor = (int64_t)random_below(rng, 2000) - 200;
		item.cost_minor = (int64_t)random_below(rng, 1000) - 200;
		item.price_minor = item.price_minor < 0 ? -1 : item.price_minor;
		item.cost_minor = item.cost_minor < 0 ? -1 : item.cost_minor;
		assert_int_equal(gw_table_build_item(b, &item, &err), i);
	}
	for (uint32_t r = 0; r < make.rules; r++) {
		struct gw_rule rule = gw_rule_blank();

		snprintf(text, sizeof(text), "r%u", r);
		rule.id = text;
		rule.suggest = random_below(rng, make.items);
		rule.pos_code = "x";
		rule.condition_count = (uint8_t)random_below(rng, GW_IF_MAX + 1);
		for (int c = 0; c < rule.condition_count; c++) {
			bool category = random_below(rng, 5) == 0;

			rule.conditions[c] = (struct gw_condition){
				random_below(rng, category ? CATEGORIES : 12), category};
			if (!category && rule.conditions[c].index == rule.suggest)
				rule.suggest = 12 + random_below(rng, make.items - 12);
		}
		if (r < make.popular) {
			rule.suggest = 12 + random_below(rng, make.items - 12);
			rule.condition_count = 1;
			rule.conditions[0] = (struct gw_condition){r % 2, false};
		}
		/* Few values: equal ones must come about. */
		rule.weight = (1 + random_below(rng, 40)) / 20.0;
		if (make.negative && random_below(rng, 10) == 0)
			rule.weight = -0.25;
		if (make.gated)
			draw_gate(rng, &rule);
		if (gw_table_build_rule(b, &rule, &err) < 0)
			fail_msg("%s", err.text);
	}
	return gw_table_build_done(b);
}

struct brute {
	const struct gw_table *table;
	int32_t pieces[ITEMS];
};

static bool brute_matches(const struct brute *b, const struct gw_rule *rule)
{
	for (int c = 0; c < rule->condition_count; c++) {
		int32_t have = 0, need = 0;

		for (uint32_t i = 0; i < b->table->item_count; i++)
			if (rule->conditions[c].is_category
				    ? b->table->items[i].category == rule->conditions[c].index
				    : i == rule->conditions[c].index)
				have += b->pieces[i];
		for (int d = 0; d < rule->condition_count; d++)
			need += memcmp(&rule->conditions[c].index, &rule->conditions[d].index,
				       sizeof(uint32_t)) == 0 &&
				rule->conditions[c].is_category == rule->conditions[d].is_category;
		if (have < need)
			return false;
	}
	return true;
}

static void mark_matched(const struct gw_fit *fit, bool *rules)
{
	const struct gw_offer_index *x = fit->index;

	for (uint32_t i = 0; i < fit->match->matched_count; i++) {
		uint32_t p = fit->match->matched[i];

		for (uint32_t g = x->gate_first[x->pairing_first[p]];
		     g < x->gate_first[x->pairing_first[p + 1]]; g++) {
			assert_false(rules[x->gates[g].rule]); /* no rule twice */
			rules[x->gates[g].rule] = true;
		}
	}
}

/* Evidence by its definition: per antecedent and target the strongest rule, added up. */
static void brute_evidence(const struct gw_offer_index *x, const bool *matched, int64_t *evidence)
{
	memset(evidence, 0, ITEMS * sizeof(*evidence));
	for (uint32_t q = 0; q < x->pairing_count; q++) {
		int64_t most = INT64_MIN;

		for (uint32_t g = x->gate_first[q]; g < x->gate_first[q + 1]; g++) {
			const struct gw_rule *rule = &x->table->rules[x->gates[g].rule];
			int64_t w = (int64_t)(gw_rule_evidence(rule) * x->scale +
					      (gw_rule_evidence(rule) < 0 ? -0.5 : 0.5));

			most = w > most ? w : most;
			assert_int_equal(x->target_item[x->pairings[q].target], rule->suggest);
		}
		if (matched[x->gates[x->gate_first[q]].rule])
			evidence[x->target_item[x->pairings[q].target]] += most;
	}
}

static void check_best(struct gw_fit *fit)
{
	uint32_t best[GW_FIT_BEST], rank[3];
	struct gw_fit_scored all[ITEMS];
	size_t n = gw_fit_best(fit, best, GW_FIT_BEST), m = gw_fit_gather(fit, all), k;
	int64_t most = 0;
	double last = (double)INT64_MAX;

	assert_int_equal(n, m < GW_FIT_BEST ? m : GW_FIT_BEST);
	for (size_t i = 0; m > 0; i++) {
		struct gw_fit_scored s = gw_fit_pop(all, &m);

		assert_true(s.score > 0 && s.score <= last && fit->evidence[s.target] > 0);
		last = s.score;
		if (i < n)
			assert_int_equal(best[i], s.target);
	}
	k = gw_fit_rank(fit, rank, 3);
	for (uint32_t t = 0; t < fit->index->target_count; t++)
		if (gw_match_pieces(fit->match, fit->index->target_item[t]) == 0 &&
		    fit->evidence[t] > most)
			most = fit->evidence[t];
	assert_true((k == 0) == (most == 0));
	if (k > 0)
		assert_int_equal(fit->evidence[fit->index->target_of[rank[0]]], most);
	for (size_t i = 1; i < k; i++)
		assert_true(fit->evidence[fit->index->target_of[rank[i]]] <=
			    fit->evidence[fit->index->target_of[rank[i - 1]]]);
}

/* The strongest pairing is right, or left open; without a void it is never left open. */
static void check_strongest(struct gw_fit *fit, const bool *matched, bool voided)
{
	const struct gw_offer_index *x = fit->index;
	int unsure = 0;

	for (uint32_t t = 0; t < x->target_count; t++) {
		uint32_t strongest = GW_NONE;
		int32_t count = 0;

		for (uint32_t q = 0; q < x->pairing_count; q++) {
			if (x->pairings[q].target != t || !matched[x->gates[x->gate_first[q]].rule])
				continue;
			count++;
			if (strongest == GW_NONE ||
			    x->pairings[q].weight > x->pairings[strongest].weight)
				strongest = q;
		}
		if (gw_fit_strongest(fit, t) != GW_NONE)
			assert_int_equal(gw_fit_strongest(fit, t), strongest);
		else
			unsure += count > 0;
	}
	assert_true(voided || unsure == 0);
}

static void check_fit(struct gw_fit *fit, const struct brute *b, bool voided)
{
	static bool matched[RULES];
	int64_t evidence[ITEMS];

	memset(matched, 0, sizeof(matched));
	mark_matched(fit, matched);
	for (uint32_t r = 0; r < b->table->rule_count; r++) {
		assert_int_equal(matched[r], brute_matches(b, &b->table->rules[r]));
		assert_int_equal(gw_match_rule(fit->match, &b->table->rules[r]), matched[r]);
	}
	brute_evidence(fit->index, matched, evidence);
	for (uint32_t t = 0; t < fit->index->target_count; t++)
		assert_int_equal(fit->evidence[t], evidence[fit->index->target_item[t]]);
	check_best(fit);
	check_strongest(fit, matched, voided);
}

static void play_baskets(uint64_t *rng, struct make make, int baskets)
{
	struct gw_table *table = random_table(rng, make);
	struct gw_offer_index *index;
	struct gw_fit *fit;

	assert_int_equal(gw_offer_index_new(&index, table, NULL), GW_OK);
	assert_int_equal(gw_fit_new(&fit, index), GW_OK);
	assert_true(make.popular == 0 || index->dense_count > 0);
	for (int basket = 0; basket < baskets; basket++) {
		struct brute b = {.table = table};
		bool voided = false;

		gw_fit_clear(fit);
		check_fit(fit, &b, false);
		for (int step = 0; step < 25; step++) {
			uint32_t item = random_below(rng, 14);
			int32_t n = (int32_t)random_below(rng, 3) + 1;

			if (random_below(rng, 3) == 0 && b.pieces[item] > 0) {
				n = n > b.pieces[item] ? b.pieces[item] : n;
				b.pieces[item] -= n;
				gw_fit_remove(fit, item, n);
				voided = true;
			} else {
				b.pieces[item] += n;
				gw_fit_add(fit, item, n);
			}
			check_fit(fit, &b, voided);
		}
	}
	gw_fit_free(fit);
	gw_offer_index_free(index);
	gw_table_free(table);
}

/* Random baskets with voids, on random tables, against the definition. */
static void test_match_brute(void **state)
{
	uint64_t rng = random_seed();

	(void)state;
	for (int round = 0; round < 40; round++)
		play_baskets(&rng,
			     (struct make){.items = 40,
					   .rules = random_below(&rng, 400),
					   .negative = round % 2 == 0},
			     5);
	/* Popular items, whose pairings are added as columns; more targets than the list holds. */
	for (int round = 0; round < 4; round++)
		play_baskets(&rng,
			     (struct make){.items = ITEMS,
					   .rules = RULES,
					   .popular = 1500,
					   .negative = round % 2 == 0},
			     2);
}

/* --- the shortlist against its definition */

static struct gw_decision random_decision(uint64_t *rng)
{
	static uint8_t arms[2];
	struct gw_decision d = {
		.day = 100,
		.weekday = (int)random_below(rng, 7),
		.minute = (int)random_below(rng, 1440),
		.moment = random_below(rng, 2) ? GW_MOMENT_SCAN : GW_MOMENT_TOTAL,
		.segment = random_below(rng, 2) ? "gold" : "",
		.has_arm = arms,
		.subtotal_minor = random_below(rng, 2000),
		.min_weight = random_below(rng, 3) * 0.5,
		.min_margin_minor = random_below(rng, 2) * 100,
		.used_count = 2,
	};

	arms[0] = (uint8_t)random_below(rng, 2);
	arms[1] = (uint8_t)random_below(rng, 2);
	for (int i = 0; i < 2; i++) {
		d.used_rules[i] = random_below(rng, 300);
		d.used_items[i] = random_below(rng, 30);
	}
	return d;
}

/* The open rule of the strongest satisfied pairing that has one, GW_NONE; by its definition. */
static uint32_t brute_rule(const struct gw_fit *fit, const struct brute *b, uint32_t target,
			   const struct gw_decision *d)
{
	const struct gw_offer_index *x = fit->index;
	uint32_t found = GW_NONE, from = GW_NONE;

	for (uint32_t q = 0; q < x->pairing_count; q++) {
		if (x->pairings[q].target != target ||
		    !brute_matches(b, &b->table->rules[x->gates[x->gate_first[q]].rule]) ||
		    (from != GW_NONE && x->pairings[q].weight <= x->pairings[from].weight))
			continue;
		for (uint32_t g = x->gate_first[q]; g < x->gate_first[q + 1]; g++)
			if (gw_gate_open(x, &x->gates[g], d)) {
				found = g;
				from = q;
				break;
			}
	}
	return found;
}

static void check_shortlist(struct gw_fit *fit, const struct brute *b, struct gw_decision *d,
			    struct gw_shortlist_room *room, int *found)
{
	struct gw_candidate list[GW_SHORTLIST_MAX];
	size_t count = gw_shortlist(fit, d, room, list), expected = 0;
	const struct gw_offer_index *x = fit->index;

	for (uint32_t t = 0; t < x->target_count; t++) {
		uint32_t item = x->target_item[t], g;
		bool listed = false;

		for (size_t i = 0; i < count; i++)
			listed = listed || list[i].target == t;
		if (b->pieces[item] > 0 || item == d->used_items[0] || item == d->used_items[1] ||
		    gw_fit_evidence(fit, t) < d->min_weight ||
		    (g = brute_rule(fit, b, t, d)) == GW_NONE || fit->evidence[t] <= 0 ||
		    x->gates[g].worth <= 0) {
			assert_false(listed);
			continue;
		}
		expected++;
		assert_true(listed);
		for (size_t i = 0; i < count; i++)
			if (list[i].target == t)
				assert_int_equal(list[i].rule, x->gates[g].rule);
	}
	assert_int_equal(count, expected);
	for (size_t i = 1; i < count; i++)
		assert_true(list[i].score <= list[i - 1].score);
	*found += count > 0;
}

static void test_shortlist(void **state)
{
	uint64_t rng = random_seed();
	int found = 0;

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct gw_table *table =
			random_table(&rng, (struct make){.items = 30,
							 .rules = 300,
							 .gated = true,
							 .negative = round % 2 == 0});
		struct gw_shortlist_room room;
		struct gw_offer_index *index;
		struct gw_fit *fit;

		assert_int_equal(gw_offer_index_new(&index, table, NULL), GW_OK);
		assert_int_equal(gw_fit_new(&fit, index), GW_OK);
		assert_int_equal(gw_shortlist_room_init(&room, index), GW_OK);
		for (int basket = 0; basket < 20; basket++) {
			struct gw_decision d = random_decision(&rng);
			struct brute b = {.table = table};

			gw_fit_clear(fit);
			for (int i = 0; i < 6; i++) {
				uint32_t item = random_below(&rng, 12);

				b.pieces[item]++;
				gw_fit_add(fit, item, 1);
				check_shortlist(fit, &b, &d, &room, &found);
			}
		}
		gw_shortlist_room_release(&room);
		gw_fit_free(fit);
		gw_offer_index_free(index);
		gw_table_free(table);
	}
	assert_true(found > 100);
}

/* The order in which items came, and what was voided on the way, leaves no trace. */
static void test_fit_order(void **state)
{
	uint64_t rng = random_seed();
	struct gw_table *table = random_table(&rng, (struct make){.items = 40, .rules = 390});
	struct gw_offer_index *index;
	struct gw_fit *a, *b;

	(void)state;
	assert_int_equal(gw_offer_index_new(&index, table, NULL), GW_OK);
	assert_int_equal(gw_fit_new(&a, index), GW_OK);
	assert_int_equal(gw_fit_new(&b, index), GW_OK);
	for (int round = 0; round < 200; round++) {
		uint32_t items[6], x[GW_FIT_BEST], y[GW_FIT_BEST];
		size_t n;

		gw_fit_clear(a);
		gw_fit_clear(b);
		for (size_t i = 0; i < COUNT(items); i++)
			gw_fit_add(a, items[i] = random_below(&rng, 12), 1);
		gw_fit_add(b, 13, 1);
		for (size_t i = COUNT(items); i-- > 0;)
			gw_fit_add(b, items[i], 1);
		gw_fit_remove(b, 13, 1);
		n = gw_fit_best(a, x, GW_FIT_BEST);
		assert_int_equal(gw_fit_best(b, y, GW_FIT_BEST), n);
		assert_memory_equal(x, y, n * sizeof(*x));
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(a->evidence[x[i]], b->evidence[x[i]]);
		}
	}
	gw_fit_free(a);
	gw_fit_free(b);
	gw_offer_index_free(index);
	gw_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_brute),
		cmocka_unit_test(test_fit_order),
		cmocka_unit_test(test_shortlist),
	};

	return cmocka_run_group_tests_name("offer", tests, NULL, NULL);
}
