/*
 * How broad the evidence behind a pair is: one large order, one afternoon or one till should not
 * make a rule for the whole chain.
 */
#ifndef TOOLS_MINE_EVIDENCE_H
#define TOOLS_MINE_EVIDENCE_H

#include "tools/mine/learn.h"

#define GW_BREADTH_MAX 64

/*
 * Drops weights whose pair was not sold on days_min separate days and at tills_min separate tills
 * (1: not asked for; at most GW_BREADTH_MAX).  Baskets without a time or a till count as one more.
 * weights by (to, from) as gw_learn leaves them.  One pass over the spool.  GW_E_MEMORY,
 * GW_E_STORAGE.
 */
int gw_evidence_filter(struct gw_weights *weights, const struct gw_spool *spool,
		       const struct gw_order *order, uint32_t days_min, uint32_t tills_min,
		       struct gw_err *err);

#endif
