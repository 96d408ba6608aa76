/*
 * Mining for the register: from sales to rules.csv (and items.csv), with everything the command
 * line asks for on the way.
 */
#ifndef TOOLS_MINE_ROUND_TABLE_H
#define TOOLS_MINE_ROUND_TABLE_H

#include "tools/mine/options.h"
#include "tools/mine/plan.h"
#include "tools/mine/sales.h"
#include "tools/mine/tablefile.h"

/* Rules as lines of rules.csv, in their order. */
struct gw_lines {
	struct gw_rule_line *at;
	size_t len;
	uint64_t unfit; /* rules left out because a code cannot stand in rules.csv */
};

/* The plan the options ask for; tuned on the sales when they say so. */
int gw_mine_plan(struct gw_plan *plan, const struct gw_mine_options *options,
		 const struct gw_sales *sales, struct gw_err *err);

/*
 * Mines as the options say: learned weights or exact rules, services by category, seasons.
 * GW_E_INPUT when there is not a single basket of two items.
 */
int gw_mine_lines(struct gw_lines *lines, const struct gw_mine_options *options,
		  const struct gw_sales *sales, struct gw_err *err);

/* Weights learned elsewhere (order: of their labels) as lines. */
int gw_lines_of_weights(struct gw_lines *lines, const struct gw_weights *weights,
			const struct gw_order *order, uint64_t baskets,
			const struct gw_sales *sales, struct gw_err *err);
void gw_lines_release(struct gw_lines *lines);

/*
 * First day of the round: --round-from, else the day after the last sale; GW_NO_DAY when there is
 * neither.  GW_E_USAGE.
 */
int gw_round_start(const struct gw_mine_options *options, const struct gw_sales *sales,
		   int64_t *day, struct gw_err *err);

/* Writes options->output and options->items_output; says on stderr what was written. */
int gw_lines_write(const struct gw_lines *lines, const struct gw_mine_options *options,
		   const struct gw_sales *sales, struct gw_err *err);

#endif
