/*
 * Every question that reports ask of the statistics tables, in one place.  Written for the tables
 * with terminal and epoch in front, as the collector keeps them and store/ledger.h builds them.
 *
 * Parameters: ?1 from_ms, ?2 to_ms (closed_ms in [from, to)), ?3 milliseconds of local time ahead
 * of UTC.  Plain text, no state.
 */
#ifndef STORE_QUERIES_H
#define STORE_QUERIES_H

enum gw_query {
	/* sales, items, total, cancelled */
	GW_QUERY_SALES,
	/* a row per (ghost, result): offers, value, margin, kept, kept value */
	GW_QUERY_OFFERS,
	/* sales offered; sales with an accepted offer, their total and items */
	GW_QUERY_ADDON,
	/* a row per rule: code, name, shown, accepted, declined, not voiced, value, kept, ghosts */
	GW_QUERY_RULES,
	/* a row per cashier: sales, items, total, shown, voiced, accepted, value */
	GW_QUERY_CASHIERS,
	/* a row per local hour 0-23: sales, items, total, shown, accepted, value */
	GW_QUERY_HOURS,
	GW_QUERY_COUNT
};

const char *gw_query_sql(enum gw_query query);

#endif
