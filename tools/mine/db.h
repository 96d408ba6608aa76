/*
 * Baskets as flat arrays, both ways: the items of each basket in rising order, and for each item
 * the baskets that hold it.  Counting what goes with an item is then a walk along short,
 * contiguous runs; a projection (the baskets that hold an item, reduced to some items below it) is
 * such a database again, so that larger sets are counted by the same two functions.
 *
 * Owns its arrays, reuses them from one projection to the next.  One thread fills it; once full,
 * any number read.
 */
#ifndef TOOLS_MINE_DB_H
#define TOOLS_MINE_DB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tools/mine/order.h"
#include "tools/mine/spool.h"

struct gw_db {
	uint32_t n; /* items 0 .. n-1 */
	uint32_t baskets;
	uint32_t *items;   /* of basket b: from items[start[b]] on, in rising order */
	uint32_t *start;   /* start[baskets + 1] */
	uint32_t *holders; /* of item i: holders[first[i] .. first[i+1]) */
	uint32_t *first;   /* first[n + 1] */
	float *weight;     /* weight[baskets], where it was asked for */
	size_t items_room, start_room, holders_room, first_room, weight_room;
};

/* How much a basket counts: items^-power x 2^(-age / half life). */
struct gw_weighing {
	double power;          /* 0: large baskets count as much as small ones */
	double half_life_days; /* 0: age does not matter */
	int64_t now_ms;
};

/*
 * Loads the baskets of the spool that hold a label of [from, to), reduced to labels below `to`.
 * order must hold the counts of this very spool; weighing may be NULL.  GW_E_MEMORY (also when they
 * hold 2^32 items or more), GW_E_STORAGE.
 */
int gw_db_load(struct gw_db *db, const struct gw_spool *spool, const struct gw_order *order,
	       uint32_t from, uint32_t to, const struct gw_weighing *weighing, struct gw_err *err);

/* Ranges of labels whose loads fit into memory: part i is [bounds[i], bounds[i + 1]). */
struct gw_cut {
	uint32_t parts, *bounds;
};

/*
 * Cuts all labels into parts of at most `memory` bytes, as far as single labels allow.  A pass over
 * the spool for each round of halving; none when everything fits.  GW_E_MEMORY, GW_E_STORAGE.
 */
int gw_db_cut(struct gw_cut *cut, const struct gw_spool *spool, const struct gw_order *order,
	      size_t memory, struct gw_err *err);
void gw_cut_release(struct gw_cut *cut);

/* Adds to sums[order->n] the weights of all baskets that hold each label.  One pass. */
int gw_db_weigh(double *sums, const struct gw_spool *spool, const struct gw_order *order,
		const struct gw_weighing *weighing, struct gw_err *err);

/*
 * Fills `to` with the baskets of `from` that hold item, reduced to kept[0..m) (rising, all below
 * item), which become items 0..m-1.  local[from->n] is scratch, all 0 before and after.
 */
int gw_db_project(struct gw_db *to, const struct gw_db *from, uint32_t item, const uint32_t *kept,
		  uint32_t m, uint32_t *local);

/*
 * Adds to counts[0..item) how many baskets hold each together with item; returns the sum added,
 * which is also the cost.
 */
uint64_t gw_db_count(const struct gw_db *db, uint32_t item, uint32_t *counts);

void gw_db_release(struct gw_db *db);

#endif
