/*
 * How often the register would offer first what the customer did buy: each case is a basket with
 * one item held out; the rest is sold through the engine, and the engine's own ranking is asked,
 * before caps, margins and gates.  The protocol is that of `goeswith-mine evaluate`.
 */
#ifndef TOOLS_SIM_HITS_H
#define TOOLS_SIM_HITS_H

#include "tools/sim/till.h"

#define GW_HITS_DEPTH 10

struct gw_hits {
	uint64_t cases;
	uint64_t at_rank[GW_HITS_DEPTH]; /* the held-out item came out at this rank (0: first) */
	uint64_t silent;                 /* nothing at all spoke for any item */
};

/*
 * Reads lines "held-out TAB item item ..." (.gz allowed).  GW_E_INPUT (the line is named), and what
 * the reader and the till give.  The till needs a table and should have no journal.
 */
int gw_hits_run(struct gw_hits *hits, struct gw_till *till, const char *path, struct gw_err *err);

/* Share of cases with a rank of at most k (1..GW_HITS_DEPTH); mean reciprocal rank to the tenth. */
double gw_hits_at(const struct gw_hits *hits, int k);
double gw_hits_mrr(const struct gw_hits *hits);

#endif
