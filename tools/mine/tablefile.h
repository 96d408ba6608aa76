/*
 * The CSV files that goeswith-table makes a table from: rules.csv and items.csv of the contract.
 *
 * Owns nothing.  Writes to the stream it is given.
 */
#ifndef TOOLS_MINE_TABLEFILE_H
#define TOOLS_MINE_TABLEFILE_H

#include <stdio.h>

#include "tools/mine/measure.h"
#include "tools/mine/sales.h"
#include "tools/mine/season.h"

#define GW_RULE_IF_MAX 3
#define GW_RULE_ID_MAX 24

/* One line of rules.csv; texts borrowed, "" for an empty cell. */
struct gw_rule_line {
	uint32_t condition[GW_RULE_IF_MAX]; /* item numbers */
	int conditions;
	uint32_t category; /* number in sales->categories instead, GW_DICT_NONE */
	uint32_t suggest;  /* item number */
	int32_t weight;    /* in 1/GW_WEIGHT_UNIT */
	struct gw_counts counts;
	struct gw_season season;
	const char *arm;
	int priority;
};

/* False for a code that a rule cannot name: blanks, or longer than 40 bytes. */
bool gw_rule_code_fits(const char *code);

/*
 * Name of a rule: a hash of what it says, so that the same rule keeps its name from one round to
 * the next.
 */
void gw_rule_id(char id[GW_RULE_ID_MAX], const struct gw_sales *sales,
		const struct gw_rule_line *rule);

void gw_rules_head(FILE *to);
void gw_rules_line(FILE *to, const struct gw_sales *sales, const struct gw_rule_line *rule);

/* All items sold whose codes fit, by code; wanted[items] (NULL: all) leaves out the others. */
int gw_items_write(FILE *to, const struct gw_sales *sales, const bool *wanted, struct gw_err *err);

#endif
