#include "store/queries.h"

#include <inttypes.h>

/* --- SQLite ----------------------------------------------------------------------------------- */

/* A sale of the days asked for, one of them that counts, what makes an offer one that was taken. */
#define LOCAL_MS "s.closed_ms + s.utc_offset_min * 60000"
#define IN_DAYS                                                                                    \
	"s.closed_ms >= ?1 - 86400000 AND s.closed_ms < ?2 + 86400000 AND CASE"                    \
	" WHEN s.utc_offset_min IS NULL THEN s.closed_ms >= ?3 AND s.closed_ms < ?4"               \
	" ELSE " LOCAL_MS " >= ?1 AND " LOCAL_MS " < ?2 END"
#define COUNTED IN_DAYS " AND s.reason <> 'cancel'"
#define TAKEN   "o.result IN ('accepted', 'accepted_by_scan')"
#define OF_SALE "USING(terminal, epoch, basket)"
#define KEPT_LINE                                                                                  \
	"LEFT JOIN sale_line l ON l.terminal = o.terminal AND l.epoch = o.epoch"                   \
	" AND l.basket = o.basket AND l.line = o.line AND o.line > 0"
/* An acceptance whose line is not known is taken as kept. */
#define KEPT TAKEN " AND NOT coalesce(l.voided, 0)"

static const char *const sqlite[GW_QUERY_COUNT] = {
	[GW_QUERY_SALES] = "SELECT count(*) FILTER (WHERE s.reason <> 'cancel'),"
			   " coalesce(sum(s.items) FILTER (WHERE s.reason <> 'cancel'), 0),"
			   " coalesce(sum(s.total_minor) FILTER (WHERE s.reason <> 'cancel'), 0),"
			   " count(*) FILTER (WHERE s.reason = 'cancel'),"
			   " count(*) FILTER (WHERE s.reason <> 'cancel'"
			   " AND s.utc_offset_min IS NULL) FROM sale s WHERE " IN_DAYS,
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
		"WITH per_sale AS (SELECT coalesce(" LOCAL_MS ", s.closed_ms + ?5) / 3600000 % 24"
		" AS hour,"
		" s.items AS items, s.total_minor AS total, sum(o.offer IS NOT NULL) AS shown,"
		" coalesce(sum(" TAKEN "), 0) AS taken, coalesce(sum(o.value_minor), 0) AS value"
		" FROM sale s LEFT JOIN offer o ON o.terminal = s.terminal AND o.epoch = s.epoch"
		" AND o.basket = s.basket AND NOT o.ghost WHERE " COUNTED
		" GROUP BY s.terminal, s.epoch, s.basket)"
		" SELECT hour, count(*), sum(items), sum(total), sum(shown), sum(taken),"
		" sum(value) FROM per_sale GROUP BY 1 ORDER BY 1",
	[GW_QUERY_JOURNALS] =
		"SELECT p.terminal, p.epoch, (SELECT e.at_ms FROM event e WHERE e.terminal ="
		" p.terminal AND e.epoch = p.epoch ORDER BY e.seq LIMIT 1) AS first FROM epoch p"
		" WHERE first IS NOT NULL ORDER BY p.terminal, first, p.epoch",
};

const char *gw_query_sqlite(enum gw_query query)
{
	const char *sql = (unsigned)query < GW_QUERY_COUNT ? sqlite[query] : NULL;

	return sql != NULL ? sql : "";
}

/* --- ClickHouse ------------------------------------------------------------------------------- */

#undef LOCAL_MS
#undef IN_DAYS
#undef COUNTED
#undef TAKEN
#undef KEPT

#define LOCAL_MS "(closed_ms + ifNull(utc_offset_min, 0) * 60000)"
#define IN_DAYS                                                                                    \
	"state = 'closed' AND closed_ms >= ?1 - 86400000 AND closed_ms < ?2 + 86400000 AND"        \
	" if(isNull(utc_offset_min), closed_ms >= ?3 AND closed_ms < ?4, " LOCAL_MS " >= ?1"       \
	" AND " LOCAL_MS " < ?2)"
#define COUNTED IN_DAYS " AND reason <> 'cancel'"

/* Of one offer, behind ARRAY JOIN offer AS o. */
#define TAKEN "o.result IN ('accepted', 'accepted_by_scan')"
#define KEPT  "(" TAKEN " AND NOT (o.line > 0 AND line.voided[indexOf(line.line, o.line)] <> 0))"
#define VALUE "ifNull(o.value_minor, 0)"

/* Of the offers inside a sale. */
#define SHOWN_COUNT "arrayCount(g -> g = 0, offer.ghost)"
#define TAKEN_COUNT                                                                                \
	"arrayCount((g, r) -> g = 0 AND r IN ('accepted', 'accepted_by_scan'), offer.ghost,"       \
	" offer.result)"
#define VALUE_SUM                                                                                  \
	"arraySum(arrayMap((g, v) -> if(g = 0, ifNull(v, 0), 0), offer.ghost, offer.value_minor))"

/*
 * The items of a sale that mining looks at.  offer NULL: not an item.  Pairs are counted by keys,
 * which take a fraction of the memory and half the time; who asks checks that no two codes share
 * one.
 */
#define BASKET                                                                                     \
	"arrayDistinct(arrayFilter((c, q, f, v) -> ifNull(f, 1) = 0 AND q > 0 AND v = 0,"          \
	" line.code, line.qty, line.offer, line.voided))"
#define KEY_OF_CODE "toInt64(cityHash64(code))"
#define KEYS        "arraySort(arrayFilter(k -> ?6, arrayMap(code -> " KEY_OF_CODE ", " BASKET ")))"
#define SOLD        "state = 'closed' AND reason <> 'cancel'"

static const char *const clickhouse[GW_QUERY_COUNT] = {
	[GW_QUERY_SALES] = "SELECT countIf(reason <> 'cancel'), sumIf(items, reason <> 'cancel'),"
			   " sumIf(total_minor, reason <> 'cancel'), countIf(reason = 'cancel'),"
			   " countIf(reason <> 'cancel' AND isNull(utc_offset_min))"
			   " FROM sale FINAL WHERE " IN_DAYS,
	[GW_QUERY_OFFERS] = "SELECT o.ghost, o.result, count(), sum(" VALUE "),"
			    " sum(if(" TAKEN ", ifNull(o.margin_minor, 0), 0)), sum(" KEPT "),"
			    " sum(if(" KEPT ", " VALUE ", 0))"
			    " FROM sale FINAL ARRAY JOIN offer AS o WHERE " COUNTED
			    " GROUP BY o.ghost, o.result ORDER BY o.ghost, o.result",
	[GW_QUERY_ADDON] = "SELECT sum(" SHOWN_COUNT " > 0), sum(" TAKEN_COUNT " > 0),"
			   " sum(total_minor * (" TAKEN_COUNT " > 0)),"
			   " sum(items * (" TAKEN_COUNT " > 0)) FROM sale FINAL WHERE " COUNTED,
	[GW_QUERY_RULES] =
		"SELECT o.rule, o.code, max(o.name), sum(o.ghost = 0) AS shown,"
		" sum(o.ghost = 0 AND " TAKEN "), sum(o.ghost = 0 AND o.result = 'declined'),"
		" sum(o.ghost = 0 AND o.result = 'not_voiced'),"
		" sum(if(o.ghost = 0, " VALUE ", 0)), sum(o.ghost = 0 AND " KEPT "), sum(o.ghost)"
		" FROM sale FINAL ARRAY JOIN offer AS o WHERE " COUNTED
		" GROUP BY o.rule, o.code ORDER BY shown DESC, o.rule, o.code",
	[GW_QUERY_CASHIERS] =
		"SELECT cashier, count(), sum(items), sum(total_minor), sum(" SHOWN_COUNT "),"
		" sum(arrayCount((g, r) -> g = 0 AND r <> 'not_voiced', offer.ghost,"
		" offer.result)), sum(" TAKEN_COUNT "), sum(" VALUE_SUM ")"
		" FROM sale FINAL WHERE " COUNTED " GROUP BY cashier ORDER BY cashier",
	[GW_QUERY_HOURS] =
		"SELECT intDiv(if(isNull(utc_offset_min), closed_ms + ?5, " LOCAL_MS "), 3600000)"
		" % 24 AS hour, count(), sum(items),"
		" sum(total_minor), sum(" SHOWN_COUNT "), sum(" TAKEN_COUNT "), sum(" VALUE_SUM ")"
		" FROM sale FINAL WHERE " COUNTED " GROUP BY hour ORDER BY hour",
	[GW_QUERY_BASKETS] = "SELECT countIf(" SOLD " AND notEmpty(" BASKET ")),"
			     " countIf(state = 'closed') FROM sale FINAL",
	[GW_QUERY_ITEMS] = "SELECT arrayJoin(" BASKET ") AS code, count(), " KEY_OF_CODE
			   " FROM sale FINAL WHERE " SOLD " GROUP BY code",
	[GW_QUERY_PAIRS] =
		"SELECT a, arrayJoin(arraySlice(" KEYS ", i + 1)) AS b, count() AS n"
		" FROM sale FINAL ARRAY JOIN " KEYS " AS a, arrayEnumerate(" KEYS ") AS i"
		" WHERE " SOLD " GROUP BY a, b HAVING n >= ?1",
	[GW_QUERY_CLOSINGS] = "SELECT count() FROM event FINAL WHERE kind = 'close'",
	[GW_QUERY_JOURNALS] = ("SELECT terminal, epoch, argMin(at_ms, seq) AS first"
			       " FROM event FINAL GROUP BY terminal, epoch"
			       " ORDER BY terminal, first, epoch"),
};

static void add_keys(struct gw_text *out, const struct gw_query_values *v)
{
	gw_text_add(out, v->key_count > 0 ? "k IN (" : "k = k");
	for (size_t i = 0; i < v->key_count; i++)
		gw_text_addf(out, "%s%" PRId64, i > 0 ? "," : "", v->keys[i]);
	if (v->key_count > 0)
		gw_text_add_char(out, ')');
}

void gw_query_clickhouse(struct gw_text *out, enum gw_query query, const struct gw_query_values *v)
{
	const char *sql = (unsigned)query < GW_QUERY_COUNT ? clickhouse[query] : "";

	for (const char *p = sql; *p != '\0'; p++)
		if (*p != '?' || p[1] < '1' || p[1] > '6')
			gw_text_add_char(out, *p);
		else if (*++p == '6')
			add_keys(out, v);
		else
			gw_text_addf(out, "%" PRId64, v->numbers[*p - '1']);
}
