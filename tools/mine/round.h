/*
 * The next round: what the sales say now, merged with what became of the rules in force.  Winners
 * stay, losers and stale rules go, new rules come in under an experiment, and a page says in plain
 * words what changed and why, for a person to edit before anything is signed.
 *
 * The same sales, journals and last round give the same files, byte for byte.
 */
#ifndef TOOLS_MINE_ROUND_H
#define TOOLS_MINE_ROUND_H

#include "tools/mine/belief.h"
#include "tools/mine/last_round.h"
#include "tools/mine/round_table.h"

#define GW_CHALLENGER     "challenger"
#define GW_CHALLENGER_PPM 200000 /* of the baskets see the new rules */
#define GW_ROUND_DAYS     28
#define GW_HOLDOUT_PPM    100000

/* What happens to a rule, and the reason as the page gives it.  X(name, what, why) */
#define GW_FATE_MAP(X)                                                                             \
	X(GW_FATE_WON, "kept", "surely taken more often than bought unasked")                      \
	X(GW_FATE_OPEN, "kept", "too early to say")                                                \
	X(GW_FATE_HAND, "kept", "written by hand, and nothing speaks against it")                  \
	X(GW_FATE_PROMOTED, "kept", "a challenger that won: now for all baskets")                  \
	X(GW_FATE_TRIED_ON, "kept", "a challenger, still on trial")                                \
	X(GW_FATE_LOST, "retired", "taken no more often than bought unasked, or hardly ever")      \
	X(GW_FATE_STALE, "retired", "the sales no longer speak for it")                            \
	X(GW_FATE_KILLED, "retired", "the verdict on its arm was against it")                      \
	X(GW_FATE_CROWDED, "retired", "no room: rules with more evidence came first")              \
	X(GW_FATE_NEW, "added", "the sales speak for it; first round")                             \
	X(GW_FATE_CHALLENGER, "added", "the sales speak for it; on trial as a challenger")

enum gw_fate {
#define GW_FATE_ENUM(name, what, why) name,
	GW_FATE_MAP(GW_FATE_ENUM)
#undef GW_FATE_ENUM
		GW_FATE_COUNT
};

/* A rule of the old round, of the new mining, or of both. */
struct gw_round_rule {
	const char *id;                      /* borrowed */
	size_t old;                          /* index into last->rules, SIZE_MAX: none */
	const struct gw_rule_line *mined;    /* NULL: the sales do not speak for it */
	const struct gw_rule_record *record; /* NULL: never offered */
	struct gw_belief belief;
	enum gw_fate fate;
};

struct gw_round {
	const struct gw_sales *sales;
	const struct gw_last_round *last;
	struct gw_field field;
	struct gw_dict ids;
	struct gw_round_rule *rules; /* old ones in their order, then new ones in theirs */
	size_t len, counts[GW_FATE_COUNT];
	int64_t from_day;
	bool first; /* there was no round before */
};

/* Mines, merges and writes rules.csv, experiments.csv and round.md into options->next_round. */
int gw_round_make(const struct gw_mine_options *options, const struct gw_sales *sales,
		  struct gw_err *err);

/* The page, in Markdown. */
void gw_round_page(FILE *to, const struct gw_round *round);

static inline bool gw_fate_stays(enum gw_fate fate)
{
	return fate != GW_FATE_LOST && fate != GW_FATE_STALE && fate != GW_FATE_KILLED &&
	       fate != GW_FATE_CROWDED;
}

#endif
