#include "store/queries.h"

/* A sale that counts, and what makes an offer one that was taken. */
#define COUNTED "s.closed_ms >= ?1 AND s.closed_ms < ?2 AND s.reason <> 'cancel'"
#define TAKEN   "o.result IN ('accepted', 'accepted_by_scan')"
#define OF_SALE "USING(terminal, epoch, basket)"
#define KEPT_LINE                                                                                  \
	"LEFT JOIN sale_line l ON l.terminal = o.terminal AND l.epoch = o.epoch"                   \
	" AND l.basket = o.basket AND l.line = o.line AND o.line > 0"
/* An acceptance whose line is not known is taken as kept. */
#define KEPT TAKEN " AND NOT coalesce(l.voided, 0)"

static const char *const queries[GW_QUERY_COUNT] = {
	[GW_QUERY_SALES] = "SELECT count(*) FILTER (WHERE s.reason <> 'cancel'),"
			   " coalesce(sum(s.items) FILTER (WHERE s.reason <> 'cancel'), 0),"
			   " coalesce(sum(s.total_minor) FILTER (WHERE s.reason <> 'cancel'), 0),"
			   " count(*) FILTER (WHERE s.reason = 'cancel')"
			   " FROM sale s WHERE s.closed_ms >= ?1 AND s.closed_ms < ?2",
	[GW_QUERY_OFFERS] =
		"SELECT o.ghost, coalesce(o.result, ''), count(*), coalesce(sum(o.value_minor), 0),"
		" coalesce(sum(CASE WHEN " TAKEN " THEN o.margin_minor END), 0),"
		" coalesce(sum(" KEPT "), 0),"
		" coalesce(sum(CASE WHEN " KEPT " THEN o.value_minor END), 0)"
		" FROM sale s JOIN offer o " OF_SALE " " KEPT_LINE " WHERE " COUNTED
		" GROUP BY 1, 2 ORDER BY 1, 2",
	[GW_QUERY_ADDON] =
		"SELECT coalesce(sum(shown), 0), coalesce(sum(taken), 0),"
		" coalesce(sum(total * taken), 0), coalesce(sum(items * taken), 0) FROM ("
		"SELECT s.total_minor AS total, s.items AS items, max(" TAKEN ") AS taken,"
		" 1 AS shown FROM sale s JOIN offer o " OF_SALE " WHERE " COUNTED
		" AND NOT o.ghost GROUP BY s.terminal, s.epoch, s.basket)",
	[GW_QUERY_RULES] =
		"SELECT o.rule, o.code, max(coalesce(o.name, '')), sum(NOT o.ghost),"
		" sum(NOT o.ghost AND " TAKEN "), sum(NOT o.ghost AND o.result = 'declined'),"
		" sum(NOT o.ghost AND o.result = 'not_voiced'),"
		" coalesce(sum(CASE WHEN NOT o.ghost THEN o.value_minor END), 0),"
		" coalesce(sum(NOT o.ghost AND " KEPT "), 0), sum(o.ghost)"
		" FROM sale s JOIN offer o " OF_SALE " " KEPT_LINE " WHERE " COUNTED
		" GROUP BY o.rule, o.code ORDER BY 4 DESC, 1, 2",
	[GW_QUERY_CASHIERS] =
		"WITH per_sale AS (SELECT s.cashier AS cashier, s.items AS items,"
		" s.total_minor AS total, sum(o.offer IS NOT NULL) AS shown,"
		" sum(o.offer IS NOT NULL AND o.result IS NOT 'not_voiced') AS voiced,"
		" coalesce(sum(" TAKEN "), 0) AS taken, coalesce(sum(o.value_minor), 0) AS value"
		" FROM sale s LEFT JOIN offer o ON o.terminal = s.terminal AND o.epoch = s.epoch"
		" AND o.basket = s.basket AND NOT o.ghost WHERE " COUNTED
		" GROUP BY s.terminal, s.epoch, s.basket)"
		" SELECT cashier, count(*), sum(items), sum(total), sum(shown), sum(voiced),"
		" sum(taken), sum(value) FROM per_sale GROUP BY 1 ORDER BY 1",
	[GW_QUERY_HOURS] =
		"WITH per_sale AS (SELECT (s.closed_ms + ?3) / 3600000 % 24 AS hour,"
		" s.items AS items, s.total_minor AS total, sum(o.offer IS NOT NULL) AS shown,"
		" coalesce(sum(" TAKEN "), 0) AS taken, coalesce(sum(o.value_minor), 0) AS value"
		" FROM sale s LEFT JOIN offer o ON o.terminal = s.terminal AND o.epoch = s.epoch"
		" AND o.basket = s.basket AND NOT o.ghost WHERE " COUNTED
		" GROUP BY s.terminal, s.epoch, s.basket)"
		" SELECT hour, count(*), sum(items), sum(total), sum(shown), sum(taken),"
		" sum(value) FROM per_sale GROUP BY 1 ORDER BY 1",
};

const char *gw_query_sql(enum gw_query query)
{
	return (unsigned)query < GW_QUERY_COUNT ? queries[query] : "";
}
