/*
 * The tables head office keeps in ClickHouse.
 *
 * `event` is the archive: every event of every terminal once, keyed by (terminal, epoch, seq).
 * `sale` is what statistics read: one row a sale with its lines and offers inside, as columns of
 * arrays, keyed by (terminal, epoch, basket), the row of the highest version in force.
 *
 * Why sales are folded by the collector and not by SQL over the events: store/project.h stays the
 * one definition of what a sale is, for tills, shops and chains alike, so that numbers agree to the
 * last digit, and a later change of it is made once.  Why lines and offers lie inside the sale and
 * not in tables of their own as in SQLite: a sale is written as a whole, so that no reader sees
 * half of one; it lies on one shard by itself; and no query needs a join, which old servers do
 * poorly across shards.
 *
 * Both are ReplacingMergeTree and read with FINAL: a row that arrives twice counts once.  On a
 * cluster the rows lie in `event_shard` and `sale_shard`, and `event` and `sale` are Distributed by
 * terminal.  Tables that are there already are left as they are, but for columns that came later:
 * so who wants replicas makes the _shard tables himself, with another engine (goeswith-sync schema
 * prints the statements).
 *
 * Plain tables and text, no state.
 */
#ifndef TOOLS_SYNC_CLICKHOUSE_TABLES_H
#define TOOLS_SYNC_CLICKHOUSE_TABLES_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/net/clickhouse.h"

enum ch_type { CH_TEXT, CH_INT, CH_INT_OR_NULL };

struct ch_column {
	const char *name; /* as in the book */
	enum ch_type type;
};

/* Each ends with a name of NULL. */
extern const struct ch_column ch_event[], ch_sale[], ch_line[], ch_offer[];

/*
 * Makes the database and tables where they are missing; cluster NULL: on one machine.  *made says
 * whether any was missing.  GW_E_INPUT: the cluster is not known (the known ones are told), or the
 * tables are not on it; else as gw_clickhouse_do.
 */
int ch_make(struct gw_clickhouse *c, const char *cluster, bool *made, struct gw_err *err);

/*
 * Adds the columns that tables of an older goeswith lack, on this server: quick, whatever their
 * size.  Rows that are there stay as they are, NULL in them.  *changed says whether any lacked.
 */
int ch_upgrade(struct gw_clickhouse *c, bool *changed, struct gw_err *err);

/* Whether the tables are there. */
int ch_find(struct gw_clickhouse *c, bool *found, struct gw_err *err);

/* Prints the statements, for a server of our own choice. */
void ch_print(const char *database, const char *cluster, FILE *out);

#endif
