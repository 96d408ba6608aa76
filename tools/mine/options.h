/*
 * What a run of goeswith-mine was asked for, from the command line.  Text values are borrowed
 * from argv; patterns are owned.
 */
#ifndef TOOLS_MINE_OPTIONS_H
#define TOOLS_MINE_OPTIONS_H

#include <regex.h>

#include "base/cli.h"
#include "tools/mine/measure.h"
#include "tools/mine/read.h"

enum gw_method {
	GW_METHOD_AUTO,   /* learned weights, sparse */
	GW_METHOD_SPARSE, /* learned weights from each item's neighbours */
	GW_METHOD_DENSE,  /* learned weights from the inverse of the whole co-occurrence matrix */
	GW_METHOD_COUNTS, /* weights from counts alone */
	GW_METHOD_RULES   /* exact association rules */
};

struct gw_mine_options {
	struct gw_read_options read;
	regex_t basket_match, item_match;
	struct gw_fraction min_support, min_confidence;
	uint64_t min_count; /* 0: by min_support */
	bool support_given;
	int antecedent_max;
	const char *measure; /* NULL: none asked for */
	double fdr;          /* 0: none */
	bool productive, tsv;
	bool categories; /* exact rules from categories as well */
	const char *output, *items_output, *catalogue;
	enum gw_method method;
	uint32_t rules_max, per_item, max_basket;
	uint32_t days_min, tills_min;
	size_t memory;
	int threads, decimals;
	bool tune;     /* look for the best parameters on a validation part */
	bool families; /* keep variants of one product apart */
	bool seasons;
	double money; /* exponent of the price in the choice of rules */
	double half_life_days;
	struct gw_fraction train_share;
	const char *next_round, *last_round; /* folders */
	const char *verdicts;                /* CSV: arm, verdict */
	const char *round_from;              /* first day of the round, YYYY-MM-DD */
};

/*
 * Takes the options of argv; cli.first then stands at the inputs.  Returns GW_OK, or a negative
 * value when the program must end with cli->exit_status.
 */
int gw_mine_options_take(struct gw_mine_options *o, struct gw_cli *cli);
void gw_mine_options_release(struct gw_mine_options *o);

extern const struct gw_cli_program gw_mine_program, gw_mine_evaluate_program;

#endif
