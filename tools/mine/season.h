/*
 * Items that sell in one season only (a span of at most four calendar months), told from new and
 * from given-up items by quiet months on both sides.
 *
 * Owns its arrays.
 */
#ifndef TOOLS_MINE_SEASON_H
#define TOOLS_MINE_SEASON_H

#include <stdint.h>

#include "tools/mine/sales.h"

#define GW_NO_DAY INT64_MIN

/* Days since 1970, inclusive; GW_NO_DAY: open. */
struct gw_season {
	int64_t from_day, to_day;
};

struct gw_seasons {
	uint32_t months; /* of the data, 0: too short to tell (under eleven) */
	int first_year, first_month;
	uint32_t *sold; /* sold[items x months]: baskets */
};

/* One pass over the spool.  GW_E_MEMORY, GW_E_STORAGE. */
int gw_seasons_make(struct gw_seasons *seasons, const struct gw_sales *sales, struct gw_err *err);
void gw_seasons_release(struct gw_seasons *seasons);

/*
 * When an item should be suggested in a round that begins on from_day: open on both sides unless
 * it is seasonal, else the part of its next season that lies in or after the round's beginning.
 */
struct gw_season gw_season_of(const struct gw_seasons *seasons, uint32_t item, int64_t from_day);

#endif
