/*
 * The sales of a period from any number of journals, uploaded batches and collections, gathered in
 * memory and asked as one.  An event met twice (a journal and its batches) counts once.
 *
 * Owns a database in memory; opens its sources read-only and closes them at once.  One thread.
 *
 *	gw_ledger_new(&s, &err);
 *	gw_ledger_add(s, path, &period, &err);
 *	gw_ledger_today(s, &period, &today, &err);
 *	gw_ledger_ask(s, GW_QUERY_HOURS, &period, each, ctx, &err);
 *	gw_ledger_free(s);
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "store/answers.h"
#include "store/today.h"

#define GW_LEDGER_COLLECTION_ID     0x67776331 /* application_id of a collector's database, "gwc1" */
#define GW_LEDGER_COLLECTION_SCHEMA 1

struct gw_ledger;

int gw_ledger_new(struct gw_ledger **ledger, struct gw_err *err);
void gw_ledger_free(struct gw_ledger *ledger);

/*
 * Adds the sales of a period from a journal, a collection, a batch file, or every such file below a
 * folder (others in it are passed over); a file of an older program is read as it is.
 * GW_E_NOT_FOUND, GW_E_DENIED, GW_E_STORAGE, GW_E_INPUT (neither of these, newer, or damaged).
 */
int gw_ledger_add(struct gw_ledger *ledger, const char *path, const struct gw_period *period,
		  struct gw_err *err);

/* Files taken so far. */
int64_t gw_ledger_sources(const struct gw_ledger *ledger);

/* A gw_ask_fn (store/answers.h); from is the ledger. */
int gw_ledger_ask(void *ledger, enum gw_query query, const struct gw_period *period,
		  gw_cells_fn *each, void *ctx, struct gw_err *err);

int gw_ledger_today(struct gw_ledger *ledger, const struct gw_period *period,
		    struct gw_today *today, struct gw_err *err);

#endif
