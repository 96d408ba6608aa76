/*
 * Whoever can answer the questions of store/queries.h: a ledger (store/ledger.h) from files, or
 * head office's server (tools/net/office.h).  Reports are written against this and do not know
 * which.
 *
 * Plain data, no functions.
 */
#ifndef STORE_ANSWERS_H
#define STORE_ANSWERS_H

#include <stdint.h>

#include "base/err.h"
#include "store/period.h"
#include "store/queries.h"

struct gw_cell {
	const char *text; /* borrowed during the call, NULL: the cell is a number */
	int64_t number;
};

/* A negative result ends the answer and is returned. */
typedef int gw_cells_fn(void *ctx, const struct gw_cell *cells, int count);

/* Calls each for every row of a query's answer. */
typedef int gw_ask_fn(void *from, enum gw_query query, const struct gw_period *period,
		      gw_cells_fn *each, void *ctx, struct gw_err *err);

/* A ledger (store/ledger.h), or head office's server. */
struct gw_answers {
	gw_ask_fn *ask;
	void *from;
};

#endif
