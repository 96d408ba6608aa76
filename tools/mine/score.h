/*
 * How good a table of one-item rules suggests: each item of each test basket is taken out in turn,
 * the others are the context, and the rank of the missing one among all items outside the context
 * is what counts.  Ties go to the commoner item, then by code, as labels do.
 */
#ifndef TOOLS_MINE_SCORE_H
#define TOOLS_MINE_SCORE_H

#include "tools/mine/learn.h"
#include "tools/mine/split.h"

enum gw_combine { GW_COMBINE_SUM, GW_COMBINE_MAX };

struct gw_score {
	uint64_t cases, hit1, hit3, hit5;
	double reciprocal; /* sum of 1 / rank for ranks up to 10 */
	double worth3;     /* sum of the worth of the items hit within 3 */
};

struct gw_cases {
	const struct gw_corpus *corpus;
	uint32_t from, to;    /* test baskets */
	uint32_t least, most; /* known items a basket must have: 2..10 in protocol P1 */
	const double *worth;  /* worth[n] by label, NULL: not asked for */
};

/*
 * rules in the order gw_choose leaves; order: of the sample they were learned from.
 * GW_E_MEMORY.  O(cases x items).
 */
int gw_score_rules(struct gw_score *score, const struct gw_weights *rules,
		   const struct gw_order *order, const struct gw_cases *cases,
		   enum gw_combine combine);

#endif
