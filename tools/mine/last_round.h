/*
 * The round in force, as its rules.csv stands: cells are kept as they are, so that what a person
 * wrote by hand survives the next round.  And the verdicts on its experiment's arms.
 *
 * Owns its texts.
 */
#ifndef TOOLS_MINE_LAST_ROUND_H
#define TOOLS_MINE_LAST_ROUND_H

#include <stddef.h>

#include "base/err.h"
#include "tools/mine/dict.h"

/* Columns of rules.csv in the contract's order. */
enum gw_rule_column {
	GW_COL_RULE,
	GW_COL_IF,
	GW_COL_SUGGEST,
	GW_COL_FROM = 9,
	GW_COL_TO,
	GW_COL_WEIGHT = 16,
	GW_COL_SUPPORT,
	GW_COL_CONFIDENCE,
	GW_COL_LIFT,
	GW_COL_ARM,
	GW_RULE_COLUMNS
};

struct gw_old_rule {
	uint32_t cell[GW_RULE_COLUMNS]; /* numbers in texts */
};

struct gw_last_round {
	struct gw_dict texts;
	struct gw_old_rule *rules;
	size_t len;
};

/* Reads DIR/rules.csv.  GW_E_INPUT with file and line, GW_E_NOT_FOUND, GW_E_STORAGE. */
int gw_last_round_load(struct gw_last_round *round, const char *dir, struct gw_err *err);
void gw_last_round_release(struct gw_last_round *round);

const char *gw_old_cell(const struct gw_last_round *round, size_t rule, enum gw_rule_column column);

enum gw_verdict { GW_VERDICT_NONE, GW_VERDICT_ADOPT, GW_VERDICT_KILL };

/*
 * What a verdicts file (CSV with columns arm and verdict: adopt, kill, anything else is open) says
 * of an arm.  path NULL: nothing.  GW_E_INPUT, GW_E_NOT_FOUND, GW_E_STORAGE.
 */
int gw_verdict_of(enum gw_verdict *verdict, const char *path, const char *arm, struct gw_err *err);

#endif
