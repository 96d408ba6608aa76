/*
 * Rules from sets: each set of size k gives k rules with one consequent.  Thresholds are exact;
 * what is kept beyond them (false-discovery control, redundancy) is asked for.
 *
 * Owns nothing but a gw_rule_list's array.  One thread.
 */
#ifndef TOOLS_MINE_RULES_H
#define TOOLS_MINE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/mine/itemsets.h"
#include "tools/mine/measure.h"

#define GW_ANTECEDENT_MAX (GW_SET_MAX - 1)

struct gw_mined_rule {
	uint32_t antecedent[GW_ANTECEDENT_MAX]; /* labels, falling */
	uint32_t consequent;
	uint32_t n_xy, n_x;
	uint8_t len; /* of the antecedent, 1..GW_ANTECEDENT_MAX */
};

struct gw_rule_filter {
	struct gw_fraction min_confidence;
	double fdr;      /* 0: no control */
	bool productive; /* a rule must beat every rule with a smaller antecedent, also the empty */
};

/* Return a negative status to stop. */
typedef int gw_rule_fn(void *ctx, const struct gw_mined_rule *rule);

/*
 * Calls each for the rules of all sets that pass the filter (fdr is not looked at here), in an
 * order that depends on the data alone: by the rarest item's frequency, then by the others'.
 */
int gw_rules_each(const struct gw_itemsets *sets, uint64_t baskets,
		  const struct gw_rule_filter *filter, gw_rule_fn *each, void *ctx);

struct gw_rule_list {
	struct gw_mined_rule *at;
	size_t len, room;
};

/* All rules that pass, fdr included.  GW_E_MEMORY. */
int gw_rules_collect(struct gw_rule_list *list, const struct gw_itemsets *sets, uint64_t baskets,
		     const struct gw_rule_filter *filter, struct gw_err *err);
void gw_rule_list_release(struct gw_rule_list *list);

struct gw_counts gw_rule_counts(const struct gw_itemsets *sets, uint64_t baskets,
				const struct gw_mined_rule *rule);

#endif
