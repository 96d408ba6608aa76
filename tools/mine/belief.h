/*
 * What the offers of a rule have shown so far: whether customers take it often enough to keep, too
 * seldom to keep, or whether it is too early to say.
 *
 * Bounds are a beta-binomial mixture confidence sequence (Robbins 1970; Howard, Ramdas, McAuliffe,
 * Sekhon, Ann. Stat. 2021): valid however often and whenever one looks.  Pure functions.
 */
#ifndef TOOLS_MINE_BELIEF_H
#define TOOLS_MINE_BELIEF_H

#include "tools/mine/sales.h"

/*
 * Bounds of a share after x successes in n >= 0 trials, at level 1 - alpha (0 < alpha < 1);
 * tightest near n = opt.  n = 0 gives 0..1.
 */
void gw_share_bounds(uint64_t x, uint64_t n, double alpha, double opt, double *low, double *high);

/* The shop as a whole, against which a rule is held. */
struct gw_field {
	double accepted; /* share of asked customers who accept, all rules together */
	double unasked;  /* share who buy the add-on where the offer was held back */
};

struct gw_field gw_field_of(const struct gw_rule_record *records, uint32_t count);

/* X(name, word) */
#define GW_STAND_MAP(X)                                                                            \
	X(GW_STAND_UNTRIED, "untried") /* never offered */                                         \
	X(GW_STAND_OPEN, "open")       /* too early to say */                                      \
	X(GW_STAND_WINNER, "winner")   /* surely taken more often than bought unasked */           \
	X(GW_STAND_LOSER, "loser")     /* surely taken no more often, or seldom by any measure */

enum gw_stand {
#define GW_STAND_ENUM(name, word) name,
	GW_STAND_MAP(GW_STAND_ENUM)
#undef GW_STAND_ENUM
};

struct gw_belief {
	enum gw_stand stand;
	uint64_t asked;   /* shown, less not voiced and withdrawn */
	double low, high; /* bounds of the share that accepts */
	double unasked;   /* of this rule's target, drawn towards the field's */
};

struct gw_belief gw_belief_of(const struct gw_rule_record *record, const struct gw_field *field);

#endif
