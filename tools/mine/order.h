/*
 * The items that are frequent enough to mine, from the commonest down: label 0 is the commonest,
 * ties go by code.  Everything behind the readers works on labels, so that results depend on the
 * data and not on the order of the files.
 *
 * Owns its arrays.  Read-only once made.
 */
#ifndef TOOLS_MINE_ORDER_H
#define TOOLS_MINE_ORDER_H

#include <stdint.h>

#include "base/err.h"
#include "tools/mine/sales.h"

#define GW_NO_LABEL UINT32_MAX

struct gw_order {
	uint32_t n;         /* labels */
	uint32_t *item_of;  /* item_of[n] */
	uint32_t *label_of; /* label_of[items]; GW_NO_LABEL: too rare */
	uint32_t *count;    /* count[n]: baskets that hold the item, never rising */
};

/*
 * Items with counts[id] >= min_count (>= 1); at most n_max of them, 0: no limit.  counts NULL: the
 * sales' own, else counts[items] of the baskets that will be mined.  GW_E_MEMORY.
 */
int gw_order_make(struct gw_order *order, const struct gw_sales *sales, const uint32_t *counts,
		  uint32_t min_count, uint32_t n_max, struct gw_err *err);
void gw_order_release(struct gw_order *order);

#endif
