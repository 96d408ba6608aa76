/*
 * Exact rules from counts that head office's server made: items and pairs over all sales, counted
 * where the sales lie, so that only the pairs that matter travel.  What it gives is what reading
 * all sales and counting here would give.
 *
 * The server counts pairs by keys of items (store/queries.h): gw_counted_items finds the keys, and
 * finds out whether two codes share one.
 *
 * Owns the keys until released.  One thread.
 */
#ifndef TOOLS_MINE_COUNTED_H
#define TOOLS_MINE_COUNTED_H

#include <stdbool.h>

#include "tools/mine/itemsets.h"

struct gw_office;

struct gw_item_key {
	int64_t key;
	uint32_t item;
};

struct gw_item_keys {
	struct gw_item_key *at; /* at[count], rising keys */
	size_t count, room;
};

/*
 * Fills the items of sales and their counts.  *differs: counts made there could differ from ours (a
 * sale lost its opening, an item's code has blanks around it or is not fit for one, two codes share
 * a key), so the events are to be read instead.  Codes as gw_clickhouse_ask.
 */
int gw_counted_items(struct gw_item_keys *keys, struct gw_sales *sales, struct gw_office *office,
		     bool *differs, struct gw_err *err);
void gw_item_keys_release(struct gw_item_keys *keys);

/* Pairs that at least min_count sales hold, as sets of the order.  As gw_itemsets_mine. */
int gw_counted_pairs(struct gw_itemsets *sets, const struct gw_item_keys *keys,
		     const struct gw_order *order, struct gw_office *office, uint32_t min_count,
		     struct gw_err *err);

#endif
