/*
 * Every question that reports and mining ask of the statistics, in one place and in both dialects:
 * SQLite over the tables sale, sale_line and offer with terminal and epoch in front (as the
 * collector keeps them and store/ledger.h builds them), ClickHouse over one table sale whose rows
 * hold their lines and offers as arrays (tools/sync/clickhouse_tables.h).  Both give the same rows
 * in the same order, to the last digit.
 *
 * The ClickHouse texts work in one SELECT over the table itself, without subquery or join: that is
 * what a Distributed table can hand down to its shards, so that only sums travel.
 *
 * A sale counts on the day its shop's own clock showed when it closed (store/period.h).  The range
 * that the index of closed_ms can serve is a day wider on both sides, which no offset exceeds.
 *
 * Parameters: ?1 from_ms, ?2 to_ms, ?3 utc_from_ms, ?4 utc_to_ms, ?5 assumed_ms of struct
 * gw_period; of the pairs for mining ?1 is the least count and ?6 the items to look at.  Plain
 * text, no state.
 */
#ifndef STORE_QUERIES_H
#define STORE_QUERIES_H

#include <stdint.h>

#include "base/text.h"

enum gw_query {
	/* sales, items, total, cancelled, sales that do not tell their shop's offset */
	GW_QUERY_SALES,
	/* a row per (ghost, result): offers, value, margin, kept, kept value */
	GW_QUERY_OFFERS,
	/* sales offered; sales with an accepted offer, their total and items */
	GW_QUERY_ADDON,
	/* a row per rule: code, name, shown, accepted, declined, not voiced, value, kept, ghosts */
	GW_QUERY_RULES,
	/* a row per cashier: sales, items, total, shown, voiced, accepted, value */
	GW_QUERY_CASHIERS,
	/* a row per hour 0-23 of the shop's clock: sales, items, total, shown, accepted, value */
	GW_QUERY_HOURS,
	GW_QUERY_REPORTS, /* how many of these there are */

	/* For mining, in ClickHouse only (elsewhere goeswith-mine counts by itself).  A basket is
	 * the set of items that a sale was closed with, less what offers brought about. */

	/* baskets that are not empty, sales closed */
	GW_QUERY_BASKETS = GW_QUERY_REPORTS,
	/* a row per item: code, baskets with it, key: a number that stands for the code, nearly
	 * always for one alone */
	GW_QUERY_ITEMS,
	/* a row per pair with at least ?1 baskets: key, greater key, baskets with both */
	GW_QUERY_PAIRS,
	/* closing events: to be equal to the sales closed, or some lost their opening */
	GW_QUERY_CLOSINGS,
	/* a row per journal: terminal, epoch, time of its first event; in that order of time */
	GW_QUERY_JOURNALS,
	GW_QUERY_COUNT
};

/* For sqlite3_prepare and its parameters; "" where there is none. */
const char *gw_query_sqlite(enum gw_query query);

/* What stands for ?1 to ?6. */
struct gw_query_values {
	int64_t numbers[5];
	const int64_t *keys; /* ?6: keys[key_count] of items; none: all items */
	size_t key_count;
};

#define GW_QUERY_ROOM(key_count) (4096 + 3 * 21 * (key_count)) /* bytes that are always enough */

/* For ClickHouse, the values put in their places.  Told by out->cut if it does not fit. */
void gw_query_clickhouse(struct gw_text *out, enum gw_query query,
			 const struct gw_query_values *values);

#endif
