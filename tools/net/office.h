/*
 * Head office's tables in ClickHouse (tools/sync/clickhouse_tables.h), as reports and mining read
 * them: the questions of store/queries.h answered by the server, and its events as they came.
 *
 * Owns a connection.  One thread.
 *
 *	gw_office_open(&o, "clickhouse:http://127.0.0.1:8123", "goeswith-report", conf, &err);
 *	struct gw_answers answers = {gw_office_ask, o};
 *	gw_today_ask(&answers, from_ms, to_ms, &today, &err);
 *	gw_office_close(o);
 */
#ifndef TOOLS_NET_OFFICE_H
#define TOOLS_NET_OFFICE_H

#include "store/answers.h"
#include "store/collection.h"
#include "tools/net/clickhouse.h"

struct gw_office;

/* As gw_clickhouse_open; GW_E_NOT_FOUND: there are no tables. */
int gw_office_open(struct gw_office **office, const char *url, const char *agent,
		   const struct gw_conf *conf, struct gw_err *err);
void gw_office_close(struct gw_office *office);

/* A gw_ask_fn; from is the office.  Codes as gw_clickhouse_ask. */
int gw_office_ask(void *office, enum gw_query query, const struct gw_period *period,
		  gw_cells_fn *each, void *ctx, struct gw_err *err);

/* The same, with any values. */
int gw_office_ask_values(struct gw_office *office, enum gw_query query,
			 const struct gw_query_values *values, gw_cells_fn *each, void *ctx,
			 struct gw_err *err);

/* Every event, in the order of gw_collection_read.  Codes as gw_clickhouse_ask, or to's. */
int gw_office_events(struct gw_office *office, const struct gw_events_to *to, struct gw_err *err);

#endif
