#include "tools/mine/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mine/evidence.h"
#include "tools/mine/family.h"

#define CASES_MIN 200 /* fewer say nothing about which plan is better */
#define FEW_ITEMS 1000
#define WIDER     200 /* neighbours */

struct gw_plan gw_plan_defaults(enum gw_learner learner)
{
	struct gw_plan plan = {.learning = gw_learning_defaults(learner),
			       .choice = {.rules_max = 40000,
					  .per_item = 1000,
					  .spread = learner == GW_LEARN_COUNTS ? 0.35 : 0.2,
					  .count_min = 1,
					  .confidence_min = {0, 1}},
			       .alive = 0.4,
			       .days_min = 1,
			       .tills_min = 1};

	return plan;
}

double *gw_plan_worth(const struct gw_order *order, const struct gw_sales *sales)
{
	double *worth = malloc(((size_t)order->n + 1) * sizeof(*worth));

	for (uint32_t i = 0; worth != NULL && i < order->n; i++) {
		uint32_t item = order->item_of[i];
		int64_t price = gw_sales_price(sales, item), cost = sales->facts[item].cost;

		worth[i] = price == GW_NO_PRICE ? 0 : (double)price;
		if (price != GW_NO_PRICE && cost != GW_NO_PRICE)
			worth[i] = price > cost ? (double)(price - cost) : 0;
	}
	return worth;
}

struct limits {
	const struct gw_order *order;
	const struct gw_sales *sales;
	const struct gw_plan *plan;
	bool *alive; /* alive[n], NULL: all are */
};

static bool may_be_rule(const void *ctx, uint32_t from, uint32_t to)
{
	const struct limits *l = ctx;

	if (l->alive != NULL && !l->alive[to])
		return false;
	return !l->plan->families ||
	       !gw_same_family(l->sales, l->order->item_of[from], l->order->item_of[to]);
}

/* Labels sold in the last `share` of the baskets, in the order they were read. */
static int find_alive(struct limits *l, const struct gw_spool *spool, double share,
		      struct gw_err *err)
{
	uint64_t first = (uint64_t)((double)gw_spool_count(spool) * (1 - share)), n = 0;
	struct gw_spool_reader reader = {0};
	struct gw_basket b;
	int rc = GW_OK;

	l->alive = calloc((size_t)l->order->n + 1, sizeof(*l->alive));
	if (l->alive == NULL)
		return gw_err_set(err, GW_E_MEMORY, "out of memory");
	for (uint32_t k = 0; rc == GW_OK && k < gw_spool_blocks(spool); k++) {
		rc = gw_spool_open(spool, k, &reader, err);
		while (rc == GW_OK && gw_spool_next(&reader, &b)) {
			if (n++ < first)
				continue;
			for (uint32_t i = 0; i < b.count; i++)
				if (l->order->label_of[b.items[i]] != GW_NO_LABEL)
					l->alive[l->order->label_of[b.items[i]]] = true;
		}
	}
	gw_spool_reader_release(&reader);
	return rc;
}

/* Weights grow by (worth / mean worth)^money; what has no known worth is taken as average. */
static int weigh_money(struct gw_weights *rules, const struct gw_order *order,
		       const struct gw_sales *sales, double money)
{
	double *worth = gw_plan_worth(order, sales), sum = 0;
	uint32_t known = 0;

	if (worth == NULL)
		return GW_E_MEMORY;
	for (uint32_t i = 0; i < order->n; i++) {
		sum += worth[i];
		known += worth[i] > 0;
	}
	for (size_t i = 0; known > 0 && i < rules->len; i++) {
		struct gw_weight *w = &rules->at[i];
		double relative = worth[w->to] > 0 ? worth[w->to] * known / sum : 1;
		double weight = w->weight * pow(relative, money);

		w->weight = weight < 1 ? 1 : weight > 1e9 ? 1000000000 : (int32_t)weight;
	}
	free(worth);
	return GW_OK;
}

static int choose(struct gw_weights *rules, const struct gw_plan *plan,
		  const struct gw_spool *spool, const struct gw_order *order,
		  const struct gw_sales *sales, struct gw_err *err)
{
	struct limits limits = {order, sales, plan, NULL};
	struct gw_choice choice = plan->choice;
	int rc = GW_OK;

	choice.allowed = may_be_rule;
	choice.ctx = &limits;
	if (plan->money > 0)
		rc = weigh_money(rules, order, sales, plan->money);
	if (rc == GW_OK)
		rc = gw_evidence_filter(rules, spool, order, plan->days_min, plan->tills_min, err);
	if (rc == GW_OK && plan->alive > 0)
		rc = find_alive(&limits, spool, plan->alive, err);
	if (rc == GW_OK)
		rc = gw_choose(rules, order, &choice);
	free(limits.alive);
	return rc;
}

int gw_plan_run(struct gw_weights *rules, const struct gw_plan *plan, const struct gw_spool *spool,
		const struct gw_order *order, int64_t last_ms, const struct gw_sales *sales,
		struct gw_err *err)
{
	struct gw_learning learning = plan->learning;
	int rc;

	learning.weighing.now_ms = last_ms;
	rc = gw_learn(rules, spool, order, &learning, err);
	if (rc < 0)
		return rc;
	rc = choose(rules, plan, spool, order, sales, err);
	if (rc == GW_OK)
		return rc;
	gw_weights_release(rules);
	return rc == GW_E_MEMORY ? gw_err_set(err, rc, "out of memory") : rc;
}

/* --- tuning
 * --------------------------------------------------------------------------------------- */

struct tuning {
	struct gw_sample sample;
	struct gw_cases cases;
	const struct gw_sales *sales;
	double days; /* the sample spans, 0: no times */
};

static int try_plan(const struct gw_plan *plan, const struct tuning *t, struct gw_score *score,
		    struct gw_err *err)
{
	struct gw_weights rules;
	int rc = gw_plan_run(&rules, plan, t->sample.spool, &t->sample.order, t->sample.last_ms,
			     t->sales, err);

	if (rc < 0)
		return rc;
	rc = gw_score_rules(score, &rules, &t->sample.order, &t->cases, GW_COMBINE_SUM);
	gw_weights_release(&rules);
	return rc < 0 ? gw_err_set(err, rc, "out of memory") : rc;
}

/* What is tuned: hits within one, three and five together, which is less noisy than any alone. */
static double goodness(const struct gw_score *s)
{
	return (double)(s->hit1 + s->hit3 + s->hit5) + s->reciprocal * 1e-3;
}

/* The tunable numbers of a plan, each with the values tried; 0 ends a list early. */
struct knob {
	double *value;
	double tried[5];
	int count;
};

static int turn(struct knob *knob, struct gw_plan *plan, const struct tuning *t,
		struct gw_score *best, struct gw_err *err)
{
	double kept = *knob->value;

	for (int i = 0; i < knob->count; i++) {
		struct gw_score score;
		int rc;

		if (knob->tried[i] == kept)
			continue;
		*knob->value = knob->tried[i];
		rc = try_plan(plan, t, &score, err);
		if (rc < 0)
			return rc;
		if (goodness(&score) > goodness(best)) {
			*best = score;
			kept = *knob->value;
		}
	}
	*knob->value = kept;
	return GW_OK;
}

/* With few items a regression on many of them is cheap, and may be better. */
static int try_wider(struct gw_plan *plan, const struct tuning *t, struct gw_score *best,
		     struct gw_err *err)
{
	uint32_t kept = plan->learning.neighbours;
	struct gw_score score;
	int rc;

	if (t->sample.order.n > FEW_ITEMS || plan->learning.learner == GW_LEARN_COUNTS)
		return GW_OK;
	plan->learning.neighbours = WIDER;
	rc = try_plan(plan, t, &score, err);
	if (rc == GW_OK && goodness(&score) > goodness(best))
		*best = score;
	else
		plan->learning.neighbours = kept;
	return rc;
}

static int turn_all(struct gw_plan *plan, const struct tuning *t, struct gw_score *best,
		    struct gw_err *err)
{
	struct gw_learning *l = &plan->learning;
	struct knob common[] = {
		{&l->weighing.power, {0, 0.3, 0.4, 0.5, 0.7}, 5},
		{&l->weighing.half_life_days, {0, t->days, t->days / 2}, t->days > 0 ? 3 : 0},
		{&plan->choice.spread, {0, 0.2, 0.35, 0.5}, 4},
		{&plan->alive, {0, 0.2, 0.4}, 3},
	};
	struct knob ridge[] = {{&l->ridge, {0.5, 1, 2, 5, 20}, 5},
			       {&l->ridge_share, {0, 0.1, 0.3, 0.6}, 4},
			       {&l->blend, {0.3, 0.4, 0.5}, l->learner == GW_LEARN_SPARSE ? 3 : 0}};
	struct knob counts[] = {{&l->blend, {0.4, 0.5, 0.6, 0.7, 0.8}, 5},
				{&l->sharpness, {1, 1.3, 1.5, 2}, 4}};
	bool by_counts = l->learner == GW_LEARN_COUNTS;
	int rc = try_wider(plan, t, best, err);

	for (int i = 0; rc == GW_OK && i < (by_counts ? 2 : 3); i++)
		rc = turn(by_counts ? &counts[i] : &ridge[i], plan, t, best, err);
	if (by_counts)
		common[0] = (struct knob){&l->weighing.power, {0.5, 0.7, 1, 1.2}, 4};
	for (int i = 0; rc == GW_OK && i < 4; i++)
		rc = turn(&common[i], plan, t, best, err);
	return rc;
}

/* The exponent under which the items hit within three are worth most. */
static int turn_money(struct gw_plan *plan, struct tuning *t, struct gw_err *err)
{
	static const double tried[] = {0, 0.1, 0.25, 0.5, 1};
	double *worth = gw_plan_worth(&t->sample.order, t->sales), most = -1, kept = 0;
	int rc = worth != NULL ? GW_OK : gw_err_set(err, GW_E_MEMORY, "out of memory");

	t->cases.worth = worth;
	for (size_t i = 0; rc == GW_OK && i < sizeof(tried) / sizeof(tried[0]); i++) {
		struct gw_score score;

		plan->money = tried[i];
		rc = try_plan(plan, t, &score, err);
		if (rc == GW_OK && score.worth3 > most) {
			most = score.worth3;
			kept = tried[i];
		}
	}
	plan->money = kept;
	t->cases.worth = NULL;
	free(worth);
	return rc;
}

int gw_plan_tune(struct gw_plan *plan, struct gw_score *tried, const struct gw_corpus *corpus,
		 uint32_t to, const struct gw_sales *sales, struct gw_err *err)
{
	uint32_t from = (uint32_t)((uint64_t)to * 4 / 5);
	struct tuning t = {.cases = {corpus, from, to, 2, 10, NULL}, .sales = sales};
	int rc = gw_sample_make(&t.sample, corpus, 0, from, sales, 1, err);

	if (rc < 0)
		return rc;
	plan->untimed = corpus->untimed;
	if (from > 0)
		t.days = (double)(corpus->when_ms[from - 1] - corpus->when_ms[0]) / 86400000.0;
	rc = try_plan(plan, &t, tried, err);
	if (rc == GW_OK && tried->cases < CASES_MIN)
		rc = GW_E_NOT_FOUND;
	if (rc == GW_OK)
		rc = turn_all(plan, &t, tried, err);
	if (rc == GW_OK && plan->for_money)
		rc = turn_money(plan, &t, err);
	gw_sample_release(&t.sample);
	return rc;
}

void gw_plan_describe(const struct gw_plan *plan, char *room, size_t size)
{
	const struct gw_learning *l = &plan->learning;
	int n = snprintf(room, size, "baskets by size^-%g", l->weighing.power);

	if (l->learner == GW_LEARN_COUNTS)
		n += snprintf(room + n, size - (size_t)n, ", blend %g, sharpness %g", l->blend,
			      l->sharpness);
	else
		n += snprintf(room + n, size - (size_t)n,
			      ", ridge %g + %g of the diagonal, blend %g", l->ridge, l->ridge_share,
			      l->blend);
	n += snprintf(room + n, size - (size_t)n, ", spread %g", plan->choice.spread);
	if (l->weighing.half_life_days > 0)
		n += snprintf(room + n, size - (size_t)n, ", half-life %.0f %s",
			      l->weighing.half_life_days, plan->untimed ? "baskets" : "days");
	if (plan->alive > 0)
		n += snprintf(room + n, size - (size_t)n, ", alive %g", plan->alive);
	if (plan->money > 0)
		snprintf(room + n, size - (size_t)n, ", money %g", plan->money);
}
