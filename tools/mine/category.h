/*
 * What goes with a whole category: baskets that hold any item of a category and another item.
 * Rules from categories reach items too new or too rare for rules of their own, and are how a
 * service (wrapping, assembly, insurance) is tied to what it is for.
 *
 * Owns its arrays: 4 bytes for each category and item.
 */
#ifndef TOOLS_MINE_CATEGORY_H
#define TOOLS_MINE_CATEGORY_H

#include "tools/mine/sales.h"

struct gw_category_counts {
	uint32_t categories, items;
	uint32_t *n_x;  /* n_x[categories]: baskets with an item of the category */
	uint32_t *n_xy; /* n_xy[category x items + item]: with the item as well, which is outside it
			 */
};

/* One pass over the spool.  GW_E_MEMORY, GW_E_STORAGE. */
int gw_categories_count(struct gw_category_counts *counts, const struct gw_sales *sales,
			struct gw_err *err);
void gw_categories_release(struct gw_category_counts *counts);

static inline uint32_t gw_category_both(const struct gw_category_counts *c, uint32_t category,
					uint32_t item)
{
	return c->n_xy[(size_t)category * c->items + item];
}

#endif
