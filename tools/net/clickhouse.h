/*
 * A ClickHouse server asked over HTTP: statements, rows in (gzip NDJSON), rows out (strict
 * TabSeparated).  Server errors become sentences that say where and what to do.
 *
 * Addresses are clickhouse:http://HOST:PORT[/DATABASE] or clickhouse:https://...; a password never
 * crosses the network without TLS, and never stands in an address.  Section [clickhouse] of the
 * configuration has user, password, ca, cert, key, timeout (seconds); GOESWITH_CLICKHOUSE_USER and
 * GOESWITH_CLICKHOUSE_PASSWORD go before it.
 *
 * Owns a connection.  Statements must bear being sent twice.  One thread.
 *
 *	gw_clickhouse_open(&c, url, "goeswith-report", conf, &err);
 *	gw_clickhouse_ask(c, "SELECT terminal, count() FROM event FINAL GROUP BY 1", 2, each, ctx,
 *			  &err);
 *	gw_clickhouse_close(c);
 */
#ifndef TOOLS_NET_CLICKHOUSE_H
#define TOOLS_NET_CLICKHOUSE_H

#include "base/home.h"
#include "tools/net/rows.h"

struct gw_clickhouse;

/* Whether an operand is such an address. */
bool gw_clickhouse_is(const char *url);

/*
 * Checks the address and asks for the server's version.  conf may be NULL, else must outlive the
 * connection.  GW_E_USAGE (address), GW_E_UNSUPPORTED (older than 18.16), GW_E_DEVICE, GW_E_DENIED,
 * GW_E_MEMORY.
 */
int gw_clickhouse_open(struct gw_clickhouse **c, const char *url, const char *agent,
		       const struct gw_conf *conf, struct gw_err *err);
void gw_clickhouse_close(struct gw_clickhouse *c);

/* "http://127.0.0.1:8123/goeswith", "goeswith", "18.16.1"; borrowed. */
const char *gw_clickhouse_name(const struct gw_clickhouse *c);
const char *gw_clickhouse_database(const struct gw_clickhouse *c);
const char *gw_clickhouse_version(const struct gw_clickhouse *c);
bool gw_clickhouse_at_least(const struct gw_clickhouse *c, int major, int minor);

/*
 * Asks sql (without FORMAT) and calls each for every row, of exactly `columns` cells.  The server
 * answers only when it has the whole answer, so a failure inside is seen as one.  GW_E_DEVICE (no
 * answer, half of one, overload: try again), GW_E_NOT_FOUND (no such table or database),
 * GW_E_DENIED, GW_E_STORAGE (the server's), GW_E_INPUT (an answer that makes no sense),
 * GW_E_UNSUPPORTED (the server refuses the statement), or each's own.
 */
int gw_clickhouse_ask(struct gw_clickhouse *c, const char *sql, int columns, gw_rows_each *each,
		      void *ctx, struct gw_err *err);

/* One column of the server's own tables (system.X), whether the database is there or not. */
int gw_clickhouse_look(struct gw_clickhouse *c, const char *sql, gw_rows_each *each, void *ctx,
		       struct gw_err *err);

/* A statement without an answer.  outside: not inside the database, which may not exist yet. */
int gw_clickhouse_do(struct gw_clickhouse *c, const char *sql, bool outside, struct gw_err *err);

/*
 * Inserts NDJSON rows (packed with gzip) into a table; GW_OK: every shard has them.  On failure
 * some may be in.
 */
int gw_clickhouse_insert(struct gw_clickhouse *c, const char *table, const void *data, size_t len,
			 struct gw_err *err);

/* Writes text as an SQL literal, quotes included; cut is told by out->cut. */
struct gw_text;
void gw_clickhouse_quote(struct gw_text *out, const char *text);

#endif
