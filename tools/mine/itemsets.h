/*
 * All sets of 2, 3 and 4 items that at least min_count baskets hold, with their counts.
 *
 * A set is kept under its rarest item: x > y > z > w as labels (label 0 is the commonest).  The
 * sets of one x lie together: its partners y in rising order, behind each (x, y) its z, behind
 * each (x, y, z) its w.
 *
 * Owns its nodes (8 bytes a set).  Read-only once mined.  Prints nothing.
 *
 *	struct gw_mine_limits limits = {.min_count = 10, .size_max = 3, .threads = 2,
 *					.memory = 256 << 20};
 *	gw_itemsets_mine(&sets, spool, &order, &limits, &err);
 *	for (uint32_t i = 0; i < sets.nodes[x].pairs; i++) use(sets.nodes[x].pair[i]);
 */
#ifndef TOOLS_MINE_ITEMSETS_H
#define TOOLS_MINE_ITEMSETS_H

#include <stdint.h>

#include "base/err.h"
#include "tools/mine/order.h"
#include "tools/mine/spool.h"

#define GW_SET_MAX 4

struct gw_ext {
	uint32_t label, count;
};

/* The sets whose rarest item is x. */
struct gw_node {
	uint32_t pairs;
	struct gw_ext *pair;    /* pair[pairs], rising labels */
	uint32_t *triple_start; /* triple_start[pairs + 1]; NULL: none were asked for */
	struct gw_ext *triple;  /* of pair i: triple[triple_start[i] .. triple_start[i + 1]) */
	uint32_t *quad_start;   /* quad_start[triples + 1] */
	struct gw_ext *quad;
};

struct gw_mine_limits {
	uint32_t min_count; /* >= 1 */
	int size_max;       /* 2 .. GW_SET_MAX */
	int threads;        /* >= 1 */
	size_t memory;      /* bytes the baskets of one part may take */
};

struct gw_itemsets {
	const struct gw_order *order; /* borrowed */
	struct gw_node *nodes;        /* nodes[order->n] */
};

/* GW_E_MEMORY, GW_E_STORAGE. */
int gw_itemsets_mine(struct gw_itemsets *sets, const struct gw_spool *spool,
		     const struct gw_order *order, const struct gw_mine_limits *limits,
		     struct gw_err *err);
void gw_itemsets_release(struct gw_itemsets *sets);

/* Count of the set labels[0..size), falling, size 1..4; 0 when it is not among the sets. */
uint32_t gw_itemsets_count(const struct gw_itemsets *sets, const uint32_t *labels, int size);

#endif
