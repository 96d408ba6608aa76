/*
 * goeswith-mine evaluate: every method on the same split, in one table.  Prints to the stream.
 */
#ifndef TOOLS_MINE_EVALUATE_H
#define TOOLS_MINE_EVALUATE_H

#include <stdio.h>

#include "tools/mine/options.h"
#include "tools/mine/sales.h"

/* GW_E_INPUT when there is nothing to measure on; else as learning. */
int gw_evaluate(const struct gw_sales *sales, const struct gw_mine_options *options, bool json,
		FILE *to, struct gw_err *err);

#endif
