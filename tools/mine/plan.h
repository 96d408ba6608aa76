/*
 * A plan is all that turns a sample of sales into a register's table of one-item rules: how to
 * learn, and which weights to keep.  Tuning tries plans on the last fifth of a sample, never on
 * what is measured later.
 *
 * Owns nothing.  Deterministic.
 */
#ifndef TOOLS_MINE_PLAN_H
#define TOOLS_MINE_PLAN_H

#include "tools/mine/choose.h"
#include "tools/mine/learn.h"
#include "tools/mine/score.h"
#include "tools/mine/split.h"

struct gw_plan {
	struct gw_learning learning;
	struct gw_choice choice; /* allowed and ctx are set by gw_plan_run */
	double alive;   /* a target must be sold in this last share of the baskets, 0: off */
	double money;   /* weights grow with (worth / mean worth)^money, 0: not */
	bool for_money; /* tuning looks for the money, too */
	bool untimed;   /* half-lives are in baskets, not in days */
	uint32_t days_min, tills_min; /* see gw_evidence_filter */
	bool families;                /* keep variants of one product apart */
};

struct gw_plan gw_plan_defaults(enum gw_learner learner);

/* Learns and chooses; rules in the order of gw_choose. */
int gw_plan_run(struct gw_weights *rules, const struct gw_plan *plan, const struct gw_spool *spool,
		const struct gw_order *order, int64_t last_ms, const struct gw_sales *sales,
		struct gw_err *err);

/*
 * Improves the plan one parameter after the other, each by what suggests best on the baskets
 * [to * 4/5, to) of the corpus from what is learned on those before; a parameter that gains
 * nothing stays as it is.  tried: score of the plan it ends with.  Does nothing (GW_E_NOT_FOUND)
 * when there are fewer than 200 cases to try on.
 */
int gw_plan_tune(struct gw_plan *plan, struct gw_score *tried, const struct gw_corpus *corpus,
		 uint32_t to, const struct gw_sales *sales, struct gw_err *err);

/* "power 0.4, ridge 2 + 0.3 of the diagonal, 50 neighbours ..." */
void gw_plan_describe(const struct gw_plan *plan, char *room, size_t size);

/* Worth of each label: margin where costs are known, else price; 0 unknown.  malloc'ed. */
double *gw_plan_worth(const struct gw_order *order, const struct gw_sales *sales);

#endif
