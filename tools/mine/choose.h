/*
 * Which of the learned weights become rules: the table of a register is small, so the weights that
 * will move most are kept.
 *
 * Works in place on a gw_weights.  Deterministic.
 */
#ifndef TOOLS_MINE_CHOOSE_H
#define TOOLS_MINE_CHOOSE_H

#include <stdbool.h>

#include "tools/mine/learn.h"
#include "tools/mine/measure.h"

struct gw_choice {
	size_t rules_max;
	uint32_t per_item;  /* rules of one antecedent */
	double spread;      /* key = weight x (antecedent's count)^spread */
	uint32_t count_min; /* baskets a pair needs */
	struct gw_fraction confidence_min;
	/* False: this pair must not become a rule (variants of one product).  NULL: all may. */
	bool (*allowed)(const void *ctx, uint32_t from, uint32_t to);
	const void *ctx;
};

/*
 * Keeps the weights with the largest keys; ties go to the commoner antecedent, then target.
 * Afterwards they are in the order (from, weight falling, to).  GW_E_MEMORY.
 */
int gw_choose(struct gw_weights *weights, const struct gw_order *order,
	      const struct gw_choice *choice);

#endif
