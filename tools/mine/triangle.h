/*
 * Pairs of many baskets: a counter for every pair of labels, filled in one pass over the spool.
 * For more baskets than memory holds, as long as the labels are few enough.
 *
 * Owns its counters during the call.
 */
#ifndef TOOLS_MINE_TRIANGLE_H
#define TOOLS_MINE_TRIANGLE_H

#include <stdbool.h>

#include "tools/mine/itemsets.h"

/* Whether the counters of n labels fit into so many bytes. */
bool gw_triangle_fits(uint32_t n, size_t memory);

/* Fills the pairs of all nodes.  GW_E_MEMORY, GW_E_STORAGE. */
int gw_triangle_mine(struct gw_itemsets *sets, const struct gw_spool *spool,
		     const struct gw_mine_limits *limits, struct gw_err *err);

#endif
